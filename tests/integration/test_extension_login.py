"""Who may pass through a Jupyter server: a real one, with its login, cookies and proofs."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
import websocket

from tests.integration.jupyters import TOKEN, Jupyter
from tests.integration.standin import VERBS, StandIn

CHANGING = [verb for verb in VERBS if verb not in {"GET", "HEAD"}]


def words(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"error", "message"}
    return answer.status_code, body["error"]


@pytest.mark.parametrize("method", [*VERBS, "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["arp", "arp/api/status", "arp/api/changes", "arp/batch_manager/x", "arp/ws-kerb/x"]
)
def test_stranger_is_refused_everywhere(
    jupyter: Jupyter, stand_in: StandIn, method: str, path: str
) -> None:
    before = len(stand_in.requests)
    answer = requests.request(method, jupyter.url(path), allow_redirects=False)
    assert answer.status_code == 401
    if method != "HEAD":
        assert words(answer) == (401, "Unauthenticated")
        assert "xsrf" not in answer.text
    assert len(stand_in.requests) == before


def test_wrong_token_is_refused(jupyter: Jupyter) -> None:
    answer = requests.get(jupyter.url("arp/api/x"), headers={"Authorization": "token wrong"})
    assert words(answer) == (401, "Unauthenticated")


def test_stranger_with_a_large_body_is_refused_before_it_is_read(jupyter: Jupyter) -> None:
    answer = requests.post(jupyter.url("arp/api/x"), data=b"7" * 20_000_000)
    assert words(answer) == (401, "Unauthenticated")


@pytest.mark.parametrize("method", CHANGING)
def test_token_is_enough(jupyter: Jupyter, method: str) -> None:
    answer = requests.request(
        method, jupyter.url("arp/api/x"), headers={"Authorization": f"Bearer {TOKEN}"}, data=b"{}"
    )
    assert answer.json()["method"] == method


@pytest.mark.parametrize("method", CHANGING)
def test_cookie_alone_changes_nothing(jupyter: Jupyter, stand_in: StandIn, method: str) -> None:
    before = len(stand_in.requests)
    with jupyter.logged_in() as session:
        answer = session.request(method, jupyter.url("arp/api/x"), data=b"{}")
    assert words(answer) == (403, "Forbidden")
    assert "X-XSRFToken" in answer.json()["message"]
    assert len(stand_in.requests) == before


def test_cookie_with_its_proof_passes(jupyter: Jupyter) -> None:
    with jupyter.logged_in() as session:
        session.get(jupyter.url("arp/api/x")).raise_for_status()
        proof = {"X-XSRFToken": session.cookies["_xsrf"]}
        answer = session.post(jupyter.url("arp/api/x"), data=b"{}", headers=proof)
    assert answer.json()["method"] == "POST"
    assert not {"cookie", "x-xsrftoken"} & answer.json()["headers"].keys()


def test_reading_gives_a_browser_its_proof_whatever_page_it_came_from(jupyter: Jupyter) -> None:
    with requests.Session() as session:
        # as Voila's pages do, this one sets no proof
        session.get(jupyter.url(f"api/status?token={TOKEN}")).raise_for_status()
        assert "_xsrf" not in session.cookies
        session.get(jupyter.url("arp/api/x")).raise_for_status()
        proof = {"X-XSRFToken": session.cookies["_xsrf"]}
        session.get(jupyter.url("arp/api/x")).raise_for_status()
        assert session.cookies["_xsrf"] == proof["X-XSRFToken"]
        session.post(jupyter.url("arp/api/x"), data=b"{}", headers=proof).raise_for_status()


def test_program_with_a_token_needs_no_proof_and_gets_none(jupyter: Jupyter) -> None:
    headers = {"Authorization": f"token {TOKEN}"}
    assert "_xsrf" not in requests.get(jupyter.url("arp/api/x"), headers=headers).cookies


@pytest.mark.parametrize("method", VERBS)
def test_page_of_another_site_is_refused(jupyter: Jupyter, stand_in: StandIn, method: str) -> None:
    with jupyter.logged_in() as session:
        session.get(jupyter.url("arp/api/x")).raise_for_status()
        before = len(stand_in.requests)
        headers = {
            "Origin": "https://elsewhere.example",
            "X-XSRFToken": session.cookies["_xsrf"],
        }
        answer = session.request(method, jupyter.url("arp/api/x"), headers=headers)
    assert answer.status_code == 403
    if method != "HEAD":
        assert "https://elsewhere.example" in answer.json()["message"]
    assert len(stand_in.requests) == before


def opened(jupyter: Jupyter, **options: Any) -> str:
    with jupyter.feed(header=options.pop("header", []), **options) as feed:
        feed.send(json.dumps({"subscribe": "mine"}))
        return str(feed.recv())


def test_stranger_gets_no_socket(jupyter: Jupyter) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        opened(jupyter)
    assert caught.value.status_code == 401


def test_page_of_another_site_gets_no_socket(jupyter: Jupyter) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        opened(jupyter, cookie=jupyter.cookies(), origin="https://elsewhere.example")
    assert caught.value.status_code == 403


def test_own_page_gets_a_socket(jupyter: Jupyter, stand_in: StandIn) -> None:
    told = opened(jupyter, cookie=jupyter.cookies(), origin=f"http://127.0.0.1:{jupyter.port}")
    assert json.loads(told) == {"told": {"subscribe": "mine"}}
    headers = stand_in.requests[-1]["headers"]
    assert not {"cookie", "origin", "authorization"} & headers.keys()


def test_script_with_the_token_gets_a_socket(jupyter: Jupyter) -> None:
    assert opened(jupyter, header=[f"Authorization: token {TOKEN}"])


def test_token_in_the_address_reaches_nobody(jupyter: Jupyter) -> None:
    answer = requests.get(jupyter.url(f"arp/api/x?a=1&token={TOKEN}"))
    assert answer.json()["query"] == "a=1"
