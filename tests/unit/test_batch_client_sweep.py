"""Jobs that nobody told us of are found by their marks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from arp_nb.batch_client.sweep import Sweeper
from arp_nb.errors import SchedulerError
from arp_nb.model import JobState
from arp_nb.ports import FoundJob, Submitted
from tests.batch_world import World
from tests.fake_port import FakeJob


@pytest.fixture
def world(short_tmp: Path) -> World:
    return World(short_tmp)


class Sweep:
    """A sweeper over jobs in the fake's book, and what it told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.told: list[FoundJob] = []
        self.sweeper = Sweeper(world.port, world.scheduler, world.settings)
        world.port.found = self._found  # type: ignore[method-assign, assignment]

    async def _found(self, jobs: list[FoundJob]) -> None:
        self.told += jobs

    def book(self, native_id: str, tag: str) -> None:
        (self.world.scheduler.book / native_id).write_text(f"RUN\n{tag}\nx\n")

    async def job(self, native_id: str) -> FakeJob:
        job = await self.world.port.apply("/x.sh")
        job.state, job.native_ids = JobState.RUNNING, (Submitted(native_id, "wrapper"),)
        self.book(native_id, f"arp-{job.id}-abc.c1-1")
        return job

    def once(self) -> bool:
        return asyncio.run(self.sweeper.sweep_once())

    @property
    def ids(self) -> list[tuple[int, str]]:
        return [(one.job_id, one.native_id) for one in self.told]


def test_marked_jobs_that_are_not_polled_are_told(world: World) -> None:
    sweep = Sweep(world)
    job = asyncio.run(sweep.job("1"))
    sweep.book("2", f"arp-{job.id}-abc.j5-5")
    sweep.book("3", f"arp-{job.id}-abc.c1-1")
    assert sweep.once()
    assert sweep.ids == [(job.id, "2"), (job.id, "3")]
    assert sweep.told[0].tag == f"arp-{job.id}-abc.j5-5"


def test_jobs_of_others_and_of_jobs_that_are_over_are_not_told(world: World) -> None:
    sweep = Sweep(world)
    asyncio.run(sweep.job("1"))
    sweep.book("2", "arp-99-abc.j5-5")
    sweep.book("3", "my own words")
    sweep.book("4", "")
    assert sweep.once()
    assert sweep.told == []


def test_a_job_that_is_over_is_looked_for_once_more(world: World) -> None:
    sweep = Sweep(world)
    job = asyncio.run(sweep.job("1"))
    assert sweep.once()
    job.state = JobState.KILLED
    sweep.book("2", f"arp-{job.id}-abc.j5-5")
    world.scheduler.silent = True
    with pytest.raises(SchedulerError):
        sweep.once()
    world.scheduler.silent = False
    assert sweep.once(), "it was not answered yet"
    assert sweep.ids == [(job.id, "2")]
    assert not sweep.once()


def test_without_jobs_to_watch_nobody_is_asked(world: World) -> None:
    sweep = Sweep(world)
    world.scheduler.silent = True
    assert not sweep.once()


def test_a_silent_scheduler_is_no_news(world: World) -> None:
    sweep = Sweep(world)
    asyncio.run(sweep.job("1"))
    world.scheduler.silent = True
    with pytest.raises(SchedulerError):
        sweep.once()
    assert sweep.told == []


def test_a_sweep_comes_more_rarely_than_a_poll(world: World) -> None:
    sweep = Sweep(world)
    assert sweep.sweeper.interval_s() >= 5 * world.settings.poll_min_s


def test_a_scheduler_that_never_shows_our_marks_is_asked_more_rarely(world: World) -> None:
    sweep = Sweep(world)
    asyncio.run(sweep.job("1"))
    usual_s = 1.2 * 6 * world.settings.poll_min_s
    for _ in range(3):
        assert sweep.sweeper.interval_s() <= usual_s
        (world.scheduler.book / "1").unlink(missing_ok=True)
        sweep.once()
    assert sweep.sweeper.interval_s() > 5 * usual_s
    sweep.book("1", "arp-1-abc.c1-1")
    sweep.once()
    assert sweep.sweeper.interval_s() <= usual_s
