"""A manager that nobody needs ends; a batch client that fails is replaced."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from arp_nb.batch_client.environment import LoginEnvironment
from arp_nb.daemon import clients as making
from arp_nb.daemon import environment, patience
from arp_nb.daemon.idle import until_idle
from arp_nb.daemon.patience import keep_client
from arp_nb.settings import Settings

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
    """Works, or fails at once."""

    def __init__(self, *, fails: bool) -> None:
        self._fails = fails
        self.closed = False

    async def run(self) -> None:
        if self._fails:
            raise RuntimeError("bug")
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed = True


class Clients:
    """Makes a client that fails, then those that work."""

    def __init__(self) -> None:
        self.made = 0
        self.better = asyncio.Event()

    async def make(self) -> Client:
        self.made += 1
        return Client(fails=self.made == 1)

    async def outdated(self) -> None:
        await self.better.wait()


async def seats(manager: Manager, count: int) -> list[Any]:
    async with asyncio.timeout(DEADLINE_S):
        while len(manager.seats) < count:
            await asyncio.sleep(0.005)
    return manager.seats


async def test_a_client_that_fails_is_logged_and_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "_FIRST_PAUSE_S", 0.01)
    manager: Any = Manager()
    clients: Any = Clients()
    keeping = asyncio.create_task(keep_client(manager, clients))
    first, gone, second = await seats(manager, 3)
    assert first.closed
    assert gone is None  # the health record says so meanwhile
    assert second is not first
    assert "The batch client failed" in caplog.text
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert second.closed
    assert manager.seats[-1] is None


async def test_a_client_gives_way_to_one_that_knows_more() -> None:
    manager: Any = Manager()
    clients: Any = Clients()
    clients.made = 1
    keeping = asyncio.create_task(keep_client(manager, clients))
    (first,) = await seats(manager, 1)
    clients.better.set()
    _, gone, second = (await seats(manager, 3))[:3]
    assert first.closed
    assert gone is None
    assert second is not first
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping


class Logins:
    """A login shell that hangs until its file server is back."""

    def __init__(self) -> None:
        self.note = "no answer"

    async def get(self) -> LoginEnvironment:
        return LoginEnvironment({"PATH": "/nowhere"}, self.note)


async def test_schedulers_are_looked_for_again_once_the_login_shell_answers(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_ASK_AGAIN_S", 0.01)
    logins: Any = Logins()
    port: Any = None  # nothing is asked of the manager before a client runs
    clients = making.Clients(port, Settings(), short_tmp, logins)
    await (await clients.make()).close()
    assert list(clients.schedulers) == ["local"]
    waiting = asyncio.create_task(clients.outdated())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    logins.note = ""
    async with asyncio.timeout(DEADLINE_S):
        await waiting


class Title:
    title = "LSF"


FOUND: Any = {"lsf": Title(), "local": Title()}


def offered(root: Path, *, accept: bool = False, found: Any = FOUND) -> tuple[list[str], str]:
    schedulers, notice = environment.offered(found, root, accept_lost_reports=accept)
    return list(schedulers), notice


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    return tmp_path


async def test_clusters_are_refused_in_a_container_unless_lost_reports_are_accepted(
    root: Path,
) -> None:
    assert offered(root) == (["lsf", "local"], "")
    (root / ".dockerenv").touch()
    names, notice = offered(root)
    assert names == ["local"]
    assert "runs in a container and ends with it" in notice
    assert "none are sent there" in notice
    assert "accept_lost_reports = true" in notice
    names, notice = offered(root, accept=True)
    assert names == ["lsf", "local"]
    assert "reports are lost" in notice
    names, notice = offered(root, found={"local": Title()})
    assert names == ["local"]
    assert "LSF" not in notice


async def test_a_batch_job_is_known_by_its_control_group(root: Path) -> None:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text("0::/system.slice/slurmstepd.scope/job_7\n")
    assert "a batch job" in offered(root)[1]
