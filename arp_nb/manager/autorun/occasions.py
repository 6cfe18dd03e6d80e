"""Occasions: what there is to decide on, read off the facts of runs and of ended jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arp_nb.model import Trigger
from arp_nb.store.records import from_us

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from arp_nb.model import Definition, DefinitionDraft, Run
    from arp_nb.store.deciding import DoneJob

#: which fact of a run each trigger waits for
FACTS: Mapping[Trigger, str] = {
    Trigger.START_OF_RUN: "started_at",
    Trigger.END_OF_RUN: "ended_at",
    Trigger.FIRST_FILE_TRANSFERRED: "first_file_at",
    Trigger.ALL_FILES_TRANSFERRED: "all_files_at",
    Trigger.ALL_NONREC_FILES_TRANSFERRED: "nonrec_files_at",
}
#: told by whoever ends runs; all others need a run source
ALWAYS_GIVEN = frozenset({
    Trigger.MANUAL, Trigger.START_OF_RUN, Trigger.END_OF_RUN, Trigger.RUN_PARAM_IS_VALUE,
    Trigger.AFTER,
})  # fmt: skip
IN_WORDS: Mapping[Trigger, str] = {
    Trigger.MANUAL: "is applied by hand",
    Trigger.START_OF_RUN: "starts",
    Trigger.END_OF_RUN: "ends",
    Trigger.FIRST_FILE_TRANSFERRED: "has its first file transferred",
    Trigger.ALL_FILES_TRANSFERRED: "has all its files transferred",
    Trigger.ALL_NONREC_FILES_TRANSFERRED: "has all its files but recordings transferred",
    Trigger.RUN_PARAM_IS_VALUE: "has the parameter's value",
    Trigger.AFTER: "has the other batch def done",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A definition's trigger holds for a run, since a time."""

    definition: Definition
    run: Run
    cause: str
    at: datetime
    #: of a line that has waited: what it waited for, whatever the definition waits for now
    waited_for: Trigger | None = None

    @property
    def trigger(self) -> Trigger:
        """Which trigger it is that holds."""
        return self.waited_for or self.definition.draft.trigger


def of_run(run: Run, definitions: Iterable[Definition], now: datetime) -> Iterator[Occasion]:
    """Yield the occasions that a run's own facts are, whatever was decided before."""
    for definition in definitions:
        found = fact(definition.draft, run, now)
        if found is not None:
            cause, at = found
            yield Occasion(definition=definition, run=run, cause=cause, at=at)


def fact(draft: DefinitionDraft, run: Run, now: datetime) -> tuple[str, datetime] | None:
    """Return the cause, and since when the trigger holds for a run; None: it does not.

    A time is never later than ``now``: clocks of sources may be ahead.
    """
    if draft.trigger is Trigger.RUN_PARAM_IS_VALUE:
        return _parameter(draft, run, now)
    name = FACTS.get(draft.trigger)
    at: datetime | None = getattr(run, name) if name else None
    return None if at is None else ("", min(at, now))


def _parameter(draft: DefinitionDraft, run: Run, now: datetime) -> tuple[str, datetime] | None:
    """Return since when it has its value; what is not known of old runs was so at their end."""
    name = draft.run_param
    if not name or name not in run.parameters:
        return None
    value = as_text(run.parameters[name])
    if value != draft.run_value.strip():
        return None
    since_us = run.parameters_since_us.get(name)
    at = run.ended_at or now if since_us is None else from_us(since_us)
    return f"{name}={value}", min(at, now)


def as_text(value: Any) -> str:
    """Return a parameter's value as a person writes it: 5 for 5.0, true for True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).strip()


def after(
    done: DoneJob, run: Run, definitions: Iterable[Definition], now: datetime
) -> Iterator[Occasion]:
    """Yield the occasions that a job is whose end others wait for."""
    for definition in definitions:
        draft = definition.draft
        if draft.trigger is Trigger.AFTER and draft.after == done.hash:
            at = min(done.ended_at or now, now)
            yield Occasion(definition=definition, run=run, cause=f"job {done.root_id}", at=at)
