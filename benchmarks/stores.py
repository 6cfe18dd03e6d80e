"""Stores that are full of jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from arp_nb.model import DefinitionDraft, JobState, ScriptCheck, Trigger
from arp_nb.store.base import JobChange, JobsWanted, ReportPost

if TYPE_CHECKING:
    from arp_nb.model import Experiment
    from arp_nb.store.base import Store

_NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)
_BEFORE = (JobState.REQUESTED, JobState.LEASED, JobState.STARTING)
_SLICE = 10_000


async def filled(store: Store, jobs: int, *, state: JobState = JobState.PENDING) -> Experiment:
    """Make an experiment with as many jobs, which have come to a state and reported."""
    experiment = await store.create_experiment("xppi0915", "XPP", _NOW)
    draft = DefinitionDraft(name="smalldata", executable="/usr/bin/true")
    definition = await store.add_definition(experiment.id, draft, ScriptCheck(), "ada", _NOW)
    for first in range(1, jobs + 1, _SLICE):
        runs = range(first, min(first + _SLICE, jobs + 1))
        wanted = JobsWanted(
            experiment_id=experiment.id,
            definition_id=definition.id,
            hash=draft.name,
            version=1,
            parameters="-q milano --nodes 4",
            argv_by_run={run: ("/usr/bin/true", "xppi0915", str(run)) for run in runs},
            user="ada",
            location="lsf",
            trigger=Trigger.MANUAL,
            at=_NOW,
            skip_existing=False,
        )
        ids = (await store.add_jobs(wanted)).job_ids
        for old, new in pairwise([*_BEFORE, state]):
            await store.change_jobs([_change(one, old, new) for one in ids])
        posts = [
            ReportPost(job_id=one, patch={"counters": {"Events": one}}, at=_NOW) for one in ids
        ]
        await store.merge_reports(posts)
    return experiment


def _change(job_id: int, old: JobState, new: JobState) -> JobChange:
    at = _NOW + timedelta(seconds=job_id)
    word = "RUN" if new is JobState.RUNNING else "PEND"
    told = {"native_id": str(job_id), "native_state": word, "host": f"node{job_id % 100}"}
    more = {**told, "submitted_at": at} if new not in _BEFORE else {}
    return JobChange(job_id=job_id, at=at, expect=(old,), state=new, set=more)
