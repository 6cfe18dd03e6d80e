"""Submissions of which nobody knows whether they made a job: a person decides, never we."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arp_nb.errors import Conflict, InvalidValue, SchedulerError
from arp_nb.manager.verdicts import change_of
from arp_nb.model import JobState, SchedulerJob
from arp_nb.status import status, title
from arp_nb.store.base import JobFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arp_nb.manager.apply import Apply
    from arp_nb.manager.context import Context
    from arp_nb.model import Job

_MAX_NATIVE_ID = 64


class Uncertain:
    """Takes the decisions of users on jobs in UNCERTAIN."""

    def __init__(self, context: Context, apply: Apply) -> None:
        self._context = context
        self._apply = apply

    async def adopt(self, job_id: int, native_id: str, by: str) -> Job:
        """Take a scheduler job for the one that was submitted; the scheduler must know it.

        Raises
        ------
        InvalidValue
            The scheduler does not confirm that there is such a job.
        Conflict
            It belongs to another job, or this one is not uncertain.
        """
        native_id = native_id.strip()
        if not native_id.isprintable() or not 0 < len(native_id) <= _MAX_NATIVE_ID:
            raise InvalidValue(f"{native_id[:80]!r} is not an id of a scheduler's job.")
        job = await self._job(job_id)
        try:
            client = await self._context.seat.client()
            await client.details(job.location, native_id)
        except SchedulerError as error:
            raise InvalidValue(
                f"{title(job.location)} does not confirm that there is a job {native_id}: {error}"
            ) from error
        native = SchedulerJob(native_id=native_id, source="user")
        values = {"native_id": native_id, "submitted_at": self._context.clock(), "reason": ""}
        async with self._context.books:
            job = await self._job(job_id)
            await self._check_free(job, native_id)
            await self._settle(job, JobState.PENDING, values, (native,), by)
        self._context.work.bump()  # to be polled, or killed
        return await self._context.store.job(job_id)

    async def submit_again(self, job_id: int, by: str) -> Job:
        """Give the submission up, and make a new job like it; return the new one."""
        async with self._context.books:
            job = await self._job(job_id)
            key = f"resolve-{job.id}-{job.spool_id}"  # after a crash in between: the same job
            made_id, notes = await self._apply.make_again(job, by, idempotency_key=key)
            state = JobState.WITHDRAWN if job.kill_by else JobState.SUBMIT_FAILED
            reason = f"given up by {by}; submitted again as job {made_id}"
            values = {"reason": reason, "ended_at": self._context.clock()}
            await self._settle(job, state, values, (), by)
        await self._context.add_notes(made_id, notes)
        self._context.work.bump()
        return await self._context.store.job(made_id)

    async def _job(self, job_id: int) -> Job:
        job = await self._context.store.job(job_id)
        if job.state is not JobState.UNCERTAIN:
            word = status(job.state, job.phase, job.native_state, job.location)
            raise Conflict(f"Job {job.id} is not uncertain: its status is {word!r}.")
        return job

    async def _check_free(self, job: Job, native_id: str) -> None:
        others = await self._context.store.jobs(JobFilter(native_id=native_id, deleted=True))
        for other in others:
            if other.location == job.location and other.id != job.id:
                raise Conflict(f"{native_id} belongs to job {other.id} already.")

    async def _settle(
        self,
        job: Job,
        state: JobState,
        values: dict[str, Any],
        natives: Sequence[SchedulerJob],
        by: str,
    ) -> None:
        change = change_of(job, state, values, natives, self._context.clock(), by=by)
        done = await self._context.store.change_jobs([change] if change else [])
        if not all(done):
            raise Conflict(f"Job {job.id} has just changed. Look, and decide again.")
