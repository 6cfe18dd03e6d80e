"""Ending jobs: a durable wish that fires as soon as there is something to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arp_nb.manager.capabilities import told_text
from arp_nb.model import JobState
from arp_nb.ports import KillRequest
from arp_nb.status import status, title
from arp_nb.store.base import JobChange, JobFilter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arp_nb.manager.context import Context
    from arp_nb.model import Job
    from arp_nb.ports import KillAnswer

_LIVE = (JobState.PENDING, JobState.RUNNING, JobState.SUSPENDED)
_NOT_STARTED = (JobState.REQUESTED, JobState.LEASED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request about one of several jobs."""

    id: int
    ok: bool
    message: str


class Kills:
    """Takes wishes from users, and passes them to the batch client once each."""

    def __init__(self, context: Context) -> None:
        self._context = context
        #: scheduler jobs that a kill was passed on for; after a restart it is asked again,
        #: which ends nothing that was not to end
        self._passed_on: dict[int, frozenset[str]] = {}
        #: scheduler jobs of the request that was last handed out, until it is answered
        self._handed_out: dict[int, frozenset[str]] = {}

    async def kill(self, job_ids: Sequence[int], by: str) -> list[Outcome]:
        """Ask for the end of jobs; one outcome for each, in order."""
        store = self._context.store
        async with self._context.books:
            found = await store.jobs(JobFilter(ids=set(job_ids), deleted=True))
            jobs = {job.id: job for job in found}
            changes = [change for job in found if (change := self._change(job, by))]
            done = await store.change_jobs(changes) if changes else ()
        moved_on = {change.job_id for change, ok in zip(changes, done, strict=True) if not ok}
        self._context.work.bump()
        return [self._outcome(job_id, jobs, moved_on) for job_id in job_ids]

    async def requests(self) -> list[KillRequest]:
        """Kills that the scheduler has not been told of yet."""
        which = JobFilter(states=_LIVE, kill_asked=True, deleted=True)
        jobs = await self._context.store.jobs(which)
        wished = {job.id for job in jobs}
        self._passed_on = {key: ids for key, ids in self._passed_on.items() if key in wished}
        if not jobs:
            return []
        natives = await self._context.store.scheduler_jobs(wished)
        requests: list[KillRequest] = []
        for job in jobs:
            told = self._passed_on.get(job.id, frozenset())
            left = tuple(
                one.native_id
                for one in natives[job.id]
                if one.native_id not in told and not one.state.is_final
            )
            if left:
                self._handed_out[job.id] = frozenset(left)
                by = job.kill_by or ""
                requests.append(
                    KillRequest(job_id=job.id, location=job.location, native_ids=left, by=by)
                )
        return requests

    async def answers(self, answers: Sequence[KillAnswer]) -> None:
        """Keep what the scheduler said. Accepted or not, it is not asked again by itself."""
        for answer in answers:
            # not those that came since: a kill must reach them too
            ids = self._handed_out.pop(answer.job_id, frozenset())
            self._passed_on[answer.job_id] = self._passed_on.get(answer.job_id, ids) | ids
            if answer.said or not answer.accepted:
                await self._note(answer)

    async def _note(self, answer: KillAnswer) -> None:
        said = " ".join(told_text(self._context.capabilities, answer.said).split())
        word = "kill accepted" if answer.accepted else "kill refused"
        await self._context.add_notes(answer.job_id, (f"{word}: {said}",))

    def _change(self, job: Job, by: str) -> JobChange | None:
        if job.state.is_final:
            return None
        self._passed_on.pop(job.id, None)  # asked again, so told again
        at = self._context.clock()
        wish = {"kill_by": job.kill_by or by, "kill_at": job.kill_at or at}
        if job.state in _NOT_STARTED:
            reason = f"killed by {by} before it was submitted"
            return JobChange(
                job_id=job.id,
                at=at,
                expect=_NOT_STARTED,
                state=JobState.WITHDRAWN,
                set={**wish, "reason": reason, "ended_at": at},
                by=by,
            )
        if job.kill_by is not None:
            return None
        return JobChange(job_id=job.id, at=at, expect=(job.state,), set=wish, by=by)

    @staticmethod
    def _outcome(job_id: int, jobs: Mapping[int, Job], moved_on: set[int]) -> Outcome:
        job = jobs.get(job_id)
        if job is None:
            return Outcome(job_id, ok=False, message=f"There is no job {job_id}.")
        if job.state.is_final:
            word = status(job.state, job.phase, job.native_state, job.location)
            return Outcome(job_id, ok=False, message=f"Job {job_id} has already ended ({word}).")
        if job_id in moved_on:
            return Outcome(job_id, ok=False, message=f"Job {job_id} has just changed; ask again.")
        return Outcome(job_id, ok=True, message=_promise(job))


def _promise(job: Job) -> str:
    if job.state in _NOT_STARTED:
        return "Withdrawn before it was submitted."
    if not job.state.is_submitted:
        return "Will be killed as soon as the scheduler has it."
    if job.kill_by is not None:
        return f"{job.kill_by} asked before; asked again."
    return f"{title(job.location)} will be asked to end it."
