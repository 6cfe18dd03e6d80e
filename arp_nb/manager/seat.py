"""The batch client's seat in the manager: who sits there, and where it can submit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from arp_nb.errors import ArpError, ClientAbsent, InvalidValue
from arp_nb.model import ScriptCheck

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from arp_nb.ports import Advice, ClientPort
    from arp_nb.settings import Settings

_log = logging.getLogger(__name__)
LOCAL = "local"
#: who asks for a client that is on its way waits so long, counted from when it was announced
EXPECTED_S = 2.0


class Seat:
    """Where the batch client sits; empty until one is attached."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: ClientPort | None = None
        self._taken = asyncio.Event()
        self._expected_until_s = 0.0

    def expect(self, within_s: float = EXPECTED_S) -> None:
        """Say that a client is about to come: those who need one wait for it a little."""
        self._expected_until_s = asyncio.get_running_loop().time() + within_s

    def take(self, client: ClientPort | None) -> None:
        """Seat a client, or with None empty the seat."""
        self._client = client
        if client is None:
            self._taken.clear()
        else:
            self._taken.set()

    async def is_taken(self) -> bool:
        """Whether a client is there, or comes within the time that it was announced for."""
        left_s = self._expected_until_s - asyncio.get_running_loop().time()
        if self._client is None and left_s > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._taken.wait(), left_s)
        return self._client is not None

    async def client(self) -> ClientPort:
        """Return the client.

        Raises
        ------
        ClientAbsent
            Nobody sits there.
        """
        if not await self.is_taken() or self._client is None:
            raise ClientAbsent(
                "The batch client, which acts as you, is not running. What you asked for is "
                "kept where it can be; see 'jupyter arp manager status'."
            )
        return self._client

    async def check(self, executable: str) -> ScriptCheck:
        """Have a script looked at as the user; *not checked* while that cannot be done."""
        if not await self.is_taken() or self._client is None:
            return ScriptCheck()
        try:
            return await self._client.check(executable)
        except ArpError as error:
            _log.warning("The script %s could not be checked: %s", executable, error)
            return ScriptCheck(problem=f"not checked: {error}")

    async def locations(self) -> Mapping[str, str]:
        """Name of each location where jobs can go, and why; empty while no client is there."""
        if not await self.is_taken() or self._client is None:
            return {}
        return await self._client.locations()

    async def not_offered(self) -> Mapping[str, str]:
        """Return the locations that are not offered, and why; empty while no client is there."""
        if not await self.is_taken() or self._client is None:
            return {}
        return await self._client.not_offered()

    async def advice(self) -> Mapping[str, Sequence[Advice]]:
        """Ask what the admins of locations should know; empty while no client is there."""
        if not await self.is_taken() or self._client is None:
            return {}
        return await self._client.advice()

    async def remote_locations(self) -> Collection[str]:
        """Those whose jobs run on other machines; empty while no client is there."""
        if not await self.is_taken() or self._client is None:
            return ()
        return await self._client.remote_locations()

    async def default_location(self) -> str:
        """Where a definition runs that does not say; empty while that cannot be known."""
        if self._settings.default_location:
            return self._settings.default_location
        return default_of(tuple(await self.locations()))

    async def check_location(self, location: str) -> None:
        """Refuse a location that does not exist; without a client none can be refused."""
        known = await self.locations()
        if location and known and location not in known:
            raise InvalidValue(
                f"There is no location {location!r} here. There are: {', '.join(sorted(known))}."
            )


def default_of(locations: tuple[str, ...]) -> str:
    """Return the first location, the local scheduler only where there is no other."""
    others = [name for name in locations if name != LOCAL]
    return others[0] if others else next(iter(locations), "")
