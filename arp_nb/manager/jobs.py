"""What users do with jobs: look at them, run them again, kill and delete them."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from arp_nb import run_ranges
from arp_nb.errors import InvalidValue
from arp_nb.manager import log_search, logs
from arp_nb.manager.apply import More
from arp_nb.manager.elements import PAGE_OF_ELEMENTS, check_is_of, elements_of
from arp_nb.manager.kills import Outcome
from arp_nb.manager.snapshot import snapshot_of
from arp_nb.manager.uncertain import Uncertain
from arp_nb.status import status, title
from arp_nb.store.base import JobFilter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Sequence

    from arp_nb.manager.apply import Apply, ApplyAnswer, ApplyRequest
    from arp_nb.manager.context import Context
    from arp_nb.manager.elements import ElementPage
    from arp_nb.manager.kills import Kills
    from arp_nb.manager.log_search import Search
    from arp_nb.model import Experiment, Job, JobState, SchedulerJob, Transition
    from arp_nb.ports import LogChunk

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
        self._uncertain = Uncertain(context, apply)

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
        only_deleted: bool = False,
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
        if since is not None:
            await store.changes(since, limit=1)  # Gone, where it is too old
        which = JobFilter(
            experiment_id=experiment.id,
            since=since,
            states=states,
            runs=runs,
            hash=hash,
            user=user,
            before_id=before,
            limit=limit,
            deleted=deleted,
            only_deleted=only_deleted,
        )
        jobs, more = await store.jobs_page(which)
        return JobPage(
            epoch=store.epoch,
            revision=revision,
            jobs=jobs,
            next_before=jobs[-1].id if more else None,
        )

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
        *,
        more: More = More(),  # noqa: B008 - it cannot change
    ) -> Job:
        """Make a new job like this one; see `arp_nb.manager.apply.Apply.rerun`."""
        return await self._apply.rerun(
            await self.get(job_id),
            by or self._context.user,
            parameters=parameters,
            extra_parameters=extra_parameters,
            more=more,
            idempotency_key=idempotency_key,
        )

    async def attempts(self, job_id: int) -> Sequence[Job]:
        """Return all jobs of the chain of reruns that a job is in, oldest first."""
        job = await self.get(job_id)
        which = JobFilter(root_id=job.root_id or job.id, deleted=True, oldest_first=True)
        return await self._context.store.jobs(which)

    async def elements(
        self, job_id: int, offset: int = 0, limit: int = PAGE_OF_ELEMENTS, word: str | None = None
    ) -> ElementPage:
        """Return some elements of a job's arrays; see `arp_nb.manager.elements`."""
        return await elements_of(
            self._context, await self.get(job_id), offset=offset, limit=limit, word=word
        )

    async def kill(
        self, job_ids: Sequence[int], by: str, *, subjobs: bool = True
    ) -> Sequence[Outcome]:
        """Ask for the end of jobs; see `arp_nb.manager.kills.Kills.kill`."""
        return await self._kills.kill(job_ids, by, subjobs=subjobs)

    async def kill_parts(self, job_id: int, native_ids: Collection[str], by: str) -> None:
        """Ask for the end of subjobs or extra jobs; see `arp_nb.manager.kills.Kills`."""
        await self._kills.kill_parts(job_id, native_ids, by)

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
        if (native_id is None) is not submit_again:
            raise InvalidValue("Say either which job it is, or to submit it again.")
        if native_id is None:
            return await self._uncertain.submit_again(job_id, by)
        return await self._uncertain.adopt(job_id, native_id, by)

    async def log(
        self,
        job_id: int,
        offset: int = 0,
        limit: int = 1_000_000,
        native_id: str | None = None,
    ) -> LogChunk:
        """Read a piece of the job's log, or of that of one of its scheduler jobs or elements.

        Raises
        ------
        ClientAbsent
            Nobody can read it now.
        NotFound
            The job has no such scheduler job.
        """
        job = await self._part(job_id, native_id)
        return await logs.read(self._context, job, offset, limit)

    async def _part(self, job_id: int, native_id: str | None) -> Job:
        job = await self.get(job_id)
        if native_id is not None:
            await check_is_of(self._context, job, native_id)
        return logs.part_of(job, native_id)

    async def find_in_log(
        self, job_id: int, text: str | None, offset: int = 0, native_id: str | None = None
    ) -> Search:
        """Find the next place in a log, as in `log`: a text, or with None a line of an error."""
        job = await self._part(job_id, native_id)
        if text is None:
            return await log_search.find_error(self._context, job, offset)
        return await log_search.find_text(self._context, job, text, offset)

    async def whole_log(self, job_id: int, native_id: str | None = None) -> AsyncGenerator[str]:
        """Yield a log, as in `log`, piece by piece; see `arp_nb.manager.logs.whole`."""
        job = await self._part(job_id, native_id)
        async with aclosing(logs.whole(self._context, job)) as pieces:
            async for piece in pieces:
                yield piece

    async def details(self, job_id: int) -> str:
        """Everything the scheduler says of the job's scheduler jobs, as text."""
        job = await self.get(job_id)
        natives = await self._context.store.scheduler_jobs([job_id])
        name = title(job.location) or "The scheduler"
        if not natives[job_id]:
            word = status(job.state, job.phase, job.native_state, job.location)
            reason = f": {job.reason}" if job.reason else ""
            return f"{name} has no job of it.\nStatus: {word}{reason}\n{_claim(job)}"
        client = await self._context.seat.client()
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
        return await snapshot_of(self._context, await self.get(job_id))

    async def _existing(self, job_ids: Sequence[int]) -> set[int]:
        jobs = await self._context.store.jobs(JobFilter(ids=set(job_ids), deleted=True))
        return {job.id for job in jobs}


def _claim(job: Job) -> str:
    """Tell which scheduler job the job says that it is; only a person may believe it."""
    claimed = job.report.get("lsf_id")
    if not isinstance(claimed, str | int) or not str(claimed)[:64].isprintable():
        return ""
    return f"It posted that it is job {str(claimed)[:64]}, which nobody has confirmed.\n"


def _outcome(job_id: int, found: Collection[int], message: str) -> Outcome:
    if job_id not in found:
        return Outcome(job_id, ok=False, message=f"There is no job {job_id}.")
    return Outcome(job_id, ok=True, message=message)
