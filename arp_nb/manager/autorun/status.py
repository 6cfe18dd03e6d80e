"""Whether autorun acts, in words, and how each definition stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arp_nb.errors import PredicateError
from arp_nb.manager.autorun.chains import endless
from arp_nb.manager.autorun.held import counted
from arp_nb.manager.autorun.occasions import ALWAYS_GIVEN, IN_WORDS
from arp_nb.manager.autorun.rooms import HOUR
from arp_nb.manager.autorun.verdict import clock
from arp_nb.model import Trigger
from arp_nb.predicates import parse
from arp_nb.store.deciding import NO_TALLY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from arp_nb.ledger import Stop
    from arp_nb.manager.autorun.standing import SourceStanding
    from arp_nb.manager.context import Context
    from arp_nb.model import Definition, Experiment
    from arp_nb.store.deciding import Tally


@dataclass(frozen=True, slots=True)
class DefinitionStanding:
    """How the autorun of one definition stands."""

    definition: Definition
    #: why it can never start, in words; empty: it can
    problem: str
    tally: Tally
    #: jobs that autorun made, and that are not submitted as long as it is stopped or paused
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How autorun stands."""

    #: why it starts nothing now, in words
    cannot: Sequence[str]
    #: what its user should know
    caveats: Sequence[str]
    stop: Stop | None
    sources: Sequence[SourceStanding]
    #: lines of the ledger
    waiting: int
    #: jobs that were made, and are not submitted as long as it is stopped or paused
    held: int
    definitions: Sequence[DefinitionStanding] = ()


async def status(context: Context, experiment: Experiment | None) -> Status:
    """Tell how autorun stands, and with an experiment its definitions."""
    standing = context.standing
    cannot: list[str] = []
    if standing.stop is not None:
        why = f" “{standing.stop.said}”" if standing.stop.said else ""
        cannot.append(f"{standing.stop.by} stopped all autorun at {clock(standing.stop.at)}.{why}")
    trouble = standing.trouble
    if trouble is not None:
        cannot.append(
            f"It cannot decide on anything since {clock(trouble.since)} ({trouble.said}). It goes "
            "on by itself once it can; the log of the batch manager has more."
        )
    if not context.health.now.client_ok:
        cannot.append("The batch client is not there: jobs are made, and start once it is back.")
    if experiment is not None and not experiment.active:
        cannot.append(f"{experiment.name} is not active: autorun acts in active experiments only.")
    found: Sequence[DefinitionStanding] = ()
    held = await counted(context, None if experiment is None else experiment.id)
    if experiment is not None:
        found = await _definitions(context, experiment, held)
    return Status(
        cannot=cannot,
        caveats=_caveats(context),
        stop=standing.stop,
        sources=[standing.sources[name] for name in sorted(standing.sources)],
        waiting=await context.store.waiting(None if experiment is None else experiment.id),
        held=sum(held.values()),
        definitions=found,
    )


def _caveats(context: Context) -> list[str]:
    awake = (
        f"Autorun acts while {context.host} is awake and the batch manager of {context.user} "
        "runs there; what it misses it catches up with."
    )
    caveats = [awake]
    if not context.standing.sources:
        caveats.append(
            "No run source is set in config.toml: runs come from notebooks, 'jupyter arp run' "
            "and the API."
        )
    caveats += [
        f"The run source {name} is down since {clock(one.since)}: {one.said}"
        for name, one in sorted(context.standing.sources.items())
        if not one.ok
    ]
    return caveats


async def _definitions(
    context: Context, experiment: Experiment, held: Mapping[int, int]
) -> list[DefinitionStanding]:
    store = context.store
    tallies = await store.tallies(experiment.id, context.clock() - HOUR)
    definitions = await store.definitions(experiment.id)
    names = {one.name for one in definitions}
    rounds = endless(definitions)
    given = context.standing.given()
    return [
        DefinitionStanding(
            one,
            rounds.get(one.id) or problem_of(one, names, given),
            tallies.get(one.id, NO_TALLY),
            held.get(one.id, 0),
        )
        for one in definitions
    ]


def problem_of(definition: Definition, names: Collection[str], given: Collection[Trigger]) -> str:
    """Return why autorun can never start a definition as it is, in words; empty if it can."""
    draft = definition.draft
    if definition.autorun and draft.trigger is Trigger.MANUAL:
        return "It is applied by hand: say what starts it, or uncheck autorun."
    if draft.trigger not in ALWAYS_GIVEN and draft.trigger not in given:
        return f"No run source here tells when a run {IN_WORDS[draft.trigger]}."
    if draft.trigger is Trigger.AFTER and draft.after not in names:
        there_is_none = f"There is no batch def {draft.after!r} to run after."
        return there_is_none if draft.after else "Say which batch def it runs after."
    if draft.trigger is Trigger.RUN_PARAM_IS_VALUE and not draft.run_param:
        return "Say which run parameter it waits for."
    try:
        parse(draft.predicate)
    except PredicateError as error:
        return f"Its predicate cannot be read: {error}"
    return ""
