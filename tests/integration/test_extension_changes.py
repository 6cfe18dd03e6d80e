"""The change feed's socket through a Jupyter server to the manager."""

from __future__ import annotations

import contextlib
import json
import signal
from pathlib import Path
from typing import Any

import pytest
import websocket

from tests.integration.jupyters import Jupyter, drop, jupyter_server
from tests.integration.standin import StandIn, at_rest, within


def tell(feed: websocket.WebSocket, **told: Any) -> None:
    feed.send(json.dumps(told))


def close_frame(feed: websocket.WebSocket) -> tuple[int, str]:
    """Read on to the end; return why it ended."""
    while True:
        opcode, data = feed.recv_data(control_frame=True)
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return int.from_bytes(data[:2], "big"), data[2:].decode()


def test_messages_pass_both_ways_without_credentials(jupyter: Jupyter, stand_in: StandIn) -> None:
    with jupyter.feed(cookie="session=secret") as feed:
        tell(feed, subscribe="xppi0915", since=7)
        assert json.loads(feed.recv()) == {"told": {"subscribe": "xppi0915", "since": 7}}
    assert not {"cookie", "authorization", "origin"} & stand_in.requests[0]["headers"].keys()


def test_browser_that_leaves_ends_the_managers_side(jupyter: Jupyter, stand_in: StandIn) -> None:
    with jupyter.feed():
        within(30, lambda: stand_in.sockets_open == 1)
    within(30, lambda: stand_in.sockets_open == 0)


def test_manager_that_closes_ends_the_browsers_side(jupyter: Jupyter, stand_in: StandIn) -> None:
    with jupyter.feed() as feed:
        tell(feed, close=4010)
        assert close_frame(feed) == (4010, "as told")


def test_manager_that_dies_tells_the_browser_to_come_again(
    jupyter: Jupyter, stand_in: StandIn
) -> None:
    with jupyter.feed() as feed:
        stand_in.stop()
        assert close_frame(feed)[0] == 1012
    stand_in.start()
    with jupyter.feed() as feed:
        tell(feed, subscribe="mine")
        assert feed.recv()


def test_slow_browser_makes_the_manager_wait(jupyter: Jupyter, stand_in: StandIn) -> None:
    messages = 2000  # 125 MiB
    with jupyter.feed() as feed:
        tell(feed, flood=messages)
        sent = at_rest(lambda: stand_in.pieces_sent)
        assert 0 < sent < 500
        for number in range(messages):
            message = feed.recv()
            assert isinstance(message, bytes)
            assert int.from_bytes(message[:4], "big") == number
        within(30, lambda: stand_in.pieces_sent == messages)


def test_slow_browser_that_leaves_lets_the_manager_go(jupyter: Jupyter, stand_in: StandIn) -> None:
    with jupyter.feed() as feed:
        tell(feed, flood=4000)
        at_rest(lambda: stand_in.pieces_sent)
        drop(feed)
    within(30, lambda: stand_in.sockets_open == 0)
    assert stand_in.pieces_sent < 4000


def test_message_that_no_page_sends_ends_the_socket(jupyter: Jupyter, stand_in: StandIn) -> None:
    with jupyter.feed() as feed:
        feed.send("x" * 2**17)
        # or it is dropped without a word, before all of it was sent
        with contextlib.suppress(websocket.WebSocketException, OSError):
            assert close_frame(feed)[0] == 1009
    within(30, lambda: stand_in.sockets_open == 0)


def test_request_that_is_none_for_a_socket_opens_none(jupyter: Jupyter, stand_in: StandIn) -> None:
    assert jupyter.ask("GET", "arp/api/changes").status_code == 400
    assert stand_in.requests == []


def test_end_of_the_server_closes_its_sockets(jupyter_home: Path, stand_in: StandIn) -> None:
    with jupyter_server(jupyter_home) as server, server.feed() as feed:
        tell(feed, subscribe="mine")
        assert feed.recv()
        server.process.send_signal(signal.SIGTERM)
        assert close_frame(feed)[0] == 1001
    within(30, lambda: stand_in.sockets_open == 0)


def test_manager_that_cannot_be_found_is_told_before_the_socket_opens(short_tmp: Path) -> None:
    (short_tmp / "store").mkdir(mode=0o700)
    (short_tmp / "store/config.toml").write_text("updat_port = 1\n")
    refused = pytest.raises(websocket.WebSocketBadStatusException)
    with jupyter_server(short_tmp) as server, refused as caught, server.feed():
        pass
    assert caught.value.status_code == 502


def test_refusal_of_the_manager_comes_in_its_own_words(
    jupyter: Jupyter, stand_in: StandIn
) -> None:
    refused = pytest.raises(websocket.WebSocketBadStatusException)
    with refused as caught, jupyter.feed("?refuse=1"):
        pass
    assert caught.value.status_code == 502
    assert b"The disk is full." in (caught.value.resp_body or b"")


def test_browser_that_leaves_while_the_manager_opens_leaves_nothing_behind(
    jupyter: Jupyter, stand_in: StandIn
) -> None:
    handshake = (
        "GET /user/me/arp/api/changes?wait=0.5 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=="
    )
    within(30, lambda: stand_in.sockets_open == 0)  # those of earlier tests are gone
    before = stand_in.sockets_closed
    with jupyter.raw(handshake):
        within(30, lambda: stand_in.requests)
    within(30, lambda: stand_in.sockets_closed == before + 1)
    assert stand_in.sockets_open == 0
