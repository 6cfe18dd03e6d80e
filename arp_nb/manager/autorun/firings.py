"""What the jobs of one round of decisions are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arp_nb.manager.command_lines import argv_of
from arp_nb.model import Trigger
from arp_nb.store.deciding import Firing

if TYPE_CHECKING:
    from arp_nb.manager.autorun.occasions import Occasion
    from arp_nb.manager.seat import Seat
    from arp_nb.model import Experiment


class Firings:
    """Makes them; where a definition runs is asked once in a round."""

    def __init__(self, seat: Seat, experiment: Experiment) -> None:
        self._seat = seat
        self._experiment = experiment
        self._locations: dict[str, str] = {}

    async def of(self, occasion: Occasion) -> Firing:
        """Return what an occasion's job is made of. `InvalidValue` where none can be."""
        draft = occasion.definition.draft
        if draft.location not in self._locations:
            location = draft.location or await self._seat.default_location()
            await self._seat.check_location(location)
            self._locations[draft.location] = location
        return Firing(
            argv=argv_of(draft, self._experiment.name, occasion.run.number, draft.parameters),
            parameters=draft.parameters,
            location=self._locations[draft.location],
            # what runs after a job does so after each that a person asks for
            once_per_run=occasion.trigger is not Trigger.AFTER,
        )
