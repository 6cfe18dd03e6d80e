"""What a manager holds in memory: beside many jobs that are over, and while many are polled.

It is the product itself, on a store whose rows are written straight into its file, beside a
``bjobs`` that prints a file. Counted is the proportional share (PSS) of manager and supervisor,
once some polls have been taken in, and again when a page has read all columns of all jobs.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import socket
import sqlite3
import struct
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.daemon import record
from arp_nb.model import JobState
from arp_nb.store import open_store
from benchmarks.answers import answer
from benchmarks.figures import Figure
from benchmarks.servers import manager
from benchmarks.stores import filled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MB = 1e6
#: what a manager may hold with a million jobs in its store: that much for itself and its
#: caches, however few there are, and the rest for each job alike
_ITSELF_MB, _PER_JOB_MB = 150.0, 250e-6
_COLUMNS = "/arp/api/experiments/xppi0915/jobs/columns?limit=50000"
_PATIENCE_S = 180.0
#: the first takes all in, the second looks for what has changed, from then on they are alike
_POLLS = 3
_CONFIG = """
locations = ["lsf", "local"]
accept_lost_reports = true
poll_min_s = 0.5
path_prepend = ["{folder}"]
"""
_BJOBS = """#!/bin/sh
case "$*" in *-V*) exit 0;; esac
echo >> {folder}/polls
exec cat {folder}/answer
"""


@dataclass(frozen=True, slots=True)
class _Memory:
    """What was held, in MB."""

    polled_mb: float
    read_mb: float
    most_mb: float


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure a store of jobs that are mostly over, and one whose jobs are all in a cluster."""
    jobs, active = (50_000, 1_000) if quick else (1_000_000, 1_000)
    busy = 10_000 if quick else 100_000
    return [
        _figure(
            f"memory with {jobs:,} jobs, {active:,} of them active",
            _measured(jobs, active),
            _ITSELF_MB + _PER_JOB_MB * jobs,
            bar=1.0,
        ),
        _figure(f"memory with {busy:,} jobs, all of them active", _measured(busy, busy), 400.0),
    ]


def _figure(what: str, held: _Memory, allowed_mb: float, bar: float = 0.0) -> Figure:
    return Figure(
        what=what,
        baseline=f"{allowed_mb:.0f} MB",
        ratio=max(held.polled_mb, held.read_mb) / allowed_mb,
        side="<=" if bar else "",
        bar=bar,
        detail=f"{held.polled_mb:.0f} MB after {_POLLS} polls, {held.read_mb:.0f} MB after a page "
        f"has read all columns, {held.most_mb:.0f} MB at the most",
    )


def _measured(jobs: int, active: int) -> _Memory:
    folder = Path(tempfile.mkdtemp(prefix="arp", dir="/tmp"))
    try:
        _fill(folder / "store", jobs, active)
        _cluster(folder, active)
        with manager(folder) as path:
            running = record.read(folder / "store")
            assert running is not None
            assert running.manager is not None
            pids = (running.manager.pid, running.supervisor.pid)
            _until(lambda: _polls(folder) > _POLLS, "polls")
            polled_mb = sum(_memory_mb("smaps_rollup", "Pss:", one) for one in pids)
            assert _read_columns(path) == jobs
            read_mb = sum(_memory_mb("smaps_rollup", "Pss:", one) for one in pids)
            most_mb = sum(_memory_mb("status", "VmHWM:", one) for one in pids)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _Memory(polled_mb, read_mb, most_mb)


def _fill(store: Path, jobs: int, active: int) -> None:
    """Make one job as the product does, and all others after its likeness."""

    async def make_first() -> None:
        opened = open_store(store)
        try:
            await filled(opened, 1)
        finally:
            opened.close()

    asyncio.run(make_first())
    with closing(sqlite3.connect(store / "arp.sqlite")) as db:
        names = [row[1] for row in db.execute("PRAGMA table_info(job)")]
        over = f"n.id > {active}"
        made = {
            "id": "n.id",
            "run": "n.id",
            "native_id": "CAST(n.id AS TEXT)",
            "revision": "job.revision + n.id",
            "argv": """'["/usr/bin/true", "xppi0915", "' || n.id || '"]'""",
            "report": """'{"counters": {"Events": ' || n.id || ', "Rate": [120.5, "green"]}}'""",
            "host": "'node' || (n.id % 300)",
            "submitted_at": "job.submitted_at + 1000000 * n.id",
            "started_at": f"CASE WHEN {over} THEN job.submitted_at + 1000003 * n.id END",
            "ended_at": f"CASE WHEN {over} THEN job.submitted_at + 1000007 * n.id END",
            "exit_code": f"CASE WHEN {over} THEN 0 END",
            "native_state": f"CASE WHEN {over} THEN 'DONE' ELSE 'PEND' END",
            "state": f"CASE WHEN {over} THEN '{JobState.DONE.value}' ELSE job.state END",
        }
        columns = ", ".join(f'"{name}"' for name in names)
        values = ", ".join(made.get(name, f'job."{name}"') for name in names)
        db.execute(
            "WITH RECURSIVE n (id) AS "  # noqa: S608 - our own names
            f"(VALUES (2) UNION ALL SELECT id + 1 FROM n WHERE id < {jobs}) "
            f"INSERT INTO job ({columns}) SELECT {values} FROM n, job"
        )
        db.execute(
            "INSERT INTO scheduler_job (job_id, native_id, source, nonce, native_state, state) "
            "SELECT id, CAST(id AS TEXT), 'wrapper', '', native_state, state FROM job"
        )
        db.execute(f"UPDATE head SET revision = revision + {jobs}, next_job_id = {jobs + 1}")  # noqa: S608
        db.commit()


def _cluster(folder: Path, active: int) -> None:
    """Make commands of a cluster in which the first jobs wait, and say where they are."""
    folder.joinpath("answer").write_text(answer(active, words=("PEND",)))
    for name, text in (("bjobs", _BJOBS), ("bsub", "#!/bin/sh\n"), ("bkill", "#!/bin/sh\n")):
        folder.joinpath(name).write_text(text.format(folder=folder))
        folder.joinpath(name).chmod(0o755)
    folder.joinpath("store/config.toml").write_text(_CONFIG.format(folder=folder))


def _polls(folder: Path) -> int:
    """Return how many polls have begun."""
    told = folder / "polls"
    return told.stat().st_size if told.exists() else 0


def _until(true: Callable[[], bool], what: str) -> None:
    end_s = time.monotonic() + _PATIENCE_S
    while not true():
        if time.monotonic() > end_s:
            raise SystemExit(f"Not within {_PATIENCE_S:g} s: {what}.")
        time.sleep(0.05)


def _read_columns(path: Path) -> int:
    """Read all columns of all jobs, frame by frame as a page does; return how many jobs."""
    rows = 0
    before: int | None = None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
        connected.connect(os.fspath(path))
        connection = http.client.HTTPConnection("localhost", timeout=_PATIENCE_S)
        connection.sock = connected
        while True:
            connection.request("GET", _COLUMNS + (f"&before={before}" if before else ""))
            told = connection.getresponse()
            body = told.read()
            assert told.status == 200, body
            (length,) = struct.unpack_from("<I", body)
            head = json.loads(body[4 : 4 + length])
            rows += int(head["rows"])
            before = head["next_before"]
            if before is None:
                return rows


def _memory_mb(file: str, name: str, pid: int) -> float:
    """Return one line of what the kernel tells of a process's memory."""
    lines: Sequence[str] = Path(f"/proc/{pid}/{file}").read_text("utf-8").splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith(name))
    return int(kilobytes) * 1024 / _MB
