"""The batch client: everything that is done as the user, behind `arp_nb.ports`."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.batch_client.blocking import HangLimitedThreads
from arp_nb.batch_client.check import look_at, not_looked_at
from arp_nb.batch_client.environment import LOGIN_S, Account, LoginEnvironments, compose
from arp_nb.batch_client.health import Pulse
from arp_nb.batch_client.kill import Killer
from arp_nb.batch_client.logs import LogReader
from arp_nb.batch_client.poll import Poller
from arp_nb.batch_client.spool import Spool
from arp_nb.batch_client.submit import Submitter
from arp_nb.batch_client.sweep import Sweeper
from arp_nb.batch_client.watch import Watcher
from arp_nb.errors import ClientAbsent, SchedulerError
from arp_nb.ports import Advice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from arp_nb.batch_client.check import Look
    from arp_nb.model import Element, ScriptCheck
    from arp_nb.ports import LogChunk, LogQuery, ManagerPort, SubmitRequest
    from arp_nb.schedulers.base import Scheduler
    from arp_nb.settings import Settings
    from arp_nb.starts import ScriptText

log = logging.getLogger(__name__)

_CHECK_S = 5.0
_CHECKS_AT_ONCE = 8
#: threads that a dead file server may keep, in all and by checks in one folder
_HANGING_CHECKS, _HANGING_CHECKS_IN_A_FOLDER = 32, 4
_WORK_WAIT_S = 30.0
_AGAIN_S = 2.0
#: submissions that an error has cut off from us are found again so often
_AUDIT_S = 30.0
#: how long leasing waits for the first look at what a crash left behind
_RECOVERY_S = 30.0
_PROBE_AGAIN_S = 60.0
_SWEEP_S = 3_600.0
_DAY_S = 86_400.0
_NOT_HEARD = "its commands are here; it has not answered yet"


class BatchClient:
    """Submits, watches, polls, kills and reads logs as the user who runs this process.

    Implements `arp_nb.ports.ClientPort`. Make it inside the running loop.

    Parameters
    ----------
    port
        The manager.
    schedulers
        By location.
    spool
        Folder that outlives us, on a local disk.
    settings
        The manager's options.
    absent
        Locations that are not offered, and why.
    """

    def __init__(
        self,
        port: ManagerPort,
        schedulers: Mapping[str, Scheduler],
        spool: Path,
        settings: Settings,
        *,
        absent: Mapping[str, str] | None = None,
    ) -> None:
        self._port = port
        self._absent = dict(absent or {})
        self._schedulers = dict(schedulers)
        self._spool = Spool(spool)
        self._settings = settings
        account = Account.own()
        self._logins = LoginEnvironments(account, LOGIN_S)
        self._checks = HangLimitedThreads(
            _CHECKS_AT_ONCE, _HANGING_CHECKS, _HANGING_CHECKS_IN_A_FOLDER
        )
        self._beat = asyncio.Event()
        self._pulse = Pulse(self._beat.set)
        self._logs = LogReader(self._schedulers, self._spool)
        self._probed: dict[str, str] = {}
        self._watcher = Watcher(port, self._schedulers, self._spool, settings, self._on_id)
        self._pollers = [
            Poller(port, one, settings, self._pulse, self._logs)
            for one in self._schedulers.values()
        ]
        self._killers = [
            Killer(port, one, self._pulse, self._nudge_pollers)
            for one in self._schedulers.values()
        ]
        self._submitter = Submitter(
            port,
            self._schedulers,
            self._spool,
            settings,
            watcher=self._watcher,
            look=self._look,
            logins=self._logins,
            account=account,
        )

    async def run(self) -> None:
        """Recover what was left behind, then work, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._heartbeat(), name="heartbeat")
                tasks.create_task(self._probe(), name="probe")
                await self._recover()
                for poller in self._pollers:
                    tasks.create_task(poller.run(), name="poll")
                for one in self._schedulers.values():
                    sweeper = Sweeper(self._port, one, self._settings)
                    tasks.create_task(sweeper.run(), name="sweep")
                for killer in self._killers:
                    tasks.create_task(killer.run(), name="kill")
                tasks.create_task(self._submitter.run(), name="submit")
                tasks.create_task(self._listen(), name="listen")
                tasks.create_task(self._audit(), name="audit")
        finally:
            await self.close()

    async def close(self) -> None:
        """Stop following; scripts that run go on, and the spool keeps what comes of them."""
        await self._submitter.close()
        await self._watcher.close()
        for poller in self._pollers:
            await poller.close()

    # -- ClientPort --------------------------------------------------------------------

    async def check(self, executable: str) -> ScriptCheck:
        """Say what is found at a script's path, as the user."""
        return (await self._look(executable)).check

    async def script(self, executable: str) -> ScriptText:
        """Read a script as the user; what could not be read says so."""
        return (await self._look(executable)).script

    async def _look(self, executable: str) -> Look:
        commands = [name for one in self._schedulers.values() for name in one.submit_commands]
        names = tuple(dict.fromkeys(commands))
        try:
            return await self._checks.run(
                str(Path(executable).parent), lambda: look_at(executable, names), _CHECK_S
            )
        except TimeoutError as error:
            return not_looked_at(str(error) or f"its disk has not answered for {_CHECK_S:g} s")

    async def environment(self, request: SubmitRequest) -> Mapping[str, str]:
        """Return the whole environment that the script would get; secrets as they are."""
        scheduler = self._scheduler(request.location)
        login = await self._logins.get()
        return compose(login.variables, self._settings, scheduler, request)

    async def log(self, query: LogQuery) -> LogChunk:
        """Read a piece of a job's log."""
        return await self._logs.read(query)

    async def details(self, location: str, native_id: str) -> str:
        """Return everything the scheduler says of one of its jobs."""
        return await self._scheduler(location).details(native_id)

    async def elements(self, location: str, native_id: str) -> Sequence[Element]:
        """Return the elements of an array, in order."""
        return await self._scheduler(location).elements(native_id)

    async def locations(self) -> Mapping[str, str]:
        """Return where this client submits, and what it found there.

        Asks nobody, so that a cluster that hangs holds up no caller. One that is down is a
        location all the same: a job that is for it waits, and goes nowhere else.
        """
        return {
            name: f"{self._probed.get(name, _NOT_HEARD)} ({one.found})"
            for name, one in self._schedulers.items()
        }

    async def not_offered(self) -> Mapping[str, str]:
        """Return the locations where this client cannot submit, and why."""
        return self._absent

    async def advice(self) -> Mapping[str, Sequence[Advice]]:
        """Look at each location's site; one that does not answer holds up no other."""
        said = await asyncio.gather(*map(_advice, self._schedulers.values()))
        return dict(zip(self._schedulers, said, strict=True))

    async def remote_locations(self) -> frozenset[str]:
        """Return those of them whose jobs run on other machines than this."""
        return frozenset(name for name, one in self._schedulers.items() if not one.on_this_machine)

    def _scheduler(self, location: str) -> Scheduler:
        try:
            return self._schedulers[location]
        except KeyError:
            raise ClientAbsent(f"No batch client offers the location {location!r}.") from None

    # -- loops -------------------------------------------------------------------------

    async def _recover(self) -> None:
        """Take up every open submission before anything new is leased."""
        while True:
            try:
                adopted = await self._watcher.adopt()
                break
            except Exception:
                log.exception("recovery: will try again")
                await asyncio.sleep(_AGAIN_S)
        if adopted:
            log.info("recovery: %d submissions are open", len(adopted))
            seen = [asyncio.create_task(one.seen.wait()) for one in adopted]
            _, late = await asyncio.wait(seen, timeout=_RECOVERY_S)
            for task in late:
                task.cancel()

    async def _listen(self) -> None:
        """Wake the loops that have work when the manager says that there may be some."""
        number = 0
        while True:
            try:
                number = await self._port.wait_for_work(number, _WORK_WAIT_S)
            except Exception:
                log.exception("the manager does not answer: will ask again")
                await asyncio.sleep(_AGAIN_S)
            self._submitter.nudge()
            self._nudge_killers()

    async def _heartbeat(self) -> None:
        while True:
            self._beat.clear()
            try:
                await self._port.health(self._pulse.record())
            except Exception:
                log.exception("no sign of life could be given")
            try:
                async with asyncio.timeout(self._settings.client_silent_s / 3):
                    await self._beat.wait()
            except TimeoutError:
                continue

    async def _audit(self) -> None:
        """Find submissions again that an error cut off, and sweep the spool now and then."""
        kept_s = self._settings.keep_deleted_days * _DAY_S
        swept_s = float("-inf")
        while True:
            await _safely(self._watcher.adopt_from_manager, "audit")
            if time.monotonic() - swept_s > _SWEEP_S:
                await _safely(
                    lambda: asyncio.to_thread(self._spool.sweep, kept_s, _DAY_S), "sweep"
                )
                swept_s = time.monotonic()
            await asyncio.sleep(_AUDIT_S * random.uniform(1.0, 1.2))  # noqa: S311

    async def _probe(self) -> None:
        """Ask each scheduler for a sign of life: at the start, and while it gives none."""
        while True:
            silent = [
                name
                for name in self._schedulers
                if name not in self._probed or not self._pulse.is_ok(name)
            ]
            await asyncio.gather(*map(self._probe_one, silent))
            await asyncio.sleep(_PROBE_AGAIN_S)

    async def _probe_one(self, name: str) -> None:
        began_s = time.monotonic()
        try:
            self._probed[name] = await self._schedulers[name].probe()
        except SchedulerError as error:
            self._pulse.failed(name, str(error))
        except Exception:
            log.exception("%s: cannot be probed", name)
        else:
            self._pulse.answered(name, time.monotonic() - began_s, self._probed[name])

    def _on_id(self) -> None:
        self._nudge_killers()
        self._nudge_pollers()

    def _nudge_killers(self) -> None:
        for killer in self._killers:
            killer.nudge()

    def _nudge_pollers(self) -> None:
        for poller in self._pollers:
            poller.nudge()


async def _advice(scheduler: Scheduler) -> Sequence[Advice]:
    try:
        return await scheduler.advise()
    except SchedulerError as error:
        return (Advice(ok=False, said=f"it does not answer: {error}"),)


async def _safely(action: Callable[[], Awaitable[object]], what: str) -> None:
    try:
        await action()
    except Exception:
        log.exception("%s: will try again", what)
