"""The commands of the local scheduler, by the names and the exit codes of LSF."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import sys
from typing import TYPE_CHECKING

from . import processes, start
from .book import PEND, RUN, Book
from .options import NAME, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .book import Job


def main(words: list[str]) -> int:
    """Run one command; return its exit code."""
    name, rest = words[0], words[1:]
    folder = os.environ.get(start.FOLDER_VARIABLE, "")
    if not os.path.isabs(folder):
        _say(f"{name}: {start.FOLDER_VARIABLE} does not name the folder of {NAME}")
        return 255
    if name == "supervise":
        start.detach()
    if rest[:1] == ["-V"]:
        _say(f"{NAME}: it has the commands of LSF, and is none")
        return 0
    try:
        return _command(name)(folder, rest)
    except Refused as refusal:
        _say(str(refusal))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else Python complains at its end
    except (OSError, RuntimeError, sqlite3.Error) as error:
        _say(f"{name}: {NAME}: {error}")
    return 255


def _command(name: str) -> Callable[[str, list[str]], int]:
    # only what one command needs is loaded: each of them is a process
    if name == "supervise":
        from . import supervise  # noqa: PLC0415

        return lambda folder, _: supervise.supervise(folder)
    if name == "bsub":
        from . import submit  # noqa: PLC0415

        return submit.bsub
    if name == "bjobs":
        from . import show  # noqa: PLC0415

        return show.bjobs
    return {"bkill": bkill, "bpeek": bpeek}[name]


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _ids(words: Iterable[str], usage: str) -> list[int]:
    ids = []
    for word in words:
        if not word.isascii() or not word.isdigit() or len(word) > 18:
            raise Refused(f"{word}: {NAME} understands only: {usage}")
        ids.append(int(word))
    return ids


def kill(book: Book, job_id: int) -> tuple[bool, str]:
    """Ask for the end of a job; return whether that is accepted, and LSF's words for it."""
    job = book.ask_to_end(job_id)
    if job is None:
        return False, f"Job <{job_id}>: No matching job found"
    if job.state not in {PEND, RUN}:
        return False, f"Job <{job_id}>: Job has already finished"
    if job.state == RUN and processes.is_same(job.supervisor_pid, job.supervisor_start):
        assert job.supervisor_pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(job.supervisor_pid, signal.SIGTERM)
    return True, f"Job <{job_id}> is being terminated"


def bkill(folder: str, words: list[str]) -> int:
    """End jobs; ``0`` means all that are unfinished."""
    usage = "bkill [-r] job_id ... | 0"
    ids = _ids((word for word in words if word != "-r"), usage)
    if not ids:
        raise Refused("Job ID or 0 is needed: " + usage)
    code = 0
    with Book(folder) as book:
        if 0 in ids:
            ids = [job.id for job in book.unfinished()]
            if not ids:
                raise Refused("No unfinished job found")
        for job_id in ids:
            accepted, said = kill(book, job_id)
            (sys.stdout if accepted else sys.stderr).write(said + "\n")
            code = code if accepted else 255
        if book.can_start():
            start.supervisor(folder)
    return code


def bpeek(folder: str, words: list[str]) -> int:
    """Print what a running job has written so far."""
    from . import supervise  # noqa: PLC0415 - as above

    usage = "bpeek job_id"
    ids = _ids(words, usage)
    if len(ids) != 1:
        raise Refused(usage)
    with Book(folder) as book:
        book.look()
        job = book.job(ids[0])
        if job is None or job.state not in {PEND, RUN}:
            raise Refused(f"Job <{ids[0]}> is not found")
        if job.state == PEND:
            raise Refused(f"Job <{ids[0]}> : Not yet started.")
        sys.stdout.write("<< output from stdout >>\n")
        sys.stdout.flush()
        _copy(supervise.output_path(book, job))
    return 0


def _copy(path: bytes) -> None:
    with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
        while piece := file.read(1 << 16):
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def find(book: Book, ids: Iterable[int]) -> dict[int, Job]:
    """Return jobs by id, after a look at whose supervisor is gone."""
    book.look()
    return {job.id: job for job in book.jobs(ids)}
