"""The queue on disk: which jobs there are, and how they stand.

One SQLite file. Every change is one transaction and durable when the call returns, so that
a command or a supervisor may be killed at any moment.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import family, processes
from .reader import OF_JOB, STARTED_SQL, UNFINISHED_SQL, Reader, listed
from .records import (
    BY_OWNER,
    CALLER_GONE,
    CONT,
    DONE,
    EXIT,
    KILL,
    PEND,
    PSUSP,
    RESTARTED,
    RUN,
    STOP,
    SUPERVISOR_KILLED,
    USUSP,
    WAITING,
    Job,
    Outcome,
    Submitted,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .indexes import Target

#: jobs that ended so long ago are forgotten, with the output that had no file of its own
KEEP_S = 30 * 86400.0
#: what somebody asks → where it takes a job from each state
_TURNS = {STOP: {PEND: PSUSP, RUN: USUSP}, CONT: {PSUSP: PEND, USUSP: RUN}}


class Book(Reader):
    """The open queue of one folder, to be written in. In one thread.

    Parameters
    ----------
    folder
        Absolute path; made, for this user alone, where it does not exist.
    """

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def set_up(self, *, slots: int, queues: Iterable[str] = ()) -> None:
        """Set how many slots may be used at once (0: one a core), and which queues there are."""
        wanted = {"slots": str(slots), "queues": "\n".join(queues)}
        if any((self.setting(name) or "") != value for name, value in wanted.items()):
            with self._writing():
                self._db.executemany("REPLACE INTO settings VALUES (?, ?)", wanted.items())

    def submit(self, asked: Submitted, elements: Sequence[int] = (0,)) -> int:
        """Add a job, or an array, that waits for slots; its id is never used again."""
        with self._writing():
            return self._insert(asked, elements)

    def submit_mine(self, asked: Submitted) -> tuple[Job, int]:
        """Add a job that only this process may run; return it, and its lock's descriptor."""
        with self._writing():
            job = self.job(self._insert(asked, (0,)))
            assert job is not None
            return job, self._make_mine(job)

    def _insert(self, asked: Submitted, elements: Sequence[int]) -> int:
        self._forget_old()
        names, marks = ", ".join(asked._fields), ", ".join("?" * len(asked))
        done = self._db.execute(
            f"INSERT INTO submissions (submitted_at, {names}) "  # noqa: S608 - ours
            f"VALUES (?, {marks})",
            (time.time(), *asked),
        )
        assert done.lastrowid is not None
        state = PSUSP if asked.held else PEND
        self._db.executemany(
            "INSERT INTO jobs (id, element, state) VALUES (?, ?, ?)",
            ((done.lastrowid, one, state) for one in elements),
        )
        return done.lastrowid

    def _make_mine(self, job: Job) -> int:
        """Make this process a job's supervisor; return the descriptor of the job's lock."""
        lock = processes.hold(self.lock_path(job))
        if lock is None:
            raise RuntimeError(f"the lock of waiting job {job.native_id} is held")
        self._db.execute(
            f"UPDATE jobs SET boot_id = ?, supervisor_pid = ?, supervisor_start = ? {OF_JOB}",  # noqa: S608 - ours
            (
                processes.boot_id(), os.getpid(), processes.start_time(os.getpid()),
                job.id, job.element,
            ),
        )  # fmt: skip
        return lock

    def _forget_old(self) -> None:
        before = time.time() - KEEP_S
        old = self._jobs(  # an array is forgotten as a whole
            "id IN (SELECT id FROM jobs WHERE ended_at < ?) AND id NOT IN "
            "(SELECT id FROM jobs WHERE ended_at IS NULL OR ended_at >= ?)",
            (before, before),
        )
        if not old:
            return
        for job in old:
            own = self.path("output", job.file_name)
            for path in (self.lock_path(job), f"{own}.log", f"{own}.script"):
                if os.path.exists(path):
                    os.unlink(path)
        for table in ("jobs", "events", "submissions"):
            self._db.execute(
                f"DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608
                (listed({job.id for job in old}),),
            )

    def can_start(self) -> bool:
        """Whether a job waits and its slots are free: then a supervisor should come."""
        job = self._next()
        return job is not None and not job.interactive

    def _next(self) -> Job | None:
        """Return the oldest waiting job if its slots are free.

        An array that runs as many elements as it may is passed over, and so is an interactive
        job whose terminal has stopped it.
        """
        asleep = [
            job.id
            for job in self._with_supervisor()
            if job.state == PEND and processes.is_stopped(job.supervisor_pid)
        ]
        waiting = self._jobs(
            "state = 'PEND' AND id NOT IN (SELECT value FROM json_each(?)) AND id NOT IN ("  # noqa: S608 - ours
            f"SELECT id FROM jobs JOIN submissions USING (id) WHERE {STARTED_SQL} "
            "AND array_limit > 0 GROUP BY id HAVING count(*) >= array_limit)",
            (listed(asleep),),
            most=1,
        )
        if not waiting:
            return None
        total = self.slots()
        used = self._db.execute(
            "SELECT coalesce(sum(min(slots, ?)), 0) FROM jobs "  # noqa: S608 - ours
            f"CROSS JOIN submissions USING (id) WHERE {STARTED_SQL}",
            (total,),
        ).fetchone()[0]
        # a job that wants more than there is gets all there is, rather than wait for ever
        return waiting[0] if used + min(waiting[0].slots, total) <= total else None

    def take(self, mine: Job | None = None) -> tuple[Job, int] | None:
        """Make the oldest waiting job this process's, PEND → RUN, if a slot is free.

        Parameters
        ----------
        mine
            Only this one, which is this process's since `submit_mine`.

        Returns
        -------
        tuple[Job, int] | None
            The job, and the descriptor of its lock, to be held until its end is recorded; -1
            of one that was this process's before.
        """
        with self._writing():
            self._end_orphans()
            job = self._next()
            if job is None or (job.interactive if mine is None else job.id != mine.id):
                return None
            lock = self._make_mine(job) if mine is None else -1
            self._db.execute(
                f"UPDATE jobs SET state = 'RUN', started_at = ? {OF_JOB}",  # noqa: S608 - ours
                (time.time(), job.id, job.element),
            )
        return job, lock

    def started(self, job: Job, session: int) -> None:
        """Record which session a job runs in, before its command runs."""
        with self._writing():
            self._db.execute(
                f"UPDATE jobs SET session = ?, session_start = ? {OF_JOB}",  # noqa: S608 - ours
                (session, processes.start_time(session), job.id, job.element),
            )

    def finish(self, job: Job, outcome: Outcome) -> None:
        """Record the end of a running job; its environment is forgotten with it."""
        with self._writing():
            self._end([job], outcome)

    def _end(self, jobs: Sequence[Job], outcome: Outcome) -> None:
        values = (DONE if outcome.exit_code == 0 else EXIT, time.time(), *outcome)
        self._db.executemany(
            "UPDATE jobs SET state = ?, ended_at = ?, exit_code = ?, signal = ?, reason = ?,"  # noqa: S608 - ours
            f" peak_memory_mb = ? {OF_JOB}",
            ((*values, job.id, job.element) for job in jobs),
        )
        self._db.executemany(
            "UPDATE submissions SET environment = NULL, script = NULL WHERE id = ? "  # noqa: S608
            f"AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = submissions.id "
            f"AND {UNFINISHED_SQL})",
            {(job.id,) for job in jobs},
        )

    def ask_to_end(self, targets: Iterable[Target], *, forced: bool = False) -> list[list[Job]]:
        """End what waits, and note that what runs is to end; return the jobs as they were."""
        with self._writing():
            self._end_orphans()
            found = [self.of(one) for one in targets]
            unended = [job for jobs in found for job in jobs if job.ended_at is None]
            self._note(unended, KILL)
            waiting = [job for job in unended if job.state in WAITING]
            self._end(waiting, Outcome(None, reason=BY_OWNER))
            self._db.executemany(
                "UPDATE jobs SET kill_at = coalesce(kill_at, ?), forced = max(forced, ?) "  # noqa: S608
                f"{OF_JOB} AND {STARTED_SQL}",
                ((time.time(), forced, job.id, job.element) for job in unended),
            )
        return found

    def ask_to_turn(self, targets: Iterable[Target], what: str) -> list[list[Job]]:
        """Stop jobs or let them go on (STOP, CONT); return them as they were."""
        turns = _TURNS[what]
        with self._writing():
            self._end_orphans()
            found = [self.of(one) for one in targets]
            turned = [
                job for jobs in found for job in jobs if job.state in turns and job.kill_at is None
            ]
            self._note(turned, what)
            self._db.executemany(
                f"UPDATE jobs SET state = ? {OF_JOB}",  # noqa: S608 - ours
                ((turns[job.state], job.id, job.element) for job in turned),
            )
        return found

    def _note(self, jobs: Iterable[Job], what: str) -> None:
        now = time.time()
        self._db.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?)",
            ((job.id, job.element, now, what) for job in jobs),
        )

    # -- supervisors that are gone ----------------------------------------------------

    def _with_supervisor(self) -> list[Job]:
        """Return the jobs that run, and those that wait for the `bsub` that will run them."""
        return self._jobs("supervisor_pid IS NOT NULL AND ended_at IS NULL")

    def look(self) -> None:
        """End the jobs whose supervisor is gone. Whoever shows states looks first."""
        if any(self._orphaned(job) for job in self._with_supervisor()):
            with self._writing():
                self._end_orphans()

    def _orphaned(self, job: Job) -> str:
        """Return why a job has no supervisor any more; empty if it has."""
        if job.boot_id and job.boot_id != processes.boot_id():
            return RESTARTED
        # the lock decides; somebody who tidies up may have removed the file of a living one
        lives = processes.is_held(self.lock_path(job)) or processes.is_same(
            job.supervisor_pid, job.supervisor_start
        )
        gone = CALLER_GONE if job.state in WAITING else SUPERVISOR_KILLED
        return "" if lives else gone

    def _end_orphans(self) -> None:
        for job in self._with_supervisor():
            reason = self._orphaned(job)
            if not reason:
                continue
            if reason == SUPERVISOR_KILLED and job.session is not None:
                # what it left behind would use a slot that the next job is given
                family.kill_rest(job.session, job.session_start, _marks(job))
            self._end([job], Outcome(None, reason=reason))


def _marks(job: Job) -> tuple[bytes, bytes]:
    """Return what the processes of a job, and no others, have in their environment."""
    return b"LSB_JOBID=%d" % job.id, b"LSB_JOBINDEX=%d" % job.element
