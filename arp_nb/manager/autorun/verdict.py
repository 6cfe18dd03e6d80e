"""Whether an occasion makes a job. Pure: the same scene, the same verdict, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from arp_nb.ledger import Outcome, Why
from arp_nb.manager.autorun.occasions import IN_WORDS
from arp_nb.model import Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from arp_nb.ledger import Stop
    from arp_nb.manager.autorun.occasions import Occasion
    from arp_nb.model import Definition, Experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is so at the moment of a decision, beside the occasion itself."""

    now: datetime
    experiment: Experiment
    stop: Stop | None
    not_older_than: timedelta
    #: why definitions would never come to an end, in words, by their ids
    endless: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a predicate said of a run."""

    holds: bool = True
    problem: str = ""
    seen: Mapping[str, Any] = field(default_factory=dict)


class Judge(Protocol):
    """Judges a definition's predicate."""

    def __call__(self, occasion: Occasion) -> Judged:
        """Return whether it holds for the occasion's run."""


class Room(Protocol):
    """Knows how many more jobs a definition may have."""

    def __call__(self, definition: Definition) -> str:
        """Return why there is no room now, in words; empty where there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of an occasion."""

    outcome: Outcome
    why: Why = Why.NOTHING
    said: str = ""
    seen: Mapping[str, Any] = field(default_factory=dict)


def first(occasion: Occasion, scene: Scene, judge: Judge, room: Room) -> Verdict:
    """Decide on an occasion that nobody has decided on."""
    found = _no_consent(occasion) or _out_of_bounds(occasion, scene)
    if found is not None:
        return found
    if occasion.definition.paused_why == "edit":
        # what nobody consented to must not skip a run either
        waits = hindered(occasion, scene, room)
        assert waits is not None
        return waits
    found, seen = _asked(occasion, judge)
    return found or hindered(occasion, scene, room) or _fired(occasion, seen)


def again(
    occasion: Occasion,
    scene: Scene,
    room: Room,
    seen: Mapping[str, Any],
    judge: Judge | None,
    *,
    since: datetime | None,
) -> Verdict:
    """Decide on an occasion that waited.

    Parameters
    ----------
    since
        When it was last decided that it waits; None: a person lets it run, whenever that was.
    judge
        None: what was true of the run is not asked again; else the definition asks for
        something else by now.
    """
    definition = occasion.definition
    if definition.deleted_at is not None:
        gone = f"The batch def was deleted by {definition.deleted_by or 'somebody'} meanwhile."
        return Verdict(outcome=Outcome.SKIPPED, why=Why.REFUSED, said=gone, seen=seen)
    if not definition.autorun:
        taken = "Its autorun was unchecked while this waited."
        return Verdict(outcome=Outcome.SKIPPED, why=Why.UNCHECKED, said=taken, seen=seen)
    if since is not None and definition.autorun_at and since < definition.autorun_at:
        anew = f"{definition.autorun_by} checked autorun anew while this waited."
        return Verdict(outcome=Outcome.SKIPPED, why=Why.UNCHECKED, said=anew, seen=seen)
    found = _excluded(occasion)
    if found is None and not scene.experiment.active:
        found = _inactive(scene)
    if found is None and judge is not None and definition.paused_why != "edit":
        found, seen = _asked(occasion, judge)
    found = found or hindered(occasion, scene, room)
    if found is not None:
        return Verdict(outcome=found.outcome, why=found.why, said=found.said, seen=seen)
    return _fired(occasion, seen)


def hindered(occasion: Occasion, scene: Scene, room: Room) -> Verdict | None:
    """Return what it waits for; None: nothing."""
    definition = occasion.definition
    if scene.stop is not None:
        words = f"{scene.stop.by} stopped all autorun at {clock(scene.stop.at)}"
        return _waits(Why.STOPPED, _with(words, scene.stop.said))
    if definition.paused_why == "user":
        words = f"{definition.paused_by} paused it at {clock(definition.paused_at)}"
        return _waits(Why.PAUSED, _with(words, definition.paused_said))
    if definition.paused_why:
        return _waits(Why.CONSENT, f"{definition.paused_said} Check autorun again to go on.")
    if definition.consent_version != definition.version:  # whatever came to be so: never by itself
        return _waits(Why.CONSENT, "It was changed since. Check autorun again to go on.")
    full = room(definition)
    return _waits(Why.LIMIT, full) if full else None


def _no_consent(occasion: Occasion) -> Verdict | None:
    definition = occasion.definition
    if not definition.autorun or definition.autorun_at is None:
        return _skipped(Why.UNCHECKED, "Autorun was not checked.")
    if definition.autorun_at > occasion.at:
        what = IN_WORDS[definition.draft.trigger]
        return _skipped(
            Why.UNCHECKED,
            f"{definition.autorun_by} checked autorun at {clock(definition.autorun_at)}; only a "
            f"run that {what} after that counts, and this was {clock(occasion.at)}.",
        )
    return None


def _out_of_bounds(occasion: Occasion, scene: Scene) -> Verdict | None:
    """Return why autorun does not act here, whatever the definition asks for."""
    endless = scene.endless.get(occasion.definition.id)
    if endless is not None:
        return _skipped(Why.REFUSED, endless)
    excluded = _excluded(occasion)
    if excluded is not None:
        return excluded
    if not scene.experiment.active:
        return _inactive(scene)
    age = scene.now - occasion.at
    if age > scene.not_older_than:
        hours = age.total_seconds() / 3600
        limit = scene.not_older_than.total_seconds() / 3600
        return _skipped(
            Why.TOO_OLD,
            f"This was {hours:,.1f} h ago; autorun goes back {limit:g} h "
            "(autorun_not_older_than_s).",
        )
    return None


def _asked(occasion: Occasion, judge: Judge) -> tuple[Verdict | None, Mapping[str, Any]]:
    """Return why the run is not one that the definition asks for, and what was seen of it."""
    found = _of_another_type(occasion)
    if found is not None:
        return found, {}
    judged = judge(occasion)
    if judged.holds:
        return None, judged.seen
    said = judged.problem or _false(occasion.definition, judged)
    skipped = Verdict(outcome=Outcome.SKIPPED, why=Why.PREDICATE, said=said, seen=judged.seen)
    return skipped, judged.seen


def _of_another_type(occasion: Occasion) -> Verdict | None:
    types = [one.strip() for one in occasion.definition.draft.run_types.split(",") if one.strip()]
    if types and occasion.run.type not in types:
        kind = f"of type {occasion.run.type}" if occasion.run.type else "of no known type"
        return _skipped(Why.RUN_TYPE, f"The run is {kind}, and not of {', '.join(types)}.")
    return None


def _excluded(occasion: Occasion) -> Verdict | None:
    run = occasion.run
    if run.excluded_at is None:
        return None
    words = f"{run.excluded_by} took run {run.number} out of autorun"
    return _skipped(Why.EXCLUDED, _with(words, run.excluded_why))


def _inactive(scene: Scene) -> Verdict:
    return _skipped(Why.INACTIVE, f"{scene.experiment.name} is not active: it takes no data.")


def _fired(occasion: Occasion, seen: Mapping[str, Any]) -> Verdict:
    draft = occasion.definition.draft
    what = f"the run {IN_WORDS[occasion.trigger]}"
    if occasion.trigger is Trigger.AFTER:
        what = f"{draft.after} is DONE on this run"
    because = f" ({occasion.cause})" if occasion.cause else ""
    said = f"Started {{job}} as {occasion.definition.autorun_by}: {what}{because}."
    return Verdict(outcome=Outcome.FIRED, said=said, seen=seen)


def _false(definition: Definition, judged: Judged) -> str:
    values = ", ".join(f"{name} = {value}" for name, value in judged.seen.items())
    return f"Its predicate is false: {definition.draft.predicate} (with {values or 'no values'})."


def _waits(why: Why, said: str) -> Verdict:
    return Verdict(outcome=Outcome.WAITING, why=why, said=said)


def _skipped(why: Why, said: str) -> Verdict:
    return Verdict(outcome=Outcome.SKIPPED, why=why, said=said)


def _with(words: str, said: str) -> str:
    return f"{words}: {said}" if said else f"{words}."


def clock(at: datetime | None) -> str:
    """Return a time as the ledger says it."""
    return "an unknown time" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
