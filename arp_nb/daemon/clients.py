"""Making batch clients, with the schedulers that the user's login finds.

The login shell may take long, or hang on a file server that is away. So the manager serves
without it, and only the client waits; and a client that had to be made without it gives way
to the next one as soon as the shell answers.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from arp_nb.batch_client import BatchClient
from arp_nb.batch_client.environment import LOGIN_S, Account, LoginEnvironments
from arp_nb.daemon import environment
from arp_nb.schedulers import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arp_nb.ports import ManagerPort
    from arp_nb.schedulers.base import Scheduler
    from arp_nb.settings import Settings

_log = logging.getLogger(__name__)
_ASK_AGAIN_S = 60.0


class Clients:
    """Makes one batch client after the other for a manager.

    Parameters
    ----------
    port
        The manager.
    folder
        The store's.
    logins
        Asks the user's login shell; by default the real one.
    root
        Of the file system, where marks of the place are looked for.
    """

    def __init__(
        self,
        port: ManagerPort,
        settings: Settings,
        folder: Path,
        logins: LoginEnvironments | None = None,
        root: Path = Path("/"),
    ) -> None:
        self._root = root
        self._port = port
        self._settings = settings
        self._folder = folder
        self._logins = logins or LoginEnvironments(Account.own(), LOGIN_S)
        self._login_failed = False
        #: where the last client can submit
        self.schedulers: Mapping[str, Scheduler] = {}
        #: what the user should know of the place that they run in
        self.notice = ""

    async def make(self) -> BatchClient:
        """Return a new client, once the login shell has answered or been given up."""
        login = await self._logins.get()
        self._login_failed = bool(login.note)
        found = registry.load(self._settings, self._folder, environment=login.variables)
        self.schedulers, self.notice = environment.offered(
            found.offered, self._root, accept_lost_reports=self._settings.accept_lost_reports
        )
        not_sent = dict.fromkeys(found.offered.keys() - self.schedulers.keys(), self.notice)
        return BatchClient(
            self._port,
            self.schedulers,
            self._folder / "spool",
            self._settings,
            absent={**found.absent, **not_sent},
        )

    async def outdated(self) -> None:
        """Return once the next client would know more than the last: the shell answers now."""
        while self._login_failed:
            await asyncio.sleep(_ASK_AGAIN_S)
            self._login_failed = bool((await self._logins.get()).note)
            if not self._login_failed:
                _log.info("The login shell answers: schedulers are looked for again")
                return
        await asyncio.Event().wait()
