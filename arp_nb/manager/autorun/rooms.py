"""How many more jobs a definition may have: limits at once, and per hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from arp_nb.store.deciding import NO_TALLY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from arp_nb.model import Definition
    from arp_nb.store.base import Store
    from arp_nb.store.deciding import Tally

HOUR = timedelta(hours=1)


class Rooms:
    """Counts down while decisions are made that the store does not know of yet."""

    def __init__(self, tallies: Mapping[int, Tally]) -> None:
        self._tallies = dict(tallies)

    @classmethod
    async def of(
        cls, store: Store, experiment_id: int, definitions: Iterable[Definition], now: datetime
    ) -> Rooms:
        """Read how many jobs definitions of an experiment have, where any has a limit."""
        if not any(one.draft.most_at_once or one.draft.most_per_hour for one in definitions):
            return cls({})
        return cls(await store.tallies(experiment_id, now - HOUR))

    def __call__(self, definition: Definition) -> str:
        """Return why there is no room now, in words; empty where there is."""
        draft, tally = definition.draft, self._tallies.get(definition.id, NO_TALLY)
        if 0 < draft.most_at_once <= tally.active:
            return f"{tally.active} of its jobs are going; {draft.most_at_once} may be at once."
        if 0 < draft.most_per_hour <= tally.fired_since:
            return (
                f"{tally.fired_since} were started within an hour; {draft.most_per_hour} may be."
            )
        return ""

    def left(self, definition: Definition) -> int | None:
        """Return how many more there may be; None: any number."""
        draft, tally = definition.draft, self._tallies.get(definition.id, NO_TALLY)
        bounds = [
            most - used
            for most, used in (
                (draft.most_at_once, tally.active),
                (draft.most_per_hour, tally.fired_since),
            )
            if most
        ]
        return max(min(bounds), 0) if bounds else None

    def take(self, definition: Definition) -> None:
        """Count one job more."""
        tally = self._tallies.get(definition.id, NO_TALLY)
        self._tallies[definition.id] = replace(
            tally, active=tally.active + 1, fired_since=tally.fired_since + 1
        )
