"""Judges predicates: what a run's row and its earlier jobs say, in the words of predicates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arp_nb import predicates, reports
from arp_nb.errors import PredicateError
from arp_nb.manager.autorun.verdict import Judged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arp_nb.manager.autorun.occasions import Occasion
    from arp_nb.model import Run
    from arp_nb.store.base import Store
    from arp_nb.store.deciding import JobFacts


class Judging:
    """Knows the jobs of some runs, where any predicate asks for them."""

    def __init__(self, jobs: Mapping[int, Mapping[str, JobFacts]]) -> None:
        self._jobs = jobs

    @classmethod
    async def of(cls, store: Store, experiment_id: int, found: Iterable[Occasion]) -> Judging:
        """Read what the predicates of occasions need."""
        runs: set[int] = set()
        hashes: set[str] = set()
        for one in found:
            jobs = _jobs_of(one.definition.draft.predicate)
            if jobs:
                runs.add(one.run.number)
                hashes |= jobs
        return cls(await store.latest_reports(experiment_id, runs, hashes) if runs else {})

    def __call__(self, occasion: Occasion) -> Judged:
        """Return whether an occasion's predicate holds for its run."""
        return judge(
            occasion.definition.draft.predicate,
            occasion.run,
            self._jobs.get(occasion.run.number, {}),
        )


def judge(text: str, run: Run, jobs: Mapping[str, JobFacts]) -> Judged:
    """Judge a predicate for a run."""
    try:
        found = predicates.parse(text).judge(values_of(run, jobs))
    except PredicateError as error:
        return Judged(holds=False, problem=f"Its predicate cannot be read: {error}")
    return Judged(holds=found.holds, problem=found.problem, seen=found.seen)


def values_of(run: Run, jobs: Mapping[str, JobFacts]) -> predicates.Values:
    """Return what predicates may ask of a run."""
    duration_s = None
    if run.started_at is not None and run.ended_at is not None:
        duration_s = (run.ended_at - run.started_at).total_seconds()
    return predicates.Values(
        run=run.number,
        type=run.type,
        duration_s=duration_s,
        parameters=run.parameters,
        jobs={
            name: predicates.JobValues(status=one.status, counters=counters_of(one.report))
            for name, one in jobs.items()
        },
    )


def counters_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counters of a report as a person sees them: their values alone."""
    return {one.key: one.value for one in reports.counters(report)}


def _jobs_of(text: str) -> frozenset[str]:
    """Return the hashes of whose jobs a predicate asks for anything."""
    try:
        return predicates.parse(text).jobs
    except PredicateError:
        return frozenset()
