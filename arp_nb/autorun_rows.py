"""The JSON of autorun: lines of the ledger, the stop, run sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from arp_nb.rows import iso

if TYPE_CHECKING:
    from arp_nb.ledger import Entry, Stop


class EntryRow(TypedDict):
    """One line of the ledger; without an id: it is told, and not kept."""

    id: int | None
    experiment_id: int
    run: int
    definition_id: int
    hash: str
    version: int
    trigger: str
    #: what beside the run: "beam=on", "job 17"
    cause: str
    #: "fired", "waiting", "skipped"; "none": nothing has happened yet
    outcome: str
    #: in one word; see `arp_nb.ledger.Why`
    why: str
    #: the whole of it, in words
    said: str
    #: what the predicate saw
    seen: dict[str, Any]
    job_id: int | None
    #: as whom its job runs
    user: str
    event_at: str | None
    decided_at: str | None
    revision: int


class StopRow(TypedDict):
    """Who stopped all autorun."""

    by: str
    at: str
    said: str


class SourceRow(TypedDict):
    """Whether a run source answers."""

    name: str
    kind: str
    ok: bool
    since: str
    said: str
    gives: list[str]
    experiments: list[str]


def entry_row(entry: Entry) -> EntryRow:
    """Make the row of a line."""
    return {
        "id": entry.id,
        "experiment_id": entry.experiment_id,
        "run": entry.run,
        "definition_id": entry.definition_id,
        "hash": entry.hash,
        "version": entry.version,
        "trigger": entry.trigger.value,
        "cause": entry.cause,
        "outcome": entry.outcome.value,
        "why": entry.why.value,
        "said": entry.said,
        "seen": dict(entry.seen),
        "job_id": entry.job_id,
        "user": entry.user,
        "event_at": iso(entry.event_at),
        "decided_at": iso(entry.decided_at),
        "revision": entry.revision,
    }


def stop_row(stop: Stop | None) -> StopRow | None:
    """Make the row of a stop."""
    if stop is None:
        return None
    return {"by": stop.by, "at": stop.at.isoformat(), "said": stop.said}
