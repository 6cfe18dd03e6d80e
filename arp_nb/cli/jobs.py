"""``jupyter arp apply``, ``jobs``, ``log``, ``kill``, ``rerun`` and ``resolve``."""

from __future__ import annotations

import sys
import time
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal

from arp_nb import quantities
from arp_nb.cli import printing
from arp_nb.cli.experiments import board_of
from arp_nb.cli.follow import follow
from arp_nb.client import entry
from arp_nb.client.job import OVER
from arp_nb.client.markup import notes, plain
from arp_nb.model import JobState

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from arp_nb.client.transport import Transport

_LOG_PAUSE_S = 0.5


def apply(options: argparse.Namespace) -> int:
    """Make jobs; with ``--follow`` the exit status says whether all are DONE."""
    existing: Literal["skip", "again"] = "again" if options.again else "skip"
    with board_of(options) as board:
        if options.dry_run:
            planned = board.apply(
                options.hash,
                options.runs,
                options.parameters,
                dry_run=True,
                existing=existing,
            )
            print(planned.commands())
            _note(planned.warnings)
            return 0
        made = board.apply(
            options.hash,
            options.runs,
            options.parameters,
            existing=existing,
        )
        for job in made:
            print(f"job {job.id}: {options.hash} on run {job.run}")
        for run, why in made.skipped:
            print(f"run {run}: no job, {why}")
        _note(made.warnings)
        if not options.follow:
            return 0
        follow(board, made)
        return 0 if all(job.state is JobState.DONE for job in made) else 1


def _note(warnings: Sequence[str]) -> None:
    for line in notes(warnings):
        sys.stderr.write(f"{line}\n")


def list_jobs(options: argparse.Namespace) -> int:
    """Print the newest jobs; with ``--follow`` go on printing what changes."""
    with board_of(options) as board:
        now = board.snapshot()
        rows = [now.jobs[one] for one in sorted(now.jobs, reverse=True)[: options.limit]]
        print(printing.jobs(rows, {row["id"]: now.status(row) for row in rows}))
        if len(rows) < len(now.jobs):
            print(f"… and {len(now.jobs) - len(rows):,} older ones (--limit)")
        if options.follow:
            follow(board, [job for job in board.jobs if not job.is_over])
    return 0


def log(options: argparse.Namespace) -> int:
    """Print a log as it is; with ``--follow`` until the job is over."""
    with closing(entry.reach(options.url, options.token)) as way:
        way.check_version()
        offset, missing = 0, ""
        while True:
            # asked before the log is read, so that its last lines are not missed
            over = not options.follow or _is_over(way, options.job)
            offset, missing = _print_from(way, options.job, offset)
            if over:
                break
            time.sleep(_LOG_PAUSE_S)
    if offset == 0 and missing:
        sys.stderr.write(f"arp: {missing}\n")
    return 0


def kill(options: argparse.Namespace) -> int:
    """Ask the scheduler to end jobs."""
    with closing(entry.reach(options.url, options.token)) as way:
        way.check_version()
        body = {"ids": options.jobs, "subjobs": not options.without_subjobs}
        answer = way.call("POST", "/jobs:kill", body, repeatable=True)
    results: list[dict[str, Any]] = answer["results"]
    for one in results:
        said = one.get("message") or ("accepted" if one["ok"] else "refused")
        print(plain(f"job {one['id']}: {said}"))
    return 0 if all(one["ok"] for one in results) else 1


def rerun(options: argparse.Namespace) -> int:
    """Make jobs like earlier ones, with more memory or time where that is asked for."""
    with closing(entry.reach(options.url, options.token)) as way:
        way.check_version()
        for job_id in options.jobs:
            body = {
                "extra_parameters": options.extra_parameters,
                "memory_mb": options.memory and quantities.memory_mb(options.memory),
                "time_s": options.time and quantities.time_s(options.time),
                "idempotency_key": uuid.uuid4().hex,
            }
            row = way.call("POST", f"/jobs/{job_id}:rerun", body, repeatable=True)
            print(plain(f"job {row['id']}: {row['hash']} on run {row['run']}, as job {job_id}"))
    return 0


def resolve(options: argparse.Namespace) -> int:
    """Say what became of an uncertain submission."""
    with closing(entry.reach(options.url, options.token)) as way:
        way.check_version()
        body = {"native_id": options.native_id, "submit_again": options.again}
        row = way.call("POST", f"/jobs/{options.job}:resolve", body, repeatable=True)
    is_new = row["id"] != options.job
    said = f"submitted again as job {row['id']}" if is_new else f"is {row['native_id']}"
    print(plain(f"job {options.job}: {said}"))
    return 0


def _is_over(way: Transport, job_id: int) -> bool:
    return way.call("GET", f"/jobs/{job_id}")["state"] in OVER


def _print_from(way: Transport, job_id: int, offset: int) -> tuple[int, str]:
    """Print what is new in a log; return where the next piece begins."""
    while True:
        chunk = way.call("GET", f"/jobs/{job_id}/log", params={"offset": offset})
        sys.stdout.write(printing.lines(chunk["text"]))
        sys.stdout.flush()
        if chunk["next_offset"] <= offset or chunk["next_offset"] >= chunk["size_bytes"]:
            return chunk["next_offset"], chunk["missing"]
        offset = chunk["next_offset"]
