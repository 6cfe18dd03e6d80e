"""When a manager may end by itself: no job needs it, and nobody has looked for long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arp_nb.manager import Manager
    from arp_nb.web.activity import Activity

_LONGEST_PAUSE_S = 60.0


async def until_idle(watched: Activity, manager: Manager, idle_exit_s: float) -> None:
    """Return once nobody has looked for ``idle_exit_s`` and no job is open; 0: never."""
    if idle_exit_s <= 0:
        await asyncio.Event().wait()
    while True:
        left_s = idle_exit_s - watched.quiet_s()
        if left_s <= 0 and not await manager.is_busy():
            return
        await asyncio.sleep(max(left_s, min(idle_exit_s, _LONGEST_PAUSE_S)))
