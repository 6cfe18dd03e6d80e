"""Judges predicates: what a run's row and its earlier jobs say, in the words of predicates."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from arp_nb import predicates, reports
from arp_nb.errors import PredicateError
from arp_nb.manager.autorun.verdict import Judged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arp_nb.manager.autorun.occasions import Occasion
    from arp_nb.model import Run
    from arp_nb.store.base import Store
    from arp_nb.store.deciding import JobFacts

#: the loop is anybody's again after so long
_TURN_S = 0.005
_now_s = time.perf_counter


class _Turn:
    """Gives the loop back between pieces of work that are short, and many."""

    def __init__(self) -> None:
        self._since_s = _now_s()

    async def give(self) -> None:
        if _now_s() - self._since_s > _TURN_S:
            await asyncio.sleep(0)
            self._since_s = _now_s()


class _Readings:
    """Predicates, each read once: there may be more of them than `parse` remembers."""

    def __init__(self) -> None:
        self._found: dict[str, predicates.Predicate | str] = {}

    def __getitem__(self, text: str) -> predicates.Predicate | str:
        """Return the predicate, or why it cannot be read."""
        if text not in self._found:
            try:
                self._found[text] = predicates.parse(text)
            except PredicateError as error:
                self._found[text] = f"Its predicate cannot be read: {error}"
        return self._found[text]


class Judging:
    """Knows the jobs of some runs, where any predicate asks for them."""

    def __init__(self, jobs: Mapping[int, Mapping[str, JobFacts]], readings: _Readings) -> None:
        self._jobs = jobs
        self._readings = readings
        self._turn = _Turn()
        #: of the run that was asked for last: a run's definitions come one after the other
        self._values: tuple[int, predicates.Values] | None = None

    @classmethod
    async def of(cls, store: Store, experiment_id: int, found: Iterable[Occasion]) -> Judging:
        """Read what the predicates of occasions need."""
        readings, turn = _Readings(), _Turn()
        runs: set[int] = set()
        hashes: set[str] = set()
        for one in found:
            read = readings[one.definition.draft.predicate]
            if isinstance(read, predicates.Predicate) and read.jobs:
                runs.add(one.run.number)
                hashes |= read.jobs
            await turn.give()
        jobs = await store.latest_reports(experiment_id, runs, hashes) if runs else {}
        return cls(jobs, readings)

    async def give_way(self) -> None:
        """Let others have the loop if judging, and what is done of it, has held it for long."""
        await self._turn.give()

    def __call__(self, occasion: Occasion) -> Judged:
        """Return whether an occasion's predicate holds for its run."""
        run = occasion.run
        if self._values is None or self._values[0] != run.number:
            self._values = (run.number, values_of(run, self._jobs.get(run.number, {})))
        return _judged(self._readings[occasion.definition.draft.predicate], self._values[1])


def judge(text: str, run: Run, jobs: Mapping[str, JobFacts]) -> Judged:
    """Judge a predicate for a run."""
    return _judged(_Readings()[text], values_of(run, jobs))


def _judged(read: predicates.Predicate | str, values: predicates.Values) -> Judged:
    if isinstance(read, str):
        return Judged(holds=False, problem=read)
    found = read.judge(values)
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
            name: predicates.JobValues(status=one.status, counters=_Counters(one.report))
            for name, one in jobs.items()
        },
    )


def counters_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counters of a report as a person sees them: their values alone."""
    return {one.key: one.value for one in reports.counters(report)}


class _Counters(Mapping[str, Any]):
    """`counters_of` a report, each read when it is asked for: few are, of up to hundreds."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        posted = report.get("counters")
        self._posted = posted if isinstance(posted, Mapping) else counters_of(report)

    def __getitem__(self, key: str) -> Any:
        return counters_of({"counters": {key: self._posted[key]}})[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._posted)

    def __len__(self) -> int:
        return len(self._posted)
