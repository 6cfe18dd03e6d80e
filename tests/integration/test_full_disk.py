"""A manager whose disk is full: it says so, keeps what it acknowledged, and recovers."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.managers import RealManager, wait_until


@pytest.fixture
def real(short_tmp: Path) -> Iterator[RealManager]:
    manager = RealManager(short_tmp)
    manager.start()
    yield manager
    manager.close()


def let_files_grow_to(manager: RealManager, size_bytes: int) -> None:
    """Limit the manager's files, as a full disk would; `resource.RLIM_INFINITY` lifts it."""
    pid = manager.manager().pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size_bytes, hard))


def post(address: str, value: int) -> httpx.Response:
    return httpx.post(address, json={"counters": {"Events": value}}, timeout=30)


def events(manager: RealManager) -> object:
    (job,) = manager.call("GET", "/experiments/xpptest/jobs").json()["jobs"]
    return job["report"].get("counters", {}).get("Events")


def test_full_disk_fails_the_request_in_words_and_what_was_acknowledged_stays(
    real: RealManager,
) -> None:
    address = real.update_address()
    ended = ("submit_failed", "uncertain")
    jobs = "/experiments/xpptest/jobs"
    wait_until(
        lambda: real.call("GET", jobs).json()["jobs"][0]["state"] in ended, "the script's end"
    )
    assert post(address, 7).status_code == 200

    let_files_grow_to(real, 1)
    refused = [
        post(address, 8),
        real.call("POST", "/experiments", {"name": "xppnew"}),
        real.call("PUT", "/experiments/xpptest/runs/2", {}),
        real.call("DELETE", "/jobs/1"),
    ]
    assert [one.status_code for one in refused] == [507] * len(refused), refused[0].text
    for one in refused:
        said = one.json()
        assert said["error"] == "StoreError"
        assert "disk" in said["message"]
    assert events(real) == 7, "reading goes on, and shows what was acknowledged"

    let_files_grow_to(real, resource.RLIM_INFINITY)
    assert post(address, 9).status_code == 200
    assert real.call("POST", "/experiments", {"name": "xppnew"}).status_code == 201
    real.kill(real.manager())
    assert events(real) == 9
