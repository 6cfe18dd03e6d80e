"""Running the batch client for as long as the manager lives, whatever happens to it."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from arp_nb.errors import ArpError
from arp_nb.ports import Health

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from arp_nb.ports import ManagerPort

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0


async def keep_running(run: Callable[[], Awaitable[None]], port: ManagerPort) -> None:
    """Run the client again each time it ends; the health record says that it was away."""
    pause_s = _FIRST_PAUSE_S
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await run()
            _log.error("The batch client ended by itself")
        except Exception:  # noqa: BLE001 - top of the loop: the manager must live on
            _log.exception("The batch client failed; the next one in %g s", pause_s)
        try:
            await port.health(Health(client_ok=False, client_since=datetime.now(UTC)))
        except ArpError:
            _log.exception("The failure of the batch client could not be told")
        if asyncio.get_running_loop().time() - started > _LONGEST_PAUSE_S:
            pause_s = _FIRST_PAUSE_S
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
