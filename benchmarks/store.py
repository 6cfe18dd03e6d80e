"""The store against bare SQLite, each pair measured in one run: ``python -m benchmarks.store``.

Only ratios are compared with a bar: absolute figures depend on the machine's disk.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.model import DefinitionDraft, JobState, ScriptCheck, Trigger
from arp_nb.store import open_store
from arp_nb.store.base import JobChange, JobFilter, JobsWanted, ReportPost
from benchmarks.figures import Figure, machine, table

if TYPE_CHECKING:
    from arp_nb.store.base import JobsMade, Store

NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)
_POSTS = 10_000
_GROUP = 100
_RUNS = 10_000


@dataclass(frozen=True, slots=True)
class _Pair:
    """What was measured, and the baseline that it is held against, in seconds."""

    what: str
    took_s: float
    baseline: str
    baseline_s: float
    #: the most that the ratio may be; 0 where it is only reported
    bar: float = 0.0

    @property
    def ratio(self) -> float:
        return self.took_s / self.baseline_s

    @property
    def figure(self) -> Figure:
        return Figure(
            what=self.what,
            baseline=self.baseline,
            ratio=self.ratio,
            side="<=" if self.bar else "",
            bar=self.bar,
            detail=f"{self.took_s * 1e3:,.1f} ms against {self.baseline_s * 1e3:,.1f} ms",
        )


def measure(*, quick: bool = False) -> list[Figure]:
    """Return each ratio: the round in the middle of some, each round in a new store."""
    rounds = [asyncio.run(_round()) for _ in range(3 if quick else 5)]
    figures = []
    for pairs in zip(*rounds, strict=True):
        ordered = sorted(pairs, key=lambda pair: pair.ratio)
        figures.append(ordered[len(ordered) // 2].figure)
    return figures


def ratios() -> dict[str, float]:
    """Return the ratios by name."""
    return {f"{one.what} / {one.baseline}": one.ratio for one in measure()}


async def _round() -> list[_Pair]:
    with tempfile.TemporaryDirectory(prefix="arp") as folder:
        store = open_store(Path(folder))
        try:
            idle_s, during_s, apply_s, made = await _apply(store)
            changes_s = await _changes(store, made)
            reports_s = await _reports(store, made)
        finally:
            store.close()
        with closing(_raw(Path(folder))) as db:
            raw_reports_s = _raw_reports(db, points=False)
            raw_both_s = _raw_reports(db, points=True)
            raw_changes_s = _raw_changes(db)
            raw_apply_s = _raw_apply(db)
    groups = f"raw executemany in groups of {_GROUP}"
    return [
        _Pair("10,000 report updates, durable", reports_s, groups, raw_reports_s),
        _Pair("the same, with their series", reports_s, f"{groups}, with points", raw_both_s),
        _Pair("10,000 changes of state", changes_s, "bare executemany", raw_changes_s),
        _Pair("apply to 10,000 runs", apply_s, "bare executemany", raw_apply_s, 3.0),
        _Pair("status read during the apply", during_s, "when idle", idle_s, 2.0),
    ]


# -- the store -------------------------------------------------------------------------


async def _apply(store: Store) -> tuple[float, float, float, JobsMade]:
    experiment = await store.create_experiment("xppi0915", "XPP", NOW)
    draft = DefinitionDraft(name="smalldata", executable="/usr/bin/true")
    definition = await store.add_definition(experiment.id, draft, ScriptCheck(), "ada", NOW)
    wanted = JobsWanted(
        experiment_id=experiment.id,
        definition_id=definition.id,
        hash=draft.name,
        version=1,
        parameters="--events 1000",
        argv_by_run={
            run: (draft.executable, "xppi0915", str(run), "--events", "1000")
            for run in range(1, _RUNS + 1)
        },
        user="ada",
        location="local",
        trigger=Trigger.MANUAL,
        at=NOW,
        skip_existing=True,
        idempotency_key="1",
    )
    stop = asyncio.Event()
    reading = asyncio.create_task(_reads(store, stop))
    await asyncio.sleep(0.5)
    stop.set()
    idle_s = statistics.median(await reading)
    stop.clear()
    reading = asyncio.create_task(_reads(store, stop))
    started_s = time.perf_counter()
    made = await store.add_jobs(wanted)
    took_s = time.perf_counter() - started_s
    stop.set()
    during_s = statistics.median(await reading)
    return idle_s, during_s, took_s, made


async def _reads(store: Store, stop: asyncio.Event) -> list[float]:
    """Read what a status request reads, with a pause between, as a page does."""
    took: list[float] = []
    while not stop.is_set():
        started_s = time.perf_counter()
        await store.revision()
        await store.experiments()
        await store.jobs(JobFilter(limit=10))
        took.append(time.perf_counter() - started_s)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.001)
    return took


async def _changes(store: Store, made: JobsMade) -> float:
    changes = [
        JobChange(
            job_id=job_id,
            at=NOW,
            expect={JobState.REQUESTED},
            state=JobState.LEASED,
            set={"lease_token": "one"},
        )
        for job_id in made.job_ids
    ]
    started_s = time.perf_counter()
    done = await store.change_jobs(changes)
    took_s = time.perf_counter() - started_s
    if not all(done):
        raise AssertionError
    return took_s


async def _reports(store: Store, made: JobsMade) -> float:
    """Post from as many sides at once as a group of the raw baseline has rows."""

    async def post(job_id: int) -> None:
        for number in range(_POSTS // _GROUP):
            patch = {"counters": {"Events": number, "Rate": [job_id + number, "green"]}}
            at = NOW + timedelta(seconds=number)
            await store.merge_reports([ReportPost(job_id=job_id, patch=patch, at=at)])

    started_s = time.perf_counter()
    await asyncio.gather(*(post(job_id) for job_id in made.job_ids[:_GROUP]))
    return time.perf_counter() - started_s


# -- bare SQLite, on the same tables with the same indexes -------------------------------


def _raw(folder: Path) -> sqlite3.Connection:
    db = sqlite3.connect(folder / "arp.sqlite", isolation_level=None)
    db.execute("PRAGMA synchronous = FULL").close()
    return db


def _raw_reports(db: sqlite3.Connection, *, points: bool) -> float:
    started_s = time.perf_counter()
    for number in range(_POSTS // _GROUP):
        rows, more = [], []
        for job_id in range(_GROUP + 1, 2 * _GROUP + 1):
            rate = job_id + number + points
            report = json.dumps({"counters": {"Events": number, "Rate": [rate, "green"]}})
            rows.append((report, number, 1_000_000 + number * _GROUP + job_id, job_id))
            more += [(job_id, "Events", number, number), (job_id, "Rate", number, rate)]
        db.execute("BEGIN IMMEDIATE")
        db.executemany("UPDATE job SET report=?, reported_at=?, revision=? WHERE id=?", rows)
        if points:
            db.executemany("INSERT INTO counter_point VALUES (?, ?, ?, ?)", more)
        db.execute("COMMIT")
    return time.perf_counter() - started_s


def _raw_changes(db: sqlite3.Connection) -> float:
    rows = [("starting", "two", 2_000_000 + number, number) for number in range(1, _RUNS + 1)]
    transitions = [(number, 1, "leased", "starting", "", "", "") for number in range(1, _RUNS + 1)]
    started_s = time.perf_counter()
    db.execute("BEGIN IMMEDIATE")
    db.executemany("UPDATE job SET state=?, lease_token=?, revision=? WHERE id=?", rows)
    db.executemany(
        "INSERT INTO transition (job_id, at, old, new, native_state, reason, by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        transitions,
    )
    db.execute("COMMIT")
    return time.perf_counter() - started_s


def _raw_apply(db: sqlite3.Connection) -> float:
    """Insert rows like those of the apply, which came before them in the same table."""
    names = (
        "id, experiment_id, run, definition_id, hash, version, parameters, argv, user, location, "
        '"trigger", state, requested_at, changed_at, rerun_of, revision'
    )
    columns = db.execute(f"SELECT {names} FROM job").fetchall()  # noqa: S608 - names are ours
    rows = [(row[0] + _RUNS, *row[1:15], row[0] + 3_000_000) for row in columns]
    marks = ", ".join("?" * 16)
    started_s = time.perf_counter()
    db.execute("BEGIN IMMEDIATE")
    db.executemany(f"INSERT INTO job ({names}) VALUES ({marks})", rows)  # noqa: S608 - as above
    db.execute("COMMIT")
    return time.perf_counter() - started_s


if __name__ == "__main__":
    print(f"Measured on {machine()}.\n\n{table(measure())}")
