"""A manager that nobody needs ends; a batch client that fails is replaced."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from arp_nb.daemon import environment, patience
from arp_nb.daemon.idle import until_idle
from arp_nb.daemon.patience import keep_client

pytestmark = pytest.mark.anyio
DEADLINE_S = 10


class Watched:
    def __init__(self, quiet_s: float) -> None:
        self.seconds = quiet_s

    def quiet_s(self) -> float:
        return self.seconds


class Manager:
    def __init__(self) -> None:
        self.busy = False
        self.seats: list[Any] = []

    async def is_busy(self) -> bool:
        return self.busy

    def attach(self, client: Any) -> None:
        self.seats.append(client)


async def ends(watched: Any, manager: Any, idle_exit_s: float) -> bool:
    try:
        await asyncio.wait_for(until_idle(watched, manager, idle_exit_s), 0.1)
    except TimeoutError:
        return False
    return True


async def test_it_ends_once_nobody_has_looked_for_long() -> None:
    assert await ends(Watched(60), Manager(), 60)


async def test_it_stays_while_somebody_looks() -> None:
    assert not await ends(Watched(0), Manager(), 60)


async def test_it_stays_while_a_job_is_open() -> None:
    manager = Manager()
    manager.busy = True
    assert not await ends(Watched(60), manager, 60)


async def test_zero_means_never() -> None:
    assert not await ends(Watched(10_000), Manager(), 0)


class Client:
    """Fails the first time it is run, then works."""

    runs = 0

    def __init__(self) -> None:
        self.closed = False

    async def run(self) -> None:
        type(self).runs += 1
        if type(self).runs == 1:
            raise RuntimeError("bug")
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed = True


async def test_a_client_that_fails_is_logged_and_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "_FIRST_PAUSE_S", 0.01)
    manager: Any = Manager()
    made: Any = Client
    keeping = asyncio.create_task(keep_client(manager, made))
    async with asyncio.timeout(DEADLINE_S):
        while len(manager.seats) < 3:
            await asyncio.sleep(0.005)
    first, gone, second = manager.seats
    assert first.closed
    assert gone is None  # the health record says so meanwhile
    assert second is not first
    assert "The batch client failed" in caplog.text
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert second.closed
    assert manager.seats[-1] is None


async def test_a_container_is_told_only_where_its_marks_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert environment._mortal(["local", "lsf"], tmp_path) == ()
    (tmp_path / ".dockerenv").touch()
    (on_cluster,) = environment._mortal(["local", "lsf"], tmp_path)
    assert "runs in a container and ends with it" in on_cluster
    assert "reports are lost" in on_cluster
    (local_only,) = environment._mortal(["local"], tmp_path)
    assert "cluster" not in local_only


async def test_a_batch_job_is_known_by_its_control_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/system.slice/slurmstepd.scope/job_7\n")
    (notice,) = environment._mortal(["lsf"], tmp_path)
    assert "a batch job" in notice
