"""Looks for scheduler jobs that nobody told us of: subjobs, and those made twice.

A job may submit others on its node, where no wrapper writes into a spool; and a scheduler that
hung may have made more jobs of one command than the command ever said. Both carry our mark.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import TYPE_CHECKING

from arp_nb import marks
from arp_nb.clock import utcnow
from arp_nb.errors import SchedulerError
from arp_nb.ports import FoundJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arp_nb.ports import ManagerPort, WatchedJob
    from arp_nb.schedulers.base import Marked, Scheduler
    from arp_nb.settings import Settings

log = logging.getLogger(__name__)

#: a sweep lists all jobs of the user: it comes so much more rarely than a poll
_POLLS_APART = 6
#: … and costs the scheduler at most this share of its time
_ANSWERS_APART = 20.0
#: where it has shown none of our own jobs so often, it cannot; it is then asked more rarely still
_IN_VAIN, _IN_VAIN_APART = 3, 10.0


class Sweeper:
    """Sweeps one scheduler while jobs of ours are watched there."""

    def __init__(self, port: ManagerPort, scheduler: Scheduler, settings: Settings) -> None:
        self._port = port
        self._scheduler = scheduler
        self._settings = settings
        self._answer_s = 0.0
        self._in_vain = 0
        #: what the last sweep was for that was answered, by job
        self._looked_for: dict[int, WatchedJob] = {}

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(self.interval_s())
            try:
                await self.sweep_once()
            except SchedulerError as error:
                log.info("sweep of %s: %s", self._scheduler.location, error)
            except Exception:
                log.exception("sweep of %s: will go on", self._scheduler.location)

    def interval_s(self) -> float:
        """Return how long to wait for the next sweep."""
        least_s = max(_POLLS_APART * self._settings.poll_min_s, _ANSWERS_APART * self._answer_s)
        least_s *= _IN_VAIN_APART if self._in_vain >= _IN_VAIN else 1.0
        return least_s * random.uniform(1.0, 1.2)  # noqa: S311 - not a secret

    async def sweep_once(self) -> bool:
        """Tell of marked jobs that are not polled; False if there was nothing to look for."""
        watched = {
            one.job_id: one
            for one in await self._port.watched()
            if one.location == self._scheduler.location
        }
        # those that are over since the last time, too: once more, for what they left behind
        here = list((self._looked_for | watched).values())
        if not here:
            return False
        began_s = time.monotonic()
        found = await self._scheduler.marked()
        self._answer_s = time.monotonic() - began_s
        self._looked_for = watched
        ours = frozenset(native for one in here for native in one.native_ids)
        seen = any(one.native_id in ours for one in found)
        self._in_vain = 0 if seen else self._in_vain + 1
        told = _unknown(found, here)
        if told:
            await self._port.found(told)
        return True


def _unknown(found: Sequence[Marked], watched: Sequence[WatchedJob]) -> list[FoundJob]:
    """Return the marked jobs of those watched that are not among their scheduler jobs."""
    known = {one.job_id: frozenset(one.native_ids) for one in watched}
    at = utcnow()
    told: list[FoundJob] = []
    for one in found:
        mark = marks.parse(one.tag)
        if mark is not None and one.native_id not in known.get(mark.job_id, (one.native_id,)):
            told.append(FoundJob(job_id=mark.job_id, native_id=one.native_id, tag=one.tag, at=at))
    return told
