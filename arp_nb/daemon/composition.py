"""The composition root: the one place that knows which parts a manager is made of."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pwd
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from arp_nb import settings as settings_module
from arp_nb.daemon import environment
from arp_nb.daemon.clients import Clients
from arp_nb.daemon.host import this_host
from arp_nb.daemon.idle import until_idle
from arp_nb.daemon.log import begin_log
from arp_nb.daemon.patience import keep_client
from arp_nb.daemon.steadiness import keep_steady
from arp_nb.discovery import LOG_NAME, SOCKET_NAME
from arp_nb.manager import Manager
from arp_nb.run_sources import registry as source_registry
from arp_nb.schedulers import registry
from arp_nb.store import open_store
from arp_nb.web import app, update_app
from arp_nb.web.activity import Activity
from arp_nb.web.serving import SocketServer

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from arp_nb.daemon.child import Inherited
    from arp_nb.daemon.manager_process import StatusPipe
    from arp_nb.settings import Settings
    from arp_nb.store.base import Store

_log = logging.getLogger(__name__)


def serve(inherited: Inherited, pipe: StatusPipe) -> None:
    """Serve until told to stop, or until nobody needs a manager.

    Raises
    ------
    ArpError
        Settings or store cannot be used.
    """
    store_folder = Path(inherited.store)
    begin_log(store_folder / LOG_NAME)
    settings = settings_module.load(store_folder)
    registry.check_locations(settings)
    store = open_store(store_folder)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(_Parts(inherited, pipe, settings, store, store_folder)))
    finally:
        store.close()
    # nobody shall be sent to a socket that nobody serves; the lock is still ours
    (store_folder / SOCKET_NAME).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Parts:
    inherited: Inherited
    pipe: StatusPipe
    settings: Settings
    store: Store
    folder: Path


async def _serve(parts: _Parts) -> None:
    listeners = (
        socket.socket(fileno=parts.inherited.api),
        socket.socket(fileno=parts.inherited.updates),
    )
    user = pwd.getpwuid(os.getuid()).pw_name
    manager = Manager(
        parts.store,
        parts.settings,
        user=user,
        host=this_host().name,
        update_base=update_base(parts.settings, listeners[1]),
    )
    clients = Clients(manager.port, parts.settings, parts.folder)
    sources = source_registry.load(parts.settings, manager.active_experiments)
    await manager.start(sources)
    manager.expect_client()
    notices = environment.notices(parts.inherited.notices, lambda: clients.notice)
    watched = Activity(app(manager, user=user, notices=notices))
    servers = (
        SocketServer(watched, listeners[0], tells_peer=True),
        SocketServer(update_app(manager), listeners[1], tells_peer=False),
    )
    try:
        await _run(
            parts,
            servers,
            [
                keep_client(manager, clients),
                until_idle(watched, manager, parts.settings.idle_exit_s),
            ],
        )
    finally:
        await manager.close()
        for listener in listeners:
            listener.close()


async def _run(
    parts: _Parts,
    servers: Sequence[SocketServer],
    others: Sequence[Coroutine[Any, Any, None]],
) -> None:
    """Run all side by side until the first of them ends, or a signal comes."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    serving = [asyncio.create_task(server.run_until_stopped()) for server in servers]
    beside = [asyncio.create_task(one) for one in (told.wait(), *others)]
    try:
        for server in servers:
            await server.listening()
        keep_steady()
        parts.pipe.ready()
        _log.info("The manager serves %s", parts.folder)
        done, _ = await asyncio.wait([*serving, *beside], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # what failed is a crash, and the supervisor knows what to do
    finally:
        for server in servers:
            server.stop()
        await asyncio.gather(*serving, return_exceptions=True)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
    _log.info("The manager ends")


def update_base(settings: Settings, listener: socket.socket) -> str:
    """Return how jobs reach the update listener: what the settings say, else its own address."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        host = socket.getfqdn()
    with contextlib.suppress(OSError):
        socket.inet_pton(socket.AF_INET6, host)
        host = f"[{host}]"
    return f"http://{host}:{port}"
