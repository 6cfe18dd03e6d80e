"""``bkill``, ``bstop`` and ``bresume``: jobs are ended, stopped and let go on.

Their answers are LSF's, word for word. What is asked stands in the book, durable, before the
job's supervisor is told to look at it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

from . import indexes, processes, start
from .book import Book
from .options import NAME, Refused, target
from .records import CONT, ENDED, KILL, STARTED, STOP
from .usage import USAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .indexes import Target
    from .records import Job

_DONE = {
    KILL: "is being terminated",
    STOP: "is being stopped",
    CONT: "is being resumed",
}


def ask(
    book: Book, asked: Sequence[Target], what: str, *, forced: bool = False
) -> list[list[tuple[bool, str]]]:
    """Ask something of jobs: KILL, STOP or CONT.

    Returns
    -------
    list[list[tuple[bool, str]]]
        For each of them whether that is accepted, and LSF's words for it: once for a job or a
        whole array, and once for each element that was named.
    """
    if what == KILL:
        found = book.ask_to_end(asked, forced=forced)
    else:
        found = book.ask_to_turn(asked, what)
    for jobs in found:
        for job in jobs:
            if job.state in STARTED:
                _tell(job)
    return [_answers(one, jobs, what) for one, jobs in zip(asked, found, strict=True)]


def _tell(job: Job) -> None:
    """Let a supervisor look into the book."""
    if processes.is_same(job.supervisor_pid, job.supervisor_start):
        assert job.supervisor_pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(job.supervisor_pid, signal.SIGUSR1)


def _answers(asked: Target, jobs: Sequence[Job], what: str) -> list[tuple[bool, str]]:
    if not jobs:
        return [(False, f"Job <{indexes.text(asked)}>: No matching job found")]
    if asked.indexes is None:
        return [_answer(str(asked.id), jobs, what)]
    return [_answer(job.native_id, [job], what) for job in jobs]


def _answer(named: str, jobs: Sequence[Job], what: str) -> tuple[bool, str]:
    if all(job.state in ENDED for job in jobs):
        return False, f"Job <{named}>: Job has already finished"
    if what != KILL and all(job.kill_at is not None or job.state in ENDED for job in jobs):
        return False, f"Job <{named}>: Operation is in progress"  # it is being ended
    return True, f"Job <{named}> {_DONE[what]}"


def _print(book: Book, asked: Sequence[Target], what: str, *, forced: bool = False) -> int:
    code = 0
    for answers in ask(book, asked, what, forced=forced):
        for accepted, said in answers:
            (sys.stdout if accepted else sys.stderr).write(said + "\n")
            code = code if accepted else 255
    if book.can_start():
        start.supervisor(book.folder)
    return code


def _run(folder: str, words: Sequence[str], command: str, what: str, **how: bool) -> int:
    asked = [target(word, command) for word in words]
    if not asked:
        raise Refused(f"Job ID or 0 is needed: {USAGE[command]}")
    with Book(folder) as book:
        if any(one.id == 0 for one in asked):  # all that are unfinished
            asked = [indexes.Target(one) for one in sorted({job.id for job in book.unfinished()})]
            if not asked:
                raise Refused("No unfinished job found")
        return _print(book, asked, what, **how)


def bkill(folder: str, words: list[str]) -> int:
    """End jobs; ``0`` means all that are unfinished."""
    rest = [word for word in words if word != "-r"]
    if rest[:1] == ["-s"]:
        return _signal(folder, rest[1:])
    return _run(folder, rest, "bkill", KILL)


def _signal(folder: str, words: Sequence[str]) -> int:
    """Do ``bkill -s``: KILL is at once, STOP and CONT are as the commands."""
    name = words[0].upper().removeprefix("SIG") if words else ""
    name = {"9": KILL, "15": "TERM"}.get(name, name)
    if name == KILL:
        return _run(folder, words[1:], "bkill", KILL, forced=True)
    if name == "TERM":
        return _run(folder, words[1:], "bkill", KILL)
    if name in {STOP, CONT}:
        return _run(folder, words[1:], "bkill", name)
    raise Refused(f"bkill: -s {name}: {NAME} has the signals KILL, TERM, STOP and CONT")


def bstop(folder: str, words: list[str]) -> int:
    """Stop jobs: one that waits is held, one that runs stands still and keeps its slots."""
    return _run(folder, words, "bstop", STOP)


def bresume(folder: str, words: list[str]) -> int:
    """Let jobs go on that were held or stopped."""
    return _run(folder, words, "bresume", CONT)
