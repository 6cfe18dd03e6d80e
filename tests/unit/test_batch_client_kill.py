"""Kills: what schedulers are told, how often, and what comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from arp_nb.model import JobState
from arp_nb.ports import Submitted
from arp_nb.schedulers.base import Poll
from tests.batch_world import World
from tests.poll_desk import Desk, story


@pytest.fixture
def world(short_tmp: Path) -> World:
    return World(short_tmp)


def test_kills_go_out_together_and_are_answered(world: World) -> None:
    async def tell(desk: Desk) -> None:
        jobs = [await desk.job("1"), await desk.job("2")]
        for job in jobs:
            await desk.port.kill(job)
        assert await desk.killer.kill_once()
        assert desk.scheduler.killed == ["1", "2"]
        assert jobs[1].kill_said == "Job <2> is being terminated"
        await desk.killer.kill_once()
        assert desk.scheduler.killed == ["1", "2"]

    story(world, tell)


def test_job_under_a_used_again_id_is_not_killed(world: World) -> None:
    async def tell(desk: Desk) -> None:
        job = await desk.job("1", tag="arp-99-0123456789ab")
        await desk.port.kill(job)
        await desk.killer.kill_once()
        assert desk.scheduler.killed == []
        assert job.kill_accepted is False
        assert job.kill_said == "FAKE has given the id 1 to another job; it was not killed."

    story(world, tell)


def test_kill_waits_for_a_scheduler_that_does_not_answer(world: World) -> None:
    async def tell(desk: Desk) -> None:
        job = await desk.job("1")
        await desk.port.kill(job)
        desk.scheduler.silent = True
        assert not await desk.killer.kill_once()
        assert job.kill_said is None
        desk.scheduler.silent = False
        assert await desk.killer.kill_once()
        assert job.kill_said is not None

    story(world, tell)


def test_kill_before_the_id_fires_when_the_id_comes(world: World) -> None:
    async def run() -> None:
        hold = world.folder / "hold"
        job = await world.port.apply(world.script(f"bsub -hold {hold} python a.py"))
        async with world.running():
            await world.port.until(lambda: job.state is JobState.STARTING)
            await world.port.kill(job)
            hold.touch()
            await world.port.until(lambda: job.state is JobState.FAILED)
        assert world.scheduler.killed == ["1"]

    asyncio.run(run())


def test_a_thousand_kills_are_one_question_and_one_request(world: World) -> None:
    async def tell(desk: Desk) -> None:
        for number in range(1, 1001):
            await desk.port.kill(await desk.job(str(number)))
        assert await desk.killer.kill_once()
        assert (desk.scheduler.polls, desk.scheduler.kill_requests) == (1, 1)
        assert len(desk.scheduler.killed) == 1000
        assert all(job.kill_said for job in desk.port.jobs.values())

    story(world, tell)


def test_only_what_ignored_a_kill_is_killed_by_force(world: World) -> None:
    async def tell(desk: Desk) -> None:
        first, second = await desk.job("1"), await desk.job("2")
        await desk.port.kill(first)
        await desk.port.kill(second, force=True)
        assert await desk.killer.kill_once()
        assert (desk.scheduler.killed, desk.scheduler.forced) == (["1", "2"], ["2"])

    story(world, tell)


def test_all_parts_of_a_job_are_killed_and_answered_for(world: World) -> None:
    async def tell(desk: Desk) -> None:
        job = await desk.job("1")
        await desk.job("2")
        job.native_ids = (Submitted("1", "wrapper"), Submitted("2", "tag"))
        desk.scheduler.refuses["2"] = "Job <2>: User permission denied"
        await desk.port.kill(job)
        assert await desk.killer.kill_once()
        assert job.kill_accepted is False
        assert job.kill_said == ("Job <1> is being terminated\nJob <2>: User permission denied")

    story(world, tell)


def test_a_scheduler_that_hangs_holds_up_no_kill_of_another(world: World) -> None:
    async def run() -> None:
        far = world.add("far")
        hangs = asyncio.Event()

        async def hang(native_ids: object) -> Poll:
            hangs.set()
            await asyncio.sleep(3600)
            raise AssertionError

        far.poll = hang  # type: ignore[method-assign]
        async with world.running():
            for location in ("far", "fake"):
                job = await world.port.apply("/x.sh", location=location)
                (world.scheduler.book / "1").write_text("PEND\n\nx\n")
                job.state, job.native_ids = JobState.PENDING, (Submitted("1", "wrapper"),)
                await world.port.kill(job)
                if location == "far":
                    await asyncio.wait_for(hangs.wait(), 20)
            await world.port.until(lambda: world.port.jobs[2].state is JobState.FAILED)
        assert far.killed == []
        assert world.port.jobs[1].kill_said is None

    asyncio.run(run())
