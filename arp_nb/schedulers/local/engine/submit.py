"""The command ``bsub``."""

from __future__ import annotations

import contextlib
import os
import pwd
import sys
import time

from . import options, start
from .book import UNFINISHED, Book, Submitted
from .options import DEFAULT_QUEUE, Options, Refused


def bsub(folder: str, words: list[str]) -> int:
    """Put a job into the queue; with -K, wait for its end and return its exit code.

    Raises
    ------
    Refused
        The command line asks for something that cannot be had.
    """
    told = options.parse(words)
    script: bytes | None = None
    if not told.command:
        # closed, or a person who did not mean to type a script
        given = sys.stdin is not None and not sys.stdin.isatty()
        script = sys.stdin.buffer.read() if given else b""
        if not script.strip():
            raise Refused("No command is specified. Job not submitted.")
        told = told.over(options.embedded(os.fsdecode(script)))
    with Book(folder) as book:
        job_id = book.submit(_submitted(told, script))
        _print(_acceptance(job_id, told.queue))
        if book.can_start():
            start.supervisor(folder)
        return _wait(book, job_id) if told.wait else 0


def _acceptance(job_id: int, queue: str) -> str:
    queue = queue or os.environ.get("LSB_DEFAULTQUEUE", "")
    where = f"queue <{queue}>" if queue else f"default queue <{DEFAULT_QUEUE}>"
    return f"Job <{job_id}> is submitted to {where}."


def _print(line: str) -> None:
    # at once: a script that reads the id must not wait for the end of a `bsub -K`. The job is
    # in the book: it is to run, though nobody may be there to read this.
    if not os.environ.get("BSUB_QUIET"):
        with contextlib.suppress(OSError):
            os.write(1, os.fsencode(line) + b"\n")


def _submitted(told: Options, script: bytes | None) -> Submitted:
    try:
        here = os.getcwd()
    except OSError as error:
        raise Refused(f"System call failed: {error.strerror}. Job not submitted.") from error
    line = options.command_line(told.command)
    shown = os.fsencode(line) if script is None else script.strip().replace(b"\n", b";")
    return Submitted(
        queue=_text(told.queue or os.environ.get("LSB_DEFAULTQUEUE") or DEFAULT_QUEUE),
        name=_text(told.name) or shown.decode("utf-8", "replace"),
        description=_text(told.description),
        project=_text(told.project or os.environ.get("LSB_DEFAULTPROJECT") or "default"),
        user=pwd.getpwuid(os.getuid()).pw_name,
        host=os.uname().nodename,
        command=shown,
        cwd=os.fsencode(os.path.join(here, os.path.expanduser(told.cwd)) if told.cwd else here),
        input=os.fsencode(told.input),
        output=os.fsencode(told.output),
        output_new=told.output_new,
        error=os.fsencode(told.error),
        error_new=told.error_new,
        slots=max(1, told.slots),
        run_limit_s=told.run_limit_s,
        umask=_umask(),
        environment=b"\0".join(b"%s=%s" % pair for pair in os.environb.items()),
        script=script,
    )


def _text(value: str) -> str:
    """Make an argument of any bytes into text that can be stored."""
    return os.fsencode(value).decode("utf-8", "replace")


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _wait(book: Book, job_id: int) -> int:
    print("<<Waiting for dispatch ...>>", file=sys.stderr, flush=True)  # noqa: T201 - LSF's words
    delay_s = 0.05
    while True:
        book.look()
        job = book.job(job_id)
        if job is None or job.state not in UNFINISHED:
            break
        if book.can_start():
            start.supervisor(book.folder)
        time.sleep(delay_s)
        delay_s = min(1.0, 1.3 * delay_s)
    print("<<Job is finished>>", file=sys.stderr, flush=True)  # noqa: T201 - LSF's words
    if job is None or job.exit_code is None:
        return 255
    return job.exit_code
