"""The command ``bsub``."""

from __future__ import annotations

import contextlib
import os
import pwd
import sys
import time

from . import options, processes, start
from .book import Book
from .options import DEFAULT_QUEUE, Options, Refused
from .records import UNFINISHED, Submitted


def bsub(folder: str, words: list[str]) -> int:
    """Put a job into the queue; with -K or -I, wait for its end and return its exit code.

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
    processes.open_streams()
    with Book(folder) as book:
        queue, is_default = _queue(book, told.queue or os.environ.get("LSB_DEFAULTQUEUE", ""))
        asked, elements = _submitted(told, queue, script)
        where = f"default queue <{queue}>" if is_default else f"queue <{queue}>"
        if told.interactive:
            # only this one needs what runs jobs: each command is a process, and starts anew
            from . import interactive  # noqa: PLC0415

            return interactive.run(book, asked, lambda job_id: _accept(job_id, where))
        job_id = book.submit(asked, elements)
        _accept(job_id, where)
        if book.can_start():
            start.supervisor(folder)
        return _wait(book, job_id) if told.wait else 0


def _queue(book: Book, named: str) -> tuple[str, bool]:
    """Return the queue for a job, and whether it is the default one."""
    there = book.queues()
    if not named:
        return (there[0] if there and DEFAULT_QUEUE not in there else DEFAULT_QUEUE), True
    if there and named not in there:
        raise Refused(f"{named}: No such queue. Job not submitted.")
    return named, False


def _accept(job_id: int, where: str) -> None:
    # at once: a script that reads the id must not wait for the end of a `bsub -K`. The job is
    # in the book: it is to run, though nobody may be there to read this.
    if not os.environ.get("BSUB_QUIET"):
        line = f"Job <{job_id}> is submitted to {where}.\n"
        with contextlib.suppress(OSError):
            os.write(1, os.fsencode(line))


def _submitted(told: Options, queue: str, script: bytes | None) -> tuple[Submitted, list[int]]:
    """Return what is asked for, and the elements that it is made of."""
    try:
        here = os.getcwd()
    except OSError as error:
        raise Refused(f"System call failed: {error.strerror}. Job not submitted.") from error
    line = options.command_line(told.command)
    shown = os.fsencode(line) if script is None else script.strip().replace(b"\n", b";")
    array = options.array(told.name)
    if array is not None and told.interactive:
        raise Refused("-I: an array cannot be interactive. Job not submitted.")
    name = told.name if array is None else array[0].name
    asked = Submitted(
        queue=_text(queue),
        name=_text(name) or shown.decode("utf-8", "replace"),
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
        memory_limit_mb=told.memory_limit_mb,
        umask=_umask(),
        array="" if array is None else array[0].text,
        array_limit=0 if array is None else array[0].limit,
        array_step=0 if array is None else array[0].indexes[0].step,
        array_end=0 if array is None else array[1][-1],
        held=told.held,
        interactive=told.interactive,
        environment=b"\0".join(b"%s=%s" % pair for pair in os.environb.items()),
        script=script,
    )
    return asked, [0] if array is None else array[1]


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
        jobs = book.jobs([job_id])
        if not any(job.state in UNFINISHED for job in jobs):
            break
        if book.can_start():
            start.supervisor(book.folder)
        time.sleep(delay_s)
        delay_s = min(1.0, 1.3 * delay_s)
    print("<<Job is finished>>", file=sys.stderr, flush=True)  # noqa: T201 - LSF's words
    codes = [255 if job.exit_code is None else job.exit_code for job in jobs] or [255]
    # of an array: that of the first element that failed
    return next((code for code in codes if code != 0), 0)
