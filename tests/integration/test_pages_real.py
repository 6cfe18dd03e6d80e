"""What the pages ask, through a real Jupyter server, of a real manager with a real job."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.frames import decode
from tests.integration.jupyters import HEADERS, Jupyter, jupyter_server
from tests.integration.managers import RealManager, wait_until

SCRIPT = """#!/bin/sh
bsub -q any -o {folder}/%J.log {python} {folder}/job.py
"""
JOB = """
import os
line = "x" * 99 + "\\n"
print(os.environ["BATCH_UPDATE_URL"])
for number in range(400_000):
    print(line, end="")
print("beam lost", flush=True)
raise KeyError(3)
"""
#: of the log, at least
LOG_BYTES = 40_000_000


@pytest.fixture
def manager(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealManager]:
    monkeypatch.setenv("HOME", str(short_tmp))
    real = RealManager(short_tmp)
    yield real
    real.close()


@pytest.fixture
def jupyter(manager: RealManager) -> Iterator[Jupyter]:
    with jupyter_server(manager.folder) as server:
        yield server


def ask(jupyter: Jupyter, method: str, path: str, body: Any = None, **more: Any) -> Any:
    answer = jupyter.ask(method, f"arp/api/{path}", json=body, timeout=60, **more)
    assert answer.ok, answer.text
    return answer.json()


def failed_job(jupyter: Jupyter, folder: Path) -> int:
    """A job that left a long log."""
    script = folder / "script.sh"
    script.write_text(SCRIPT.format(folder=folder, python=sys.executable))
    script.chmod(0o755)
    (folder / "job.py").write_text(JOB)
    ask(jupyter, "POST", "experiments", {"name": "xpptest"})
    ask(jupyter, "POST", "experiments/xpptest/runs/1:start", {})
    draft = {"name": "long", "executable": str(script), "location": "local"}
    ask(jupyter, "POST", "experiments/xpptest/definitions", draft)
    wanted = {"definition": "long", "runs": [1]}
    made = ask(jupyter, "POST", "experiments/xpptest/jobs:apply", wanted)
    job_id: int = made["jobs"][0]["id"]

    def is_over() -> bool:
        return bool(ask(jupyter, "GET", f"jobs/{job_id}")["status"] == "EXIT")

    wait_until(is_over, "the end of the job", 90)
    return job_id


def memory_mb(*pids: int) -> list[float]:
    return [psutil.Process(pid).memory_info().rss / 1e6 for pid in pids]


def test_a_long_log_is_searched_and_sent_without_being_held(
    jupyter: Jupyter, manager: RealManager
) -> None:
    job_id = failed_job(jupyter, manager.folder)
    head, found = decode(jupyter.ask("GET", "arp/api/experiments/xpptest/jobs/columns").content)
    assert head["total"] == 1
    assert (found["id"], found["status"], found["exit_code"]) == ([job_id], ["EXIT"], [1])

    pids = (jupyter.process.pid, manager.manager().pid)
    before_mb = memory_mb(*pids)
    size, keys = 0, 0
    address = jupyter.url(f"arp/api/jobs/{job_id}/log/download")
    with requests.get(address, headers=HEADERS, stream=True, timeout=60) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        for piece in answer.iter_content(1_000_000):
            keys += piece.count(f"client_status/{job_id}-".encode())
            size += len(piece)
            grown = [now - old for now, old in zip(memory_mb(*pids), before_mb, strict=True)]
            assert max(grown) < 30
    assert size > LOG_BYTES
    assert keys == 1

    place = f"jobs/{job_id}/log/find"
    lost = ask(jupyter, "GET", f"{place}?text=Beam%20Lost")
    while lost["found"] is None and lost["reached"] < lost["size_bytes"]:
        lost = ask(jupyter, "GET", f"{place}?text=Beam%20Lost&offset={lost['reached']}")
    assert lost["found"]["line"] == "beam lost"
    at = lost["found"]["offset"]
    piece = ask(jupyter, "GET", f"jobs/{job_id}/log?offset={at}&limit=256")
    assert piece["text"].startswith("beam lost\n")
    error = ask(jupyter, "GET", f"{place}?errors=true&offset={at}")
    assert error["found"]["line"].startswith("Traceback")


def test_a_page_with_a_login_keeps_its_preferences(jupyter: Jupyter) -> None:
    path = jupyter.url("arp/api/preferences/theme")
    with jupyter.logged_in() as session:
        assert session.put(path, json={"value": "dark"}).status_code == 403
        proof = {"X-XSRFToken": session.cookies.get("_xsrf") or ""}
        assert session.put(path, json={"value": "dark"}, headers=proof).ok
        assert session.get(path).json() == {"value": "dark"}


def test_why_a_request_is_refused_is_heard_however_long_its_body_is(jupyter: Jupyter) -> None:
    connection = HTTPConnection("127.0.0.1", jupyter.port, timeout=30)
    # as curl and browsers do it, and unlike requests: who cannot send hears nothing
    connection.request(
        "PUT",
        "/user/me/arp/api/preferences/theme",
        body=b"7" * (32 << 20),
        headers={"Cookie": jupyter.cookies()},
    )
    answer = connection.getresponse()
    assert answer.status == 403
    assert b"X-XSRFToken" in answer.read()
    connection.close()
