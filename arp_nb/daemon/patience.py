"""Keeping a batch client in the manager for as long as it lives, whatever happens to one."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arp_nb.batch_client import BatchClient
    from arp_nb.daemon.clients import Clients
    from arp_nb.manager import Manager

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0


async def keep_client(manager: Manager, clients: Clients) -> None:
    """Seat a client, and a new one each time it fails; the health record says that it is away."""
    pause_s = _FIRST_PAUSE_S
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await _seat(manager, await clients.make(), clients)
            continue
        except Exception:  # noqa: BLE001 - top of the loop: the manager must live on
            _log.exception("The batch client failed; the next one in %g s", pause_s)
        if asyncio.get_running_loop().time() - started > _LONGEST_PAUSE_S:
            pause_s = _FIRST_PAUSE_S
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


async def _seat(manager: Manager, client: BatchClient, clients: Clients) -> None:
    """Return once a better client can be made; a client that ends by itself has failed."""
    manager.attach(client)
    working = asyncio.create_task(client.run())
    better = asyncio.create_task(clients.outdated())
    try:
        await asyncio.wait({working, better}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            raise RuntimeError("The batch client ended by itself")
        better.result()
    finally:
        manager.attach(None)
        for task in (working, better):
            task.cancel()
        await asyncio.gather(working, better, return_exceptions=True)
        await client.close()
