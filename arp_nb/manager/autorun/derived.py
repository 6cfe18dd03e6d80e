"""What is told of a definition and a run that have no line in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arp_nb.ledger import Entry, Outcome, Why
from arp_nb.manager.autorun import occasions
from arp_nb.manager.autorun.verdict import clock
from arp_nb.model import Trigger

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from arp_nb.model import Definition, Run


_SOON = "It is about to be decided on."
_MISSED = (
    "It was not decided on: the batch def was not there then, or was for something else. Apply it "
    "by hand."
)


def missing(
    definitions: Iterable[Definition],
    runs: Iterable[Run],
    known: Collection[tuple[int, int]],
    now: datetime,
    reached: int,
) -> list[Entry]:
    """Return a line for each pair of definition and run, but those that have one.

    Parameters
    ----------
    reached
        Up to which revision runs have been decided on.
    """
    defs = list(definitions)
    return [
        _line(definition, run, now, is_decided=run.revision <= reached)
        for run in runs
        for definition in defs
        if (definition.id, run.number) not in known
    ]


def _line(definition: Definition, run: Run, now: datetime, *, is_decided: bool) -> Entry:
    outcome, why, said, at = _said(definition, run, now)
    if is_decided and said == _SOON:
        said = _MISSED
    return Entry(
        experiment_id=run.experiment_id,
        definition_id=definition.id,
        hash=definition.name,
        version=definition.version,
        run=run.number,
        trigger=definition.draft.trigger,
        outcome=outcome,
        why=why,
        said=said,
        user=definition.autorun_by or "",
        event_at=at,
        decided_at=None,
    )


def _said(
    definition: Definition, run: Run, now: datetime
) -> tuple[Outcome, Why, str, datetime | None]:
    draft = definition.draft
    if draft.trigger is Trigger.MANUAL:
        return Outcome.NONE, Why.UNCHECKED, "It is applied by hand.", None
    found = occasions.fact(draft, run, now)
    if found is None:
        return Outcome.NONE, Why.NOTHING, _not_yet(definition, run), None
    at = found[1]
    if definition.autorun_at is not None and definition.autorun_at <= at:
        return Outcome.NONE, Why.NOTHING, _SOON, at
    said = "Autorun was not checked then."
    if definition.autorun_at is not None:
        said = f"Autorun was checked at {clock(definition.autorun_at)}, after this."
    return Outcome.SKIPPED, Why.UNCHECKED, said, at


def _not_yet(definition: Definition, run: Run) -> str:
    draft = definition.draft
    match draft.trigger:
        case Trigger.AFTER:
            return f"No job of {draft.after or 'another batch def'} is DONE on run {run.number}."
        case Trigger.RUN_PARAM_IS_VALUE:
            name = draft.run_param or "No parameter"
            return f"{name} is not {draft.run_value!r} on run {run.number}."
        case Trigger.END_OF_RUN:
            return f"Run {run.number} has not ended."
        case Trigger.START_OF_RUN:
            return f"Run {run.number} has not started."
        case _:
            return f"Nobody has told that run {run.number} {occasions.IN_WORDS[draft.trigger]}."
