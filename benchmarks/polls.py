"""One whole poll of 10,000 jobs: the command, its answer, the decisions, and the durable books.

All of it is what runs in the product, but for ``bjobs``, which prints a file. It is held
against ``json.loads`` of the same text and one durable insert of as many rows.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sqlite3
import tempfile
import time
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.batch_client.health import Pulse
from arp_nb.batch_client.logs import LogReader
from arp_nb.batch_client.poll import Poller
from arp_nb.batch_client.spool import Spool
from arp_nb.manager import Manager
from arp_nb.model import DefinitionDraft, JobState, SchedulerJob, ScriptCheck, Trigger
from arp_nb.schedulers.lsf import LsfScheduler
from arp_nb.settings import Settings
from arp_nb.store import open_store
from arp_nb.store.base import JobChange, JobFilter, JobsWanted
from benchmarks.answers import NOW, answer
from benchmarks.figures import Figure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from arp_nb.store.base import Store

JOBS = 10_000
_BAR = 1.5
_TICK_S = 0.001
_BASELINE = "json.loads of the same text + one durable insert of 10,000 rows"


@dataclass
class _Times:
    """The times of one kind of poll, in seconds."""

    took_s: list[float] = field(default_factory=list)
    #: how long the event loop served nobody else, at the longest
    blocked_s: list[float] = field(default_factory=list)


@dataclass
class _Desk:
    """A manager and its batch client beside 10,000 submitted jobs."""

    folder: Path
    store: Store
    poller: Poller

    async def poll(self, text: str, times: _Times) -> None:
        (self.folder / "answer").write_text(text)
        with _ticking() as gaps:
            await asyncio.sleep(5 * _TICK_S)
            began_s = time.perf_counter()
            assert await self.poller.poll_once()
            times.took_s.append(time.perf_counter() - began_s)
            await asyncio.sleep(5 * _TICK_S)
        times.blocked_s.append(max(gaps) - _TICK_S)

    async def running(self) -> int:
        """How many jobs the books have as running."""
        return len(await self.store.jobs(JobFilter(states=(JobState.RUNNING,))))


@contextmanager
def _ticking() -> Iterator[list[float]]:
    """Note the time between two turns of something that wants one every millisecond."""
    loop = asyncio.get_running_loop()
    gaps: list[float] = []
    last_s = loop.time()
    handle: asyncio.TimerHandle

    def tick() -> None:
        nonlocal handle, last_s
        now_s = loop.time()
        gaps.append(now_s - last_s)
        last_s = now_s
        handle = loop.call_later(_TICK_S, tick)

    handle = loop.call_later(_TICK_S, tick)
    try:
        yield gaps
    finally:
        handle.cancel()


async def _submit(store: Store) -> None:
    experiment = await store.create_experiment("xppi0915", "XPP", NOW)
    draft = DefinitionDraft(name="peaks", executable="/usr/bin/true", location="lsf")
    definition = await store.add_definition(experiment.id, draft, ScriptCheck(), "ada", NOW)
    wanted = JobsWanted(
        experiment_id=experiment.id,
        definition_id=definition.id,
        hash=draft.name,
        version=definition.version,
        parameters="",
        argv_by_run={run: (draft.executable, "xppi0915", str(run)) for run in range(1, JOBS + 1)},
        user="ada",
        location="lsf",
        trigger=Trigger.MANUAL,
        at=NOW,
        skip_existing=False,
    )
    ids = (await store.add_jobs(wanted)).job_ids
    assert ids == tuple(range(1, JOBS + 1))  # the answer's ids and marks are those of the jobs
    way = (JobState.REQUESTED, JobState.LEASED, JobState.STARTING)
    for old, new in itertools.pairwise(way):
        await store.change_jobs(
            [JobChange(job_id=one, at=NOW, expect=(old,), state=new) for one in ids]
        )
    await store.change_jobs(
        [
            JobChange(
                job_id=one,
                at=NOW,
                expect=(JobState.STARTING,),
                state=JobState.PENDING,
                set={"native_id": str(one), "submitted_at": NOW},
                scheduler_jobs=(SchedulerJob(native_id=str(one), source="wrapper"),),
            )
            for one in ids
        ]
    )


@asynccontextmanager
async def _desk(folder: Path) -> AsyncIterator[_Desk]:
    command = folder / "bjobs"
    command.write_text(f"#!/bin/sh\nexec cat {folder}/answer\n")
    command.chmod(0o755)
    scheduler = LsfScheduler({"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"})
    settings = Settings()
    store = open_store(folder / "store")
    manager = Manager(
        store, settings, user="ada", host="here", update_base="http://here:1", clock=lambda: NOW
    )
    logs = LogReader({"lsf": scheduler}, Spool(folder / "spool"))
    poller = Poller(manager.port, scheduler, settings, Pulse(lambda: None), logs)
    try:
        await _submit(store)
        await manager.start()
        yield _Desk(folder, store, poller)
    finally:
        await poller.close()
        await manager.close()
        store.close()


def _bare(folder: Path, text: str) -> float:
    """Return the seconds that the least takes that anybody who reads and stores must do."""
    with closing(sqlite3.connect(folder / "bare.sqlite", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("DROP TABLE IF EXISTS jobs")
        database.execute("CREATE TABLE jobs (id PRIMARY KEY, a, b, c, d, e, f) WITHOUT ROWID")
        began_s = time.perf_counter()
        records = json.loads(text)["RECORDS"]
        columns = ("JOBID", "STAT", "QUEUE", "EXEC_HOST", "SUBMIT_TIME", "START_TIME", "MAX_MEM")
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?)",
            [tuple(map(one.__getitem__, columns)) for one in records],
        )
        database.execute("COMMIT")
        return time.perf_counter() - began_s


async def _rounds(folder: Path, rounds: int) -> dict[str, _Times]:
    """Take each kind of poll in turns, so that a noisy moment meets all."""
    names = ("bare", "new", "same", "few", "all")
    times = {name: _Times() for name in names}
    async with _desk(folder) as desk:
        for number in range(rounds):
            word, other = (("RUN", "USUSP"), ("USUSP", "RUN"))[number % 2]
            whole = answer(JOBS, words=(word,))
            few = answer(JOBS, words=(word,), other=other, others=JOBS // 100)
            # the first round's jobs have never been polled
            await desk.poll(whole, times["all" if number else "new"])
            await desk.poll(whole, _Times())
            await desk.poll(whole, times["same"])
            await desk.poll(few, _Times())
            for text in (whole, few, whole):  # each takes up what the one before has changed
                await desk.poll(text, times["few"])
            assert await desk.running() == (JOBS if word == "RUN" else 0)
            times["bare"].took_s.append(_bare(folder, whole))
    return times


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure polls that meet no change, few changes and many."""
    with tempfile.TemporaryDirectory(prefix="arp") as folder:
        times = asyncio.run(_rounds(Path(folder), 4 if quick else 9))
    bare_s = min(times["bare"].took_s)
    figures = []
    for name, which, bar in (
        ("same", "nothing has changed", _BAR),
        ("few", "1 % has changed, as it had at the poll before", _BAR),
        ("all", "all have changed since the last poll", 0.0),
        ("new", "the first after a start, all of them new", 0.0),
    ):
        took_s = min(times[name].took_s)
        blocked_s = sorted(times[name].blocked_s)[len(times[name].blocked_s) // 2]
        figures.append(
            Figure(
                what=f"whole poll of {JOBS:,} jobs: {which}",
                baseline=_BASELINE,
                ratio=took_s / bare_s,
                side="<=" if bar else "",
                bar=bar,
                detail=f"{took_s * 1e3:.0f} ms against {bare_s * 1e3:.0f} ms; "
                f"the loop stood still for {blocked_s * 1e3:.0f} ms at the longest",
            )
        )
    return figures
