"""Ending jobs: a durable wish that fires as soon as there is something to end.

A kill of a job is meant for its siblings, and unless somebody says otherwise for its subjobs.
Subjobs of a job that is over, and extra jobs, are ended one by one. What the scheduler accepted
and the job ignores is said, and the next kill of it is one by force.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from arp_nb.errors import Conflict, NotFound
from arp_nb.manager.capabilities import told_text
from arp_nb.model import UNSTARTED, JobState, Role
from arp_nb.ports import KillRequest
from arp_nb.status import status, title
from arp_nb.store.base import JobChange, JobFilter

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from arp_nb.manager.context import Context
    from arp_nb.model import Job, SchedulerJob
    from arp_nb.ports import KillAnswer

_LIVE = (JobState.PENDING, JobState.RUNNING, JobState.SUSPENDED)


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
        #: when a scheduler accepted the kill of a job that may live on
        self._accepted_at: dict[int, datetime] = {}
        #: accepted so long ago that it was said; to be killed by force if asked again
        self._ignored: set[int] = set()
        self._forced: set[int] = set()

    async def kill(
        self, job_ids: Sequence[int], by: str, *, subjobs: bool = True
    ) -> list[Outcome]:
        """Ask for the end of jobs, with their subjobs or without; one outcome for each."""
        store = self._context.store
        async with self._context.books:
            found = await store.jobs(JobFilter(ids=set(job_ids), deleted=True))
            jobs = {job.id: job for job in found}
            with_parts = [job.id for job in found if "subjobs" in job.parts]
            natives = await store.scheduler_jobs(with_parts) if subjobs else {}
            below = {job.id: _living(natives.get(job.id, ()), Role.SUBJOB) for job in found}
            changes = [
                change
                for job in found
                if (change := self._change(job, by, below[job.id], subjobs=subjobs))
            ]
            done = await store.change_jobs(changes) if changes else ()
        moved_on = {change.job_id for change, ok in zip(changes, done, strict=True) if not ok}
        self._context.work.bump()
        return [
            self._outcome(job_id, jobs.get(job_id), len(below.get(job_id, ())), moved_on)
            for job_id in job_ids
        ]

    async def kill_parts(self, job_id: int, native_ids: Collection[str], by: str) -> None:
        """Ask for the end of some of a job's subjobs or extra jobs, and of nothing else.

        Raises
        ------
        NotFound
            The job has no such scheduler job.
        Conflict
            It is the job itself, or it has ended.
        """
        async with self._context.books:
            job = await self._context.store.job(job_id)
            natives = await self._context.store.scheduler_jobs([job_id])
            known = {one.native_id: one for one in natives[job_id]}
            for native_id in native_ids:
                _check_part(job_id, native_id, known.get(native_id))
            parts = [replace(known[one], kill_by=by) for one in dict.fromkeys(native_ids)]
            self._passed_on[job_id] = self._passed_on.get(job_id, frozenset()) - set(native_ids)
            at = self._context.clock()
            change = JobChange(
                job_id=job_id, at=at, expect=(job.state,), scheduler_jobs=parts, by=by
            )
            (done,) = await self._context.store.change_jobs([change])
        if not done:
            raise Conflict(f"Job {job_id} has just changed; ask again.")
        self._context.work.bump()

    async def requests(self) -> list[KillRequest]:
        """Kills that the scheduler has not been told of yet."""
        store = self._context.store
        asked = await store.jobs(JobFilter(states=_LIVE, kill_asked=True, deleted=True))
        parts = set(await store.part_kills()) - {job.id for job in asked}
        jobs = [*asked, *(await store.jobs(JobFilter(ids=parts, deleted=True)) if parts else ())]
        self._forget_others({job.id for job in jobs})
        await self._say_ignored(asked)
        natives = await store.scheduler_jobs([job.id for job in jobs]) if jobs else {}
        requests = [self._request(job, natives[job.id]) for job in jobs]
        return [one for one in requests if one is not None]

    def _forget_others(self, wished: Collection[int]) -> None:
        self._passed_on = {key: ids for key, ids in self._passed_on.items() if key in wished}
        self._accepted_at = {key: at for key, at in self._accepted_at.items() if key in wished}
        self._ignored.intersection_update(wished)
        self._forced.intersection_update(wished)

    def _request(self, job: Job, natives: Sequence[SchedulerJob]) -> KillRequest | None:
        told = self._passed_on.get(job.id, frozenset())
        of_job = job.kill_by is not None and job.state in _LIVE
        left = [
            one
            for one in natives
            if one.native_id not in told
            and not one.state.is_final
            and (one.kill_by or (of_job and one.role is Role.SIBLING))
        ]
        if not left:
            return None
        return KillRequest(
            job_id=job.id,
            location=job.location,
            native_ids=tuple(one.native_id for one in left),
            by=next((one.kill_by for one in left if one.kill_by), job.kill_by or ""),
            force=job.id in self._forced,
        )

    async def _say_ignored(self, jobs: Sequence[Job]) -> None:
        """Say of jobs that live on long after their kill was accepted what helps."""
        after_s = self._context.settings.kill_ignored_after_s
        since = self._context.clock() - timedelta(seconds=after_s)
        for job in jobs:
            accepted_at = self._accepted_at.get(job.id)
            if accepted_at is not None and accepted_at <= since and job.id not in self._ignored:
                self._ignored.add(job.id)
                name = title(job.location)
                note = (
                    f"still there {after_s:g} s after {name} accepted the kill: "
                    "kill it again to end it by force"
                )
                await self._context.add_notes(job.id, (note,))

    async def answers(self, answers: Sequence[KillAnswer]) -> None:
        """Keep what the scheduler said. Accepted or not, it is not asked again by itself."""
        for answer in answers:
            # not those that came since: a kill must reach them too
            told = self._passed_on.get(answer.job_id, frozenset())
            self._passed_on[answer.job_id] = told.union(answer.native_ids)
            if answer.accepted:
                self._accepted_at.setdefault(answer.job_id, self._context.clock())
            if answer.said or not answer.accepted:
                await self._note(answer)

    async def _note(self, answer: KillAnswer) -> None:
        said = " ".join(told_text(self._context.capabilities, answer.said).split())
        word = "kill accepted" if answer.accepted else "kill refused"
        await self._context.add_notes(answer.job_id, (f"{word}: {said}",))

    def _change(
        self, job: Job, by: str, below: Sequence[SchedulerJob], *, subjobs: bool
    ) -> JobChange | None:
        parts = [replace(one, kill_by=by) for one in below]
        at = self._context.clock()
        if not job.state.is_final or parts:
            self._passed_on.pop(job.id, None)  # asked again, so told again
            if job.id in self._ignored:
                self._forced.add(job.id)
        if job.state.is_final:
            if not parts:
                return None
            return JobChange(
                job_id=job.id, at=at, expect=(job.state,), scheduler_jobs=parts, by=by
            )
        wish = {"kill_by": job.kill_by or by, "kill_at": job.kill_at or at}
        if subjobs:
            wish["kill_subjobs"] = True
        if job.state in UNSTARTED:
            reason = f"killed by {by} before it was submitted"
            return JobChange(
                job_id=job.id,
                at=at,
                expect=UNSTARTED,
                state=JobState.WITHDRAWN,
                set={**wish, "reason": reason, "ended_at": at},
                by=by,
            )
        if job.kill_by is not None and not parts and job.kill_subjobs >= subjobs:
            return None
        return JobChange(
            job_id=job.id, at=at, expect=(job.state,), set=wish, scheduler_jobs=parts, by=by
        )

    def _outcome(
        self, job_id: int, job: Job | None, below: int, moved_on: Collection[int]
    ) -> Outcome:
        if job is None:
            return Outcome(job_id, ok=False, message=f"There is no job {job_id}.")
        if job_id in moved_on:
            return Outcome(job_id, ok=False, message=f"Job {job_id} has just changed; ask again.")
        subjobs = f"{below} subjob{'' if below == 1 else 's'}"
        if job.state.is_final:
            word = status(job.state, job.phase, job.native_state, job.location)
            if not below:
                return Outcome(
                    job_id, ok=False, message=f"Job {job_id} has already ended ({word})."
                )
            asked = f"{title(job.location)} will be asked to end its {subjobs}."
            return Outcome(job_id, ok=True, message=asked)
        message = _promise(job, force=job_id in self._forced)
        return Outcome(
            job_id, ok=True, message=f"{message} So will its {subjobs}." if below else message
        )


def _living(natives: Sequence[SchedulerJob], role: Role) -> list[SchedulerJob]:
    return [one for one in natives if one.role is role and not one.state.is_final]


def _check_part(job_id: int, native_id: str, known: SchedulerJob | None) -> None:
    if known is None:
        raise NotFound(f"Job {job_id} has no scheduler job {native_id!r}.")
    if known.role is Role.SIBLING:
        raise Conflict(f"{native_id} is job {job_id} itself. Kill the job instead.")
    if known.state.is_final:
        raise Conflict(f"{native_id} has already ended ({known.native_state}).")


def _promise(job: Job, *, force: bool) -> str:
    if job.state in UNSTARTED:
        return "Withdrawn before it was submitted."
    if not job.state.is_submitted:
        return "Will be killed as soon as the scheduler has it."
    if force:
        return f"{title(job.location)} will be asked to end it by force."
    if job.kill_by is not None:
        return f"{job.kill_by} asked before; asked again."
    return f"{title(job.location)} will be asked to end it."
