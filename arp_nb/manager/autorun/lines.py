"""Lines of the ledger, and what their jobs are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arp_nb.errors import ArpError
from arp_nb.ledger import Entry, Outcome, Why
from arp_nb.store.deciding import Decision

if TYPE_CHECKING:
    from arp_nb.manager.autorun.firings import Firings
    from arp_nb.manager.autorun.occasions import Occasion
    from arp_nb.manager.autorun.rooms import Rooms
    from arp_nb.manager.autorun.verdict import Scene, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What decisions of one transaction share: its time, what is so then, and room."""

    scene: Scene
    rooms: Rooms
    firings: Firings

    async def decision(
        self, occasion: Occasion, found: Verdict, waited: Entry | None = None
    ) -> Decision:
        """Make the line, and what its job is made of."""
        definition = occasion.definition
        entry = Entry(
            id=None if waited is None else waited.id,
            experiment_id=definition.experiment_id,
            definition_id=definition.id,
            hash=definition.name,
            version=definition.version,
            run=occasion.run.number,
            trigger=occasion.trigger,
            cause=occasion.cause,
            outcome=found.outcome,
            why=found.why,
            said=found.said,
            seen=found.seen,
            user=definition.autorun_by or "",
            event_at=occasion.at,
            decided_at=self.scene.now,
        )
        if found.outcome is not Outcome.FIRED:
            return Decision(entry=entry)
        try:
            firing = await self.firings.of(occasion)
        except ArpError as error:
            refused = replace(
                entry,
                outcome=Outcome.SKIPPED,
                why=Why.REFUSED,
                said=f"No job can be made: {error}",
            )
            return Decision(entry=refused)
        self.rooms.take(definition)
        return Decision(entry=entry, firing=firing)
