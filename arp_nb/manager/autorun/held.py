"""Jobs that autorun made and that are not submitted yet: a stop, or a pause, holds them too.

Autorun makes jobs faster than a scheduler takes them. Who stops it means those in between as
well: none of them is handed to a batch client until it goes on, and who skips what waited
withdraws them. What a person applied by hand is never held.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from arp_nb.model import UNSTARTED, JobState, Trigger
from arp_nb.store.base import JobChange, JobFilter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from arp_nb.manager.context import Context
    from arp_nb.model import Job

#: jobs that are withdrawn at a time
_PAGE = 500


async def held(context: Context, jobs: Iterable[Job]) -> set[int]:
    """Return which of these jobs may not be submitted now, by their ids."""
    made = [job for job in jobs if job.trigger is not Trigger.MANUAL]
    paused = await _paused(context, {job.definition_id for job in made})
    return {job.id for job in made if job.definition_id in paused}


async def counted(context: Context, experiment_id: int | None = None) -> Mapping[int, int]:
    """Return how many jobs are held of each definition that has any, by its id."""
    unstarted = await context.store.unstarted(experiment_id)
    paused = await _paused(context, unstarted)
    return {one_id: number for one_id, number in unstarted.items() if one_id in paused}


async def withdraw(context: Context, by: str, why: str, definition_id: int | None = None) -> int:
    """End what is not submitted before it can be; return how many jobs that were."""
    which = JobFilter(
        states=UNSTARTED,
        by_autorun=True,
        definition_id=definition_id,
        deleted=True,
        oldest_first=True,
        limit=_PAGE,
    )
    count = 0
    async with context.books:
        while jobs := await context.store.jobs(which):
            stays: set[int] = set()
            if definition_id is None:  # a pause of its own holds on
                stays = await _paused_alone(context, {job.definition_id for job in jobs})
            changes = [
                _withdrawn(context, job, by, why) for job in jobs if job.definition_id not in stays
            ]
            count += sum(await context.store.change_jobs(changes))
            which = replace(which, after_id=jobs[-1].id)
    return count


async def _paused(context: Context, definition_ids: Collection[int]) -> set[int]:
    """Return those of these definitions of which nothing may start now."""
    if context.standing.stop is not None:
        return set(definition_ids)
    return await _paused_alone(context, definition_ids)


async def _paused_alone(context: Context, definition_ids: Iterable[int]) -> set[int]:
    found = [await context.store.definition(one_id) for one_id in definition_ids]
    return {one.id for one in found if one.paused_why == "user"}


def _withdrawn(context: Context, job: Job, by: str, why: str) -> JobChange:
    at = context.clock()
    reason = f"{by} {why}: it was not submitted yet"
    return JobChange(
        job_id=job.id,
        at=at,
        expect=UNSTARTED,
        state=JobState.WITHDRAWN,
        set={"reason": reason, "ended_at": at, "lease_token": None},
        by=by,
    )
