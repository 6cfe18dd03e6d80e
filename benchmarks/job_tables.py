"""Pages of many jobs: by column, against what SQLite alone takes to hand out the same values."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from arp_nb.manager.job_table import COLUMNS, JobTable
from arp_nb.model import DefinitionDraft, JobState, ScriptCheck, Trigger
from arp_nb.rows import job_row
from arp_nb.store import open_store
from arp_nb.store.base import JobChange, JobFilter, JobsWanted, ReportPost
from benchmarks.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arp_nb.model import Experiment
    from arp_nb.store.base import Store

_NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)
_STATES = (JobState.REQUESTED, JobState.LEASED, JobState.STARTING, JobState.PENDING)
_SLICE = 10_000


def measure(*, quick: bool = False) -> list[Figure]:
    """Return ratios of processor time: the middle of some rounds on one store."""
    return asyncio.run(_measured(10_000 if quick else 50_000, 3 if quick else 5))


async def _measured(jobs: int, rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="arp") as folder:
        store = open_store(Path(folder))
        try:
            experiment = await _filled(store, jobs)
            table = JobTable(store)
            with closing(sqlite3.connect(Path(folder) / "arp.sqlite")) as db:
                raw_s = statistics.median(_took(lambda: _raw(db, jobs)) for _ in range(rounds))
            framed_s, size = await _frames(table, experiment, rounds, ())
            counted_s, _ = await _frames(table, experiment, rounds, ("Events",))
            rows_s, row_bytes = await _rows(store, experiment, min(jobs, _SLICE))
        finally:
            store.close()
    framed_each_s, rows_each_s = framed_s / jobs, rows_s / min(jobs, _SLICE)
    baseline = "fetching the same values from SQLite"
    return [
        _figure(f"{jobs:,} jobs by column", framed_s, baseline, raw_s, 4.0),
        _figure(f"{jobs:,} jobs by column, with a counter", counted_s, baseline, raw_s, 6.0),
        Figure(
            what="a job by column",
            baseline="the same job as a row in JSON",
            ratio=framed_each_s / rows_each_s,
            side="<=",
            bar=0.5,
            detail=f"{framed_each_s * 1e6:.1f} µs and {size / jobs:.0f} bytes against "
            f"{rows_each_s * 1e6:.1f} µs and {row_bytes:.0f} bytes",
        ),
    ]


def _figure(what: str, took_s: float, baseline: str, baseline_s: float, bar: float) -> Figure:
    return Figure(
        what=what,
        baseline=baseline,
        ratio=took_s / baseline_s,
        side="<=",
        bar=bar,
        detail=f"{took_s * 1e3:,.0f} ms against {baseline_s * 1e3:,.0f} ms",
    )


async def _frames(
    table: JobTable, experiment: Experiment, rounds: int, counters: Sequence[str]
) -> tuple[float, int]:
    """Return processor time of a frame of all jobs, and its bytes."""
    took_s = []
    body = b""
    for _ in range(rounds):
        begin_s = time.process_time()
        body = await table.frame(experiment, counters=counters)
        took_s.append(time.process_time() - begin_s)
    return statistics.median(took_s), len(body)


async def _rows(store: Store, experiment: Experiment, jobs: int) -> tuple[float, float]:
    """Return processor time of a page of rows, and bytes of each row."""
    begin_s = time.process_time()
    found = await store.jobs(JobFilter(experiment_id=experiment.id, limit=jobs))
    body = orjson.dumps([job_row(one) for one in found])
    return time.process_time() - begin_s, len(body) / jobs


def _raw(db: sqlite3.Connection, jobs: int) -> None:
    names = ", ".join(f'"{field}"' for field, _ in COLUMNS.values() if field)
    statement = f"SELECT {names} FROM job ORDER BY id DESC LIMIT {jobs}"  # noqa: S608 - our own names
    found = db.execute(statement)
    while found.fetchmany(256):
        pass


def _took(call: Callable[[], None]) -> float:
    begin_s = time.process_time()
    call()
    return time.process_time() - begin_s


async def _filled(store: Store, jobs: int) -> Experiment:
    """Make an experiment with jobs that wait in the scheduler and have reported."""
    experiment = await store.create_experiment("xppi0915", "XPP", _NOW)
    draft = DefinitionDraft(name="smalldata", executable="/usr/bin/true")
    definition = await store.add_definition(experiment.id, draft, ScriptCheck(), "ada", _NOW)
    for first in range(1, jobs + 1, _SLICE):
        runs = range(first, min(first + _SLICE, jobs + 1))
        wanted = JobsWanted(
            experiment_id=experiment.id,
            definition_id=definition.id,
            hash=draft.name,
            version=1,
            parameters="-q milano --nodes 4",
            argv_by_run={run: ("/usr/bin/true", "xppi0915", str(run)) for run in runs},
            user="ada",
            location="lsf",
            trigger=Trigger.MANUAL,
            at=_NOW,
            skip_existing=False,
        )
        ids = (await store.add_jobs(wanted)).job_ids
        for old, new in pairwise(_STATES):
            await store.change_jobs([_change(one, old, new) for one in ids])
        posts = [
            ReportPost(job_id=one, patch={"counters": {"Events": one}}, at=_NOW) for one in ids
        ]
        await store.merge_reports(posts)
    return experiment


def _change(job_id: int, old: JobState, new: JobState) -> JobChange:
    at = _NOW + timedelta(seconds=job_id)
    told = {"native_id": str(job_id), "native_state": "PEND", "host": f"node{job_id % 100}"}
    more = {**told, "submitted_at": at} if new is JobState.PENDING else {}
    return JobChange(job_id=job_id, at=at, expect=(old,), state=new, set=more)
