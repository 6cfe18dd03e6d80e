"""``bsub -I``: a job that has the terminal, or the pipes, of the command that submitted it.

The command waits for its turn in the queue like any job, and is then the job's supervisor: so
what the job reads and writes passes through nobody. If the command ends before, so does the
job ("bsub -I" in IBM Spectrum LSF 10.1).
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from . import start, supervise
from .indexes import Target
from .records import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Callable

    from .book import Book
    from .records import Job, Submitted

_LOOK_S = 0.1
_INTERRUPTED = 130


def run(book: Book, asked: Submitted, accept: Callable[[int], None]) -> int:
    """Submit a job, run it when it is its turn, and return its exit code."""
    wish = supervise.Wish(signal.SIGINT, signal.SIGHUP)
    job, lock = book.submit_mine(asked)
    accept(job.id)
    _say("<<Waiting for dispatch ...>>")
    if not _turn_comes(book, job, wish):
        _say("<<Terminated while pending>>")
        return _INTERRUPTED if wish.end else 255
    _say(f"<<Starting on {job.host}>>")
    outcome = supervise.run(book, job, wish)
    os.close(lock)
    if outcome.exit_code is None:
        _say(outcome.reason)
        return 255
    return outcome.exit_code


def _turn_comes(book: Book, job: Job, wish: supervise.Wish) -> bool:
    """Wait for a free slot; return False if the job was ended before."""
    while not wish.end:
        book.look()
        now = book.job(job.id)
        if now is None or now.state not in UNFINISHED:
            return False
        if book.take(job) is not None:
            return True
        if book.can_start():
            start.supervisor(book.folder)
        wish.wait(time.monotonic() + _LOOK_S)
    book.ask_to_end([Target(job.id)])
    return False


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - LSF's words
