"""What comes of a submission when shim, script or batch client are killed on the way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from arp_nb.batch_client import spool as spooling
from arp_nb.batch_client.launch import launch
from arp_nb.batch_client.spool import Order, Spool
from arp_nb.model import JobState
from tests.batch_world import World
from tests.fake_port import FakeJob


@pytest.fixture
def world(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("arp_nb.batch_client.watch._SEARCH_ENDED_S", 0.1)
    monkeypatch.setattr("arp_nb.batch_client.watch._pause_s", lambda *_: 0.05)
    return World(short_tmp)


def spool_of(world: World) -> Spool:
    return Spool(world.folder / "spool")


def order_of(world: World, job: FakeJob) -> Order:
    return Order(
        job_id=job.id,
        location="fake",
        argv=job.argv,
        environment={"PATH": f"{world.scheduler.bin}:/usr/bin:/bin"},
        folders=("/nowhere", "/tmp"),
    )


async def left_behind(world: World, text: str) -> FakeJob:
    """Make a job as a client leaves it that dies between STARTING and the start."""
    job = await world.port.apply(world.script(text))
    job.spool_id = spool_of(world).new_id(job.id)
    spool_of(world).create(job.spool_id, order_of(world, job))
    job.state = JobState.STARTING
    return job


def folder_of(world: World, job: FakeJob) -> Path:
    assert job.spool_id is not None
    return spool_of(world).folder(job.spool_id)


async def wait_for(path: Path) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(path.exists):
            await asyncio.sleep(0.01)


def kill_under(folder: Path, *words: str) -> None:
    """Kill this test's processes that name one of these on their command line."""
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        ours = str(folder) in line and process.info["pid"] != os.getpid()
        if ours and any(word in line for word in words):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def shim_pid(folder: Path) -> int:
    return int(json.loads((folder / "start").read_text())["pid"])


def test_durable_starting_without_a_start_is_started(world: World) -> None:
    async def story() -> None:
        job = await left_behind(world, "bsub python a.py")
        async with world.running():
            await world.port.until(lambda: job.state is JobState.PENDING)
        assert world.starts == 1

    asyncio.run(story())


def test_of_many_shims_one_runs_the_script(world: World) -> None:
    async def story() -> None:
        job = await left_behind(world, "bsub python a.py")
        folder = folder_of(world, job)
        assert await asyncio.gather(*(launch(folder) for _ in range(6))) == [""] * 6
        await wait_for(folder / "exit")

    asyncio.run(story())
    assert world.starts == 1


def test_shim_that_comes_after_the_fence_runs_nothing(world: World) -> None:
    async def story() -> None:
        job = await left_behind(world, "bsub python a.py")
        folder = folder_of(world, job)
        assert spooling.fence(folder, "the disk is full")
        assert await launch(folder) == ""
        assert not spooling.fence(folder, "again")
        async with world.running():
            await world.port.until(lambda: job.state is JobState.SUBMIT_FAILED)
        assert job.reason == "The script was not started: the disk is full"

    asyncio.run(story())
    assert world.starts == 0


def test_a_disk_without_room_for_the_output_is_a_failure_and_no_doubt(world: World) -> None:
    async def story() -> None:
        job = await left_behind(world, "bsub python a.py")
        (folder_of(world, job) / "out").mkdir()
        async with world.running():
            await world.port.until(lambda: job.state is JobState.SUBMIT_FAILED)
        assert "cannot be started" in job.reason

    asyncio.run(story())
    assert world.starts == 0


def test_script_goes_on_without_its_shim(world: World) -> None:
    async def story() -> None:
        go = world.folder / "go"
        text = f"while [ ! -e {go} ]; do sleep 0.02; done\nbsub python a.py"
        job = await world.port.apply(world.script(text))
        async with world.running():
            await world.port.until(lambda: job.state is JobState.STARTING)
            await wait_for(world.folder / "starts")  # before it the shim may not have got so far
            os.kill(shim_pid(folder_of(world, job)), signal.SIGKILL)
            go.touch()
            await world.port.until(lambda: job.ids == ["1"])
        assert job.state is JobState.PENDING

    asyncio.run(story())
    assert world.starts == 1


def test_submission_goes_on_without_the_client(world: World) -> None:
    async def story() -> None:
        job = await world.port.apply(world.script("bsub python a.py; bsub python b.py"))
        async with world.running():
            await world.port.until(lambda: job.state is JobState.STARTING)
            await wait_for(folder_of(world, job) / "start")
        await wait_for(folder_of(world, job) / "exit")
        async with world.running():
            await world.port.until(lambda: job.ids == ["1", "2"])

    asyncio.run(story())
    assert world.starts == 1


def test_later_job_of_a_chain_is_found_by_the_next_client(world: World) -> None:
    async def story() -> None:
        go = world.folder / "go"
        text = f"bsub python a.py; while [ ! -e {go} ]; do sleep 0.02; done; bsub python b.py"
        job = await world.port.apply(world.script(text))
        async with world.running():
            await world.port.until(lambda: job.ids == ["1"])
        go.touch()
        async with world.running():
            await world.port.until(lambda: job.ids == ["1", "2"])

    asyncio.run(story())
    assert world.starts == 1


def test_script_killed_while_bsub_hangs_still_gets_its_id(world: World) -> None:
    async def story() -> None:
        hold = world.folder / "hold"
        job = await world.port.apply(world.script(f"bsub -hold {hold} python a.py"))
        async with world.running():
            await world.port.until(lambda: job.phase.value == "slow")
            kill_under(world.folder, f"/bin/sh {world.folder}/submit.sh")
            await wait_for(folder_of(world, job) / "exit")
            assert job.state is JobState.STARTING
            hold.touch()
            await world.port.until(lambda: job.ids == ["1"])
        assert job.native_ids[0][1] == "wrapper"

    asyncio.run(story())


@pytest.mark.parametrize("silent", [False, True], ids=["denied", "not-answered"])
def test_submission_cut_off_in_the_middle_is_uncertain_and_never_started_again(
    world: World, monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> None:
    monkeypatch.setattr("arp_nb.batch_client.watch._SEARCH_ENDED_S", 0.1)
    monkeypatch.setattr("arp_nb.batch_client.watch._pause_s", lambda *_: 0.05)

    async def story() -> None:
        hold = world.folder / "hold"
        job = await world.port.apply(world.script(f"bsub -hold {hold} python a.py"))
        async with world.running():
            await world.port.until(lambda: job.phase.value == "slow")
            world.scheduler.silent = silent
            kill_under(world.folder, "shim.py", "submit.sh", "wrappers/bsub")
            await world.port.until(lambda: job.state is JobState.UNCERTAIN)
            assert "FAKE may or may not have this job" in job.reason
            # the real bsub is alive, and what it makes is found although we were told no
            hold.touch()
            world.scheduler.silent = False
            await world.port.until(lambda: job.ids == ["1"])
        assert job.state is JobState.PENDING

    asyncio.run(story())
    assert world.starts == 1


def test_exit_decides_although_a_child_keeps_the_lock(world: World) -> None:
    job = asyncio.run(world.submit(f"tail -f {world.folder}/submit.sh & echo nothing to do"))
    assert job.state is JobState.SUBMIT_FAILED
    assert "nothing to do" in job.reason
    kill_under(world.folder, "tail -f")


def test_child_that_submits_after_the_script_failed_makes_it_a_job(world: World) -> None:
    async def story() -> None:
        go = world.folder / "go"
        late = f"(while [ ! -e {go} ]; do sleep 0.02; done; bsub python a.py) & exit 3"
        job = await world.port.apply(world.script(late))
        async with world.running():
            await world.port.until(lambda: job.state is JobState.SUBMIT_FAILED)
            go.touch()
            await world.port.until(lambda: job.state is JobState.PENDING)

    asyncio.run(story())
    assert world.starts == 1


def test_script_that_shows_nothing_for_long_is_uncertain_until_its_id_comes(
    world: World,
) -> None:
    async def story() -> None:
        world.settings = replace(world.settings, uncertain_after_s=0.5)
        go = world.folder / "go"
        text = f"while [ ! -e {go} ]; do sleep 0.02; done\nbsub python a.py"
        job = await world.port.apply(world.script(text))
        async with world.running():
            await world.port.until(lambda: job.state is JobState.UNCERTAIN)
            go.touch()
            await world.port.until(lambda: job.state is JobState.PENDING)

    asyncio.run(story())
    assert world.starts == 1


def test_spool_that_is_gone_makes_a_submission_uncertain(world: World) -> None:
    async def story() -> None:
        job = await world.port.apply(world.script("bsub python a.py"))
        job.spool_id, job.state = f"{job.id}-0123456789ab", JobState.STARTING
        async with world.running():
            await world.port.until(lambda: job.state is JobState.UNCERTAIN)
        assert "What the spool knew of it is gone." in job.reason

    asyncio.run(story())
    assert world.starts == 0


def test_refused_bsub_at_a_scheduler_that_cannot_search_has_failed(world: World) -> None:
    world.scheduler.searches = False
    job = asyncio.run(world.submit("bsub -refuse nowhere"))
    assert (job.state, job.reason) == (
        JobState.SUBMIT_FAILED,
        "nowhere: No such queue. Job not submitted.",
    )


def test_refusal_in_so_many_words_needs_no_search(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arp_nb.batch_client.doubts.SILENT_REFUSED_S", 0.2)
    world.scheduler.silent = True
    job = asyncio.run(world.submit("bsub -refuse nowhere"))
    assert job.state is JobState.SUBMIT_FAILED


def test_silent_scheduler_makes_a_submission_without_an_id_uncertain(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arp_nb.batch_client.doubts.SILENT_FOR_S", 0.2)
    world.scheduler.silent = True
    job = asyncio.run(world.submit("echo garbage"))
    assert job.state is JobState.UNCERTAIN
    assert "FAKE does not answer." in job.reason


def test_bsub_that_gave_up_at_a_scheduler_that_cannot_search_is_uncertain(world: World) -> None:
    world.scheduler.searches = False
    text = "bsub -refuse 'Failed in sending/receiving a message: Connection timed out'"
    job = asyncio.run(world.submit(text))
    assert job.state is JobState.UNCERTAIN


def test_job_that_the_manager_dropped_is_left_alone(world: World) -> None:
    async def story() -> None:
        job = await world.port.apply(world.script("bsub python a.py"))
        starting = world.port.starting

        async def refused(*args: Any, **kwargs: Any) -> bool:
            job.state = JobState.WITHDRAWN
            return await starting(*args, **kwargs)

        world.port.starting = refused  # type: ignore[method-assign]
        root = world.folder / "spool"
        async with world.running(), asyncio.timeout(10):
            while job.state is not JobState.WITHDRAWN or any(root.iterdir()):
                await asyncio.sleep(0.01)

    asyncio.run(story())
    assert world.starts == 0
