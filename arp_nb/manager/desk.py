"""Where the batch client reports: `arp_nb.ports.ManagerPort`, as the manager answers it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from arp_nb.errors import NotFound
from arp_nb.manager.capabilities import told_text
from arp_nb.manager.readings import Readings
from arp_nb.manager.verdicts import after_submission, is_current
from arp_nb.model import JobState
from arp_nb.ports import OpenSubmission, WatchedJob
from arp_nb.store.base import JobFilter

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from arp_nb.manager.context import Context
    from arp_nb.manager.kills import Kills
    from arp_nb.manager.leases import Leases
    from arp_nb.model import Job, ScriptCheck
    from arp_nb.ports import (
        Health,
        JobReading,
        KillAnswer,
        KillRequest,
        Submission,
        SubmitRequest,
    )

_LIVE = (JobState.PENDING, JobState.RUNNING, JobState.SUSPENDED)
_ENDED = (JobState.DONE, JobState.FAILED, JobState.KILLED, JobState.LOST)
#: ended jobs are looked at for so long again: a scheduler may requeue them
_REQUEUED_WITHIN = timedelta(seconds=60)
#: … and for so long while others are polled anyway
_REQUEUED_WITHIN_BUSY = timedelta(hours=1)
_MAX_ENDED = 500


class Desk:
    """Takes the batch client's reports, and hands out its work."""

    def __init__(self, context: Context, leases: Leases, kills: Kills) -> None:
        self._context = context
        self._leases = leases
        self._kills = kills
        self._readings = Readings(context)

    async def wait_for_work(self, seen: int, timeout_s: float) -> int:
        """See `arp_nb.ports.ManagerPort`; so for all methods of this class."""
        with self._context.health.waiting():
            return await self._context.work.wait(seen, timeout_s)

    async def lease(self, locations: Sequence[str], limit: int) -> Sequence[SubmitRequest]:
        """Do REQUESTED → LEASED."""
        self._context.health.sign_of_life()
        return await self._leases.lease(locations, limit)

    async def starting(
        self, job_id: int, lease_token: str, spool_id: str, check: ScriptCheck
    ) -> bool:
        """LEASED → STARTING."""
        return await self._leases.starting(job_id, lease_token, spool_id, check)

    async def give_back(self, job_id: int, lease_token: str) -> bool:
        """LEASED → REQUESTED."""
        return await self._leases.give_back(job_id, lease_token)

    async def refused(
        self, job_id: int, lease_token: str, reason: str, check: ScriptCheck
    ) -> bool:
        """LEASED → SUBMIT_FAILED."""
        return await self._leases.refused(job_id, lease_token, self._text(reason), check)

    async def submission(self, told: Submission) -> bool:
        """Take what the spool says of a submission."""
        context = self._context
        told = replace(
            told,
            reason=self._text(told.reason),
            notes=tuple(self._text(note) for note in told.notes),
        )
        async with context.books:
            try:
                job = await context.store.job(told.job_id)
            except NotFound:
                return False
            if not is_current(job, told):
                return False
            natives = await context.store.scheduler_jobs([job.id])
            change = after_submission(job, natives[job.id], told, context.clock())
            if change is None:
                return True
            (done,) = await context.store.change_jobs([change])
        if change.scheduler_jobs:
            context.work.bump()  # a kill may wait for these ids
        return done

    async def open_submissions(self) -> Sequence[OpenSubmission]:
        """All jobs in STARTING or UNCERTAIN."""
        jobs = await self._jobs((JobState.STARTING, JobState.UNCERTAIN))
        return [
            OpenSubmission(
                job_id=job.id,
                spool_id=job.spool_id or "",
                user=job.user,
                location=job.location,
                state=job.state,
            )
            for job in jobs
        ]

    async def watched(self) -> Sequence[WatchedJob]:
        """All live jobs, and those that ended a moment ago."""
        self._context.health.sign_of_life()
        live = await self._jobs(_LIVE)
        within = _REQUEUED_WITHIN_BUSY if live else _REQUEUED_WITHIN
        since = self._context.clock() - within
        ended = [
            job
            for job in await self._jobs(_ENDED, limit=_MAX_ENDED)
            if (job.ended_at or job.changed_at) >= since
        ]
        jobs = [*live, *ended]
        natives = await self._context.store.scheduler_jobs([job.id for job in jobs])
        watched = [
            WatchedJob(
                job_id=job.id,
                location=job.location,
                native_ids=tuple(one.native_id for one in natives[job.id]),
                state=job.state,
                submitted_at=job.submitted_at,
            )
            for job in jobs
        ]
        self._readings.keep_only(
            (one.job_id, native_id) for one in watched for native_id in one.native_ids
        )
        return watched

    async def readings(self, readings: Sequence[JobReading]) -> None:
        """Take one poll's readings."""
        self._context.health.sign_of_life()
        await self._readings.take(readings)

    def _text(self, text: str) -> str:
        return told_text(self._context.capabilities, text)

    async def kills(self) -> Sequence[KillRequest]:
        """Kill requests that the scheduler has not been told of yet."""
        return await self._kills.requests()

    async def kill_answers(self, answers: Sequence[KillAnswer]) -> None:
        """Take the scheduler's answers to kills."""
        await self._kills.answers(answers)

    async def health(self, health: Health) -> None:
        """Take how client and schedulers are."""
        self._context.health.told(health)

    async def _jobs(self, states: Collection[JobState], limit: int | None = None) -> Sequence[Job]:
        return await self._context.store.jobs(JobFilter(states=states, deleted=True, limit=limit))
