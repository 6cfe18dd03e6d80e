"""Decisions of autorun to put to a store, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from arp_nb.ledger import Entry, Outcome, Why
from arp_nb.model import Definition, Job, Trigger
from arp_nb.store.base import JobFilter, Store
from arp_nb.store.deciding import Decision, Firing, LedgerFilter
from tests.contract.stores import NOW

FIRING = Firing(argv=("/sdf/run.sh",), parameters="-q milano", location="local")


def decision(definition: Definition, run: int, why: str = "", **more: Any) -> Decision:
    """One that fires, or with a reason: one that waits for a limit, or is skipped."""
    firing = replace(more.pop("firing", FIRING), argv=("/sdf/run.sh", str(run)))
    fields: dict[str, Any] = {
        "experiment_id": definition.experiment_id,
        "definition_id": definition.id,
        "hash": definition.name,
        "version": definition.version,
        "run": run,
        "trigger": Trigger.END_OF_RUN,
        "outcome": Outcome.FIRED if not why else Outcome.SKIPPED,
        "why": Why(why),
        "said": "Started {job} as ada." if not why else f"{why} on run {run}",
        "user": "ada",
        "event_at": NOW,
        "decided_at": NOW,
    }
    if why in {"limit", "paused", "stopped", "consent"}:
        fields["outcome"] = Outcome.WAITING
    return Decision(entry=Entry(**{**fields, **more}), firing=None if why else firing)


def again(entry: Entry, why: str = "", outcome: Outcome = Outcome.FIRED) -> Decision:
    """Decide on a line once more."""
    firing = None if why else replace(FIRING, argv=("/sdf/run.sh", str(entry.run)))
    changed = replace(entry, outcome=outcome, why=Why(why), said="now {job}", decided_at=NOW)
    return Decision(entry=changed, firing=firing)


async def lines(store: Store, **which: Any) -> list[Entry]:
    """The ledger, oldest first."""
    found, _ = await store.ledger(LedgerFilter(**{"oldest_first": True, "limit": 10_000, **which}))
    return list(found)


async def jobs(store: Store) -> list[Job]:
    """All jobs, oldest first."""
    return list(await store.jobs(JobFilter(oldest_first=True, deleted=True)))
