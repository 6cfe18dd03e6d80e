"""What the queue on disk says: opening it, and reading what is in it."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from . import processes
from .records import BY_OWNER, PEND, PSUSP, RUN, USUSP, Event, Group, Job
from .schema import VERSION, bring_up, version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from .indexes import Target

_COLUMNS = ", ".join(Job._fields)
STARTED_SQL = f"state IN ('{RUN}', '{USUSP}')"
UNFINISHED_SQL = f"state IN ('{PEND}', '{PSUSP}', '{RUN}', '{USUSP}')"
OF_JOB = "WHERE id = ? AND element = ?"


class Reader:
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
            if version(self._db) != VERSION:
                bring_up(self._db, folder)
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

    # -- settings ---------------------------------------------------------------------

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

    def queues(self) -> list[str]:
        """Return the queues that there are; [] if any name is one."""
        return (self.setting("queues") or "").splitlines()

    # -- reading ----------------------------------------------------------------------

    def _jobs(self, where: str, values: Iterable[object] = (), *, most: int = -1) -> list[Job]:
        rows = self._db.execute(
            # crossed: the few jobs in question first, then what was asked for each
            f"SELECT {_COLUMNS} FROM jobs CROSS JOIN submissions USING (id) "  # noqa: S608 - ours
            f"WHERE {where} ORDER BY id, element LIMIT ?",
            (*values, most),
        )
        return [Job(*row) for row in rows]

    def job(self, job_id: int, element: int = 0) -> Job | None:
        """Return one job, or one element of an array, or None."""
        return next(iter(self._jobs("id = ? AND element = ?", (job_id, element))), None)

    def jobs(self, ids: Iterable[int]) -> list[Job]:
        """Return those of these jobs that there are, with all elements of arrays."""
        return self._jobs("id IN (SELECT value FROM json_each(?))", (listed(ids),))

    def of(self, target: Target) -> list[Job]:
        """Return what a command's word names."""
        some = target.indexes
        if some is not None and len(some) == len(some[0]) == 1:
            one = self.job(target.id, some[0][0])
            return [] if one is None else [one]
        return [job for job in self.jobs([target.id]) if target.has(job.element)]

    def first(self, target: Target) -> Job | None:
        """Return the first of what a command's word names."""
        if target.indexes is None:
            return next(iter(self._jobs("id = ?", (target.id,), most=1)), None)
        return next(iter(self.of(target)), None)

    def unfinished(self) -> list[Job]:
        """Return the jobs that wait or run, or are stopped."""
        return self._jobs(UNFINISHED_SQL)

    def all_jobs(self) -> list[Job]:
        """Return every job that is not forgotten."""
        return self._jobs("1")

    def arrays(self, ids: Iterable[int]) -> set[int]:
        """Return which of these ids are arrays."""
        rows = self._db.execute(
            "SELECT id FROM submissions WHERE array != '' AND "
            "id IN (SELECT value FROM json_each(?))",
            (listed(ids),),
        )
        return {row[0] for row in rows}

    def groups(self, ids: Iterable[int]) -> list[Group]:
        """Return arrays as groups of elements that stand alike: few, however many there are."""
        rows = self._db.execute(
            "SELECT id, min(element), count(*), min(started_at), max(ended_at),"
            " max(peak_memory_mb) FROM jobs WHERE id IN (SELECT value FROM json_each(?))"
            " GROUP BY id, state, reason = ? ORDER BY id, min(element)",
            (listed(ids), BY_OWNER),
        ).fetchall()
        found = []
        for job_id, element, *rest in rows:
            job = self.job(job_id, element)
            if job is not None:  # forgotten between the two
                found.append(Group(job, *rest))
        return found

    def described(self, pattern: str, *, ended_after: float = 0.0) -> list[Group]:
        """Return the jobs whose description (-Jd) is like this (GLOB), arrays as groups."""
        ids = self._db.execute(
            "SELECT id FROM submissions WHERE description GLOB ? AND EXISTS (SELECT 1 FROM jobs"
            " WHERE jobs.id = submissions.id AND (ended_at IS NULL OR ended_at >= ?))",
            (pattern, ended_after),
        )
        return self.groups(row[0] for row in ids.fetchall())

    def events(self, job: Job) -> list[Event]:
        """Return what was asked of a job, oldest first."""
        rows = self._db.execute(
            f"SELECT at, what FROM events {OF_JOB} ORDER BY at",  # noqa: S608 - ours
            (job.id, job.element),
        )
        return [Event(*row) for row in rows]

    def environment_and_script(self, job_id: int) -> tuple[bytes, bytes | None]:
        """Return what only a supervisor needs."""
        row = self._db.execute(
            "SELECT environment, script FROM submissions WHERE id = ?", (job_id,)
        ).fetchone()
        return (row[0] or b"", row[1]) if row else (b"", None)

    def orders(self, job: Job) -> tuple[str, bool, bool]:
        """Return how a running job is to stand, whether it is to end, and that at once."""
        row = self._db.execute(
            f"SELECT state, kill_at IS NOT NULL, forced FROM jobs {OF_JOB}",  # noqa: S608 - ours
            (job.id, job.element),
        ).fetchone()
        return (str(row[0]), bool(row[1]), bool(row[2])) if row else (RUN, False, False)

    # -- files ------------------------------------------------------------------------

    def lock_path(self, job: Job) -> str:
        """Return the file that a job's supervisor holds locked."""
        return self.path("locks", job.file_name)

    def own_output(self, job: Job) -> bytes:
        """Return the file for a job's output where the user named none, or an impossible one."""
        return os.fsencode(self.path("output", f"{job.file_name}.log"))


def listed(ids: Iterable[int]) -> str:
    """Return ids as one value for `json_each`."""
    return "[" + ",".join(str(int(one)) for one in ids) + "]"
