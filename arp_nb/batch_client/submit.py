"""Takes requested jobs and brings each to its one start.

Lease, look at the script, write the order into the spool, make STARTING durable, with what was
seen kept no later; only then may the watcher start the shim. A crash between any two of these
leaves either a lease that runs out, or a STARTING whose spool entry recovery starts.
"""

from __future__ import annotations

import asyncio
import logging
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.batch_client.check import OK, was_checked
from arp_nb.batch_client.environment import compose, working_folders
from arp_nb.batch_client.recording import record
from arp_nb.batch_client.script_warnings import may_lose_id
from arp_nb.batch_client.shim import LOCK_FD
from arp_nb.batch_client.spool import Order, tag_of
from arp_nb.errors import ArpError
from arp_nb.model import JobState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from arp_nb.batch_client.check import Look
    from arp_nb.batch_client.environment import Account, LoginEnvironments
    from arp_nb.batch_client.spool import Spool
    from arp_nb.batch_client.watch import Watcher
    from arp_nb.model import ScriptCheck
    from arp_nb.ports import ManagerPort, SubmitRequest
    from arp_nb.schedulers.base import Scheduler
    from arp_nb.settings import Settings
    from arp_nb.starts import Start

log = logging.getLogger(__name__)

#: after something that the next request would meet too: a full disk
_PAUSE_S = 5.0
#: a folder whose disk does not answer is left alone so long, and longer each time
_FOLDER_PAUSE_S, _LONGEST_FOLDER_PAUSE_S = 5.0, 60.0
_IDLE_S = 30.0


class _Folders:
    """Folders whose disks do not answer; the requests of all others go on."""

    def __init__(self) -> None:
        #: until when each is left alone, and how long its next pause is
        self._known: dict[str, tuple[float, float]] = {}

    def pause(self, folder: str) -> None:
        """Leave a folder alone for a while; several that hung together count once."""
        now_s = time.monotonic()
        until_s, pause_s = self._known.get(folder, (0.0, _FOLDER_PAUSE_S))
        if until_s <= now_s:
            longer_s = min(2 * pause_s, _LONGEST_FOLDER_PAUSE_S)
            self._known[folder] = (now_s + pause_s, longer_s)

    def answered(self, folder: str) -> None:
        """Take a folder for well again."""
        self._known.pop(folder, None)

    def paused(self) -> frozenset[str]:
        """Return the folders that are to be left alone now."""
        now_s = time.monotonic()
        return frozenset(name for name, (until_s, _) in self._known.items() if until_s > now_s)

    def next_s(self) -> float:
        """Return how long it is until the next pause ends."""
        now_s = time.monotonic()
        left = [until_s - now_s for until_s, _ in self._known.values() if until_s > now_s]
        return min(left, default=float("inf"))


class Submitter:
    """Keeps the submission slots busy.

    Parameters
    ----------
    look
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
        look: Callable[[str], Awaitable[Look]],
        logins: LoginEnvironments,
        account: Account,
    ) -> None:
        self._port = port
        self._schedulers = schedulers
        self._spool = spool
        self._settings = settings
        self._watcher = watcher
        self._look = look
        self._logins = logins
        self._account = account
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._paused = False
        self._folders = _Folders()

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
                async with asyncio.timeout(min(_IDLE_S, self._folders.next_s())):
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
            requests = await self._port.lease(
                tuple(self._schedulers), free, self._folders.paused()
            )
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
            look = await self._look(request.argv[0])
            check = look.check
            folder = str(Path(request.argv[0]).parent)
            if not was_checked(check):
                log.warning("job %d: %s", request.job_id, check.problem)
                self._folders.pause(folder)
                await self._give_back(request)
                return
            self._folders.answered(folder)
            if check.problem != OK:
                await self._port.refused(request.job_id, request.lease_token, check.problem, check)
                return
            lapsed = _lapsed(request, check)
            if lapsed:
                await self._port.refused(request.job_id, request.lease_token, lapsed, check)
                return
            await self._start(request, look)
        except (ArpError, OSError):
            log.exception("job %d: not started, kept", request.job_id)
            self._paused = True
            await self._give_back(request)
        except Exception:
            log.exception("job %d: its lease will run out", request.job_id)
            self._paused = True

    async def _give_back(self, request: SubmitRequest) -> None:
        try:
            await self._port.give_back(request.job_id, request.lease_token)
        except ArpError:
            log.exception("job %d: its lease will run out", request.job_id)
            self._paused = True

    async def _start(self, request: SubmitRequest, look: Look) -> None:
        spool_id = self._spool.new_id(request.job_id)
        order = await self._order(request, spool_id, look)
        start = self._record(order, look)
        await asyncio.to_thread(self._spool.create, spool_id, order)
        try:
            ours = await self._port.starting(
                request.job_id, request.lease_token, spool_id, look.check, start
            )
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

    def _record(self, order: Order, look: Look) -> Start | None:
        """Return what is kept of a start; no trouble with that ever stops one."""
        try:
            return record(order, look, self._account)
        except Exception:
            log.exception("job %d: what it is started with is not kept", order.job_id)
            return None

    async def _order(self, request: SubmitRequest, spool_id: str, look: Look) -> Order:
        login = await self._logins.get()
        scheduler = self._schedulers[request.location]
        environment = compose(login.variables, self._settings, scheduler, request)
        mark = scheduler.tag_options(tag_of(spool_id))
        environment |= {
            "ARP_SPOOL": str(self._spool.folder(spool_id)),
            "ARP_LOCK_FD": str(LOCK_FD),
            "ARP_TAG_OPTION": " ".join(mark),
            "ARP_ASK_OPTIONS": " ".join(scheduler.ask_options(request.memory_mb, request.time_s)),
            "ARP_VIA": shlex.join(scheduler.command_prefix),
        }
        notes = [login.note] if login.note else []
        if not mark:
            notes.append(f"not marked: {scheduler.title} cannot be searched for this job")
        return Order(
            job_id=request.job_id,
            location=request.location,
            argv=request.argv,
            environment=environment,
            folders=working_folders(request.argv[0], self._account),
            notes=tuple(notes),
            umask=login.umask,
            may_bypass=may_lose_id(look.check.warnings),
        )


def _lapsed(request: SubmitRequest, check: ScriptCheck) -> str:
    """Return why a job of autorun must not start, in words; empty where it may."""
    consented = request.consent_sha256
    if consented is None or (consented and consented == check.sha256):
        return ""
    if not consented:
        return (
            f"Autorun is not checked by {request.user} any more, as whom this would start. "
            "Apply it by hand."
        )
    return (
        f"{request.argv[0]} is not the script that autorun was checked for: it was changed "
        "since. Check autorun again, or apply it by hand."
    )
