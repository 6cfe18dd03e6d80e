"""The manager's API over a widget's messages, for pages that cannot reach it by themselves.

It is asked in threads of its own, so that one slow log holds up nothing else, and it acts as
the kernel's user.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import websocket

from arp_nb import errors
from arp_nb.client.feed_socket import next_message, shut

if TYPE_CHECKING:
    from collections.abc import Callable

    from arp_nb.client.transport import Transport

THREADS = 4
#: a line that says nothing for so long is asked whether it is still there
PING_S = 15.0
#: most lines of one widget: a page has one
MOST_LINES = 8

_HALF = re.compile("[\ud800-\udfff]")
_BROKEN = (OSError, websocket.WebSocketException, errors.ArpError)


class Relay:
    """Answers the messages of `labextension/src/sources/comm_api.ts`.

    Parameters
    ----------
    transport
        The way to the manager.
    tell
        Takes answers, with their buffers; from any thread.
    """

    def __init__(
        self, transport: Transport, tell: Callable[[dict[str, Any], list[bytes]], None]
    ) -> None:
        self._transport = transport
        self._tell = tell
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="arp relay")
        self._lines: dict[int, _Line] = {}
        self._closed = False

    def hear(self, message: Any) -> None:
        """Do what a page asks; returns at once. What is no such message is left alone."""
        if self._closed or not isinstance(message, dict):
            return
        kind, number = message.get("type"), message.get("call", message.get("line"))
        if type(number) is not int:
            return
        if kind == "api":
            self._pool.submit(self._answer, number, message)
        elif kind == "line-open" and len(self._lines) < MOST_LINES:
            self._lines[number] = line = _Line(number, self._tell, self._lines)
            threading.Thread(
                target=line.run, args=(self._transport,), name="arp relay line", daemon=True
            ).start()
        elif (known := self._lines.get(number)) is not None:
            if kind == "line-send":
                known.send(str(message.get("text", "")))
            elif kind == "line-close":
                known.close()

    def close(self) -> None:
        """Close all lines; what is asked still is answered to nobody."""
        self._closed = True
        for line in list(self._lines.values()):
            line.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, call: int, message: dict[str, Any]) -> None:
        status, body, buffers = 0, None, []
        try:
            status, content = self._ask(message)
            if message.get("binary") and 200 <= status < 300:
                buffers = [content]
            else:
                body = _json(content)
        except errors.ArpError as error:
            body = {"error": type(error).__name__, "message": str(error)}
        except Exception as error:  # noqa: BLE001 - the top of a thread: it is answered
            body = {"error": "ManagerError", "message": f"{type(error).__name__}: {error}"}
        if not self._closed:
            self._tell({"type": "answer", "call": call, "status": status, "body": body}, buffers)

    def _ask(self, message: dict[str, Any]) -> tuple[int, bytes]:
        body = message.get("body")
        match = message.get("ifMatch")
        return self._transport.exchange(
            str(message.get("method", "GET")),
            str(message.get("path", "")),
            None if body is None else json.dumps(body).encode(),
            {"If-Match": str(match)} if match else {},
        )


class _Line:
    """One line of the change feed, read in a thread."""

    def __init__(
        self,
        number: int,
        tell: Callable[[dict[str, Any], list[bytes]], None],
        among: dict[int, _Line],
    ) -> None:
        self._number, self._tell, self._among = number, tell, among
        self._feed: websocket.WebSocket | None = None
        self._closing = False

    def run(self, transport: Transport) -> None:
        """Pass on what comes until either side ends it."""
        why = ""
        try:
            self._feed = feed = transport.open_feed()
            feed.settimeout(PING_S)
            self._say("line-opened")
            while not self._closing:
                if (message := next_message(feed)) is not None:
                    self._say("line", text=message.decode("utf-8", "replace"))
        except websocket.WebSocketConnectionClosedException:
            pass  # said below
        except _BROKEN as error:
            why = str(error) or type(error).__name__
        finally:
            self._among.pop(self._number, None)
            self._shut()
            if not self._closing:
                self._say("line-closed", why=why or "The batch manager ended the connection.")

    def send(self, text: str) -> None:
        """Pass on what the page says; a line that is broken is told by its thread."""
        if self._feed is not None:
            with contextlib.suppress(*_BROKEN):
                self._feed.send(text)

    def close(self) -> None:
        """End it, as the page wants."""
        self._closing = True
        self._among.pop(self._number, None)
        self._shut()

    def _shut(self) -> None:
        if self._feed is not None:
            shut(self._feed)

    def _say(self, kind: str, **more: Any) -> None:
        self._tell({"type": kind, "line": self._number, **more}, [])


def _json(content: bytes) -> Any:
    """Read an answer; one that is no JSON is told as such."""
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        text = content[:300].decode("utf-8", "replace")
        return {"error": "ManagerError", "message": f"The answer is not JSON: {text}"}
    # an escaped half of a surrogate pair cannot be sent on as UTF-8
    return _whole(found) if b"\\ud" in content.lower() else found


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return value
