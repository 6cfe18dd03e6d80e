"""Taking what polls read: thousands of readings, of which few say anything new."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from arp_nb.manager.capabilities import told_text
from arp_nb.manager.verdicts import after_readings, is_news
from arp_nb.store.base import JobFilter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arp_nb.manager.context import Context
    from arp_nb.model import Job, SchedulerJob
    from arp_nb.ports import JobReading, WatchedJob
    from arp_nb.store.base import JobChange

_log = logging.getLogger(__name__)
#: jobs that are decided on at a time, so that a kill need not wait for ten thousand
_SLICE = 500
#: … and others have their turn after so many
_BREATH = 50
#: how much more is remembered than is polled before it is looked through
_KEPT_MORE = 2
#: job id, id of the scheduler's job
_Key = tuple[int, str]


class Readings:
    """Brings the books up to date with the scheduler's words."""

    def __init__(self, context: Context) -> None:
        self._context = context
        #: the last reading of each scheduler job that the books have taken in; an equal one
        #: says nothing new, and an older one is late
        self._last: dict[_Key, JobReading] = {}

    def keep_only(self, watched: Sequence[WatchedJob]) -> None:
        """Forget the readings of jobs that are not polled any more, once they are many."""
        if len(self._last) <= _KEPT_MORE * len(watched):
            return
        kept = {(one.job_id, native_id) for one in watched for native_id in one.native_ids}
        self._last = {key: told for key, told in self._last.items() if key in kept}

    async def take(self, readings: Sequence[JobReading]) -> list[JobReading]:
        """Take one poll's readings, some jobs at a time; return those not taken in."""
        by_job: dict[int, list[JobReading]] = {}
        missed: list[JobReading] = []
        for number, told in enumerate(readings, 1):
            last = self._last.get((told.job_id, told.native_id))
            if last is None or not _is_same(told, last):
                if last is not None and told.at < last.at:
                    missed.append(told)
                else:
                    by_job.setdefault(told.job_id, []).append(told)
            if number % _SLICE == 0:
                await asyncio.sleep(0)
        ids = list(by_job)
        for start in range(0, len(ids), _SLICE):
            some = {one: by_job[one] for one in ids[start : start + _SLICE]}
            async with self._context.books:
                taken = await self._take(some)
            self._last |= {(told.job_id, told.native_id): told for told in taken}
            kept = set(map(id, taken))
            missed += (told for group in some.values() for told in group if id(told) not in kept)
        return missed

    async def _take(self, by_job: Mapping[int, Sequence[JobReading]]) -> list[JobReading]:
        store = self._context.store
        jobs, natives = await asyncio.gather(
            store.jobs(JobFilter(ids=by_job.keys(), deleted=True)),
            store.scheduler_jobs(by_job.keys()),
        )
        changes: list[JobChange] = []
        taken: list[JobReading] = []
        for number, job in enumerate(jobs, 1):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            news = [told for told in by_job[job.id] if is_news(job, told)]
            try:
                change = self._change(job, natives[job.id], news)
            except Exception:  # noqa: BLE001 - one bad record must not spoil the whole poll
                _log.exception("The readings of job %d cannot be taken", job.id)
                continue
            taken += news
            if change is not None:
                changes.append(change)
        done = await store.change_jobs(changes) if changes else ()
        if not all(done):  # the lock rules this out; the next poll decides anew
            _log.error("Readings of %d jobs met other books.", len(done) - sum(done))
            return []
        return taken

    def _change(
        self, job: Job, natives: Sequence[SchedulerJob], news: Sequence[JobReading]
    ) -> JobChange | None:
        return after_readings(job, natives, [self._clean(told) for told in news])

    def _clean(self, told: JobReading) -> JobReading:
        """Return the reading with texts as they may be kept."""
        reading = told.reading
        if reading is None:
            return told
        texts = {
            "reason": reading.reason,
            "host": reading.host,
            "queue": reading.queue,
            "native_state": reading.native_state,
        }
        clean: dict[str, Any] = {name: self._text(text) for name, text in texts.items()}
        log_error = self._text(told.log_error)
        if clean == texts and log_error == told.log_error:
            return told
        return replace(told, reading=replace(reading, **clean), log_error=log_error)

    def _text(self, text: str) -> str:
        return told_text(self._context.capabilities, text) if text else ""


def _is_same(one: JobReading, other: JobReading) -> bool:
    same = one.reading is other.reading or one.reading == other.reading
    return same and one.log_error == other.log_error and one.silence == other.silence
