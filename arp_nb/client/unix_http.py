"""HTTP over a Unix socket, for `requests`."""

from __future__ import annotations

import socket
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter


def connect(path: str, timeout_s: float | None) -> socket.socket:
    """Connect to a Unix socket. `OSError` if nobody listens there."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


class _UnixConnection(urllib3.connection.HTTPConnection):
    """HTTP over a Unix socket; `path` is set by the pool that makes it."""

    path = ""

    def _new_conn(self) -> socket.socket:
        timeout = self.timeout
        try:
            return connect(self.path, timeout if isinstance(timeout, int | float) else None)
        except OSError as error:
            raise urllib3.exceptions.NewConnectionError(self, str(error)) from error


class UnixAdapter(HTTPAdapter):
    """Lets `requests` reach one Unix socket, whatever the host in the address."""

    def __init__(self, path: str) -> None:
        kind = type("_Connection", (_UnixConnection,), {"path": path})
        self._pool = urllib3.HTTPConnectionPool("manager", maxsize=4)
        self._pool.ConnectionCls = kind
        super().__init__()

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> urllib3.HTTPConnectionPool:
        """Return the one pool there is; requests asks by address."""
        return self._pool

    def close(self) -> None:
        """Close its connections."""
        self._pool.close()
        super().close()
