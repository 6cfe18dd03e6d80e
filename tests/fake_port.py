"""A manager in memory: keeps jobs' states by the real table of transitions, nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from arp_nb.model import JobState, Phase, ScriptCheck, may_change
from arp_nb.ports import (
    FoundJob,
    Health,
    JobReading,
    KillAnswer,
    KillRequest,
    OpenSubmission,
    Submission,
    SubmitRequest,
    Submitted,
    WatchedJob,
)
from arp_nb.starts import Start


@dataclass
class FakeJob:
    """What the manager's books say of one job."""

    id: int
    argv: tuple[str, ...]
    location: str = "fake"
    environment: dict[str, str] = field(default_factory=dict)
    sha256: str | None = None
    memory_mb: float | None = None
    state: JobState = JobState.REQUESTED
    phase: Phase = Phase.NONE
    lease_token: str | None = None
    spool_id: str | None = None
    native_ids: tuple[Submitted, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    exit_code: int | None = None
    script_exit_code: int | None = None
    log_error: str = ""
    kill_by: str | None = None
    kill_force: bool = False
    kill_said: str | None = None
    kill_accepted: bool | None = None
    submitted_at: datetime | None = None
    check: ScriptCheck | None = None
    start: Start | None = None
    states: list[JobState] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)

    def move(self, new: JobState) -> bool:
        """Change the state, if the table allows it."""
        if not may_change(self.state, new):
            return False
        if new is not self.state:
            self.states.append(new)
        self.state = new
        return True

    @property
    def ids(self) -> list[str]:
        return [one.native_id for one in self.native_ids]


class FakePort:
    """`arp_nb.ports.ManagerPort`, in memory."""

    def __init__(self) -> None:
        self.jobs: dict[int, FakeJob] = {}
        self.healths: list[Health] = []
        self.readings_taken: list[JobReading] = []
        self.work = 0
        self._changed = asyncio.Condition()

    async def apply(self, *argv: str, **more: object) -> FakeJob:
        """Request a job."""
        job = FakeJob(id=len(self.jobs) + 1, argv=argv, **more)  # type: ignore[arg-type]
        self.jobs[job.id] = job
        await self.wake()
        return job

    async def kill(self, job: FakeJob, by: str = "dana", *, force: bool = False) -> None:
        job.kill_by, job.kill_force = by, force
        await self.wake()

    async def wake(self) -> None:
        self.work += 1
        await self._notify()

    async def until(self, condition: Callable[[], object], timeout_s: float = 30.0) -> None:
        """Wait until a condition on the books holds."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: bool(condition()))

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # -- ManagerPort -------------------------------------------------------------------

    async def wait_for_work(self, seen: int, timeout_s: float) -> int:
        with contextlib.suppress(TimeoutError):
            await self.until(lambda: self.work != seen, timeout_s)
        return self.work

    async def lease(
        self, locations: Sequence[str], limit: int, not_in: Collection[str] = ()
    ) -> Sequence[SubmitRequest]:
        wanted = [
            job
            for job in self.jobs.values()
            if job.state is JobState.REQUESTED
            and job.location in locations
            and str(Path(job.argv[0]).parent) not in not_in
        ]
        leased = []
        for job in wanted[:limit]:
            job.move(JobState.LEASED)
            job.lease_token = f"lease-{job.id}-{len(job.states)}"
            leased.append(
                SubmitRequest(
                    job_id=job.id,
                    lease_token=job.lease_token,
                    user="dana",
                    location=job.location,
                    experiment="xppi0915",
                    run=12,
                    argv=job.argv,
                    environment=job.environment,
                    sha256=job.sha256,
                    memory_mb=job.memory_mb,
                )
            )
        return leased

    def _leased(self, job_id: int, lease_token: str) -> FakeJob | None:
        job = self.jobs[job_id]
        ours = job.lease_token == lease_token and job.state is JobState.LEASED
        return job if ours else None

    async def starting(
        self,
        job_id: int,
        lease_token: str,
        spool_id: str,
        check: ScriptCheck,
        start: Start | None = None,
    ) -> bool:
        job = self._leased(job_id, lease_token)
        if job is None:
            return False
        job.spool_id, job.check, job.start = spool_id, check, start
        job.move(JobState.STARTING)
        await self._notify()
        return True

    async def give_back(self, job_id: int, lease_token: str) -> bool:
        job = self._leased(job_id, lease_token)
        if job is not None:
            job.move(JobState.REQUESTED)
            await self._notify()
        return job is not None

    async def refused(
        self, job_id: int, lease_token: str, reason: str, check: ScriptCheck
    ) -> bool:
        job = self._leased(job_id, lease_token)
        if job is not None:
            job.reason, job.check = reason, check
            job.move(JobState.SUBMIT_FAILED)
            await self._notify()
        return job is not None

    async def submission(self, told: Submission) -> bool:
        job = self.jobs[told.job_id]
        if job.spool_id != told.spool_id:
            return False
        late = told.state is JobState.PENDING and job.state.is_submitted
        if not late and not job.move(told.state):
            return False
        job.phase, job.reason, job.notes = told.phase, told.reason, told.notes
        job.phases.append(told.phase)
        job.script_exit_code = told.script_exit_code
        if told.native_ids:
            job.native_ids = told.native_ids
            job.submitted_at = job.submitted_at or datetime.now(UTC)
        await self._notify()
        return True

    async def open_submissions(self) -> Sequence[OpenSubmission]:
        return [
            OpenSubmission(
                job_id=job.id,
                spool_id=job.spool_id or "",
                user="dana",
                location=job.location,
                state=job.state,
            )
            for job in self.jobs.values()
            if job.state in {JobState.STARTING, JobState.UNCERTAIN}
        ]

    async def watched(self) -> Sequence[WatchedJob]:
        return [
            WatchedJob(
                job_id=job.id,
                location=job.location,
                native_ids=tuple(job.ids),
                state=job.state,
                submitted_at=job.submitted_at,
            )
            for job in self.jobs.values()
            if job.state.is_submitted and not job.state.is_final
        ]

    async def readings(self, readings: Sequence[JobReading]) -> Sequence[JobReading]:
        for one in readings:
            self.readings_taken.append(one)
            job = self.jobs[one.job_id]
            if one.native_id != job.ids[0] or one.silence:
                continue
            job.log_error = one.log_error or job.log_error
            job.move(JobState.LOST if one.reading is None else one.reading.state)
            if one.reading is not None:
                job.exit_code = one.reading.exit_code
        await self._notify()
        return ()

    async def found(self, jobs: Sequence[FoundJob]) -> None:
        for one in jobs:
            job = self.jobs[one.job_id]
            if one.native_id not in job.ids:
                job.native_ids += (Submitted(one.native_id, "tag"),)
        await self._notify()

    async def kills(self) -> Sequence[KillRequest]:
        return [
            KillRequest(
                job_id=job.id,
                location=job.location,
                native_ids=tuple(job.ids),
                by=job.kill_by,
                force=job.kill_force,
            )
            for job in self.jobs.values()
            if job.kill_by and job.kill_said is None and job.native_ids
        ]

    async def kill_answers(self, answers: Sequence[KillAnswer]) -> None:
        for one in answers:
            self.jobs[one.job_id].kill_said = one.said
            self.jobs[one.job_id].kill_accepted = one.accepted
        await self._notify()

    async def health(self, health: Health) -> None:
        self.healths.append(health)
        await self._notify()
