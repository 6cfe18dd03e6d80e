"""The command ``bqueues``: the queues that there are, and how many slots each one has in use."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from .book import Book
from .options import DEFAULT_QUEUE, NAME, Refused
from .records import STARTED, USUSP, WAITING
from .usage import USAGE

if TYPE_CHECKING:
    from .records import Job

_ROW = "{:<15.15} {:>4} {:^15} {:>4} {:>4} {:>4} {:>4} {:>5} {:>5} {:>5} {:>5}"


def bqueues(folder: str, words: list[str]) -> int:
    """Show queues; exit code 255 if one is named that there is not.

    Where none is configured any name is a queue: then those that hold jobs are shown.
    """
    asked = [word for word in words if word != "-w"]
    if any(word.startswith("-") for word in asked):
        raise Refused(f"bqueues: {NAME} understands: {USAGE['bqueues']}")
    with Book(folder) as book:
        book.look()
        jobs = book.unfinished()
        there = book.queues() or list(dict.fromkeys((DEFAULT_QUEUE, *(job.queue for job in jobs))))
    for name in asked:
        if name not in there:
            sys.stderr.write(f"{name}: No such queue\n")
    shown = [name for name in there if not asked or name in asked]
    if shown:
        lines = [
            _ROW.format(
                "QUEUE_NAME", "PRIO", "STATUS", "MAX", "JL/U", "JL/P", "JL/H",
                "NJOBS", "PEND", "RUN", "SUSP",
            )
        ]  # fmt: skip
        lines += [_line(name, [job for job in jobs if job.queue == name]) for name in shown]
        sys.stdout.buffer.write(os.fsencode("\n".join(lines) + "\n"))
        sys.stdout.buffer.flush()
    return 255 if set(asked) - set(there) else 0


def _line(name: str, jobs: list[Job]) -> str:
    def slots(states: frozenset[str]) -> int:
        return sum(job.slots for job in jobs if job.state in states)

    waits, stopped = slots(WAITING), slots(frozenset({USUSP}))
    runs = slots(STARTED) - stopped
    total = waits + runs + stopped
    return _ROW.format(name, "-", "Open:Active", "-", "-", "-", "-", total, waits, runs, stopped)
