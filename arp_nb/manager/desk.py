"""Where the batch client reports: `arp_nb.ports.ManagerPort`, as the manager answers it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from arp_nb.errors import NotFound
from arp_nb.manager.capabilities import told_text
from arp_nb.manager.readings import Readings
from arp_nb.manager.verdicts import after_found, after_submission, is_current
from arp_nb.manager.watch_list import WatchList
from arp_nb.model import JobState
from arp_nb.ports import OpenSubmission
from arp_nb.store.base import JobFilter

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from arp_nb.manager.context import Context
    from arp_nb.manager.kills import Kills
    from arp_nb.manager.leases import Leases
    from arp_nb.model import ScriptCheck
    from arp_nb.ports import (
        FoundJob,
        Health,
        JobReading,
        KillAnswer,
        KillRequest,
        Submission,
        SubmitRequest,
        WatchedJob,
    )
    from arp_nb.starts import Start


class Desk:
    """Takes the batch client's reports, and hands out its work."""

    def __init__(self, context: Context, leases: Leases, kills: Kills) -> None:
        self._context = context
        self._leases = leases
        self._kills = kills
        self._readings = Readings(context)
        self._watch_list = WatchList(context.store, context.clock)
        self._watched: Sequence[WatchedJob] = ()

    async def wait_for_work(self, seen: int, timeout_s: float) -> int:
        """See `arp_nb.ports.ManagerPort`; so for all methods of this class."""
        with self._context.health.waiting():
            return await self._context.work.wait(seen, timeout_s)

    async def lease(
        self, locations: Sequence[str], limit: int, not_in: Collection[str] = ()
    ) -> Sequence[SubmitRequest]:
        """Do REQUESTED → LEASED."""
        self._context.health.sign_of_life()
        return await self._leases.lease(locations, limit, not_in)

    async def starting(
        self,
        job_id: int,
        lease_token: str,
        spool_id: str,
        check: ScriptCheck,
        start: Start | None = None,
    ) -> bool:
        """LEASED → STARTING."""
        return await self._leases.starting(job_id, lease_token, spool_id, check, start)

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

    async def found(self, jobs: Sequence[FoundJob]) -> None:
        """Take scheduler jobs that were found by their marks."""
        context = self._context
        by_job: defaultdict[int, list[FoundJob]] = defaultdict(list)
        for one in jobs:
            by_job[one.job_id].append(one)
        async with context.books:
            known = await context.store.jobs(JobFilter(ids=by_job.keys(), deleted=True))
            natives = await context.store.scheduler_jobs([job.id for job in known])
            extra_by = "kill_extra_jobs" if context.settings.kill_extra_jobs else ""
            changes = [
                after_found(job, natives[job.id], by_job[job.id], extra_by) for job in known
            ]
            await context.store.change_jobs([one for one in changes if one is not None])
        context.work.bump()  # to be polled, or killed

    async def open_submissions(self) -> Sequence[OpenSubmission]:
        """All jobs in STARTING or UNCERTAIN."""
        states = (JobState.STARTING, JobState.UNCERTAIN)
        jobs = await self._context.store.jobs(JobFilter(states=states, deleted=True))
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
        watched = await self._watch_list.jobs()
        if watched is not self._watched:
            self._watched = watched
            self._readings.keep_only(watched)
        return watched

    async def readings(self, readings: Sequence[JobReading]) -> Sequence[JobReading]:
        """Take one poll's readings; return those that say something only when told again."""
        self._context.health.sign_of_life()
        return await self._readings.take(readings)

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
