"""Which jobs are polled, kept from poll to poll: each poll reads only what has changed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from arp_nb.ports import WatchedJob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from arp_nb.store.base import Store
    from arp_nb.store.standing import Standing

#: ended jobs are looked at for so long again: a scheduler may requeue them
_REQUEUED_WITHIN = timedelta(seconds=60)
#: … and for so long while others are polled anyway
_REQUEUED_WITHIN_BUSY = timedelta(hours=1)
_MAX_ENDED = 500
#: a job that is forgotten for good leaves no trace in what changed: read all anew
_WHOLE_EVERY = timedelta(hours=1)
#: jobs that are taken in before others have their turn
_SLICE = 1000


class WatchList:
    """The jobs whose scheduler jobs are polled.

    The store is the truth: this remembers what it said, up to a revision, and asks it for
    what came after. A job that was submitted stays so; only its end takes it off the list.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        #: one at a time brings the list up to date
        self._lock = asyncio.Lock()
        self._revision: int | None = None
        self._read_at: datetime | None = None
        self._live: dict[int, WatchedJob] = {}
        self._ended: dict[int, tuple[datetime, WatchedJob]] = {}
        self._jobs: tuple[WatchedJob, ...] = ()
        #: how many of these have ended
        self._ended_count = 0
        #: what was taken in is not in the answer yet
        self._is_stale = False

    async def jobs(self) -> tuple[WatchedJob, ...]:
        """Return the jobs to poll now; the same object as before if they are the same."""
        async with self._lock:
            await self._bring_up_to_date()
            within = _REQUEUED_WITHIN_BUSY if self._live else _REQUEUED_WITHIN
            since = self._clock() - within
            ended = [job for ended_at, job in self._ended.values() if ended_at >= since]
            if self._is_stale or len(ended) != self._ended_count:
                self._jobs = (*self._live.values(), *ended)
                self._ended_count = len(ended)
                self._is_stale = False
            return self._jobs

    async def _bring_up_to_date(self) -> None:
        now = self._clock()
        if self._read_at is None or not self._read_at <= now < self._read_at + _WHOLE_EVERY:
            self._revision = None
        if self._revision is None:
            new = await self._store.standings(ended=_MAX_ENDED)
            self._live, self._ended = {}, {}
            self._read_at, self._is_stale = now, True
        elif await self._store.revision() == self._revision:
            return
        else:
            new = await self._store.standings_since(self._revision)
        for start in range(0, len(new.jobs), _SLICE):
            self._take(new.jobs[start : start + _SLICE])
            await asyncio.sleep(0)
        self._drop_ended()
        self._revision = new.revision

    def _take(self, standings: Iterable[Standing]) -> None:
        for one in standings:
            job = WatchedJob(
                job_id=one.job_id,
                location=one.location,
                native_ids=one.native_ids,
                state=one.state,
                submitted_at=one.submitted_at,
            )
            before = self._live.get(one.job_id)
            if job == before:
                continue  # most have only another host, or a reason: nothing that is polled
            self._live.pop(one.job_id, None)
            _, ended = self._ended.pop(one.job_id, (None, None))
            self._is_stale |= job not in (before, ended)
            if one.state.is_final and not one.has_live:
                self._ended[one.job_id] = (one.ended_at, job)
            else:
                self._live[one.job_id] = job

    def _drop_ended(self) -> None:
        """Forget jobs that ended long ago, or before very many others."""
        since = self._clock() - _REQUEUED_WITHIN_BUSY
        kept = {key: one for key, one in self._ended.items() if one[0] >= since}
        newest = sorted(kept, key=lambda key: (kept[key][0], key))[-_MAX_ENDED:]
        self._ended = {key: kept[key] for key in newest}
