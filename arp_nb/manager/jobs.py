"""What users do with jobs: look at them, run them again, kill and delete them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from arp_nb import run_ranges
from arp_nb.errors import Conflict, InvalidValue, SchedulerError
from arp_nb.manager import logs
from arp_nb.manager.kills import Outcome
from arp_nb.manager.verdicts import change_of
from arp_nb.model import JobState, SchedulerJob
from arp_nb.rows import definition_row, job_row, scheduler_job_row, transition_row
from arp_nb.status import status, title
from arp_nb.store.base import JobFilter

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from arp_nb.manager.apply import Apply, ApplyAnswer, ApplyRequest
    from arp_nb.manager.context import Context
    from arp_nb.manager.kills import Kills
    from arp_nb.model import Experiment, Job, Transition
    from arp_nb.ports import LogChunk

_MAX_NATIVE_ID = 64
#: jobs of one answer
PAGE = 10_000


class History(NamedTuple):
    """What a job went through, and its jobs in the scheduler's books."""

    transitions: Sequence[Transition]
    scheduler_jobs: Sequence[SchedulerJob]


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs, and what a reader needs to go on from them."""

    epoch: str
    #: changes above this revision are not, or not all, among the jobs
    revision: int
    jobs: Sequence[Job]
    #: ask for the jobs before this id next; None: there are no more
    next_before: int | None


class Jobs:
    """Everything that a user asks about jobs."""

    def __init__(self, context: Context, apply: Apply, kills: Kills) -> None:
        self._context = context
        self._apply = apply
        self._kills = kills

    async def list(
        self,
        experiment: Experiment,
        *,
        states: Collection[JobState] | None = None,
        runs: str | Collection[int] | None = None,
        hash: str | None = None,  # noqa: A002 - how people call it
        user: str | None = None,
        since: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        deleted: bool = False,
    ) -> JobPage:
        """Jobs of an experiment, newest first: a page of them.

        ``since`` keeps those that changed after a revision, ``before`` those with lower ids;
        runs may be text, as `arp_nb.run_ranges.parse` reads it.
        """
        store = self._context.store
        limit = min(limit or PAGE, PAGE)
        revision = await store.revision()  # before the jobs: a later change is told again
        if isinstance(runs, str):
            known = [run.number for run in await store.runs(experiment.id)]
            runs = run_ranges.parse(runs, known).runs
        which = JobFilter(
            experiment_id=experiment.id,
            ids=None if since is None else await self._changed(experiment, since),
            states=states,
            runs=runs,
            hash=hash,
            user=user,
            before_id=before,
            limit=limit + 1,
            deleted=deleted,
        )
        jobs = await store.jobs(which)
        more = len(jobs) > limit
        return JobPage(
            epoch=store.epoch,
            revision=revision,
            jobs=jobs[:limit],
            next_before=jobs[limit - 1].id if more else None,
        )

    async def _changed(self, experiment: Experiment, since: int) -> set[int]:
        """Ids of the jobs that changed after a revision. `Gone` if it is too old."""
        found: set[int] = set()
        more = True
        while more:
            changes = await self._context.store.changes(since, experiment_id=experiment.id)
            found.update(job.id for job in changes.jobs)
            since, more = changes.to, changes.more
        return found

    async def get(self, job_id: int) -> Job:
        """One job, deleted or not. `NotFound`."""
        return await self._context.store.job(job_id)

    async def apply(self, experiment: Experiment, asked: ApplyRequest, by: str) -> ApplyAnswer:
        """Apply a definition to runs; see `arp_nb.manager.apply.Apply.apply`."""
        return await self._apply.apply(experiment, asked, by)

    async def rerun(
        self,
        job_id: int,
        parameters: str | None = None,
        extra_parameters: str = "",
        idempotency_key: str | None = None,
        by: str = "",
    ) -> Job:
        """Make a new job like this one; see `arp_nb.manager.apply.Apply.rerun`."""
        return await self._apply.rerun(
            await self.get(job_id),
            by or self._context.user,
            parameters=parameters,
            extra_parameters=extra_parameters,
            idempotency_key=idempotency_key,
        )

    async def kill(self, job_ids: Sequence[int], by: str) -> Sequence[Outcome]:
        """Ask for the end of jobs; see `arp_nb.manager.kills.Kills.kill`."""
        return await self._kills.kill(job_ids, by)

    async def delete(self, job_ids: Sequence[int], by: str) -> Sequence[Outcome]:
        """Drop rows; the jobs live on. Twice is not an error."""
        found = await self._existing(job_ids)
        await self._context.store.set_deleted(found, by, self._context.clock())
        return [_outcome(job_id, found, "Deleted; the job itself lives on.") for job_id in job_ids]

    async def restore(self, job_ids: Sequence[int], by: str) -> Sequence[Outcome]:
        """Undo deletions. Twice is not an error."""
        found = await self._existing(job_ids)
        await self._context.store.set_deleted(found, by, None)
        return [_outcome(job_id, found, "Restored.") for job_id in job_ids]

    async def resolve(
        self,
        job_id: int,
        native_id: str | None = None,
        submit_again: bool = False,  # noqa: FBT001, FBT002 - a choice of the user, by name
        by: str = "",
    ) -> Job:
        """Say what became of an uncertain submission.

        Either it is the scheduler's job ``native_id``, which the scheduler must know, or it is
        given up and submitted again; the answer is then the new job.
        """
        by = by or self._context.user
        job = await self.get(job_id)
        if (native_id is None) is not submit_again:
            raise InvalidValue("Say either which job it is, or to submit it again.")
        self._check_uncertain(job)
        if native_id is not None:
            return await self._adopt(job, native_id.strip(), by)
        key = f"resolve-{job.id}-{job.spool_id}"
        made = await self._apply.rerun(job, by, idempotency_key=key)
        reason = f"given up by {by}; submitted again as job {made.id}"
        state = JobState.WITHDRAWN if job.kill_by else JobState.SUBMIT_FAILED
        await self._settle(job, state, {"reason": reason, "ended_at": self._now()}, (), by)
        return made

    async def log(self, job_id: int, offset: int = 0, limit: int = 1_000_000) -> LogChunk:
        """Read a piece of the job's log. `ClientAbsent` while nobody can read it."""
        return await logs.read(self._context, await self.get(job_id), offset, limit)

    async def details(self, job_id: int) -> str:
        """Everything the scheduler says of the job's scheduler jobs, as text."""
        job = await self.get(job_id)
        natives = await self._context.store.scheduler_jobs([job_id])
        name = title(job.location) or "The scheduler"
        if not natives[job_id]:
            word = status(job.state, job.phase, job.native_state, job.location)
            reason = f": {job.reason}" if job.reason else ""
            return f"{name} has no job of it.\nStatus: {word}{reason}\n"
        client = self._context.seat.client()
        texts = [await client.details(job.location, one.native_id) for one in natives[job_id]]
        return self._context.capabilities.mask("\n".join(texts))

    async def history(self, job_id: int) -> History:
        """Every change of state, and the job's scheduler jobs."""
        transitions = await self._context.store.history(job_id)
        natives = await self._context.store.scheduler_jobs([job_id])
        return History(transitions, natives[job_id])

    async def points(self, job_id: int, key: str | None = None) -> Sequence[dict[str, Any]]:
        """Points of the counters' thinned series, as JSON. `NotFound`."""
        await self.get(job_id)
        found = await self._context.store.counter_points([job_id], key)
        return [{"key": one.key, "at": one.at.isoformat(), "value": one.value} for one in found]

    async def snapshot(self, job_id: int) -> dict[str, Any]:
        """Everything that is kept of a job, for whoever is asked for help; keys are masked."""
        job = await self.get(job_id)
        definition = await self._context.store.definition(job.definition_id, job.version)
        history = await self.history(job_id)
        whole = {
            "job": job_row(job),
            "argv": job.argv,
            "spool_id": job.spool_id,
            "definition": definition_row(definition),
            "transitions": [transition_row(one) for one in history.transitions],
            "scheduler_jobs": [scheduler_job_row(one) for one in history.scheduler_jobs],
        }
        text = json.dumps(whole, ensure_ascii=False)
        masked: dict[str, Any] = json.loads(self._context.capabilities.mask(text))
        return masked

    # -- uncertain submissions ---------------------------------------------------------

    async def _adopt(self, job: Job, native_id: str, by: str) -> Job:
        if not native_id.isprintable() or not 0 < len(native_id) <= _MAX_NATIVE_ID:
            raise InvalidValue(f"{native_id[:80]!r} is not an id of a scheduler's job.")
        others = await self._context.store.jobs(JobFilter(native_id=native_id, deleted=True))
        taken = [one.id for one in others if one.location == job.location and one.id != job.id]
        if taken:
            raise Conflict(f"{native_id} belongs to job {taken[0]} already.")
        try:
            await self._context.seat.client().details(job.location, native_id)
        except SchedulerError as error:
            raise InvalidValue(
                f"{title(job.location)} does not confirm that there is a job {native_id}: {error}"
            ) from error
        native = SchedulerJob(native_id=native_id, source="user")
        values = {"native_id": native_id, "submitted_at": self._now(), "reason": ""}
        await self._settle(job, JobState.PENDING, values, (native,), by)
        self._context.work.bump()
        return await self.get(job.id)

    async def _settle(
        self,
        job: Job,
        state: JobState,
        values: dict[str, Any],
        natives: Sequence[SchedulerJob],
        by: str,
    ) -> None:
        async with self._context.books:
            self._check_uncertain(await self.get(job.id))
            change = change_of(job, state, values, natives, self._now(), by=by)
            done = await self._context.store.change_jobs([change] if change else [])
        if not all(done):
            raise Conflict(f"Job {job.id} has just changed. Look, and decide again.")

    @staticmethod
    def _check_uncertain(job: Job) -> None:
        if job.state is not JobState.UNCERTAIN:
            word = status(job.state, job.phase, job.native_state, job.location)
            raise Conflict(f"Job {job.id} is not uncertain: its status is {word!r}.")

    def _now(self) -> datetime:
        return self._context.clock()

    async def _existing(self, job_ids: Sequence[int]) -> set[int]:
        jobs = await self._context.store.jobs(JobFilter(ids=set(job_ids), deleted=True))
        return {job.id for job in jobs}


def _outcome(job_id: int, found: Collection[int], message: str) -> Outcome:
    if job_id not in found:
        return Outcome(job_id, ok=False, message=f"There is no job {job_id}.")
    return Outcome(job_id, ok=True, message=message)
