"""The queue on disk: which jobs there are, and how they stand.

One SQLite file. Every change is one transaction and durable when the call returns, so that
a command or a supervisor may be killed at any moment.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from . import processes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Self

#: states, in LSF's words
PEND, RUN, DONE, EXIT = "PEND", "RUN", "DONE", "EXIT"
UNFINISHED = frozenset({PEND, RUN})

SUPERVISOR_KILLED = "its supervisor was killed"
RESTARTED = "the machine was restarted"
BY_OWNER = "TERM_OWNER: job killed by owner"
BY_RUN_LIMIT = "TERM_RUNLIMIT: job killed after reaching its run limit"

#: jobs that ended so long ago are forgotten, with the output that had no file of its own
KEEP_S = 30 * 86400.0
_VERSION = 1
_SCHEMA = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL,
    queue TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, project TEXT NOT NULL,
    user TEXT NOT NULL, host TEXT NOT NULL,
    command BLOB NOT NULL, cwd BLOB NOT NULL,
    input BLOB NOT NULL, output BLOB NOT NULL, output_new INTEGER NOT NULL,
    error BLOB NOT NULL, error_new INTEGER NOT NULL,
    slots INTEGER NOT NULL, run_limit_s REAL, umask INTEGER NOT NULL,
    submitted_at REAL NOT NULL, started_at REAL, ended_at REAL,
    exit_code INTEGER, signal INTEGER, reason TEXT NOT NULL DEFAULT '', peak_memory_mb REAL,
    boot_id TEXT, supervisor_pid INTEGER, supervisor_start TEXT,
    session INTEGER, session_start TEXT, kill_at REAL,
    environment BLOB, script BLOB
);
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_description ON jobs (description);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Submitted(NamedTuple):
    """What a user asks for. Paths and commands are bytes: nobody promises they are text."""

    queue: str
    name: str
    description: str
    project: str
    user: str
    host: str
    command: bytes
    cwd: bytes
    input: bytes
    #: %J and %I are still in these two; empty: a file of our own
    output: bytes
    output_new: bool
    error: bytes
    error_new: bool
    slots: int
    run_limit_s: float | None
    umask: int
    #: ``NAME=value`` pairs with NUL between
    environment: bytes
    #: text of a script given on standard input; None where `command` is a shell line
    script: bytes | None


class Job(NamedTuple):
    """A row of the book, without its environment and script."""

    id: int
    state: str
    queue: str
    name: str
    description: str
    project: str
    user: str
    host: str
    command: bytes
    cwd: bytes
    input: bytes
    output: bytes
    output_new: bool
    error: bytes
    error_new: bool
    slots: int
    run_limit_s: float | None
    umask: int
    submitted_at: float
    started_at: float | None
    ended_at: float | None
    exit_code: int | None
    signal: int | None
    reason: str
    peak_memory_mb: float | None
    boot_id: str | None
    supervisor_pid: int | None
    supervisor_start: str | None
    session: int | None
    session_start: str | None
    kill_at: float | None


class Outcome(NamedTuple):
    """How a job ended."""

    exit_code: int | None
    signal: int | None = None
    reason: str = ""
    peak_memory_mb: float | None = None


_COLUMNS = ", ".join(Job._fields)


class Book:
    """The open queue of one folder. Use it as a context manager, in one thread.

    Parameters
    ----------
    folder
        Absolute path; made, for this user alone, where it does not exist.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        for path in (folder, self.path("locks"), self.path("output")):
            os.makedirs(path, 0o700, exist_ok=True)
        # autocommit: transactions stand in the code, where they can be seen
        self._db = sqlite3.connect(self.path("book.sqlite"), timeout=60, isolation_level=None)
        try:
            self._db.execute("PRAGMA synchronous = FULL")
            self._migrate()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def path(self, *names: str) -> str:
        """Return the path of something in the queue's folder."""
        return os.path.join(self.folder, *names)

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self) -> None:
        if self._version() == 0:
            lock = os.open(self.path("setup.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if self._version() == 0:
                    # cannot be changed within a transaction, nor while others are reading
                    self._db.execute("PRAGMA journal_mode = WAL")
                    self._db.executescript(
                        f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;"
                    )
            finally:
                os.close(lock)
        if self._version() > _VERSION:
            raise RuntimeError(
                f"{self.folder} was written by a newer ARP (format {self._version()}, this one "
                f"knows {_VERSION}): use that version, or another folder"
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # -- settings ---------------------------------------------------------------------

    def set_slots(self, slots: int) -> None:
        """Set how many slots may be used at once; 0: as many as the machine has cores."""
        if self.setting("slots") != str(slots):
            with self._writing():
                self._db.execute("REPLACE INTO settings VALUES ('slots', ?)", (str(slots),))

    def setting(self, name: str) -> str | None:
        """Return a setting, or None."""
        row = self._db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def slots(self) -> int:
        """Return how many slots may be used at once."""
        set_to = int(self.setting("slots") or 0)
        if set_to > 0:
            return set_to
        return len(os.sched_getaffinity(0)) if processes.HAS_PROC else os.cpu_count() or 1

    # -- reading ----------------------------------------------------------------------

    def _jobs(self, where: str, values: Iterable[object] = ()) -> list[Job]:
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE {where} ORDER BY id",  # noqa: S608 - ours
            tuple(values),
        )
        return [Job(*row) for row in rows]

    def job(self, job_id: int) -> Job | None:
        """Return one job, or None."""
        return next(iter(self._jobs("id = ?", (job_id,))), None)

    def jobs(self, ids: Iterable[int]) -> list[Job]:
        """Return those of these jobs that there are."""
        listed = "[" + ",".join(str(int(one)) for one in ids) + "]"
        return self._jobs("id IN (SELECT value FROM json_each(?))", (listed,))

    def unfinished(self) -> list[Job]:
        """Return the jobs that wait or run."""
        return self._jobs("state IN ('PEND', 'RUN')")

    def all_jobs(self) -> list[Job]:
        """Return every job that is not forgotten."""
        return self._jobs("1")

    def described(self, description: str) -> list[Job]:
        """Return the jobs that were submitted with this description (-Jd)."""
        return self._jobs("description = ?", (description,))

    def environment_and_script(self, job_id: int) -> tuple[bytes, bytes | None]:
        """Return what only a supervisor needs."""
        row = self._db.execute(
            "SELECT environment, script FROM jobs WHERE id = ?", (job_id,)
        ).fetchone()
        return (row[0] or b"", row[1]) if row else (b"", None)

    # -- changing ---------------------------------------------------------------------

    def submit(self, asked: Submitted) -> int:
        """Add a job that waits for a slot; return its id, which is never used again."""
        names = ", ".join(asked._fields)
        marks = ", ".join("?" * len(asked))
        with self._writing():
            self._forget_old()
            done = self._db.execute(
                f"INSERT INTO jobs (state, submitted_at, {names}) "  # noqa: S608 - ours
                f"VALUES ('PEND', ?, {marks})",
                (time.time(), *asked),
            )
        assert done.lastrowid is not None
        return done.lastrowid

    def _forget_old(self) -> None:
        old = self._jobs("state IN ('DONE', 'EXIT') AND ended_at < ?", (time.time() - KEEP_S,))
        for job in old:
            own = self.path("output", str(job.id))
            for path in (self.lock_path(job.id), f"{own}.log", f"{own}.script"):
                if os.path.exists(path):
                    os.unlink(path)
        self._db.executemany("DELETE FROM jobs WHERE id = ?", [(job.id,) for job in old])

    def can_start(self) -> bool:
        """Whether a job waits and its slots are free: then a supervisor should come."""
        return self._next() is not None

    def _next(self) -> Job | None:
        waiting = self._jobs("id = (SELECT min(id) FROM jobs WHERE state = 'PEND')")
        if not waiting:
            return None
        total = self.slots()
        running = self._db.execute(
            "SELECT coalesce(sum(min(slots, ?)), 0) FROM jobs WHERE state = 'RUN'", (total,)
        ).fetchone()[0]
        # a job that wants more than there is gets all there is, rather than wait for ever
        return waiting[0] if running + min(waiting[0].slots, total) <= total else None

    def take(self) -> tuple[Job, int] | None:
        """Make the oldest waiting job this process's, PEND → RUN, if a slot is free.

        Returns
        -------
        tuple[Job, int] | None
            The job, and the descriptor of its lock, to be held until its end is recorded.
        """
        with self._writing():
            self._end_orphans()
            job = self._next()
            if job is None:
                return None
            lock = processes.hold(self.lock_path(job.id))
            if lock is None:
                raise RuntimeError(f"the lock of waiting job {job.id} is held")
            self._db.execute(
                "UPDATE jobs SET state = 'RUN', started_at = ?, boot_id = ?, supervisor_pid = ?,"
                " supervisor_start = ? WHERE id = ?",
                (
                    time.time(), processes.boot_id(), os.getpid(),
                    processes.start_time(os.getpid()), job.id,
                ),
            )  # fmt: skip
        return job, lock

    def started(self, job_id: int, session: int) -> None:
        """Record which session a job runs in, before its command runs."""
        with self._writing():
            self._db.execute(
                "UPDATE jobs SET session = ?, session_start = ? WHERE id = ?",
                (session, processes.start_time(session), job_id),
            )

    def finish(self, job_id: int, outcome: Outcome) -> None:
        """Record the end of a running job; its environment is forgotten with it."""
        with self._writing():
            self._end(job_id, outcome)

    def _end(self, job_id: int, outcome: Outcome) -> None:
        self._db.execute(
            "UPDATE jobs SET state = ?, ended_at = ?, exit_code = ?, signal = ?, reason = ?,"
            " peak_memory_mb = ?, environment = NULL, script = NULL WHERE id = ?",
            (DONE if outcome.exit_code == 0 else EXIT, time.time(), *outcome, job_id),
        )

    def ask_to_end(self, job_id: int) -> Job | None:
        """End a waiting job, or note that a running one is to end; return it as it was."""
        with self._writing():
            self._end_orphans()
            job = self.job(job_id)
            if job is not None and job.state == PEND:
                self._end(job_id, Outcome(None, reason=BY_OWNER))
            elif job is not None and job.state == RUN:
                self._db.execute(
                    "UPDATE jobs SET kill_at = coalesce(kill_at, ?) WHERE id = ?",
                    (time.time(), job_id),
                )
        return job

    # -- supervisors that are gone ----------------------------------------------------

    def look(self) -> None:
        """End the jobs whose supervisor is gone. Whoever shows states looks first."""
        if any(self._orphaned(job) for job in self._jobs("state = 'RUN'")):
            with self._writing():
                self._end_orphans()

    def _orphaned(self, job: Job) -> str:
        """Return why a running job has no supervisor any more; empty if it has."""
        if job.boot_id and job.boot_id != processes.boot_id():
            return RESTARTED
        # the lock decides; somebody who tidies up may have removed the file of a living one
        lives = processes.is_held(self.lock_path(job.id)) or processes.is_same(
            job.supervisor_pid, job.supervisor_start
        )
        return "" if lives else SUPERVISOR_KILLED

    def _end_orphans(self) -> None:
        for job in self._jobs("state = 'RUN'"):
            reason = self._orphaned(job)
            if not reason:
                continue
            if reason == SUPERVISOR_KILLED and job.session is not None:
                # what it left behind would use a slot that the next job is given
                self._kill_rest(job, job.session)
            self._end(job.id, Outcome(None, reason=reason))

    def _kill_rest(self, job: Job, session: int) -> None:
        alive = processes.is_same(session, job.session_start)
        # without its first process, a session is told from another one by what it was given
        mark = b"LSB_JOBID=%d" % job.id
        if alive or (
            processes.is_gone(session)
            and any(
                processes.has_variable(pid, mark) for pid in processes.session_members(session)
            )
        ):
            processes.kill_session(session)

    # -- files ------------------------------------------------------------------------

    def lock_path(self, job_id: int) -> str:
        """Return the file that a job's supervisor holds locked."""
        return self.path("locks", str(job_id))

    def own_output(self, job_id: int) -> bytes:
        """Return the file for a job's output where the user named none, or an impossible one."""
        return os.fsencode(self.path("output", f"{job_id}.log"))
