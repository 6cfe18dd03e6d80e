"""Follows every submission from its durable start until nothing more can come of it.

There is one way only, for a submission of a moment ago and for one that a crash left behind:
look at the spool, judge (`arp_nb.batch_client.verdict`), tell the manager what changed, and
do what is next. So recovery is no special case that only a crash ever tries.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from arp_nb.batch_client import spool as spooling
from arp_nb.batch_client import verdict as judging
from arp_nb.batch_client.case import Case, Search
from arp_nb.batch_client.launch import launch
from arp_nb.errors import SchedulerError
from arp_nb.model import JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from arp_nb.batch_client.spool import Evidence, Spool
    from arp_nb.batch_client.verdict import Verdict
    from arp_nb.ports import ManagerPort, OpenSubmission, Submission
    from arp_nb.schedulers.base import Marked, Scheduler
    from arp_nb.settings import Settings

log = logging.getLogger(__name__)

_RARELY_S = 900.0
_ERROR_S = 5.0
#: between two searches of one submission, while it runs and once its script has ended
_SEARCH_RUNNING_S, _SEARCH_ENDED_S = 30.0, 2.0
_LAUNCH_TRIES, _LAUNCH_AGAIN_S = 6, 5.0
_SEARCHES_AT_ONCE = 4


@dataclass(slots=True, kw_only=True)
class Followed:
    """One submission that is being followed, and what must be remembered between two looks."""

    job_id: int
    spool_id: str
    location: str
    #: as the manager has it, or as it was last told
    state: JobState = JobState.STARTING
    told: Submission | None = None
    #: set after the first look
    seen: asyncio.Event = field(default_factory=asyncio.Event)
    #: set once an id is known, or none can come: it no longer takes a slot
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    since_s: float = field(default_factory=time.monotonic)
    #: what the clock showed then
    clock_s: float = field(default_factory=time.time)
    launches: int = 0
    launch_again_s: float = 0.0
    #: what the searches below were made under; they count for nothing once it changes
    stage: object = None
    search: Search = Search.NOT_ASKED
    tagged: tuple[Marked, ...] = ()
    searched_s: float = 0.0
    denials: int = 0
    silent_since_s: float | None = None
    output_since_s: float | None = None


class Watcher:
    """Follows submissions, each in a task of its own, so that none waits for another.

    Parameters
    ----------
    on_id
        Called when the manager has taken an id: there is something to poll, or to kill.
    """

    def __init__(
        self,
        port: ManagerPort,
        schedulers: Mapping[str, Scheduler],
        spool: Spool,
        settings: Settings,
        on_id: Callable[[], None],
    ) -> None:
        self._port = port
        self._schedulers = schedulers
        self._spool = spool
        self._settings = settings
        self._on_id = on_id
        self._followed: dict[str, Followed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._searches = asyncio.Semaphore(_SEARCHES_AT_ONCE)

    def follow(self, job_id: int, spool_id: str, location: str, state: JobState) -> Followed:
        """Follow a submission to its end; twice is once."""
        known = self._followed.get(spool_id)
        if known is not None:
            return known
        one = Followed(job_id=job_id, spool_id=spool_id, location=location, state=state)
        self._followed[spool_id] = one
        task = asyncio.create_task(self._follow(one), name=f"submission {spool_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return one

    async def adopt(self) -> tuple[Followed, ...]:
        """Follow all that the manager or the spool says is open; return them."""
        adopted = await self.adopt_from_manager()
        # those whose id is known already may still submit more: a chain
        for spool_id in await asyncio.to_thread(self._spool.open_ids):
            if spool_id in self._followed:
                continue
            evidence = await asyncio.to_thread(spooling.read, self._spool.folder(spool_id))
            if evidence.order is not None and evidence.order.location in self._schedulers:
                job_id = spooling.job_of(spool_id)
                location = evidence.order.location
                adopted.append(self.follow(job_id, spool_id, location, JobState.PENDING))
        return tuple(adopted)

    async def adopt_from_manager(self) -> list[Followed]:
        """Follow all that the manager says is open; return them."""
        opened = await self._port.open_submissions()
        found = [self._adopt(one) for one in opened]
        return [one for one in found if one is not None]

    def _adopt(self, one: OpenSubmission) -> Followed | None:
        try:
            self._spool.folder(one.spool_id)
        except ValueError:
            log.exception("job %d: not a submission of ours", one.job_id)
            return None
        if one.location not in self._schedulers:
            log.warning("job %d: location %r is not offered here", one.job_id, one.location)
            return None
        return self.follow(one.job_id, one.spool_id, one.location, one.state)

    async def close(self) -> None:
        """Stop following. What runs goes on; the spool keeps what comes of it."""
        tasks: Iterable[asyncio.Task[None]] = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, one: Followed) -> None:
        try:
            while True:
                try:
                    pause_s = await self._look(one)
                except Exception:
                    log.exception("submission %s: will look again", one.spool_id)
                    pause_s = _ERROR_S
                finally:
                    one.seen.set()
                if pause_s is None:
                    return
                await asyncio.sleep(pause_s)
        finally:
            one.settled.set()
            self._followed.pop(one.spool_id, None)

    async def _look(self, one: Followed) -> float | None:
        """Look once; return how long to wait for the next look, None for ever."""
        evidence = await asyncio.to_thread(spooling.read, self._spool.folder(one.spool_id))
        judged = await self._judge(one, evidence)
        if judged.start and one.state is JobState.STARTING:
            return await self._start(one)
        wanted = await self._tell(one, judged)
        if judged.closed or not wanted:
            failed = judged.told.state is JobState.SUBMIT_FAILED
            await asyncio.to_thread(self._spool.close, one.spool_id, keep=failed)
            return None
        if judged.rarely:
            one.settled.set()
        return _pause_s(time.monotonic() - one.since_s, judged, evidence)

    async def _tell(self, one: Followed, judged: Verdict) -> bool:
        """Tell the manager, if there is something new; False: it wants no more of this."""
        told = judged.told
        # said again where it may stand for long: the manager may have moved on
        news = told != one.told or judged.rarely
        went_back = told.state is JobState.STARTING and one.state is not JobState.STARTING
        if news and not went_back:
            if not await self._port.submission(told):
                log.info("submission %s: the manager has moved on", one.spool_id)
                return False
            one.told, one.state = told, told.state
            if told.native_ids:
                self._on_id()
        if told.state is JobState.PENDING:
            one.settled.set()
        return True

    async def _judge(self, one: Followed, evidence: Evidence) -> Verdict:
        case = self._case(one, evidence)
        seen = judging.output_ids(case) if not evidence.calls else ()
        if not seen:
            one.output_since_s = None
        elif one.output_since_s is None:
            one.output_since_s = time.time()
        case = replace(case, output_since_s=one.output_since_s)
        judged = judging.conclude(case)
        if not judged.search:
            return judged
        await self._search(one, case)
        silent_since_s = one.silent_since_s
        now_s = time.monotonic()
        return judging.conclude(
            replace(
                case,
                search=one.search,
                tagged=one.tagged,
                denials=one.denials,
                silent_s=0.0 if silent_since_s is None else now_s - silent_since_s,
            )
        )

    def _case(self, one: Followed, evidence: Evidence) -> Case:
        scheduler = self._schedulers[one.location]
        return Case(
            spool_id=one.spool_id,
            job_id=one.job_id,
            evidence=evidence,
            title=scheduler.title,
            submitted_ids=scheduler.submitted_ids,
            now_s=time.time(),
            steady_s=one.clock_s + time.monotonic() - one.since_s,
            slow_after_s=self._settings.slow_after_s,
            uncertain_after_s=self._settings.uncertain_after_s,
        )

    async def _search(self, one: Followed, case: Case) -> None:
        """Ask the scheduler for the tag, or remember what it said a moment ago."""
        evidence = case.evidence
        ended = tuple(call.exit_code for call in evidence.calls)
        stage = (evidence.exit, evidence.lock_held, ended)
        if stage != one.stage:
            one.stage, one.search, one.denials = stage, Search.NOT_ASKED, 0
            one.silent_since_s = None
        over = not evidence.lock_held or evidence.exit is not None
        every_s = _SEARCH_ENDED_S if over else _SEARCH_RUNNING_S
        if one.search is not Search.NOT_ASKED and time.monotonic() - one.searched_s < every_s:
            return
        scheduler = self._schedulers[one.location]
        tag = spooling.tag_of(one.spool_id)
        one.tagged = ()
        if not scheduler.tag_options(tag):
            one.search = Search.CANNOT
        else:
            try:
                async with self._searches:
                    one.tagged = await scheduler.find_tagged(tag)
            except SchedulerError as error:
                log.info("submission %s: search for %s: %s", one.spool_id, tag, error)
                one.search = Search.SILENT
                if one.silent_since_s is None:
                    one.silent_since_s = time.monotonic()
            else:
                one.search, one.silent_since_s = Search.ANSWERED, None
                one.denials += not one.tagged
        one.searched_s = time.monotonic()

    async def _start(self, one: Followed) -> float | None:
        """Start the shim; give up, behind a fence, where it cannot be started."""
        if time.monotonic() < one.launch_again_s:
            return one.launch_again_s - time.monotonic()
        one.launches += 1
        one.launch_again_s = time.monotonic() + _LAUNCH_AGAIN_S
        why = await launch(self._spool.folder(one.spool_id))
        if why:
            log.warning("submission %s: not started: %s", one.spool_id, why)
            if one.launches >= _LAUNCH_TRIES:
                await asyncio.to_thread(spooling.fence, self._spool.folder(one.spool_id), why)
        return 0.0


def _pause_s(age_s: float, judged: Verdict, evidence: Evidence) -> float:
    """Return how long to wait for the next look: the longer, the less is to be expected."""
    if judged.rarely and not evidence.lock_held:
        return min(_RARELY_S, 0.5 + age_s / 10)
    known = judged.rarely or judged.told.state is JobState.PENDING
    return min(10.0 if known else 2.0, 0.05 + age_s / 20)
