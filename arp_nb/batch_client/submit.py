"""Takes requested jobs and brings each to its one start.

Lease, look at the script, write the order into the spool, make STARTING durable; only then
may the watcher start the shim. A crash between any two of these leaves either a lease that
runs out, or a STARTING whose spool entry recovery starts.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from arp_nb.batch_client.check import OK, was_checked
from arp_nb.batch_client.environment import compose, working_folders
from arp_nb.batch_client.shim import LOCK_FD
from arp_nb.batch_client.spool import Order, tag_of
from arp_nb.errors import ArpError
from arp_nb.model import JobState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from arp_nb.batch_client.environment import Account, LoginEnvironments
    from arp_nb.batch_client.spool import Spool
    from arp_nb.batch_client.watch import Watcher
    from arp_nb.model import ScriptCheck
    from arp_nb.ports import ManagerPort, SubmitRequest
    from arp_nb.schedulers.base import Scheduler
    from arp_nb.settings import Settings

log = logging.getLogger(__name__)

#: after something that the next request would meet too: a hung mount, a full disk
_PAUSE_S = 5.0
_IDLE_S = 30.0


class Submitter:
    """Keeps the submission slots busy.

    Parameters
    ----------
    check
        Looks at an executable as the user.
    account
        Who the scripts run as.
    """

    def __init__(
        self,
        port: ManagerPort,
        schedulers: Mapping[str, Scheduler],
        spool: Spool,
        settings: Settings,
        *,
        watcher: Watcher,
        check: Callable[[str], Awaitable[ScriptCheck]],
        logins: LoginEnvironments,
        account: Account,
    ) -> None:
        self._port = port
        self._schedulers = schedulers
        self._spool = spool
        self._settings = settings
        self._watcher = watcher
        self._check = check
        self._logins = logins
        self._account = account
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._paused = False

    def nudge(self) -> None:
        """Say that there may be something to submit."""
        self._wake.set()

    async def run(self) -> None:
        """Lease and submit, until cancelled."""
        while True:
            try:
                await self._fill()
            except Exception:
                log.exception("submitting: will go on")
                await asyncio.sleep(_PAUSE_S)
                continue
            if self._paused:
                self._paused = False
                await asyncio.sleep(_PAUSE_S)
                continue
            try:
                async with asyncio.timeout(_IDLE_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """Drop what is in the making; leases run out, starts are recovered."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fill(self) -> None:
        while not self._paused:
            self._wake.clear()
            free = self._settings.submission_slots - len(self._tasks)
            if free <= 0:
                return
            requests = await self._port.lease(tuple(self._schedulers), free)
            if not requests:
                return
            for request in requests:
                task = asyncio.create_task(self._submit(request), name=f"job {request.job_id}")
                self._tasks.add(task)
                task.add_done_callback(self._freed)

    def _freed(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    async def _submit(self, request: SubmitRequest) -> None:
        """Bring one request to its start, and keep a slot until it is settled."""
        try:
            check = await self._check(request.argv[0])
            if not was_checked(check):
                log.warning("job %d: %s", request.job_id, check.problem)
                await self._give_back(request)
                return
            if check.problem != OK:
                await self._port.refused(request.job_id, request.lease_token, check.problem, check)
                return
            await self._start(request, check)
        except (ArpError, OSError):
            log.exception("job %d: not started, kept", request.job_id)
            await self._give_back(request)
        except Exception:
            log.exception("job %d: its lease will run out", request.job_id)
            self._paused = True

    async def _give_back(self, request: SubmitRequest) -> None:
        self._paused = True
        try:
            await self._port.give_back(request.job_id, request.lease_token)
        except ArpError:
            log.exception("job %d: its lease will run out", request.job_id)

    async def _start(self, request: SubmitRequest, check: ScriptCheck) -> None:
        spool_id = self._spool.new_id(request.job_id)
        order = await self._order(request, spool_id)
        await asyncio.to_thread(self._spool.create, spool_id, order)
        try:
            ours = await self._port.starting(request.job_id, request.lease_token, spool_id, check)
        except ArpError:
            # it may be durable all the same: only the manager's books can tell
            await self._watcher.adopt_from_manager()
            raise
        if not ours:
            await asyncio.to_thread(self._spool.discard, spool_id)
            return
        one = self._watcher.follow(request.job_id, spool_id, request.location, JobState.STARTING)
        try:
            async with asyncio.timeout(self._settings.submission_slot_s):
                await one.settled.wait()
        except TimeoutError:
            log.info("job %d: still no id; its slot is free again", request.job_id)

    async def _order(self, request: SubmitRequest, spool_id: str) -> Order:
        login = await self._logins.get()
        scheduler = self._schedulers[request.location]
        environment = compose(login.variables, self._settings, scheduler, request)
        environment |= {
            "ARP_SPOOL": str(self._spool.folder(spool_id)),
            "ARP_LOCK_FD": str(LOCK_FD),
            "ARP_TAG_OPTION": " ".join(scheduler.tag_options(tag_of(spool_id))),
        }
        notes = [login.note] if login.note else []
        return Order(
            job_id=request.job_id,
            location=request.location,
            argv=request.argv,
            environment=environment,
            folders=working_folders(request.argv[0], self._account),
            notes=tuple(notes),
            umask=login.umask,
        )
