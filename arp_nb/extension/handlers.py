"""``<base>/arp/…``: requests, and the change feed's socket, passed on to the manager."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketHandler
from typing_extensions import override

from arp_nb.errors import ArpError, TooLarge
from arp_nb.extension import crossing
from arp_nb.extension.base import ArpHandler
from arp_nb.extension.link import Call

if TYPE_CHECKING:
    from tornado.httputil import HTTPHeaders

#: requests whose body may be long
_WITH_BODY = {"POST", "PUT", "PATCH", "DELETE"}
#: of one message of a browser, which only subscribes
_MAX_BROWSER_MESSAGE_BYTES = 64 * 1024
#: what a socket is closed with when the manager ended: come again
_SERVICE_RESTART = 1012


@web.stream_request_body
class ProxyHandler(ArpHandler):
    """Every request but the change feed's. Its body is bounded, its answer is streamed."""

    @override
    def initialize(self) -> None:
        self._body = bytearray()
        self._refusal: web.HTTPError | ArpError | None = None
        self._calling: asyncio.Task[None] | None = None
        self._giving = False  # a piece of the answer is on its way to the browser

    @override
    async def prepare(self, *, _redirect_to_login: bool = False) -> None:
        try:
            await super().prepare()
        except (web.HTTPError, ArpError) as error:
            if self.request.method not in _WITH_BODY:
                raise
            # Tornado closes the connection of a request that is answered before its body was
            # read, and whoever still sends hears of a reset instead of the reason: told later
            self._refusal = error

    @override
    def data_received(self, chunk: bytes) -> None:
        if len(self._body) + len(chunk) > self._max_body_bytes:
            self._refusal = self._refusal or self._body_too_large()
        if self._refusal is not None:  # read to its end, and not kept
            self._body.clear()
        else:
            self._body += chunk

    # One function for each verb: `authorized` remembers the first verb that it was asked for.

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Pass on a reading request."""
        if "Cookie" in self.request.headers:
            # the page may be Voila's, which gives a browser nothing to prove itself with
            _ = self.xsrf_token
        await self._pass_on()

    @web.authenticated
    @authorized
    async def head(self) -> None:
        """As ``get``."""
        await self._pass_on()

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Pass on a changing request."""
        await self._pass_on()

    @web.authenticated
    @authorized
    async def put(self) -> None:
        """As ``post``."""
        await self._pass_on()

    @web.authenticated
    @authorized
    async def patch(self) -> None:
        """As ``post``."""
        await self._pass_on()

    @web.authenticated
    @authorized
    async def delete(self) -> None:
        """As ``post``."""
        await self._pass_on()

    async def begin(self, status: int, headers: HTTPHeaders) -> None:
        """Take over the manager's status and headers."""
        self.set_status(status)
        passed = list(crossing.outward(headers))
        for name in {"Content-Type", *dict(passed)}:
            self.clear_header(name)  # a default of Jupyter's
        for name, value in passed:
            self.add_header(name, value)

    async def add(self, piece: bytes) -> None:
        """Send a piece of the answer; returns when the browser's connection has taken it."""
        self._giving = True
        try:
            self.write(piece)
            await self.flush()
        finally:
            self._giving = False

    async def _pass_on(self) -> None:
        if self._refusal is not None:
            raise self._refusal
        if self.get_query_argument("no_track_activity", None) is None:
            note_activity(self)
        call = Call(
            method=self.request.method or "GET",
            target=self.target,
            headers=crossing.inward(self.request.headers),
            body=bytes(self._body),
        )
        self._calling = asyncio.create_task(self.link.call(call, self))
        # either means that the browser went away
        with contextlib.suppress(asyncio.CancelledError, StreamClosedError):
            await self._calling
            await self.flush()  # an answer without body, as it is: no ETag of Tornado's
            self.finish()

    @override
    def on_connection_close(self) -> None:
        super().on_connection_close()
        # while it is being given to, the browser's connection itself ends the call
        if self._calling is not None and not self._giving:
            self._calling.cancel()

    @override
    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        if self._headers_written:
            # too late for words: an answer cut short must not pass for a whole one
            assert isinstance(self.request.connection, HTTP1Connection)
            self.request.connection.close()
        else:
            super().send_error(status_code, **kwargs)

    @property
    def _max_body_bytes(self) -> int:
        limit: int = self.settings["arp_max_body_bytes"]
        return limit

    def _body_too_large(self) -> TooLarge:
        limit_mib = self._max_body_bytes / 2**20
        return TooLarge(f"A request may hold {limit_mib:g} MiB, and this one is longer.")


class ChangesHandler(WebSocketMixin, WebSocketHandler, ArpHandler):
    """The change feed. The manager is read no faster than the browser is."""

    @override
    def initialize(self) -> None:
        self._manager: WebSocketClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._gone = False

    @property
    def max_message_size(self) -> int:
        """Of a message from the browser."""
        return _MAX_BROWSER_MESSAGE_BYTES

    @ws_authenticated
    @authorized
    async def get(self, *_: Any, **__: Any) -> None:
        """Open a socket to the manager, then the browser's."""
        if self.request.headers.get("Upgrade", "").lower() == "websocket":
            note_activity(self)
            self._manager = await self.link.open_socket(self.target)
        if not self._gone:
            await super().get()
        if self.ws_connection is None and self._manager is not None:
            self._manager.close()  # the browser left, or asked in a wrong way

    @override
    def open(self, *args: str, **kwargs: str) -> None:
        super().open(*args, **kwargs)
        # a message would else wait, for up to 40 ms, until the browser has confirmed the last one
        self.set_nodelay(True)
        self._reading = asyncio.create_task(self._pass_changes())
        self.settings["arp_sockets"].add(self)

    @override
    async def on_message(self, message: str | bytes) -> None:
        note_activity(self)
        if self._manager is not None:
            with contextlib.suppress(WebSocketClosedError):
                # the browser's next message is read when the manager has taken this one
                await self._manager.write_message(message, isinstance(message, bytes))

    @override
    def on_close(self) -> None:
        super().on_close()
        self._gone = True
        self.settings["arp_sockets"].discard(self)
        if self._manager is not None:
            self._manager.close()
        if self._reading is not None:
            self._reading.cancel()

    async def _pass_changes(self) -> None:
        assert self._manager is not None
        with contextlib.suppress(WebSocketClosedError):
            while (message := await self._manager.read_message()) is not None:
                await self.write_message(message, isinstance(message, bytes))
        code = self._manager.close_code
        if code is None or not 3000 <= code < 5000:
            code = _SERVICE_RESTART
        self.close(code, self._manager.close_reason or "The batch manager ended; connect again.")


def note_activity(handler: ArpHandler) -> None:
    """Let Jupyter and its cullers know that somebody uses this."""
    handler.settings["arp_last_activity"] = datetime.now(UTC)
