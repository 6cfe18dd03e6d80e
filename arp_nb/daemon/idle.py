"""When a manager may end by itself: no job needs it, and nobody has looked for long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arp_nb.model import FINAL, JobState
from arp_nb.store.base import JobFilter

if TYPE_CHECKING:
    from arp_nb.store.base import Store
    from arp_nb.web.activity import Activity

_OPEN = frozenset(JobState) - FINAL
_LONGEST_PAUSE_S = 60.0


async def until_idle(watched: Activity, store: Store, idle_exit_s: float) -> None:
    """Return once nobody has looked for ``idle_exit_s`` and no job is open; 0: never."""
    if idle_exit_s <= 0:
        await asyncio.Event().wait()
    while True:
        left_s = idle_exit_s - watched.quiet_s()
        if left_s <= 0 and not await _has_open_jobs(store):
            return
        await asyncio.sleep(max(left_s, min(idle_exit_s, _LONGEST_PAUSE_S)))


async def _has_open_jobs(store: Store) -> bool:
    # a deleted row's job lives on, and may still report
    for deleted in (False, True):
        if await store.jobs(JobFilter(states=_OPEN, deleted=deleted, limit=1)):
            return True
    return False
