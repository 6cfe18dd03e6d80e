"""Pages of many jobs: by column, against what SQLite alone takes to hand out the same values."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from arp_nb.manager.job_table import COLUMNS, JobTable
from arp_nb.rows import job_row
from arp_nb.store import open_store
from arp_nb.store.base import JobFilter
from benchmarks.figures import Figure
from benchmarks.stores import filled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arp_nb.model import Experiment
    from arp_nb.store.base import Store

_SLICE = 10_000


def measure(*, quick: bool = False) -> list[Figure]:
    """Return ratios of processor time: the middle of some rounds on one store."""
    return asyncio.run(_measured(10_000 if quick else 50_000, 3 if quick else 5))


async def _measured(jobs: int, rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="arp") as folder:
        store = open_store(Path(folder))
        try:
            experiment = await filled(store, jobs)
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
