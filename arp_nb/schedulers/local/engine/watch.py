"""A running job, watched to its end: ended, stopped and let go on as somebody asked."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from typing import TYPE_CHECKING

from .family import Family
from .records import BY_OWNER, BY_RUN_LIMIT, USUSP, Outcome

if TYPE_CHECKING:
    from .book import Book
    from .records import Job
    from .supervise import Wish

#: from SIGTERM to SIGKILL; LSF's own default is 10 s for each step
GRACE_S = 5.0
GRACE_VARIABLE = "ARP_LOCAL_GRACE_S"
_ASK_AGAIN_S = 1.0


class Watch:
    """The watch over one job: its first process is our child, and leads its session.

    The clock of its run limit stands while the job is stopped: LSF counts the time in the
    state RUN ("RUNLIMIT" in IBM Spectrum LSF 10.1, lsb.queues).
    """

    def __init__(self, book: Book, job: Job, child: int, wish: Wish) -> None:
        self._book, self._job, self._child, self._wish = book, job, child, wish
        self._family = Family(child)
        self._grace_s = float(os.environ.get(GRACE_VARIABLE, GRACE_S))
        self._began = time.monotonic()
        self._limit_at = None if job.run_limit_s is None else self._began + job.run_limit_s
        self._stopped_at: float | None = None
        #: why it is to end; empty: it is not
        self._reason = ""
        self._kill_at: float | None = None

    def to_the_end(self, note: str) -> Outcome:
        """Wait for the end, or bring it about: SIGTERM, then SIGKILL."""
        while True:
            ended, status, usage = os.wait4(self._child, os.WNOHANG)
            if ended:
                break
            again_at = self._follow_the_book() if self._wish.look else None
            self._end_if_due()
            limit_at = None if self._stopped_at is not None else self._limit_at
            moments = (again_at, self._kill_at if self._reason else limit_at)
            self._wish.wait(min((at for at in moments if at is not None), default=None))
        if self._reason:
            _end_the_rest(self._family, self._kill_at or self._began)
        scale = 1 if sys.platform == "darwin" else 1024
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        return Outcome(
            exit_code=128 + number if number else os.WEXITSTATUS(status),
            signal=number,
            reason=self._reason or note,
            # of its largest process; not less than the 10 MB that this one had when it forked
            peak_memory_mb=round(usage.ru_maxrss * scale / 1e6, 1),
        )

    def _follow_the_book(self) -> float | None:
        """Do what stands in the book; return when to look again if it cannot be read."""
        self._wish.look = False
        try:
            state, is_to_end, forced = self._book.orders(self._job)
        except sqlite3.Error as error:  # the job must not pay for a full disk
            print(f"job {self._job.native_id}: {error}", file=sys.stderr, flush=True)  # noqa: T201
            self._wish.look = True
            return time.monotonic() + _ASK_AGAIN_S
        if is_to_end:
            self._wish.end = True
            if forced:
                self._reason = self._reason or BY_OWNER
                self._kill_at = time.monotonic()
        elif not self._reason and state == USUSP:
            self._family.stop()
            self._stopped_at = self._stopped_at or time.monotonic()
        elif not self._reason and self._stopped_at is not None:
            self._family.signal(signal.SIGCONT)
            if self._limit_at is not None:
                self._limit_at += time.monotonic() - self._stopped_at
            self._stopped_at = None
        return None

    def _end_if_due(self) -> None:
        now = time.monotonic()
        is_over_limit = (
            self._stopped_at is None and self._limit_at is not None and now >= self._limit_at
        )
        if not self._reason and (self._wish.end or is_over_limit):
            self._reason = BY_OWNER if self._wish.end else BY_RUN_LIMIT
            self._family.signal(signal.SIGTERM)
            # a stopped process hears nothing before it goes on
            self._family.signal(signal.SIGCONT)
            self._kill_at = now + self._grace_s
        elif self._kill_at is not None and now >= self._kill_at:
            self._family.signal(signal.SIGKILL)
            self._kill_at = now + 1.0


def _end_the_rest(family: Family, kill_at: float) -> None:
    """After the first process of a job that was to end: the others have until then."""
    while family.members():
        if time.monotonic() >= kill_at:
            return family.kill()
        time.sleep(0.02)
    return None
