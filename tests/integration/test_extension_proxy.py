"""Requests through a Jupyter server to the manager."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from typing import Any

import pytest
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse

from arp_nb.errors import ManagerError
from arp_nb.extension.base import ArpHandler
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
def arp(jp_serverapp: Any, http_server: Any, manager: StandIn) -> Any:
    """The settings of a Jupyter server whose extension finds the stand-in."""
    settings = jp_serverapp.web_app.settings
    settings["arp_link"].close()
    settings["arp_link"] = ManagerLink(lambda: manager.socket, answer_timeout_s=20)
    return settings


async def refused(fetching: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HTTPClientError) as caught:
        await fetching
    response = caught.value.response
    assert response is not None
    return response.code, json.loads(response.body)


def told(response: HTTPResponse) -> Any:
    return json.loads(response.body)


async def test_address_and_query_arrive_as_they_were_sent(
    arp: Any, jp_http_port: int, jp_base_url: str, jp_auth_header: Any
) -> None:
    url = (
        f"http://127.0.0.1:{jp_http_port}{jp_base_url}arp/api/a%2Fb%20c/%C3%A9?x=1%2B1&y=a+b&x=2&z"
    )
    seen = told(await AsyncHTTPClient().fetch(url, headers=jp_auth_header))
    assert seen["path"] == "/arp/api/a%2Fb%20c/%C3%A9"
    assert seen["query"] == "x=1%2B1&y=a+b&x=2&z"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_each_verb_passes_with_its_body(arp: Any, jp_fetch: Any, method: str) -> None:
    body = b'{"name": "peaks"}'
    response = await jp_fetch(
        "arp", "api", "x", method=method, body=body, allow_nonstandard_methods=True
    )
    seen = told(response)
    assert (seen["method"], seen["sha256"]) == (method, hashlib.sha256(body).hexdigest())
    assert response.code == (201 if method == "POST" else 200)


async def test_credentials_and_identities_end_at_the_jupyter_server(
    arp: Any, jp_fetch: Any, jp_auth_header: Any
) -> None:
    sent = {
        "Cookie": "session=secret",
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-User": "root",
        "Forwarded": "for=10.0.0.1",
        "Remote-User": "root",
        "X-Remote-User": "root",
        "X-XSRFToken": "secret",
        "If-Match": '"3"',
    }
    token = jp_auth_header["Authorization"].split()[1]
    params = {"token": token, "a": "b"}
    seen = told(await jp_fetch("arp", "api", "x", headers=sent, params=params))
    passed = {name: value for name, value in seen["headers"].items() if name != "accept-encoding"}
    assert passed.keys() <= {"host", "user-agent", "if-match"}
    assert passed["if-match"] == '"3"'
    assert seen["query"] == "a=b"
    assert "secret" not in json.dumps(seen)
    assert token not in json.dumps(seen)


async def test_headers_of_the_manager_pass_but_those_of_its_connection(
    arp: Any, jp_fetch: Any
) -> None:
    response = await jp_fetch("arp", "api", "x")
    assert response.headers["ETag"] == '"7"'
    assert response.headers["Content-Type"] == "application/json"
    assert "from=manager" not in response.headers.get("Set-Cookie", "")
    assert "Keep-Alive" not in response.headers
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


async def test_answer_without_body_passes(arp: Any, jp_fetch: Any) -> None:
    assert (await jp_fetch("arp", "api", "empty")).code == 204
    head = await jp_fetch("arp", "api", "x", method="HEAD")
    assert (head.code, head.body) == (200, b"")


@pytest.mark.parametrize(
    "path", ["../lab", "api/../../lab", "api/%2e%2e/x", "api/..%2f..%2fx", "api/..%5cx", "api/./x"]
)
async def test_no_path_leads_out(
    arp: Any, jp_http_port: int, jp_base_url: str, jp_auth_header: Any, path: str, manager: StandIn
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    request = f"GET {jp_base_url}arp/{path} HTTP/1.1\r\nHost: 127.0.0.1:{jp_http_port}\r\n"
    authorization = f"Authorization: {jp_auth_header['Authorization']}\r\n"
    writer.write((request + authorization + "Connection: close\r\n\r\n").encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.split()[1] == b"422"
    assert manager.requests == []


@pytest.mark.parametrize("path", ["", "arp", "apix/y", "api", "ws/logbook/client_status/1-0"])
async def test_other_addresses_are_not_there(arp: Any, jp_fetch: Any, path: str) -> None:
    status, body = await refused(jp_fetch(f"arp/{path}"))
    assert (status, body["error"]) == (404, "NotFound")


async def test_largest_body_passes_and_a_larger_one_is_refused(
    arp: Any, jp_fetch: Any, manager: StandIn
) -> None:
    most = arp["arp_max_body_bytes"]
    body = b"7" * most
    seen = told(await jp_fetch("arp", "api", "x", method="POST", body=body))
    assert (seen["length"], seen["sha256"]) == (most, hashlib.sha256(body).hexdigest())
    status, answer = await refused(
        jp_fetch("arp", "api", "x", method="POST", body=body + b"7", request_timeout=60)
    )
    assert (status, answer["error"]) == (413, "TooLarge")
    assert "8 MiB" in answer["message"]
    assert len(manager.requests) == 1


async def test_body_of_unknown_length_is_bounded_too(
    arp: Any, jp_fetch: Any, manager: StandIn
) -> None:
    async def produce(write: Any) -> None:
        for _ in range(arp["arp_max_body_bytes"] // 2**20 + 1):
            await write(b"7" * 2**20)

    status, answer = await refused(
        jp_fetch("arp", "api", "x", method="POST", body_producer=produce)
    )
    assert (status, answer["error"]) == (413, "TooLarge")
    assert manager.requests == []


async def test_manager_that_came_back_is_found_again(
    arp: Any, jp_fetch: Any, manager: StandIn
) -> None:
    for _ in range(3):
        await jp_fetch("arp", "api", "x")  # leaves a connection that will be dead
        manager.stop()
        manager.start()
        await jp_fetch("arp", "api", "x", method="POST", body=b"{}")


async def test_manager_that_cannot_be_found_is_told_in_words(arp: Any, jp_fetch: Any) -> None:
    def fail() -> Any:
        raise ManagerError("Another host holds the store.")

    arp["arp_link"] = ManagerLink(fail, answer_timeout_s=5)
    status, body = await refused(jp_fetch("arp", "api", "x"))
    assert (status, body) == (
        502,
        {"error": "ManagerError", "message": "Another host holds the store."},
    )


async def test_manager_that_is_gone_is_told_in_words(
    arp: Any, jp_fetch: Any, manager: StandIn
) -> None:
    manager.stop()
    status, body = await refused(jp_fetch("arp", "api", "x"))
    assert status == 502
    assert "cannot be reached" in body["message"]


async def test_silent_manager_is_told_in_words_and_asked_nothing_twice(
    arp: Any, jp_fetch: Any, manager: StandIn
) -> None:
    arp["arp_link"] = ManagerLink(lambda: manager.socket, answer_timeout_s=0.2)
    status, body = await refused(jp_fetch("arp", "api", "slow", params={"s": "30"}))
    assert status == 504
    assert body["message"] == "The batch manager was silent for 0.2 s."


async def test_answer_cut_short_does_not_pass_for_a_whole_one(arp: Any, jp_fetch: Any) -> None:
    with pytest.raises((HTTPClientError, OSError)) as caught:
        await jp_fetch("arp", "api", "cut")
    assert getattr(caught.value, "code", 599) == 599


async def test_slow_manager_delays_nobody_else(arp: Any, jp_fetch: Any, manager: StandIn) -> None:
    def find_slowly() -> Any:
        time.sleep(1.5)
        return manager.socket

    arp["arp_link"] = ManagerLink(find_slowly, answer_timeout_s=20)
    slow = asyncio.gather(*(jp_fetch("arp", "api", "slow", params={"s": "1"}) for _ in range(5)))
    times_s = []
    while not slow.done():
        start = time.monotonic()
        await jp_fetch("api")
        times_s.append(time.monotonic() - start)
    await slow
    assert len(times_s) > 10
    assert sorted(times_s)[len(times_s) // 2] < 0.5


async def test_slow_browser_makes_the_manager_wait(
    arp: Any, jp_http_port: int, jp_base_url: str, jp_auth_header: Any, manager: StandIn
) -> None:
    pieces = 4000  # 250 MiB
    reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port, limit=2**16)
    request = f"GET {jp_base_url}arp/api/endless?pieces={pieces} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    authorization = f"Authorization: {jp_auth_header['Authorization']}\r\n\r\n"
    writer.write((request + authorization).encode())
    sent = await at_rest(lambda: manager.pieces_sent)
    assert 0 < sent < 500
    await reader.readexactly(sent * 65536)
    await soon(lambda: manager.pieces_sent > sent)
    writer.close()
    await writer.wait_closed()
    await soon(lambda: manager.readers_gone == 1)


class ReadersOnly(Authorizer):
    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return (action, resource) == ("read", "arp")


async def test_administrator_may_let_people_look_and_not_touch(
    arp: Any, jp_fetch: Any, manager: StandIn
) -> None:
    arp["authorizer"] = ReadersOnly(config=arp["config"])
    for method in ("GET", "HEAD"):  # in this order: the verbs must not share a memory
        await jp_fetch("arp", "api", "x", method=method)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        status, body = await refused(
            jp_fetch("arp", "api", "x", method=method, allow_nonstandard_methods=True)
        )
        assert (status, body["error"]) == (403, "Forbidden")
        assert "administrator" in body["message"]
    assert [one["method"] for one in manager.requests] == ["GET", "HEAD"]


async def test_every_address_of_the_extension_has_jupyters_checks(arp: Any) -> None:
    app = arp["serverapp"].web_app
    rules = [rule for host in app.default_router.rules for rule in host.target.rules]
    ours = [rule.target for rule in rules if rule.target.__module__.startswith("arp_nb.")]
    assert len(ours) == 2
    assert all(issubclass(handler, ArpHandler) for handler in ours)


async def test_use_counts_as_activity(arp: Any, jp_fetch: Any, jp_serverapp: Any) -> None:
    await jp_fetch("arp", "api", "x", params={"no_track_activity": "1"})
    assert "arp_last_activity" not in arp
    await jp_fetch("arp", "api", "x")
    assert jp_serverapp.web_app.last_activity() >= arp["arp_last_activity"]
