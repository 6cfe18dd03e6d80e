"""The two listening sockets of a manager, bound before it starts and kept while it is away."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arp_nb.discovery import socket_path
from arp_nb.errors import ManagerError

if TYPE_CHECKING:
    from pathlib import Path

    from arp_nb.settings import Settings

PORT_NAME = "update_port"
#: connections that wait while the manager is away; the kernel may allow fewer
BACKLOG = 4096


@dataclass(frozen=True, slots=True)
class Listeners:
    """Both sockets, and what people should know of them."""

    api: socket.socket
    updates: socket.socket
    notices: tuple[str, ...] = ()

    @property
    def update_port(self) -> int:
        """The TCP port of the update listener."""
        return int(self.updates.getsockname()[1])

    def close(self) -> None:
        """Close both in this process; another that shares them keeps them open."""
        self.api.close()
        self.updates.close()


def bind(store: Path, settings: Settings) -> Listeners:
    """Bind both sockets. The caller holds the store's lock, so a socket file is a stale one.

    Raises
    ------
    ManagerError
        The socket's path is too long, or the update listener's address is not ours.
    """
    api = _bind_api(socket_path(store))
    try:
        updates, notices = _bind_updates(store, settings)
    except BaseException:
        api.close()
        raise
    return Listeners(api, updates, notices)


def _bind_api(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # never, not even for a moment, may others connect
    old_umask = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise ManagerError(f"{path} cannot be made: {error.strerror}.") from error
    finally:
        os.umask(old_umask)
    listener.listen(BACKLOG)
    return listener


def _bind_updates(store: Path, settings: Settings) -> tuple[socket.socket, tuple[str, ...]]:
    kept_port = _kept_port(store)
    wanted_port = settings.update_port or kept_port
    notices: tuple[str, ...] = ()
    try:
        listener = _listen(settings.update_listen, wanted_port)
    except OSError as error:
        if not wanted_port or error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise ManagerError(
                f"The update listener cannot be bound to {settings.update_listen} port "
                f"{wanted_port}: {error.strerror}. Correct update_listen and update_port in "
                f"{store / 'config.toml'}."
            ) from error
        listener = _listen(settings.update_listen, 0)
        port = listener.getsockname()[1]
        notice = (
            f"Update port {wanted_port} could not be used ({error.strerror}); new jobs report to "
            f"port {port}. Jobs submitted before cannot report any more."
        )
        notices = (notice,)
    port = listener.getsockname()[1]
    if port != kept_port:
        with contextlib.suppress(OSError):  # a full disk: another port after the next start
            (store / PORT_NAME).touch(mode=0o600)
            (store / PORT_NAME).write_text(f"{port}\n", "ascii")
    return listener, notices


def _listen(interface: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        interface, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # after a crash of all our processes the port may be in TIME_WAIT
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _kept_port(store: Path) -> int:
    try:
        port = int((store / PORT_NAME).read_text("ascii"))
    except (OSError, ValueError):
        return 0
    return port if 0 < port < 65536 else 0
