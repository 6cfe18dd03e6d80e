"""The socket of the change feed: the next message, and its end."""

from __future__ import annotations

import contextlib

import websocket


def next_message(feed: websocket.WebSocket) -> bytes | None:
    """Return the next message; None after anything else that shows the other end alive.

    An end that is silent for the socket's timeout is asked whether it is still there.

    Raises
    ------
    OSError, WebSocketException
        The connection is lost, or the other side closed it.
    """
    try:
        opcode, data = feed.recv_data(control_frame=True)
    except websocket.WebSocketTimeoutException:
        feed.ping()
        opcode, data = feed.recv_data(control_frame=True)  # silent again: it raises
    if opcode == websocket.ABNF.OPCODE_CLOSE:
        raise websocket.WebSocketConnectionClosedException("the other side closed the connection")
    is_message = opcode in {websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY}
    return bytes(data) if is_message else None


def shut(feed: websocket.WebSocket) -> None:
    """Close it without waiting for the other end."""
    with contextlib.suppress(OSError, websocket.WebSocketException):
        feed.close(timeout=0)
    feed.shutdown()  # type: ignore[no-untyped-call] # it has no types
