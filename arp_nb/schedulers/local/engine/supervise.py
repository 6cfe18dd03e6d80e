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

from . import processes, start
from .book import BY_OWNER, BY_RUN_LIMIT, Book, Outcome

if TYPE_CHECKING:
    from .book import Job

#: from SIGTERM to SIGKILL; LSF's own default is 10 s for each step
GRACE_S = 5.0
GRACE_VARIABLE = "ARP_LOCAL_GRACE_S"
#: Python ignores these, and a shell's background job those: a job gets the kernel's defaults
_RESET = (
    signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM,
    signal.SIGHUP, signal.SIGCHLD, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
)  # fmt: skip


def supervise(folder: str) -> int:
    """Run at most one job of a folder's queue to its end; return the exit code."""
    with Book(folder) as book:
        wish = _Wish()
        taken = book.take()
        if taken is None:
            return 0
        job, lock = taken
        try:
            if book.can_start():  # several slots may have come free at once
                start.supervisor(folder)
            _record(book, job, _run(book, job, wish))
        finally:
            os.close(lock)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(book.lock_path(job.id))
        if book.can_start():
            start.supervisor(folder)
    return 0


def _record(book: Book, job: Job, outcome: Outcome) -> None:
    """Write a job's end, however long the disk is full."""
    for delay_s in (0.1, 1.0, 5.0, *[30.0] * 20):
        try:
            return book.finish(job.id, outcome)
        except sqlite3.OperationalError as error:
            print(f"job {job.id}: {outcome}: {error}", file=sys.stderr, flush=True)  # noqa: T201
            time.sleep(delay_s)
    return book.finish(job.id, outcome)


class _Wish:
    """Whether somebody told this supervisor (SIGTERM) to end its job; also wakes it."""

    def __init__(self) -> None:
        self.end = False
        self.woken, self._wake = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken
        signal.signal(signal.SIGTERM, self._told)

    def _told(self, *_: object) -> None:
        self.end = True

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


def _run(book: Book, job: Job, wish: _Wish) -> Outcome:
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
        os.close(descriptor)
    os.chdir("/")  # the job's folder may be removed while it runs
    # The command waits for this byte: without the line in the book, nobody could end what a
    # killed supervisor leaves behind. If we die first, it reads the end of the pipe, and ends.
    try:
        book.started(job.id, child)
        os.write(go, b"g")
    except sqlite3.Error as error:
        return Outcome(None, reason=f"it could not start: {error}")
    finally:
        os.close(go)
    return _watch(job, child, wish, streams.note)


def _open_streams(book: Book, job: Job) -> _Streams:
    own, note = book.own_output(job.id), ""
    source = os.open(named(job.input, job.id) or b"/dev/null", os.O_RDONLY)
    try:
        output = _open_log(named(job.output, job.id) or own, new=job.output_new)
    except OSError as problem:
        # LSF mails the output of such a job; there is no mail here, so it is kept
        note = f"{problem}; its output is in {os.fsdecode(own)}"
        output = _open_log(own, new=False)
    error = output
    if job.error:
        try:
            error = _open_log(named(job.error, job.id), new=job.error_new)
        except OSError as problem:
            note = note or f"{problem}; its errors are with its output"
    return _Streams(source, output, error, note)


def _open_log(path: bytes, *, new: bool) -> int:
    how = os.O_TRUNC if new else 0
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | how, 0o666)


def named(path: bytes, job_id: int) -> bytes:
    """Fill in %J and %I; a folder means ``<id>.out`` in it, as in LSF."""
    path = path.replace(b"%J", b"%d" % job_id).replace(b"%I", b"0")
    if path and os.path.isdir(path):
        return os.path.join(path, b"%d.out" % job_id)
    return path


def output_path(book: Book, job: Job) -> bytes:
    """Return where a job's output goes, or went, as an absolute path."""
    own = book.own_output(job.id)
    if not job.output or os.path.exists(own):
        return own
    return named(os.path.join(job.cwd, job.output), job.id)


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
    path = os.fsencode(book.path("output", f"{job.id}.script"))
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
        b"LSB_JOBINDEX": b"0",
        b"LSB_JOBNAME": os.fsencode(job.name),
        b"LSB_QUEUE": os.fsencode(job.queue),
        b"LSB_HOSTS": b" ".join([host] * job.slots),
        b"LSB_MCPU_HOSTS": host + b" " + slots,
        b"LSB_DJOB_NUMPROC": slots,
        b"LSB_SUB_HOST": host,
        b"LS_SUBCWD": job.cwd,
        b"PWD": job.cwd,
    }
    return environment


def _watch(job: Job, child: int, wish: _Wish, note: str) -> Outcome:
    """Wait for the end; end it on wish or at its run limit: SIGTERM, then SIGKILL."""
    began = time.monotonic()
    limit = None if job.run_limit_s is None else began + job.run_limit_s
    grace_s = float(os.environ.get(GRACE_VARIABLE, GRACE_S))
    reason, kill_at = "", None
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            break
        now = time.monotonic()
        if not reason and (wish.end or (limit is not None and now >= limit)):
            reason = BY_OWNER if wish.end else BY_RUN_LIMIT
            processes.signal_session(child, signal.SIGTERM)
            # a stopped process hears nothing before it goes on
            processes.signal_session(child, signal.SIGCONT)
            kill_at = now + grace_s
        elif kill_at is not None and now >= kill_at:
            processes.signal_session(child, signal.SIGKILL)
            kill_at = now + 1.0
        wish.wait(kill_at if reason else limit)
    if reason:
        _end_the_rest(child, kill_at or began)
    scale = 1 if sys.platform == "darwin" else 1024
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    return Outcome(
        exit_code=128 + number if number else os.WEXITSTATUS(status),
        signal=number,
        reason=reason or note,
        # of its largest process; not less than the 10 MB that this one had when it forked
        peak_memory_mb=round(usage.ru_maxrss * scale / 1e6, 1),
    )


def _end_the_rest(session: int, kill_at: float) -> None:
    """After the first process of a job that was to end: the others have until then."""
    while processes.session_members(session):
        if time.monotonic() >= kill_at:
            return processes.kill_session(session)
        time.sleep(0.02)
    return None
