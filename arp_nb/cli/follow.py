"""Print what changes of some jobs, as the change feed brings it, until they are over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from arp_nb.cli import printing
from arp_nb.client.job import OVER
from arp_nb.client.markup import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arp_nb.client.board import Board
    from arp_nb.client.job import Job


def follow(board: Board, jobs: Sequence[Job], say: Callable[[str], None] = print) -> None:
    """Print a line for each change of status or counters; return when all are over."""
    told: dict[int, str] = {}
    was_stale = False
    for now in board.changes():
        if now.stale != was_stale:
            was_stale = now.stale
            say(f"connection lost ({now.why}); trying again …" if was_stale else "connected again")
        left = 0
        for job in jobs:
            row = now.jobs.get(job.id)
            if row is None:
                continue
            parts = [now.status(row), printing.counters(row["report"])]
            if row["reason"]:
                parts.append(f"({row['reason']})")
            text = plain("  ".join(part for part in parts if part))
            if told.get(job.id) != text:
                told[job.id] = text
                say(f"{time.strftime('%H:%M:%S')}  job {job.id}, run {row['run']}: {text}")
            left += row["state"] not in OVER
        if not left:
            return
