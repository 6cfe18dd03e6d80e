"""On which of the last runs a definition would have fired, and what that would have cost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from arp_nb.ledger import Outcome
from arp_nb.manager.autorun import occasions, verdict
from arp_nb.manager.autorun.judging import Judging
from arp_nb.model import Definition, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arp_nb.manager.autorun.occasions import Occasion
    from arp_nb.model import DefinitionDraft, Experiment, Run
    from arp_nb.store.base import Store

MOST_RUNS = 1000
#: past jobs that the cost is reckoned from
_PAST_JOBS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What would have become of one run."""

    run: int
    fires: bool
    why: str
    said: str
    seen: Mapping[str, Any] = field(default_factory=dict)
    event_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What would have become of the last runs, newest first."""

    runs: Sequence[Tried]
    #: jobs that would have been made
    jobs: int
    core_hours_per_job: float | None
    #: of how many past jobs that is the mean
    based_on: int
    said: str

    @property
    def fires(self) -> int:
        """On how many runs it would have fired."""
        return sum(one.fires for one in self.runs)

    @property
    def core_hours(self) -> float | None:
        """All jobs together; None where no job of the past tells."""
        return None if self.core_hours_per_job is None else self.jobs * self.core_hours_per_job


async def backtest(
    store: Store,
    experiment: Experiment,
    draft: DefinitionDraft,
    *,
    like: Definition | None,
    last: int,
    now: datetime,
) -> Backtest:
    """Try a draft on the last runs. Nothing is changed.

    Parameters
    ----------
    like
        The definition whose past jobs tell the cost; None: there is none.
    last
        How many runs, the newest.
    """
    if draft.trigger is Trigger.MANUAL:
        draft = replace(draft, trigger=Trigger.END_OF_RUN)  # as checking its box would
    definition = _as_if(experiment, draft, like, now)
    runs = await store.newest_runs(experiment.id, last)
    found = await _occasions(store, experiment, definition, runs, now)
    flat = [one for some in found.values() for one in some]
    judging = await Judging.of(store, experiment.id, flat)
    scene = verdict.Scene(
        now=now,
        experiment=replace(experiment, active=True),
        stop=None,
        not_older_than=timedelta.max,
    )
    tried, jobs = [], 0
    for run in runs:
        verdicts: list[verdict.Verdict] = []
        for one in found.get(run.number, ()):
            verdicts.append(verdict.first(one, scene, judging, lambda _: ""))
            await judging.give_way()
        tried.append(_tried(run, found.get(run.number, ()), verdicts))
        jobs += sum(one.outcome is Outcome.FIRED for one in verdicts)
    per_job, based_on, cost = await _cost(store, like)
    fires = sum(one.fires for one in tried)
    made = "1 job" if jobs == 1 else f"{jobs} jobs"
    said = f"It would have fired on {fires} of the last {len(tried)} runs: {made}. {cost}"
    return Backtest(
        runs=tried, jobs=jobs, core_hours_per_job=per_job, based_on=based_on, said=said
    )


def _as_if(
    experiment: Experiment, draft: DefinitionDraft, like: Definition | None, now: datetime
) -> Definition:
    """Return a definition whose box had always been checked."""
    version = like.version if like else 1
    return Definition(
        id=like.id if like else 0,
        experiment_id=experiment.id,
        version=version,
        consent_version=version,
        draft=draft,
        autorun=True,
        autorun_by="you",
        autorun_at=datetime.min.replace(tzinfo=UTC),
        changed_by="you",
        changed_at=now,
    )


async def _occasions(
    store: Store,
    experiment: Experiment,
    definition: Definition,
    runs: Sequence[Run],
    now: datetime,
) -> dict[int, list[Occasion]]:
    by_number = {one.number: one for one in runs}
    draft = definition.draft
    found: dict[int, list[Occasion]] = {}
    if draft.trigger is Trigger.AFTER:
        causes: set[tuple[int, str]] = set()
        for done in await store.done_jobs(experiment.id, draft.after, list(by_number)):
            for one in occasions.after(done, by_number[done.run], [definition], now):
                if (done.run, one.cause) not in causes:
                    causes.add((done.run, one.cause))
                    found.setdefault(done.run, []).append(one)
        return found
    for run in runs:
        found[run.number] = list(occasions.of_run(run, [definition], now))
    return found


def _tried(run: Run, found: Sequence[Occasion], verdicts: Sequence[verdict.Verdict]) -> Tried:
    if not found:
        said = f"Run {run.number} never came to that."
        return Tried(run=run.number, fires=False, why="none", said=said)
    fired = [one.outcome is Outcome.FIRED for one in verdicts]
    chosen = fired.index(True) if any(fired) else 0
    one = verdicts[chosen]
    said = "It would have fired." if fired[chosen] else one.said
    return Tried(
        run=run.number,
        fires=any(fired),
        why=one.why.value,
        said=said,
        seen=one.seen,
        event_at=found[chosen].at,
    )


async def _cost(store: Store, like: Definition | None) -> tuple[float | None, int, str]:
    """Return core hours per job, of how many jobs, and in words."""
    past = (await store.past_jobs(like.id, _PAST_JOBS)).hours if like else ()
    if not past:
        return None, 0, "No job of it has ended yet, so what they cost is not known."
    mean = sum(hours * (cores or 1) for hours, cores in past) / len(past)
    unknown = sum(cores is None for _, cores in past)
    words = f"A job took {_amount(mean)} (mean of {len(past)})"
    if unknown:
        words += f"; of {unknown} the cores are not known, and count as one"
    return mean, len(past), f"{words}."


def _amount(core_hours: float) -> str:
    """Say an amount so that nobody has to count zeros."""
    if core_hours < 0.01:
        return f"{core_hours * 3600:.3g} core seconds"
    return f"{core_hours:.3g} core hours"
