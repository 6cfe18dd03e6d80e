"""Running an ASGI app on an inherited socket, within the loop of the whole manager.

Two such servers share one loop with the batch client, so that neither may catch signals; and
neither may wake up ten times a second, which uvicorn's own main loop does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from collections.abc import Iterator

#: longer than the pauses of a client that keeps its connection, such as a polling page
_KEEP_ALIVE_S = 75
_STOP_S = 3
_PING_S = 30.0
#: a proxy whose browser is slow stops reading, and so answers pings late
_PONG_S = 120.0
#: of what a client sends on a WebSocket
_MAX_MESSAGE_BYTES = 65536
#: who has connected and sends no whole request line and headers for so long is dropped:
#: nodes that hang, and port scanners, must not use up the descriptors
_HEADERS_S = 60.0
#: request line and headers together
_MAX_HEADER_BYTES = 65536


class BoundedProtocol(HttpToolsProtocol):
    """HTTP whose headers have a bound in size and time, which the parser itself lacks."""

    _header_bytes = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first headers, not for ever."""
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_headers(self) -> None:
        self._stop_waiting()
        self._late = self.loop.call_later(_HEADERS_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def data_received(self, data: bytes) -> None:
        """Count bytes until the headers are complete."""
        if self._header_bytes >= 0:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._header_bytes > _MAX_HEADER_BYTES and not self.transport.is_closing():
            self.send_400_response("Request headers are too large.")

    def on_message_begin(self) -> None:
        """Begin to count anew for each request of the connection."""
        self._header_bytes = 0
        self._await_headers()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: the body is bounded by the app that reads it."""
        self._header_bytes = -1
        self._stop_waiting()
        super().on_headers_complete()


class PeerProtocol(BoundedProtocol):
    """HTTP that knows the uid of the process at the other end of a Unix socket."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put ``peer_uid`` into the state that each request of this connection is given."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "peer_uid": _peer_uid(transport)}


def _peer_uid(transport: asyncio.BaseTransport) -> int | None:
    """Ask the kernel who connected; None where it cannot tell."""
    end: Any = transport.get_extra_info("socket")
    if end is None or end.family != socket.AF_UNIX:
        return None
    # the loop's own object for it may lack getsockopt
    with socket.fromfd(end.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as copy:
        if hasattr(socket, "SO_PEERCRED"):
            credentials = copy.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            return int(struct.unpack("3i", credentials)[1])
        # macOS: SOL_LOCAL, LOCAL_PEERCRED, struct xucred {version, uid, …}
        return int(struct.unpack("2I", copy.getsockopt(0, 1, 8))[1])


class SocketServer(uvicorn.Server):
    """A server on one socket, ended by `stop` and by nothing else."""

    def __init__(self, app: Any, listener: socket.socket, *, tells_peer: bool) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="none",
                http=PeerProtocol if tells_peer else BoundedProtocol,
                ws="websockets-sansio" if tells_peer else "none",
                ws_max_size=_MAX_MESSAGE_BYTES,
                ws_ping_interval=_PING_S,
                ws_ping_timeout=_PONG_S,
                # its readers are on this machine, or behind a proxy that compresses itself
                ws_per_message_deflate=False,
                lifespan="off",
                # the path of an update address is a secret: no access log
                access_log=False,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                backlog=listener_backlog(),
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_STOP_S,
            )
        )
        self._listener = listener
        self._ended = asyncio.Event()
        self._listening = asyncio.Event()

    async def run_until_stopped(self) -> None:
        """Serve."""
        await self.serve(sockets=[self._listener])

    async def listening(self) -> None:
        """Wait until connections are accepted."""
        await self._listening.wait()

    def stop(self) -> None:
        """Accept no more, finish what is under way, then let `run_until_stopped` return."""
        self.should_exit = True
        self._ended.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever owns the loop."""
        yield

    async def main_loop(self) -> None:
        """Wait for the end instead of asking for it."""
        self._listening.set()
        await self._ended.wait()


def listener_backlog() -> int:
    """How many connections may wait; asyncio sets it again on the inherited socket."""
    return 4096
