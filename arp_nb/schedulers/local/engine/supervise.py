"""A supervisor: takes one waiting job, runs it, records its end, and starts the next.

Each has a session of its own and none of the descriptors of whoever started it, so that it
outlives the notebook, the manager and the shell. The job has a session of its own too: that
is how all its processes are found again.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sqlite3
import sys
import time
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from . import processes, start, watch
from .book import Book
from .records import BY_OWNER, Outcome

if TYPE_CHECKING:
    from .records import Job

#: Python ignores these, and a shell's background job those: a job gets the kernel's defaults
_RESET = (
    signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM,
    signal.SIGHUP, signal.SIGCHLD, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
)  # fmt: skip


def supervise(folder: str) -> int:
    """Run at most one job of a folder's queue to its end; return the exit code."""
    with Book(folder) as book:
        wish = Wish()
        taken = book.take()
        if taken is not None:
            job, lock = taken
            try:
                run(book, job, wish)
            finally:
                os.close(lock)
    return 0


def run(book: Book, job: Job, wish: Wish) -> Outcome:
    """Run a job that was taken, record its end, and start who takes the next."""
    if book.can_start():  # several slots may have come free at once
        start.supervisor(book.folder)
    outcome = _run(book, job, wish)
    _record(book, job, outcome)
    for path in (book.lock_path(job), script_path(book, job)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    if book.can_start():
        start.supervisor(book.folder)
    return outcome


def _record(book: Book, job: Job, outcome: Outcome) -> None:
    """Write a job's end, however long the disk is full."""
    for delay_s in (0.1, 1.0, 5.0, *[30.0] * 20):
        try:
            return book.finish(job, outcome)
        except sqlite3.OperationalError as error:
            print(f"job {job.native_id}: {outcome}: {error}", file=sys.stderr, flush=True)  # noqa: T201
            time.sleep(delay_s)
    return book.finish(job, outcome)


class Wish:
    """What this supervisor was told of its job; also wakes it.

    SIGTERM: end it. SIGUSR1: look into the book, where it stands what somebody asked for.
    """

    def __init__(self, *ends: signal.Signals) -> None:
        self.end = False
        self.look = True  # it may have been stopped before anybody could be told
        self.woken, self._wake = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken
        signal.signal(signal.SIGUSR1, self._look)
        for number in (signal.SIGTERM, *ends):
            signal.signal(number, self._end)

    def _end(self, *_: object) -> None:
        self.end = True

    def _look(self, *_: object) -> None:
        self.look = True

    def wait(self, until: float | None) -> None:
        """Return at the next signal, or at a moment of the monotonic clock."""
        timeout_s = None if until is None else max(0.0, until - time.monotonic())
        select.select([self.woken], [], [], timeout_s)
        with contextlib.suppress(BlockingIOError):
            os.read(self.woken, 4096)


class _Streams(NamedTuple):
    """Open descriptors of a job's standard streams, and a word on what went wrong."""

    input: int
    output: int
    error: int
    note: str


def _run(book: Book, job: Job, wish: Wish) -> Outcome:
    if wish.end:
        return Outcome(None, reason=BY_OWNER)
    try:
        os.chdir(job.cwd)
        os.umask(job.umask)
        streams = _open_streams(book, job)
        # before the fork: a database's connection must not be used on both sides of one
        environment, script = book.environment_and_script(job.id)
        argv = _command(book, job, script)
    except OSError as error:
        return Outcome(None, reason=f"it could not start: {error}")
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        _become(argv, _environment(job, environment), streams, ready, go)
    for descriptor in {ready, *streams[:3]}:
        if descriptor > 2:  # an interactive job has those of its bsub
            os.close(descriptor)
    os.chdir("/")  # the job's folder may be removed while it runs
    # The command waits for this byte: without the line in the book, nobody could end what a
    # killed supervisor leaves behind. If we die first, it reads the end of the pipe, and ends.
    try:
        book.started(job, child)
        os.write(go, b"g")
    except sqlite3.Error as error:
        return Outcome(None, reason=f"it could not start: {error}")
    finally:
        os.close(go)
    return watch.Watch(book, job, child, wish).to_the_end(streams.note)


def _open_streams(book: Book, job: Job) -> _Streams:
    own, note = book.own_output(job), ""
    source = 0
    if job.input or not job.interactive:
        source = os.open(named(job.input, job) or b"/dev/null", os.O_RDONLY)
    output, error = 1, 2
    if job.output or not job.interactive:
        try:
            output = _open_log(named(job.output, job) or own, new=job.output_new)
        except OSError as problem:
            # LSF mails the output of such a job; there is no mail here, so it is kept
            note = f"{problem}; its output is in {os.fsdecode(own)}"
            output = _open_log(own, new=False)
        error = output
    if job.error:
        try:
            error = _open_log(named(job.error, job), new=job.error_new)
        except OSError as problem:
            note = note or f"{problem}; its errors are with its output"
    return _Streams(source, output, error, note)


def _open_log(path: bytes, *, new: bool) -> int:
    how = os.O_TRUNC if new else 0
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | how, 0o666)


def named(path: bytes, job: Job) -> bytes:
    """Fill in %J and %I; a folder means ``<id>.out`` in it, as in LSF ("bsub -o")."""
    path = path.replace(b"%J", b"%d" % job.id).replace(b"%I", b"%d" % job.element)
    if path and os.path.isdir(path):
        return os.path.join(path, b"%d.out" % job.id)
    return path


def output_path(book: Book, job: Job) -> bytes | None:
    """Return where a job's output goes, or went, as an absolute path; None: to its `bsub`."""
    own = book.own_output(job)
    if os.path.exists(own) or not (job.output or job.interactive):
        return own
    return named(os.path.join(job.cwd, job.output), job) if job.output else None


def script_path(book: Book, job: Job) -> str:
    """Return the file for a script that came on standard input."""
    return book.path("output", f"{job.file_name}.script")


def _become(
    argv: list[bytes], environment: dict[bytes, bytes], streams: _Streams, ready: int, go: int
) -> NoReturn:
    """In the child: wait for the go, and become the job's command."""
    complaints = streams.error
    try:
        signal.set_wakeup_fd(-1)
        for number in _RESET:
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        os.close(go)
        if os.read(ready, 1) != b"g":
            os._exit(126)  # the supervisor was killed before the book knew us
        for source, target in zip(streams[:3], (0, 1, 2), strict=True):
            os.dup2(source, target)
        complaints = 2
        processes.close_from(3)
        os.execve(argv[0], argv, environment)
    except BaseException as error:  # noqa: BLE001 - a child must never return into the parent
        with contextlib.suppress(OSError):
            os.write(complaints, b"%s: %s\n" % (argv[0], os.fsencode(str(error))))
    os._exit(127)


def _command(book: Book, job: Job, script: bytes | None) -> list[bytes]:
    if script is None:
        return [b"/bin/sh", b"-c", job.command]
    path = os.fsencode(script_path(book, job))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o700)
    with os.fdopen(descriptor, "wb") as file:
        file.write(script)
    first = script.split(b"\n", 1)[0]
    return [path] if first.startswith(b"#!/") else [b"/bin/sh", path]


def _environment(job: Job, submitted: bytes) -> dict[bytes, bytes]:
    pairs = (pair.partition(b"=") for pair in submitted.split(b"\0") if b"=" in pair)
    environment = {name: value for name, _, value in pairs}
    native_id, slots = b"%d" % job.id, b"%d" % job.slots
    host = os.fsencode(job.host)
    environment |= {
        b"LSB_JOBID": native_id,
        b"LSB_BATCH_JID": native_id,
        b"LSB_JOBINDEX": b"%d" % job.element,
        b"LSB_JOBNAME": os.fsencode(job.shown_name),
        b"LSB_QUEUE": os.fsencode(job.queue),
        b"LSB_HOSTS": b" ".join([host] * job.slots),
        b"LSB_MCPU_HOSTS": host + b" " + slots,
        b"LSB_DJOB_NUMPROC": slots,
        b"LSB_SUB_HOST": host,
        b"LS_SUBCWD": job.cwd,
        b"PWD": job.cwd,
    }
    if job.element:
        environment |= {
            b"LSB_JOBINDEX_STEP": b"%d" % job.array_step,
            b"LSB_JOBINDEX_END": b"%d" % job.array_end,
        }
    return environment
