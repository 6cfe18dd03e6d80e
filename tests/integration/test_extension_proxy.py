"""Requests through a Jupyter server to the manager."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from arp_nb.extension.app import ArpExtension
from arp_nb.extension.base import ArpHandler
from tests.integration.jupyters import TOKEN, Jupyter, jupyter_server
from tests.integration.standin import StandIn, at_rest, within

MIB = 2**20
READERS_ONLY = """
from jupyter_server.auth.authorizer import Authorizer

class ReadersOnly(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "arp" or action == "read"
"""


def refusal(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"error", "message"}
    return answer.status_code, body["error"]


def test_address_and_query_arrive_as_they_were_sent(jupyter: Jupyter, stand_in: StandIn) -> None:
    request = "GET /user/me/arp/api/a%2Fb%20c/%C3%A9?x=1%2B1&y=a+b&x=2&z HTTP/1.0"
    with jupyter.raw(request) as connection:
        while connection.recv(65536):
            pass
    assert stand_in.requests[0]["path"] == "/arp/api/a%2Fb%20c/%C3%A9"
    assert stand_in.requests[0]["query"] == "x=1%2B1&y=a+b&x=2&z"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_each_verb_passes_with_its_body(jupyter: Jupyter, stand_in: StandIn, method: str) -> None:
    body = b'{"name": "peaks"}'
    answer = jupyter.ask(method, "arp/api/x", data=body)
    assert answer.json()["method"] == method
    assert answer.json()["sha256"] == hashlib.sha256(body).hexdigest()
    assert answer.status_code == (201 if method == "POST" else 200)


def test_credentials_and_identities_end_at_the_jupyter_server(
    jupyter: Jupyter, stand_in: StandIn
) -> None:
    sent = {
        "Cookie": "session=secret",
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-User": "secret",
        "Forwarded": "for=10.0.0.1",
        "Remote-User": "secret",
        "X-Remote-User": "secret",
        "X-XSRFToken": "secret",
        "If-Match": '"3"',
    }
    answer = jupyter.ask("GET", f"arp/api/x?token={TOKEN}&a=b", headers=sent)
    seen = answer.json()
    passed = seen["headers"].keys() - {"accept", "accept-encoding"}
    assert passed == {"host", "user-agent", "if-match"}
    assert seen["query"] == "a=b"
    assert "secret" not in answer.text
    assert TOKEN not in answer.text


def test_headers_of_the_manager_pass_but_those_of_its_connection(
    jupyter: Jupyter, stand_in: StandIn
) -> None:
    headers = jupyter.ask("GET", "arp/api/x").headers
    assert headers["ETag"] == '"7"'
    assert headers["Content-Type"] == "application/json"
    assert "from=manager" not in headers.get("Set-Cookie", "")
    assert "Keep-Alive" not in headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_answer_without_body_passes(jupyter: Jupyter, stand_in: StandIn) -> None:
    assert jupyter.ask("GET", "arp/api/empty").status_code == 204
    head = jupyter.ask("HEAD", "arp/api/x")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path", ["../lab", "api/../../lab", "api/%2e%2e/x", "api/..%2f..%2fx", "api/..%5cx", "api/./x"]
)
def test_no_path_leads_out(jupyter: Jupyter, stand_in: StandIn, path: str) -> None:
    with jupyter.raw(f"GET /user/me/arp/{path} HTTP/1.0") as connection:
        assert connection.recv(65536).split()[1] == b"422"
    assert stand_in.requests == []


@pytest.mark.parametrize(
    "path", ["", "/", "/apix/y", "/api", "/ws/logbook/client_status/1-0", "//api/x"]
)
def test_other_addresses_are_not_there(jupyter: Jupyter, stand_in: StandIn, path: str) -> None:
    assert refusal(jupyter.ask("GET", f"arp{path}")) == (404, "NotFound")
    assert stand_in.requests == []


def test_largest_body_passes_and_a_larger_one_is_refused(
    jupyter: Jupyter, stand_in: StandIn
) -> None:
    body = b"7" * (8 * MIB)
    seen = jupyter.ask("POST", "arp/api/x", data=body).json()
    assert (seen["length"], seen["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
    refused = jupyter.ask("POST", "arp/api/x", data=body + b"7")
    assert refusal(refused) == (413, "TooLarge")
    assert "8 MiB" in refused.json()["message"]
    assert len(stand_in.requests) == 1


def test_body_of_unknown_length_is_bounded_too(jupyter: Jupyter, stand_in: StandIn) -> None:
    def produce() -> Iterator[bytes]:
        for _ in range(9):
            yield b"7" * MIB

    assert refusal(jupyter.ask("POST", "arp/api/x", data=produce())) == (413, "TooLarge")
    assert stand_in.requests == []


def test_manager_that_came_back_is_found_again(jupyter: Jupyter, stand_in: StandIn) -> None:
    for _ in range(3):
        jupyter.ask("GET", "arp/api/x").raise_for_status()  # its connection will be dead
        stand_in.stop()
        stand_in.start()
        jupyter.ask("POST", "arp/api/x", data=b"{}").raise_for_status()


def test_answer_cut_short_does_not_pass_for_a_whole_one(
    jupyter: Jupyter, stand_in: StandIn
) -> None:
    with pytest.raises(requests.RequestException):
        jupyter.ask("GET", "arp/api/cut")


def test_slow_manager_delays_nobody_else(jupyter: Jupyter, stand_in: StandIn) -> None:
    slow = [
        threading.Thread(target=jupyter.ask, args=("GET", "arp/api/kept-waiting"))
        for _ in range(5)
    ]
    for thread in slow:
        thread.start()
    try:
        within(30, lambda: stand_in.slow_asked == len(slow))
        for _ in range(10):
            jupyter.ask("GET", "api", timeout=30).raise_for_status()
            jupyter.ask("GET", "arp/api/x", timeout=30).raise_for_status()
        assert all(thread.is_alive() for thread in slow)
    finally:
        stand_in.released.set()
        for thread in slow:
            thread.join()


def test_slow_browser_makes_the_manager_wait(jupyter: Jupyter, stand_in: StandIn) -> None:
    pieces = 4000  # 250 MiB
    with jupyter.raw(f"GET /user/me/arp/api/endless?pieces={pieces} HTTP/1.0") as connection:
        sent = at_rest(lambda: stand_in.pieces_sent)
        assert 0 < sent < 500
        with connection.makefile("rb") as reader:
            reader.read(sent * 65536)
        within(30, lambda: stand_in.pieces_sent > sent)
    within(30, lambda: stand_in.readers_gone == 1)


def test_use_counts_as_activity(jupyter: Jupyter, stand_in: StandIn) -> None:
    def last() -> datetime:
        status: dict[str, Any] = jupyter.ask("GET", "api/status?no_track_activity=1").json()
        return datetime.fromisoformat(status["last_activity"])

    before = last()
    jupyter.ask("GET", "arp/api/x?no_track_activity=1")
    assert last() == before
    jupyter.ask("GET", "arp/api/x")
    assert last() > before


def test_silent_manager_is_told_in_words_and_nothing_is_asked_twice(
    jupyter_home: Path, stand_in: StandIn
) -> None:
    with jupyter_server(jupyter_home, "--ArpExtension.answer_timeout_s=0.3") as server:
        answer = server.ask("GET", "arp/api/slow?s=3")
        assert refusal(answer) == (504, "ManagerTimeout")
        assert answer.json()["message"] == "The batch manager was silent for 0.3 s."
        answer = server.ask("POST", "arp/api/slow?s=3")
        assert "may have been done" in answer.json()["message"]
    assert stand_in.slow_asked == 2


def test_administrator_may_let_people_look_and_not_touch(
    jupyter_home: Path, stand_in: StandIn
) -> None:
    (jupyter_home / "readers_only.py").write_text(READERS_ONLY)
    option = "--ServerApp.authorizer_class=readers_only.ReadersOnly"
    with jupyter_server(jupyter_home, option) as server:
        for method in ("GET", "HEAD"):  # first these: the verbs must not share a memory
            server.ask(method, "arp/api/x").raise_for_status()
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = server.ask(method, "arp/api/x")
            assert refusal(answer) == (403, "Forbidden")
            assert "administrator" in answer.json()["message"]
    assert [one["method"] for one in stand_in.requests] == ["GET", "HEAD"]


def test_every_address_of_the_extension_has_jupyters_checks() -> None:
    extension = ArpExtension()
    extension.initialize_handlers()
    assert extension.handlers
    assert all(issubclass(handler, ArpHandler) for _, handler in extension.handlers)


def test_refusals_are_json(jupyter: Jupyter, stand_in: StandIn) -> None:
    answer = jupyter.ask("OPTIONS", "arp/api/x")
    assert refusal(answer) == (405, "ArpError")
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.content)["message"] == "This address does not take that method."
