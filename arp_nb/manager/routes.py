"""Whether jobs of a location have ever reached the update listener.

That a port is open here says nothing of a node's way to it, and a script that posts where no
way leads fails. So the first post of a location's job is remembered for good, and until then
whoever applies there is warned.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from arp_nb.errors import ArpError
from arp_nb.status import title

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from arp_nb.manager.seat import Seat
    from arp_nb.store.base import Store

_log = logging.getLogger(__name__)
_UNSEEN = (
    "No job has reported from {name} yet. Jobs there will post to {base}: where no node can reach "
    "that, a bare post() in a script fails, and the job with it. If the nodes know this machine "
    "by another address, set update_listen, or public_url, in config.toml, and restart the "
    "manager. The first post that arrives ends this warning."
)


class Routes:
    """The ways from each location to the update listener.

    Parameters
    ----------
    base
        What update addresses begin with now. A way to another address proves nothing.
    """

    def __init__(self, store: Store, seat: Seat, base: str, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._seat = seat
        self._base = base
        self._clock = clock
        #: locations that are known to have reported
        self._seen: set[str] = set()

    async def arrived(self, location: str) -> None:
        """Remember that a post came from there. Only the first costs anything."""
        if location in self._seen or not location:
            return
        self._seen.add(location)  # first: of many posts at once, one is kept
        try:
            if await self.first_post(location) is None:
                value = f"{self._clock().isoformat()} {self._base}"
                await self._store.set_meta(_name(location), value)
        except ArpError as error:
            # the post itself is kept, and the next one tries again
            self._seen.discard(location)
            _log.warning("The first post from %s could not be remembered: %s", location, error)

    async def first_post(self, location: str) -> str | None:
        """Return when the first post came from there to this address; None: never."""
        at, _, base = (await self._store.get_meta(_name(location)) or "").partition(" ")
        return at if at and base == self._base else None

    async def first_posts(self) -> Mapping[str, str | None]:
        """Return that for each location whose jobs run on other machines."""
        remote = await self._seat.remote_locations()
        return {name: await self.first_post(name) for name in sorted(remote)}

    async def warnings(self, location: str) -> Sequence[str]:
        """Say what whoever applies there should know."""
        if location not in await self._seat.remote_locations():
            return ()
        if await self.first_post(location) is not None:
            return ()
        return (_UNSEEN.format(name=title(location), base=self._base),)


def _name(location: str) -> str:
    return f"first_post:{location}"
