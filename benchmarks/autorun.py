"""Autorun: how soon a script starts when a run has ended, and deciding on 10,000 runs at once.

A start is timed by the script itself. It is held against starting the same script from here,
and against asking the same manager for it by hand: what autorun adds is the difference. The
decisions are held against putting the same rows, ledger and jobs, into the same tables.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from arp_nb.clock import utcnow
from arp_nb.manager import Manager
from arp_nb.model import DefinitionDraft, Experiment, ScriptCheck, Trigger
from arp_nb.settings import Settings
from arp_nb.store import open_store
from arp_nb.store.base import JobFilter
from arp_nb.store.deciding import Consent, RunFacts
from benchmarks.figures import Figure
from benchmarks.servers import manager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arp_nb.store.base import Store

_EXPERIMENT = "xppi0915"
_ROOT = f"/experiments/{_EXPERIMENT}"
_RUNS = 10_000
_QUIET_S = 0.5
_DEADLINE_S = 30.0
_CONFIG = """\
locations = ["local"]
path_prepend = ["{bin}"]

[run_source.ffb]
kind = "folder"
experiments = ["{experiment}"]
path = "{folder}/data"
pattern = "run{{run}}/*.h5"
quiet_s = {quiet_s}
"""
#: says when it was started, and submits nothing
_SCRIPT = """\
#!/bin/bash
echo $EPOCHREALTIME > {folder}/started/$2.part
mv {folder}/started/$2.part {folder}/started/$2
"""


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure the latencies, and the decisions."""
    folder = Path(tempfile.mkdtemp(prefix="arp", dir="/tmp"))
    try:
        figures = _latencies(folder, turns=4 if quick else 40)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rounds = [asyncio.run(_deciding()) for _ in range(1 if quick else 5)]
    rounds.sort(key=lambda one: one.ratio)
    return [*figures, rounds[len(rounds) // 2]]


# -- from the end of a run to the start of a script ------------------------------------------


@dataclass(frozen=True, slots=True)
class _Site:
    """A manager that watches a folder, with a definition that is checked, and one that is not."""

    folder: Path
    client: httpx.Client

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(method, f"http://arp/arp/api{path}", json=body)
        return answer.raise_for_status().json()

    def started_at(self, run: int) -> float:
        """Wait until the script says that it was started for a run; return when."""
        path = self.folder / "started" / str(run)
        end_s = time.monotonic() + _DEADLINE_S
        while not path.exists():
            if time.monotonic() > end_s:
                raise SystemExit(f"The script of run {run} did not start within {_DEADLINE_S} s")
            time.sleep(0.002)
        return float(path.read_text("ascii"))

    # -- each starts the script for a run, from a moment that it returns

    def directly(self, run: int) -> float:
        begun_s = time.time()
        subprocess.run([self.folder / "script.sh", _EXPERIMENT, str(run)], check=True)
        return begun_s

    def by_hand(self, run: int) -> float:
        self.ask("PUT", f"{_ROOT}/runs/{run}", {})
        begun_s = time.time()
        self.ask("POST", f"{_ROOT}/jobs:apply", {"definition": "by-hand", "runs": str(run)})
        return begun_s

    def told(self, run: int) -> float:
        begun_s = time.time()
        ended_at = datetime.fromtimestamp(begun_s, UTC).isoformat()
        self.ask("PUT", f"{_ROOT}/runs/{run}", {"ended_at": ended_at})
        return begun_s

    def in_folder(self, run: int) -> float:
        folder = self.folder / "data" / f"run{run}"
        folder.mkdir()
        (folder / "a.h5").write_bytes(b"data")
        return time.time()


def _latencies(folder: Path, *, turns: int) -> list[Figure]:
    for name in ("store", "data", "started"):
        (folder / name).mkdir(mode=0o700)
    config = _CONFIG.format(
        bin=Path(sys.executable).parent, experiment=_EXPERIMENT, folder=folder, quiet_s=_QUIET_S
    )
    (folder / "store/config.toml").write_text(config)
    script = folder / "script.sh"
    script.write_text(_SCRIPT.format(folder=folder))
    script.chmod(0o755)
    with manager(folder) as socket:
        transport = httpx.HTTPTransport(uds=str(socket))
        with httpx.Client(transport=transport, timeout=_DEADLINE_S) as client:
            took_s = _in_turns(_defined(_Site(folder, client), script), turns)
    direct_s, hand_s, told_s, folder_s = (statistics.median(one) for one in took_s)
    return [
        _start_figure("told by the API", "starting the script from here", told_s, direct_s),
        _start_figure("told by the API", "asking for it by hand", told_s, hand_s, bar=2.0),
        _start_figure(
            "in a watched folder",
            f"{_QUIET_S:g} s in which its files rest + asking by hand",
            folder_s,
            _QUIET_S + hand_s,
            bar=1.5,
        ),
    ]


def _start_figure(
    how: str, baseline: str, took_s: float, baseline_s: float, bar: float = 0.0
) -> Figure:
    return Figure(
        what=f"end of a run, {how}, to the start of the script",
        baseline=baseline,
        ratio=took_s / baseline_s,
        side="<=" if bar else "",
        bar=bar,
        detail=f"{took_s * 1e3:,.0f} ms against {baseline_s * 1e3:,.0f} ms",
    )


def _defined(site: _Site, script: Path) -> _Site:
    site.ask("POST", "/experiments", {"name": _EXPERIMENT})
    for name, trigger in (("by-hand", "MANUAL"), ("by-itself", "END_OF_RUN")):
        draft = {"name": name, "executable": str(script), "trigger": trigger}
        added = site.ask("POST", f"{_ROOT}/definitions", draft)
    site.ask("POST", f"{_ROOT}/definitions/{added['id']}:autorun", {"on": True})
    return site


def _in_turns(site: _Site, turns: int) -> list[list[float]]:
    """Start the script in each way, in turns; return what each took, in seconds."""
    ways: list[Callable[[int], float]] = [
        site.directly, site.by_hand, site.told, site.in_folder,
    ]  # fmt: skip
    took_s: list[list[float]] = [[] for _ in ways]
    for turn in range(-1, turns):
        for index, (start, took) in enumerate(zip(ways, took_s, strict=True)):
            run = 10 * (turn + 2) + index
            begun_s = start(run)
            at_s = site.started_at(run)
            if turn >= 0:  # the first turn warms up
                took.append(at_s - begun_s)
            time.sleep(0.2)  # what comes after a start is over
    return took_s


# -- deciding --------------------------------------------------------------------------------


async def _deciding() -> Figure:
    with tempfile.TemporaryDirectory(prefix="arp") as folder:
        store = open_store(Path(folder))
        try:
            experiment = await _checked(store)
            took_s = await _decide(store, experiment)
        finally:
            store.close()
        raw_s = _raw(Path(folder))
    return Figure(
        what=f"deciding on {_RUNS:,} runs at once: ledger and jobs",
        baseline="bare executemany of the same rows",
        ratio=took_s / raw_s,
        side="<=",
        bar=10.0,
        detail=f"{took_s * 1e3:,.0f} ms against {raw_s * 1e3:,.0f} ms",
    )


async def _checked(store: Store) -> Experiment:
    """Make an experiment with one definition, whose box is checked."""
    experiment = await store.create_experiment(_EXPERIMENT, "XPP", utcnow())
    draft = DefinitionDraft(
        name="peaks", executable="/usr/bin/true", trigger=Trigger.END_OF_RUN, predicate="run > 0"
    )
    added = await store.add_definition(experiment.id, draft, ScriptCheck(), "ada", utcnow())
    await store.change_definition(
        added.id, draft, ScriptCheck(), 1, "ada", utcnow(), autorun=True,
        consent=Consent(sha256="1" * 64),
    )  # fmt: skip
    return experiment


async def _decide(store: Store, experiment: Experiment) -> float:
    """Tell of the runs, and time a manager, as after an outage, until each has its job."""
    ended_at = utcnow()
    facts = [RunFacts(number=number, ended_at=ended_at) for number in range(1, _RUNS + 1)]
    await store.put_runs(experiment.id, facts, "logbook")
    settings = Settings(default_location="local")
    made = Manager(store, settings, user="ada", host="here", update_base="http://here:1")
    committed = asyncio.Event()
    store.on_commit(lambda _: committed.set())
    begun_s = time.perf_counter()
    try:
        await made.start()
        while not await store.jobs(JobFilter(runs=[_RUNS])):
            await committed.wait()
            committed.clear()
        took_s = time.perf_counter() - begun_s
    finally:
        await made.close()
    count = len(await store.jobs(JobFilter(experiment_id=experiment.id)))
    if count != _RUNS:
        raise AssertionError(count)
    return took_s


def _raw(folder: Path) -> float:
    """Insert copies of all rows of both tables, in one transaction."""
    with closing(sqlite3.connect(folder / "arp.sqlite", isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = FULL").close()
        copies = [_copies(db, table) for table in ("ledger", "job")]
        begun_s = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        for statement, rows in copies:
            db.executemany(statement, rows)
        db.execute("COMMIT")
        took_s = time.perf_counter() - begun_s
    os.sync()
    return took_s


def _copies(db: sqlite3.Connection, table: str) -> tuple[str, list[tuple[Any, ...]]]:
    """Return rows like those of a table, of other runs, and how they are inserted."""
    cursor = db.execute(f"SELECT * FROM {table}")  # noqa: S608 - names are ours
    names = [column[0] for column in cursor.description]
    shifts = [{"id": _RUNS, "run": _RUNS, "revision": 1_000_000}.get(name, 0) for name in names]
    rows = [tuple(_shifted(row, shifts)) for row in cursor]
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table} VALUES ({marks})", rows  # noqa: S608 - as above


def _shifted(row: tuple[Any, ...], shifts: list[int]) -> Iterator[Any]:
    for value, shift in zip(row, shifts, strict=True):
        yield value + shift if shift else value
