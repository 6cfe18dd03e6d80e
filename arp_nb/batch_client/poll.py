"""Asks each scheduler for the states of all watched jobs, with one command a poll.

A failed or partial answer changes no state: jobs that were not answered are not reported.
How often: every 5 s, or five times as long as the last answer took, whichever is more.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from arp_nb.batch_client.identity import is_another
from arp_nb.batch_client.told import Told
from arp_nb.clock import utcnow
from arp_nb.errors import SchedulerError
from arp_nb.model import JobState
from arp_nb.ports import JobReading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arp_nb.batch_client.health import Pulse
    from arp_nb.batch_client.logs import LogReader
    from arp_nb.batch_client.told import Key
    from arp_nb.model import Reading
    from arp_nb.ports import ManagerPort, WatchedJob
    from arp_nb.schedulers.base import Poll, Scheduler
    from arp_nb.settings import Settings

log = logging.getLogger(__name__)

#: complete answers that must deny a job before it counts as unknown
_DENIALS = 2
_ANSWERS_APART = 5.0
#: polls between two questions to the history, which is slow where it is long
_HISTORIES_APART = 6
#: polls wait so long for the history's answer; it may come to a later one
_HISTORY_WAIT_S = 10.0
#: a command that was given up is no answer: its whole time-out would keep us away for minutes
_FAILURE_COUNTS_AS_S = 5.0
_IDLE_S = 30.0
#: a bad end is told without the log's error line if the log cannot be read in time
_LOG_WAIT_S = 4.0

#: jobs whose readings are looked at before others have their turn
_SLICE = 1000


@dataclass(slots=True)
class _Doubt:
    """A job that the scheduler has denied, and that may only be too new for it."""

    first_seen_at: datetime
    denials: int = 0


class _Asking(NamedTuple):
    """A question to the history that is under way."""

    asked: frozenset[str]
    answer: asyncio.Task[Poll]
    began_s: float


class Poller:
    """Polls one scheduler."""

    def __init__(
        self,
        port: ManagerPort,
        scheduler: Scheduler,
        settings: Settings,
        pulse: Pulse,
        logs: LogReader,
    ) -> None:
        self._port = port
        self._scheduler = scheduler
        self._settings = settings
        self._pulse = pulse
        self._logs = logs
        self._wake = asyncio.Event()
        self._answer_s = 0.0
        self._watched: Sequence[WatchedJob] | None = None
        self._keys: dict[Key, WatchedJob] = {}
        self._ids: list[str] = []
        self._told = Told(port)
        self._doubts: dict[Key, _Doubt] = {}
        #: denied by the list, and to be asked of the history
        self._forgotten: dict[Key, WatchedJob] = {}
        self._history_s = float("-inf")
        self._asking: _Asking | None = None
        #: of whom neither list nor history tells, and what was told of that
        self._silent: dict[Key, str] = {}
        #: neither listed nor denied, though there was an answer
        self._left_out_since: dict[Key, datetime] = {}
        self._ends: dict[Key, asyncio.Task[None]] = {}
        #: bad ends whose logs have been looked at, and the line found
        self._looked: dict[Key, tuple[Reading, str]] = {}

    def nudge(self) -> None:
        """Say that there is something to poll, for a poller that had nothing."""
        self._wake.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            self._wake.clear()
            busy = True
            try:
                busy = await self.poll_once()
            except Exception:
                log.exception("polling %s: will go on", self._scheduler.location)
            if busy:
                await asyncio.sleep(self.interval_s())
                continue
            try:
                async with asyncio.timeout(_IDLE_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """Stop reading logs."""
        tasks: list[asyncio.Task[Any]] = [*self._ends.values()]
        if self._asking is not None:
            tasks.append(self._asking.answer)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def interval_s(self) -> float:
        """Return how long to wait for the next poll; spread, so that clients do not march."""
        least_s = self._settings.poll_min_s
        if self._scheduler.polls_apart_s is not None:
            least_s = min(least_s, self._scheduler.polls_apart_s)
        least_s = max(least_s, _ANSWERS_APART * self._answer_s)
        return least_s * random.uniform(1.0, 1.2)  # noqa: S311 - not a secret

    async def poll_once(self) -> bool:
        """Poll all watched jobs of this scheduler once; False if there are none."""
        name = self._scheduler.location
        self._watch(await self._port.watched())
        ids = self._ids
        if not ids:
            return False
        began_s, at = time.monotonic(), utcnow()
        try:
            poll = await self._scheduler.poll(ids)
        except SchedulerError as error:
            self._answer_s = min(time.monotonic() - began_s, _FAILURE_COUNTS_AS_S)
            self._pulse.failed(name, str(error))
            return True
        self._answer_s = time.monotonic() - began_s
        self._pulse.answered(name, self._answer_s)
        await self._report(poll, at)
        return True

    def _watch(self, watched: Sequence[WatchedJob]) -> None:
        """Keep what is to be polled; the same object is what it was at the poll before."""
        if watched is self._watched:
            return
        self._watched = watched
        jobs = [one for one in watched if one.location == self._scheduler.location]
        self._keys = {(one.job_id, native): one for one in jobs for native in one.native_ids}
        self._ids = list(dict.fromkeys(native for _, native in self._keys))
        self._told.keep_only(self._keys)
        self._doubts = {key: one for key, one in self._doubts.items() if key in self._keys}
        self._looked = {key: one for key, one in self._looked.items() if key in self._keys}
        self._silent = {key: one for key, one in self._silent.items() if key in self._keys}
        left_out = self._left_out_since
        self._left_out_since = {key: one for key, one in left_out.items() if key in self._keys}

    async def _report(self, poll: Poll, at: datetime) -> None:
        """Tell of what has changed; some jobs at a time, so that others have their turn."""
        told: list[JobReading] = []
        self._doubts = {
            key: one
            for key, one in self._doubts.items()
            if (reading := poll.readings.get(key[1])) is None
            or not self._told.is_known(key, reading)
        }
        left_out = self._left_out_since
        self._left_out_since = {
            key: since for key, since in left_out.items() if key[1] not in poll.readings
        }
        keys = tuple(self._keys.items())
        for start in range(0, len(keys), _SLICE):
            some = dict(keys[start : start + _SLICE])
            for key in self._told.to_look_at(some, poll.readings):
                news = self._news(key, some[key], poll, at)
                if news is not None:
                    told.append(news)
            await asyncio.sleep(0)
        told += await self._of_history(at)
        if told:
            await self._told.tell(told)

    async def _of_history(self, at: datetime) -> list[JobReading]:
        """Ask the history for those that the list denies; only what it denies too is lost.

        A history that takes its time holds up no poll for long: a later one takes its answer.
        """
        forgotten, self._forgotten = self._forgotten, {}
        if self._asking is None:
            if not forgotten or time.monotonic() < self._history_s:
                return []
            ids = frozenset(native for _, native in forgotten)
            self._asking = _Asking(
                ids, asyncio.create_task(self._scheduler.history(ids)), time.monotonic()
            )
        asked, answer, began_s = self._asking
        left_s = began_s + _HISTORY_WAIT_S - time.monotonic()
        await asyncio.wait({answer}, timeout=max(left_s, 0.0))
        if not answer.done():
            return []
        self._asking = None
        now_s = time.monotonic()
        apart_s = max(_HISTORIES_APART * self.interval_s(), _ANSWERS_APART * (now_s - began_s))
        self._history_s = began_s + apart_s
        those = {key: job for key, job in forgotten.items() if key[1] in asked}
        try:
            poll = answer.result()
        except SchedulerError as error:
            log.info("history of %s: %s", self._scheduler.location, error)
            return self._silences(those, "its history does not answer", at)
        settled = {key: job for key, job in those.items() if _is_settled(key, poll)}
        told = self._settled(settled, poll, at)
        open_ = {key: job for key, job in those.items() if key not in settled}
        return told + self._silences(open_, "its history does not know its end", at)

    def _settled(
        self, those: Mapping[Key, WatchedJob], poll: Poll, at: datetime
    ) -> list[JobReading]:
        """Return what is to be told of jobs that the history knows, or denies."""
        told: list[JobReading] = []
        for key, job in those.items():
            reading = poll.readings.get(key[1])
            news: JobReading | None = _reading(key, None, at)
            if reading is not None and not is_another(job.job_id, job.submitted_at, reading):
                news = self._of_ours(key, reading, at)
            if news is not None:
                told.append(news)
        return told

    def _silences(self, those: Iterable[Key], why: str, at: datetime) -> list[JobReading]:
        """Return, once, that nothing is known of jobs: they stand in the books as they were."""
        told = (self._silence(key, self._doubts[key].first_seen_at, why, at) for key in those)
        return [one for one in told if one is not None]

    def _left_out(self, key: Key, at: datetime) -> JobReading | None:
        """Return, once, that answers have told nothing of a job for some time."""
        since = self._left_out_since.setdefault(key, at)
        if at - since < timedelta(seconds=self._settings.lost_after_s):
            return None
        return self._silence(key, since, f"{self._scheduler.title}'s answers leave it out", at)

    def _silence(self, key: Key, since: datetime, why: str, at: datetime) -> JobReading | None:
        words = f"no word of it since {since:%b %d %H:%M} UTC: {why}"
        if self._silent.get(key) == words:
            return None
        self._silent[key] = words
        return _reading(key, None, at, silence=words)

    def _news(self, key: Key, job: WatchedJob, poll: Poll, at: datetime) -> JobReading | None:
        """Return what is to be told of one scheduler job now."""
        native_id = key[1]
        reading = poll.readings.get(native_id)
        if reading is not None and is_another(job.job_id, job.submitted_at, reading):
            # its id is another's now: a history that is asked by ids would tell of that one
            return _reading(key, None, at) if self._is_unknown(key, job, at) else None
        if reading is None and native_id not in poll.unknown:
            return self._left_out(key, at)
        self._left_out_since.pop(key, None)
        if reading is None:
            if self._is_unknown(key, job, at):
                self._forgotten[key] = job
            return None
        self._doubts.pop(key, None)
        self._silent.pop(key, None)
        return self._of_ours(key, reading, at)

    def _of_ours(self, key: Key, reading: Reading, at: datetime) -> JobReading | None:
        """Return what is to be told of a reading; of a bad end, once its log was looked at."""
        if reading.state is not JobState.FAILED:
            return _reading(key, reading, at)
        if (looked := self._looked.get(key)) is not None and looked[0] == reading:
            return _reading(key, reading, at, log_error=looked[1], log_path=self._path_of(key))
        self._tell_end(key, reading, at)
        return None

    def _is_unknown(self, key: Key, job: WatchedJob, at: datetime) -> bool:
        """Whether a denial may be believed: not of a fresh job, and not a single one."""
        doubt = self._doubts.setdefault(key, _Doubt(first_seen_at=at))
        doubt.denials += 1
        age = at - (job.submitted_at or doubt.first_seen_at)
        return doubt.denials >= _DENIALS and age >= timedelta(seconds=self._settings.lost_after_s)

    def _tell_end(self, key: Key, reading: Reading, at: datetime) -> None:
        """Tell of a bad end as soon as its log has been looked at; never hold up the poll."""
        if key not in self._ends:
            task = asyncio.create_task(self._end(key, reading, at), name=f"end of {key}")
            self._ends[key] = task
            task.add_done_callback(lambda _: self._ends.pop(key, None))

    async def _end(self, key: Key, reading: Reading, at: datetime) -> None:
        line = ""
        try:
            async with asyncio.timeout(_LOG_WAIT_S):
                line = await self._logs.error_line(self._scheduler, key[1])
        except TimeoutError:
            log.info("job %s: its log could not be read in time", key)
        except Exception:
            log.exception("job %s: its log could not be read", key)
        try:
            path = self._path_of(key)
            await self._told.tell([_reading(key, reading, at, log_error=line, log_path=path)])
            self._looked[key] = (reading, line)
        except Exception:
            log.exception("job %s: the next poll tells of its end", key)

    def _path_of(self, key: Key) -> str:
        return self._logs.known_path(self._scheduler, key[1])


def _is_settled(key: Key, poll: Poll) -> bool:
    return key[1] in poll.readings or key[1] in poll.unknown


def _reading(
    key: Key,
    reading: Reading | None,
    at: datetime,
    *,
    silence: str = "",
    log_error: str = "",
    log_path: str = "",
) -> JobReading:
    return JobReading(
        job_id=key[0],
        native_id=key[1],
        reading=reading,
        silence=silence,
        log_error=log_error,
        log_path=log_path,
        at=at,
    )
