"""A manager that fails in the middle of a call, and a file server that does not answer."""

from __future__ import annotations

import asyncio
import errno
import threading
from pathlib import Path
from typing import Any

import pytest

from arp_nb.batch_client import check
from arp_nb.batch_client.spool import Order, Spool
from arp_nb.errors import StoreError
from arp_nb.model import JobState
from tests.batch_world import World


@pytest.fixture
def world(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("arp_nb.batch_client.submit._PAUSE_S", 0.05)
    monkeypatch.setattr("arp_nb.batch_client.submit._FOLDER_PAUSE_S", 0.05)
    return World(short_tmp)


@pytest.mark.parametrize("kept", [True, False])
def test_start_that_was_not_answered_happens_once_whether_kept_or_not(
    world: World, *, kept: bool
) -> None:
    async def story() -> None:
        starting, calls = world.port.starting, 0

        async def full(*args: Any, **kwargs: Any) -> bool:
            nonlocal calls
            calls += 1
            if calls == 1:
                if kept:
                    await starting(*args, **kwargs)
                raise StoreError("the disk is full")
            return await starting(*args, **kwargs)

        world.port.starting = full  # type: ignore[method-assign]
        job = await world.port.apply(world.script("bsub python a.py"))
        async with world.running():
            await world.port.until(lambda: job.state is JobState.PENDING)
        assert calls == (1 if kept else 2)

    asyncio.run(story())
    assert world.starts == 1


def test_what_the_spool_says_is_told_again_until_it_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arp_nb.batch_client.watch._ERROR_S", 0.05)

    async def story() -> None:
        submission, calls = world.port.submission, 0

        async def full(*args: Any, **kwargs: Any) -> bool:
            nonlocal calls
            calls += 1
            if calls <= 3:
                raise StoreError("the disk is full")
            return await submission(*args, **kwargs)

        world.port.submission = full  # type: ignore[method-assign]
        job = await world.port.apply(world.script("bsub python a.py"))
        async with world.running():
            await world.port.until(lambda: job.ids == ["1"])

    asyncio.run(story())
    assert world.starts == 1


def test_job_whose_script_is_on_a_dead_mount_waits_and_is_not_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arp_nb.batch_client.client._CHECK_S", 0.05)
    alive = threading.Event()

    def look(executable: str, commands: tuple[str, ...]) -> check.Look:
        alive.wait()
        return check.look_at(executable, commands)

    monkeypatch.setattr("arp_nb.batch_client.client.look_at", look)

    async def story() -> None:
        job = await world.port.apply(world.script("bsub python a.py"))
        async with world.running():
            await world.port.until(
                lambda: job.states[:3] == [JobState.LEASED, JobState.REQUESTED, JobState.LEASED]
            )
            alive.set()
            await world.port.until(lambda: job.state is JobState.PENDING)

    asyncio.run(story())
    assert world.starts == 1


def test_jobs_on_a_dead_mount_hold_up_no_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arp_nb.batch_client.client._CHECK_S", 0.3)
    alive = threading.Event()
    asked: list[str] = []

    def look(executable: str, commands: tuple[str, ...]) -> check.Look:
        asked.append(executable)
        if executable.startswith("/dead/"):
            alive.wait()
        return check.look_at(executable, commands)

    monkeypatch.setattr("arp_nb.batch_client.client.look_at", look)

    async def story() -> None:
        dead = [await world.port.apply(f"/dead/{number}.sh") for number in range(50)]
        well = [await world.port.apply(world.script("bsub python a.py")) for _ in range(9)]
        async with world.running() as client:
            await world.port.until(lambda: all(job.ids for job in well))
            assert {job.state for job in dead} <= {JobState.REQUESTED, JobState.LEASED}
            said = (await client.check("/dead/other.sh")).problem
            assert said == "not checked: the disk of /dead does not answer"
            assert sum(one.startswith("/dead/") for one in asked) <= 8
            alive.set()
            await world.port.until(
                lambda: all(job.state is JobState.SUBMIT_FAILED for job in dead)
            )

    asyncio.run(story())
    assert world.starts == 9


def test_full_disk_under_the_spool_keeps_the_job(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, calls = Spool.create, 0

    def full(spool: Spool, spool_id: str, order: Order) -> None:
        nonlocal calls
        calls += 1
        if calls <= 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        create(spool, spool_id, order)

    monkeypatch.setattr(Spool, "create", full)
    job = asyncio.run(world.submit("bsub python a.py"))
    assert job.states.count(JobState.REQUESTED) == 2
    assert job.state is JobState.PENDING
    assert world.starts == 1


def test_shim_that_cannot_be_started_is_given_up_behind_a_fence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arp_nb.batch_client.watch._LAUNCH_AGAIN_S", 0.02)
    monkeypatch.setattr("arp_nb.batch_client.launch._SHIM", world.folder / "gone.py")

    async def story() -> None:
        job = await world.port.apply(world.script("bsub python a.py"))
        async with world.running():
            await world.port.until(lambda: job.state is JobState.SUBMIT_FAILED)
        assert job.reason.startswith("The script was not started: ")
        assert "gone.py" in job.reason

    asyncio.run(story())
    assert world.starts == 0
