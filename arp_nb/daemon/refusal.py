"""Answering 503 in the manager's place, so that no job hangs while there is none.

It works within the supervisor's own loop, one selector and no threads: a request is answered
as soon as its header is there, then read to its end so that the sender sees the answer.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_CONNECTIONS = 256
_CONNECTION_S = 5.0
_HEADER_BYTES = 65536


@dataclass(slots=True, eq=False)
class _Connection:
    socket: socket.socket
    deadline: float
    header: bytearray = field(default_factory=bytearray)
    answered: bool = False


class Refusal:
    """Accepts on the manager's listeners and answers 503 with a reason, while it is on."""

    def __init__(
        self, selector: selectors.BaseSelector, listeners: Sequence[socket.socket]
    ) -> None:
        self._selector = selector
        self._listeners = listeners
        self._connections: set[_Connection] = set()
        self._accepting = False
        self.reason = ""

    @property
    def on(self) -> bool:
        """Whether it accepts, or is still busy with what it accepted."""
        return self._accepting or bool(self._connections)

    def start(self) -> None:
        """Begin to accept. Nobody else accepts now, so the sockets may be non-blocking."""
        if self._accepting:
            return
        for listener in self._listeners:
            listener.setblocking(False)  # noqa: FBT003 - as the library has it
            self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._accepting = True

    def stop(self) -> None:
        """Accept no more; what was accepted is still answered."""
        if not self._accepting:
            return
        for listener in self._listeners:
            self._selector.unregister(listener)
        self._accepting = False

    def drop_late(self) -> None:
        """Close connections that took too long."""
        now = time.monotonic()
        for one in [one for one in self._connections if one.deadline <= now]:
            self._close(one)

    def _accept(self, key: selectors.SelectorKey) -> None:
        if len(self._connections) >= _CONNECTIONS:
            self._close(min(self._connections, key=lambda one: one.deadline))
        assert isinstance(key.fileobj, socket.socket)
        try:
            accepted, _ = key.fileobj.accept()
        except OSError:
            return  # the sender gave up, or a manager took it
        accepted.setblocking(False)  # noqa: FBT003 - as the library has it
        one = _Connection(accepted, time.monotonic() + _CONNECTION_S)
        self._connections.add(one)
        self._selector.register(accepted, selectors.EVENT_READ, lambda _key: self._read(one))

    def _read(self, one: _Connection) -> None:
        try:
            piece = one.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self._close(one)
        elif not one.answered:
            one.header += piece
            if b"\r\n\r\n" in one.header or len(one.header) > _HEADER_BYTES:
                self._answer(one)

    def _answer(self, one: _Connection) -> None:
        one.answered = True
        one.header.clear()
        body = json.dumps({"error": "ManagerError", "message": self.reason}).encode()
        head = (
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nRetry-After: 30\r\nConnection: close\r\n\r\n"
        )
        with contextlib.suppress(OSError):  # the sender has gone
            one.socket.send(head.encode("ascii") + body)
            one.socket.shutdown(socket.SHUT_WR)

    def _close(self, one: _Connection) -> None:
        self._connections.discard(one)
        self._selector.unregister(one.socket)
        one.socket.close()
