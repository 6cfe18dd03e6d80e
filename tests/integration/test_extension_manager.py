"""A real Jupyter server before a real manager: started on demand, killed, shared."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket

from arp_nb import discovery
from arp_nb.daemon.lock import take_lock
from tests.integration.jupyters import Jupyter, jupyter_server
from tests.integration.managers import RealManager
from tests.integration.standin import within


@pytest.fixture
def manager(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealManager]:
    monkeypatch.setenv("HOME", str(short_tmp))  # one home for us and the Jupyter servers
    real = RealManager(short_tmp)
    yield real
    real.close()


@pytest.fixture
def jupyter(manager: RealManager) -> Iterator[Jupyter]:
    with jupyter_server(manager.folder) as server:
        yield server


def ask(jupyter: Jupyter, method: str, path: str, **options: Any) -> Any:
    answer = jupyter.ask(method, f"arp/api/{path}", **options)
    answer.raise_for_status()
    return answer.json()


@contextlib.contextmanager
def changes(jupyter: Jupyter, **subscription: Any) -> Iterator[websocket.WebSocket]:
    with jupyter.feed() as feed:
        feed.send(json.dumps(subscription))
        yield feed


def test_first_request_starts_the_manager_and_jupyter_goes_on_meanwhile(
    jupyter: Jupyter, manager: RealManager
) -> None:
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(ask(jupyter, "GET", "status")))
    lock = take_lock(manager.store)  # so that no manager comes up as long as we want
    try:
        first.start()
        within(30, (manager.store / discovery.LOG_NAME).exists)  # it is being started
        for _ in range(10):
            jupyter.ask("GET", "api", timeout=20).raise_for_status()
        assert first.is_alive()
    finally:
        os.close(lock)
    first.join()
    assert answers[0]["mode"] == "solo"
    assert manager.record().supervisor.runs()


def test_manager_outlives_the_jupyter_server(manager: RealManager) -> None:
    with jupyter_server(manager.folder) as first:
        epoch = ask(first, "GET", "status")["epoch"]
        supervisor = manager.supervisor()
    with jupyter_server(manager.folder) as second:
        assert ask(second, "GET", "status")["epoch"] == epoch
        assert manager.supervisor() == supervisor


def test_two_jupyter_servers_share_one_manager(manager: RealManager) -> None:
    with jupyter_server(manager.folder) as one, jupyter_server(manager.folder) as other:
        ask(one, "POST", "experiments", json={"name": "xppi0915"})
        names = [found["name"] for found in ask(other, "GET", "experiments")["experiments"]]
        assert names == ["xppi0915"]


def test_killed_manager_costs_no_reader_anything(jupyter: Jupyter, manager: RealManager) -> None:
    ask(jupyter, "POST", "experiments", json={"name": "xppi0915"})
    for _ in range(3):
        manager.kill(manager.manager())
        assert len(ask(jupyter, "GET", "experiments")["experiments"]) == 1


def test_changes_come_through_and_again_after_a_kill(
    jupyter: Jupyter, manager: RealManager
) -> None:
    ask(jupyter, "POST", "experiments", json={"name": "xppi0915"})
    with changes(jupyter, subscribe="xppi0915", since=0) as feed:
        first = json.loads(feed.recv())
        assert first["subscription"] == "xppi0915"
        ask(jupyter, "PUT", "experiments/xppi0915/runs/12", json={})
        told = _told_of_run(feed, 12)
        manager.kill(manager.manager())
        while feed.recv():  # its end is told, so that the page can come again
            pass
    since = {"since": told["to"], "epoch": told["epoch"]}
    with changes(jupyter, subscribe="xppi0915", **since) as feed:
        ask(jupyter, "PUT", "experiments/xppi0915/runs/13", json={})
        assert _told_of_run(feed, 13)["epoch"] == told["epoch"]


def _told_of_run(feed: websocket.WebSocket, number: int) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(feed.recv())
        if any(run["run"] == number for run in message["upserts"].get("runs", ())):
            return message


def test_every_route_of_the_manager_is_closed_to_strangers(jupyter: Jupyter) -> None:
    described = ask(jupyter, "GET", "openapi.json")["paths"]
    assert len(described) > 20
    for path, verbs in described.items():
        parts = {"exp": 1, "definition_id": 1, "number": 1, "job_id": 1, "name": "x"}
        address = jupyter.url(path.format(**parts).lstrip("/"))
        assert "{" not in address
        for verb in verbs:
            answer = requests.request(verb, address, timeout=30, allow_redirects=False)
            assert answer.status_code == 401, (verb, path)
            assert answer.json()["error"] == "Unauthenticated"


def test_store_that_cannot_be_used_is_told_in_words(
    jupyter: Jupyter, manager: RealManager
) -> None:
    (manager.store / "config.toml").write_text("updat_port = 1\n")
    answer = jupyter.ask("GET", "arp/api/status")
    assert answer.status_code >= 400
    assert "update_port" in answer.json()["message"]
