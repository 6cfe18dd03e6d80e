"""The way to the batch manager: where its socket is, and calls over it.

Connections are kept for the next call, because a new one costs as much as a small call. What
the manager answers is handed on piece by piece, and no further piece is read before the
browser has taken the last one.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httpclient import HTTPError, HTTPRequest
from tornado.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError
from tornado.netutil import Resolver
from tornado.websocket import WebSocketClientConnection, websocket_connect

from arp_nb.errors import ManagerError, ManagerTimeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

#: connections kept while nobody needs them, and for how long; the manager's own server gives
#: up an idle one much later, and a call must not meet that moment
_KEPT = 8
_KEEP_S = 3.0
#: of one message of the change feed, which splits them at 1 MB
_MAX_MESSAGE_BYTES = 16 * 2**20
#: answers are streamed, so this guards against nothing but a mad length
_MAX_ANSWER_BYTES = 2**40
_REPEATABLE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the manager."""

    method: str
    target: str
    headers: HTTPHeaders
    body: bytes = b""


class Answer(Protocol):
    """Who takes the manager's answer, piece by piece."""

    async def begin(self, status: int, headers: HTTPHeaders) -> None:
        """Take the status and the headers; called once, first."""

    async def add(self, piece: bytes) -> None:
        """Take a piece of the body; the next one waits for the return."""


class ManagerLink:
    """Finds the manager when first needed, and again when its socket is gone.

    Parameters
    ----------
    find
        Returns the path of the manager's socket, having started it if need be. May take
        half a minute: it runs in a thread of its own, once for all who wait for it.
    answer_timeout_s
        How long the manager may be silent in a call.
    """

    def __init__(self, find: Callable[[], Path], *, answer_timeout_s: float) -> None:
        self._find = find
        self._answer_timeout_s = answer_timeout_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="arp-find")
        self._path: Path | None = None
        self._finding: asyncio.Future[Path] | None = None
        self._idle: deque[tuple[float, IOStream]] = deque()

    async def call(self, call: Call, answer: Answer) -> None:
        """Send a call and hand the answer on.

        Raises
        ------
        ManagerError
            There was no whole answer; the text says whether the call may have had effect.
        """
        for first in (True, False):
            stream = (self._kept() if first else None) or await self._connect()
            relay = _Relay(answer, stream)
            if await self._exchange(stream, call, relay):
                return
            # what only reads is asked once more, of the manager that comes after this one
            if relay.begun or call.method not in _REPEATABLE:
                break
        raise _went_away(call, relay)

    async def open_socket(self, target: str) -> WebSocketClientConnection:
        """Open a WebSocket to the manager.

        Raises
        ------
        ManagerError
            It cannot be reached, or does not open one.
        """
        (await self._connect()).close()  # finds or starts the manager
        assert self._path is not None  # just connected there
        request = HTTPRequest(f"ws://arp{target}", connect_timeout=self._answer_timeout_s)
        try:
            return await websocket_connect(
                request, resolver=_UnixResolver(self._path), max_message_size=_MAX_MESSAGE_BYTES
            )
        except (HTTPError, OSError, StreamClosedError) as error:
            raise ManagerError(_words(error)) from error

    def close(self) -> None:
        """Close what is kept open. Calls under way end by themselves."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        while self._idle:
            self._idle.pop()[1].close()

    async def _exchange(self, stream: IOStream, call: Call, relay: _Relay) -> bool:
        """Make one call over a connection; False where the manager broke it."""
        params = HTTP1ConnectionParameters(max_body_size=_MAX_ANSWER_BYTES)
        connection = HTTP1Connection(stream, is_client=True, params=params)
        start = RequestStartLine(call.method, call.target, "HTTP/1.1")
        headers = call.headers.copy()
        if call.body or call.method in {"POST", "PUT", "PATCH"}:
            headers["Content-Length"] = str(len(call.body))
        try:
            async with relay.within(self._answer_timeout_s):
                await connection.write_headers(start, headers, call.body)
                connection.finish()
                await connection.read_response(relay)
        except (StreamClosedError, HTTPInputError):
            stream.close()
        except TimeoutError as error:
            stream.close()
            raise ManagerTimeout(
                f"The batch manager was silent for {self._answer_timeout_s:g} s."
                f"{_may_have_happened(call)}"
            ) from error
        except BaseException:
            stream.close()
            raise
        if relay.whole and relay.reusable:
            self._keep(stream)
        else:
            stream.close()
        return relay.whole or relay.unwanted

    async def _connect(self) -> IOStream:
        """Open a connection, finding or starting the manager where there is none."""
        said: object = None
        for _ in range(2):
            path = await self._located()
            stream = IOStream(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            try:
                return await asyncio.wait_for(
                    stream.connect(str(path)),
                    self._answer_timeout_s,
                )
            except (OSError, StreamClosedError) as error:
                stream.close()
                said = getattr(error, "real_error", None) or error
                self._path = None
        raise ManagerError(
            f"The batch manager cannot be reached at its socket: {said}. "
            "'jupyter arp manager status' says more."
        )

    async def _located(self) -> Path:
        if self._path is None:
            if self._finding is None or self._finding.done():
                loop = asyncio.get_running_loop()
                self._finding = loop.run_in_executor(self._thread, self._find)
            # one search for all who wait; none of them may end it for the others
            self._path = await asyncio.shield(self._finding)
        return self._path

    def _keep(self, stream: IOStream) -> None:
        if stream.closed() or len(self._idle) >= _KEPT:
            stream.close()
            return
        kept = (asyncio.get_running_loop().time() + _KEEP_S, stream)
        self._idle.append(kept)
        stream.set_close_callback(lambda: self._forget(kept))

    def _forget(self, kept: tuple[float, IOStream]) -> None:
        if kept in self._idle:
            self._idle.remove(kept)

    def _kept(self) -> IOStream | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            until, stream = self._idle.pop()
            stream.set_close_callback(None)
            if until > now and not stream.closed():
                return stream
            stream.close()
        return None


class _Relay(HTTPMessageDelegate):
    """Hands what one connection receives on to an `Answer`."""

    def __init__(self, answer: Answer, stream: IOStream) -> None:
        self._answer = answer
        self._stream = stream
        self._timeout_s = 0.0
        self._deadline: asyncio.Timeout | None = None
        self.begun = False
        self.whole = False
        self.reusable = True
        #: the browser has gone away
        self.unwanted = False

    def within(self, timeout_s: float) -> asyncio.Timeout:
        """Limit how long the manager may be silent; the browser's time does not count."""
        self._timeout_s = timeout_s
        self._deadline = asyncio.timeout(timeout_s)
        return self._deadline

    async def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        assert isinstance(start_line, ResponseStartLine)
        if start_line.code < 200:
            return
        self.begun = True
        self.reusable = headers.get("Connection", "").lower() != "close"
        await self._hand_on(self._answer.begin(start_line.code, headers))

    async def data_received(self, chunk: bytes) -> None:
        await self._hand_on(self._answer.add(chunk))

    def finish(self) -> None:
        self.whole = True

    def on_connection_close(self) -> None:
        self.whole = False

    async def _hand_on(self, taking: Awaitable[None]) -> None:
        assert self._deadline is not None  # within() came first
        self._deadline.reschedule(None)
        try:
            await taking
        except StreamClosedError:
            self.unwanted = True
            self._stream.close()
        else:
            now = asyncio.get_running_loop().time()
            self._deadline.reschedule(now + self._timeout_s)


class _UnixResolver(Resolver):
    """Resolves every name to one Unix socket."""

    def initialize(self, path: Path) -> None:
        self._path = str(path)

    async def resolve(self, *_: object, **__: object) -> list[tuple[int, Any]]:
        return [(socket.AF_UNIX, self._path)]


def _words(error: Exception) -> str:
    """Say why no socket was opened, in the manager's own words where it sent some."""
    response: Any = getattr(error, "response", None)
    try:
        return str(json.loads(response.body)["message"])
    except (AttributeError, ValueError, TypeError, LookupError):
        return f"The batch manager opened no change feed: {error}."


def _may_have_happened(call: Call) -> str:
    if call.method in _REPEATABLE:
        return ""
    return " What was asked for may have been done: look before asking again."


def _went_away(call: Call, relay: _Relay) -> ManagerError:
    when = "in the middle of an answer" if relay.begun else "before it answered"
    return ManagerError(f"The batch manager went away {when}.{_may_have_happened(call)}")
