"""The change feed's socket through a Jupyter server to the manager."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from arp_nb.extension.link import ManagerLink
from tests.integration.standin import StandIn, at_rest, running, soon

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"arp_nb.extension": True}}}


@pytest.fixture
def manager(short_tmp: Any) -> Any:
    with running(short_tmp / "manager.sock") as stand_in:
        yield stand_in


@pytest.fixture
def opened(
    jp_serverapp: Any, http_server: Any, jp_http_port: int, jp_base_url: str, jp_auth_header: Any,
    manager: StandIn,
) -> Any:  # fmt: skip
    """Open sockets as somebody who has logged in; they are closed after the test."""
    settings = jp_serverapp.web_app.settings
    settings["arp_link"].close()
    settings["arp_link"] = ManagerLink(lambda: manager.socket, answer_timeout_s=20)

    sockets = []

    async def open_it(**headers: str) -> WebSocketClientConnection:
        url = f"ws://127.0.0.1:{jp_http_port}{jp_base_url}arp/api/changes"
        request = HTTPRequest(url, headers={**jp_auth_header, **headers})
        sockets.append(await websocket_connect(request, max_message_size=2**24))
        return sockets[-1]

    yield open_it
    for socket in sockets:
        socket.close()


async def tell(socket: WebSocketClientConnection, **told: Any) -> None:
    await socket.write_message(json.dumps(told))


async def test_messages_pass_both_ways(opened: Any, manager: StandIn) -> None:
    socket = await opened(Cookie="session=secret")
    await tell(socket, subscribe="xppi0915", since=7)
    assert json.loads(await socket.read_message()) == {
        "told": {"subscribe": "xppi0915", "since": 7}
    }
    headers = manager.requests[0]["headers"]
    assert "cookie" not in headers
    assert "authorization" not in headers
    assert "origin" not in headers


async def test_browser_that_leaves_ends_the_managers_side(opened: Any, manager: StandIn) -> None:
    socket = await opened()
    await soon(lambda: manager.sockets_open == 1)
    socket.close()
    await soon(lambda: manager.sockets_open == 0)


async def test_manager_that_closes_ends_the_browsers_side(opened: Any) -> None:
    socket = await opened()
    await tell(socket, close=4010)
    assert await socket.read_message() is None
    assert (socket.close_code, socket.close_reason) == (4010, "as told")


async def test_manager_that_dies_tells_the_browser_to_come_again(
    opened: Any, manager: StandIn
) -> None:
    socket = await opened()
    manager.stop()
    assert await socket.read_message() is None
    assert socket.close_code == 1012
    manager.start()
    socket = await opened()
    await tell(socket, subscribe="mine")
    assert await socket.read_message() is not None


async def test_slow_browser_makes_the_manager_wait(opened: Any, manager: StandIn) -> None:
    messages = 4000  # 250 MiB
    socket = await opened()
    await tell(socket, flood=messages)
    sent = await at_rest(lambda: manager.pieces_sent)
    assert 0 < sent < 500
    for number in range(messages):
        message = await socket.read_message()
        assert int.from_bytes(message[:4], "big") == number
    assert manager.pieces_sent == messages


async def test_slow_browser_that_leaves_lets_the_manager_go(opened: Any, manager: StandIn) -> None:
    socket = await opened()
    await tell(socket, flood=4000)
    await at_rest(lambda: manager.pieces_sent)
    socket.protocol.stream.close()  # without goodbye
    await soon(lambda: manager.sockets_open == 0)
    assert manager.pieces_sent < 4000


async def test_page_of_another_site_gets_no_socket(
    opened: Any, jp_http_port: int, manager: StandIn, jp_auth_header: Any
) -> None:
    # as a browser: with the cookie and without the token, see test_extension_login
    headers = {"Authorization": "", "Origin": "https://elsewhere.example"}
    with pytest.raises(HTTPClientError) as caught:
        await opened(**headers)
    assert caught.value.code in {401, 403}
    assert manager.requests == []


async def test_message_that_no_browser_sends_ends_the_socket(opened: Any) -> None:
    socket = await opened()
    await socket.write_message("x" * 2**17)
    while await socket.read_message() is not None:
        pass
    assert socket.close_code in {1009, None}


async def test_absent_manager_is_told_before_the_socket_opens(
    opened: Any, manager: StandIn
) -> None:
    manager.stop()
    with pytest.raises(HTTPClientError) as caught:
        await opened()
    assert caught.value.code == 502
    assert caught.value.response is not None


async def test_end_of_the_server_closes_its_sockets(
    opened: Any, jp_serverapp: Any, manager: StandIn
) -> None:
    socket = await opened()
    await jp_serverapp.extension_manager.stop_all_extensions()
    assert await socket.read_message() is None
    assert socket.close_code == 1001
    await soon(lambda: manager.sockets_open == 0)
