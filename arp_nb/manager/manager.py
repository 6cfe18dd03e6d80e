"""The batch manager: keeps definitions, runs and jobs, and decides. It runs no command."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from arp_nb.clock import utcnow
from arp_nb.errors import ArpError
from arp_nb.manager.apply import Apply
from arp_nb.manager.autorun.autorun import Autorun
from arp_nb.manager.autorun.standing import Standing
from arp_nb.manager.capabilities import Capabilities
from arp_nb.manager.context import Context
from arp_nb.manager.definitions import Definitions
from arp_nb.manager.desk import Desk
from arp_nb.manager.experiments import Experiments
from arp_nb.manager.feed import Feed
from arp_nb.manager.health import HealthRecord
from arp_nb.manager.job_table import JobTable
from arp_nb.manager.jobs import Jobs
from arp_nb.manager.kills import Kills
from arp_nb.manager.leases import Leases
from arp_nb.manager.preferences import Preferences
from arp_nb.manager.routes import Routes
from arp_nb.manager.runs import Runs
from arp_nb.manager.seat import Seat
from arp_nb.manager.updates import Updates
from arp_nb.model import FINAL, JobState
from arp_nb.status import name_locations
from arp_nb.store.base import JobFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from arp_nb.ports import Advice, ClientPort, ManagerPort
    from arp_nb.run_sources.base import RunSource
    from arp_nb.settings import Settings
    from arp_nb.store.base import Store

_log = logging.getLogger(__name__)
_UNFINISHED = frozenset(JobState) - FINAL
_PURGE_EVERY_S = 6 * 3600.0


class Manager:
    """All parts of the manager, put together on one store."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        user: str,
        host: str,
        update_base: str,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        name_locations({name: one.scheduler for name, one in settings.location.items()})
        seat = Seat(settings)
        context = Context(
            store=store,
            settings=settings,
            user=user,
            host=host,
            update_base=update_base,
            clock=clock,
            seat=seat,
            capabilities=Capabilities(store.epoch, store.key, settings.capability_days),
            health=HealthRecord(clock, settings.client_silent_s),
            routes=Routes(store, seat, update_base, clock),
            standing=Standing(store),
        )
        self._context = context
        kills = Kills(context)
        self.experiments = Experiments(store, clock)
        self.definitions = Definitions(store, context.seat, clock)
        self.runs = Runs(store, clock)
        self.autorun = Autorun(context, self.definitions)
        self.jobs = Jobs(context, Apply(context, self.definitions), kills)
        self.table = JobTable(store)
        self.preferences = Preferences(store)
        self.updates = Updates(context)
        self.feed = Feed(context, self.experiments)
        self.capabilities = context.capabilities
        self._leases = Leases(context)
        self.port: ManagerPort = Desk(context, self._leases, kills)
        self._tasks: set[asyncio.Task[None]] = set()

    async def advice(self) -> Mapping[str, Sequence[Advice]]:
        """Tell what the admin of each location should know: its site is looked at now."""
        return await self._context.seat.advice()

    def attach(self, client: ClientPort | None) -> None:
        """Seat the batch client; None when it leaves."""
        self._context.seat.take(client)
        if client is None:
            self._context.health.gone()
            return
        self._context.health.sign_of_life()
        self._spawn(self.definitions.check_unchecked())

    def expect_client(self) -> None:
        """Say that a batch client is about to be attached: calls that need one wait a little."""
        self._context.seat.expect()

    async def active_experiments(self) -> Sequence[str]:
        """Names of the experiments that take data: for run sources."""
        return [one.name for one in await self._context.store.experiments() if one.active]

    async def start(self, sources: Mapping[str, RunSource] | None = None) -> None:
        """Finish what a crash interrupted, and begin to watch, run sources among others."""
        self._context.store.on_commit(self.feed.wake)
        self._context.store.on_commit(self.autorun.wake)
        self._context.health.on_change(self.feed.wake)
        self._context.standing.on_change(self.feed.wake)
        await self._context.standing.load()
        made = await self._context.store.resume_applies()
        if made:
            _log.info("Made %d jobs of requests that a crash had interrupted.", made)
            self._context.work.bump()
        await self._leases.free_all()
        self._spawn(self._context.health.watch())
        self._spawn(self._forget())
        for work in self.autorun.work(sources or {}):
            self._spawn(work)

    async def close(self) -> None:
        """Stop what runs in the background. The store is its owner's to close."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def is_busy(self) -> bool:
        """Whether any job is not over, or autorun waits for runs; else it may exit when idle."""
        if await self.autorun.is_needed():
            return True
        which = JobFilter(states=_UNFINISHED, deleted=True, limit=1)
        return bool(await self._context.store.jobs(which))

    async def _forget(self) -> None:
        keep = timedelta(days=self._context.settings.keep_deleted_days)
        while True:
            try:
                await self._context.store.purge(self._context.clock() - keep)
            except ArpError as error:
                _log.warning("Rows that were deleted long ago could not be dropped: %s", error)
            await asyncio.sleep(_PURGE_EVERY_S)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        with contextlib.suppress(asyncio.CancelledError):
            error = task.exception()
            if error is not None:
                _log.error("Work in the background failed.", exc_info=error)
