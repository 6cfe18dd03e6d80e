"""Keeping a batch client in the manager for as long as it lives, whatever happens to one."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from arp_nb.batch_client import BatchClient
    from arp_nb.manager import Manager

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0


async def keep_client(manager: Manager, make: Callable[[], BatchClient]) -> None:
    """Seat a client, and a new one each time it fails; the health record says that it is away."""
    pause_s = _FIRST_PAUSE_S
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await _seat(manager, make())
            _log.error("The batch client ended by itself")
        except Exception:  # noqa: BLE001 - top of the loop: the manager must live on
            _log.exception("The batch client failed; the next one in %g s", pause_s)
        if asyncio.get_running_loop().time() - started > _LONGEST_PAUSE_S:
            pause_s = _FIRST_PAUSE_S
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


async def _seat(manager: Manager, client: BatchClient) -> None:
    manager.attach(client)
    try:
        await client.run()
    finally:
        manager.attach(None)
        await client.close()
