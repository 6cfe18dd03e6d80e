"""Which stores there are, and an experiment to try them on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from arp_nb.model import Definition, DefinitionDraft, Experiment, JobState, ScriptCheck, Trigger
from arp_nb.store import open_store
from arp_nb.store.base import JobChange, JobsWanted, ReportPost, Store

NOW = datetime(2026, 11, 22, 14, 2, 11, 123456, tzinfo=UTC)
DRAFT = DefinitionDraft(name="smalldata", executable="/sdf/run.sh", parameters="-q milano")

#: every kind of store: one that joins is added here, and needs no test of its own
OPENERS: dict[str, Callable[[Path], Store]] = {"sqlite": open_store}


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def change(job_id: int, *expect: JobState, **more: Any) -> JobChange:
    return JobChange(**{"job_id": job_id, "at": NOW, "expect": expect, **more})


def post(job_id: int, patch: Any, seconds: float = 0) -> ReportPost:
    return ReportPost(job_id=job_id, patch=patch, at=after(seconds))


def wanted(
    definition: Definition, runs: Iterable[int], *, skip: bool = False, **more: Any
) -> JobsWanted:
    draft = definition.draft
    return replace(
        JobsWanted(
            experiment_id=definition.experiment_id,
            definition_id=definition.id,
            hash=definition.name,
            version=definition.version,
            parameters=draft.parameters,
            argv_by_run={run: (draft.executable, "xppi0915", str(run)) for run in runs},
            user="ada",
            location="local",
            trigger=Trigger.MANUAL,
            at=NOW,
            skip_existing=skip,
        ),
        **more,
    )


@dataclass(frozen=True)
class World:
    """A store with an experiment and a definition."""

    store: Store
    experiment: Experiment
    definition: Definition

    async def jobs(self, count: int = 1) -> Sequence[int]:
        """Make jobs, of runs 1 and up."""
        made = await self.store.add_jobs(wanted(self.definition, range(1, count + 1)))
        return made.job_ids

    async def bring(self, job_id: int, *states: JobState) -> None:
        """Lead a new job through states."""
        before = JobState.REQUESTED
        for state in states:
            assert await self.store.change_jobs([change(job_id, before, state=state)]) == [True]
            before = state


async def make_world(store: Store, name: str = "xppi0915") -> World:
    experiment = await store.create_experiment(name, "XPP", NOW)
    definition = await store.add_definition(experiment.id, DRAFT, ScriptCheck(), "ada", NOW)
    return World(store, experiment, definition)
