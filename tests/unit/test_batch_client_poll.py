"""Polls and health: what is told to the manager, and what is not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from arp_nb.batch_client.health import Pulse
from arp_nb.batch_client.identity import is_another
from arp_nb.batch_client.logs import LogReader
from arp_nb.model import JobState, Reading
from arp_nb.ports import Submitted, WatchedJob
from tests.batch_world import World
from tests.poll_desk import NOW, Desk, story

PENDING = Reading(state=JobState.PENDING, native_state="PEND")


@pytest.fixture
def world(short_tmp: Path) -> World:
    return World(short_tmp)


def test_one_command_asks_for_all_jobs(world: World) -> None:
    async def tell(desk: Desk) -> None:
        jobs = [await desk.job(str(number)) for number in range(1, 50)]
        for job in jobs:
            desk.scheduler.set_state(job.ids[0], "RUN")
        assert await desk.poller.poll_once()
        assert {job.state for job in jobs} == {JobState.RUNNING}
        assert desk.scheduler.polls == 1

    story(world, tell)


def test_without_jobs_no_command_is_run(world: World) -> None:
    async def tell(desk: Desk) -> None:
        assert not await desk.poller.poll_once()
        assert desk.scheduler.polls == 0

    story(world, tell)


def test_a_poller_without_jobs_rests_until_it_is_woken(world: World) -> None:
    async def tell(desk: Desk) -> None:
        looks = 0
        look = desk.port.watched

        async def counted() -> Sequence[WatchedJob]:
            nonlocal looks
            looks += 1
            return await look()

        desk.port.watched = counted  # type: ignore[method-assign]
        running = asyncio.create_task(desk.poller.run())
        for _ in range(1000):
            await asyncio.sleep(0)
        assert (looks, desk.scheduler.polls) == (1, 0)
        job = await desk.job("1")
        desk.scheduler.set_state("1", "RUN")
        desk.poller.nudge()
        await desk.port.until(lambda: job.state is JobState.RUNNING)
        assert desk.scheduler.polls == 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    story(world, tell)


def test_a_state_is_told_once_and_its_change_again(world: World) -> None:
    async def tell(desk: Desk) -> None:
        await desk.job("1")
        for word in ("PEND", "PEND", "RUN", "RUN", "PEND"):
            desk.scheduler.set_state("1", word)
            await desk.poller.poll_once()
        told = [one.reading.native_state for one in desk.port.readings_taken if one.reading]
        assert told == ["PEND", "RUN", "PEND"]

    story(world, tell)


def test_a_denial_between_two_equal_answers_counts_for_nothing(world: World) -> None:
    async def tell(desk: Desk) -> None:
        await desk.job("1", age_s=1000)
        for _ in range(3):
            (desk.scheduler.book / "1").write_text("RUN\n\nx\n")
            await desk.poller.poll_once()
            (desk.scheduler.book / "1").unlink()
            await desk.poller.poll_once()
        assert None not in [one.reading for one in desk.port.readings_taken]

    story(world, tell)


def test_scheduler_that_does_not_answer_changes_no_job(world: World) -> None:
    async def tell(desk: Desk) -> None:
        job = await desk.job("1", age_s=1000)
        desk.scheduler.silent = True
        for _ in range(5):
            assert await desk.poller.poll_once()
        assert (job.state, desk.port.readings_taken) == (JobState.PENDING, [])
        health = desk.pulse.record().schedulers["fake"]
        assert (health.ok, health.said) == (False, "LSF is down. Please wait ...")
        desk.scheduler.silent = False
        await desk.poller.poll_once()
        assert desk.pulse.record().schedulers["fake"].ok
        assert desk.changes == 2

    story(world, tell)


def test_since_is_when_the_silence_began(world: World) -> None:
    pulse = Pulse(lambda: None)
    pulse.failed("fake", "down")
    first = pulse.record().schedulers["fake"]
    pulse.failed("fake", "still down")
    later = pulse.record().schedulers["fake"]
    assert (later.since, later.said) == (first.since, "still down")


@pytest.mark.parametrize(("age_s", "told"), [(5, False), (500, True)])
def test_only_an_old_job_denied_twice_is_unknown(
    world: World, age_s: float, *, told: bool
) -> None:
    async def tell(desk: Desk) -> None:
        await desk.job("1", age_s=age_s)
        (desk.scheduler.book / "1").unlink()
        await desk.poller.poll_once()
        assert desk.port.readings_taken == []
        await desk.poller.poll_once()
        assert [one.reading for one in desk.port.readings_taken] == [None] * told

    story(world, tell)


def test_bad_end_comes_with_the_error_line_of_its_log(world: World) -> None:
    async def tell(desk: Desk) -> None:
        job = await desk.job("1")
        log = desk.world.folder / "1.log"
        log.write_text("frame 1\nValueError: no frames\n")
        desk.scheduler.logs["1"] = log
        desk.scheduler.set_state("1", "EXIT")
        await desk.poller.poll_once()
        await desk.port.until(lambda: job.state is JobState.FAILED)
        assert job.log_error == "ValueError: no frames"

    story(world, tell)


def test_log_on_a_dead_mount_delays_no_other_job(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arp_nb.batch_client.poll._LOG_WAIT_S", 0.05)

    async def tell(desk: Desk) -> None:
        async def never(*_: object) -> str:
            await asyncio.Event().wait()
            return ""

        monkeypatch.setattr(LogReader, "error_line", never)
        bad, good = await desk.job("1"), await desk.job("2")
        desk.scheduler.set_state("1", "EXIT")
        desk.scheduler.set_state("2", "DONE")
        await desk.poller.poll_once()
        assert good.state is JobState.DONE
        assert bad.state is JobState.PENDING
        await desk.port.until(lambda: bad.state is JobState.FAILED)

    story(world, tell)


def test_poll_waits_five_times_as_long_as_the_last_answer_took(world: World) -> None:
    async def tell(desk: Desk) -> None:
        assert 0.1 <= desk.poller.interval_s() <= 0.12
        desk.poller._answer_s = 3.0
        assert 15.0 <= desk.poller.interval_s() <= 18.0

    story(world, tell)


def test_a_command_given_up_keeps_us_away_for_no_longer_than_half_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell(desk: Desk) -> None:
        await desk.job("1")
        desk.scheduler.silent = True
        clock = SimpleNamespace(monotonic=iter([0.0, 20.0]).__next__)
        monkeypatch.setattr("arp_nb.batch_client.poll.time", clock)
        await desk.poller.poll_once()
        assert desk.poller.interval_s() <= 30.0

    story(world, tell)


def test_scheduler_that_costs_nothing_to_ask_is_asked_more_often(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell(desk: Desk) -> None:
        monkeypatch.setattr(desk.scheduler, "polls_apart_s", 0.01, raising=False)
        assert desk.poller.interval_s() <= 0.012

    story(world, tell)


@pytest.mark.parametrize(
    ("reading", "another"),
    [
        pytest.param(PENDING, False, id="nothing-known"),
        pytest.param(replace(PENDING, tag="arp-1-0a"), False, id="our-tag"),
        pytest.param(replace(PENDING, tag="arp-2-0a"), True, id="tag-of-another"),
        pytest.param(replace(PENDING, tag="my own words"), False, id="tag-of-the-script"),
        pytest.param(replace(PENDING, submitted_at=NOW), False, id="same-time"),
        pytest.param(
            replace(PENDING, submitted_at=NOW + timedelta(days=9)), True, id="much-later"
        ),
        pytest.param(
            replace(PENDING, submitted_at=NOW + timedelta(days=9), tag="arp-1-0a"),
            False,
            id="requeued-under-our-tag",
        ),
    ],
)
def test_tag_then_time_tell_a_used_again_id(reading: Reading, *, another: bool) -> None:
    assert is_another(1, NOW, reading) is another


def test_locations_of_one_kind_are_polled_each_for_its_own(world: World) -> None:
    async def run() -> None:
        far = world.add("far")
        for scheduler, word in ((world.scheduler, "RUN"), (far, "DONE")):
            (scheduler.book / "1").write_text(f"{word}\n\nx\n")
            job = await world.port.apply("/x.sh", location=scheduler.location)
            job.state, job.native_ids = JobState.PENDING, (Submitted("1", "wrapper"),)
        near_job, far_job = world.port.jobs[1], world.port.jobs[2]
        async with world.running() as client:
            await world.port.until(lambda: far_job.state is JobState.DONE)
            await world.port.until(lambda: near_job.state is JobState.RUNNING)
            far.silent = True
            await world.port.apply("/y.sh", location="far", state=JobState.RUNNING)
            world.port.jobs[3].native_ids = (Submitted("2", "wrapper"),)
            await world.port.until(lambda: not world.port.healths[-1].schedulers["far"].ok)
            assert set(await client.locations()) == {"fake", "far"}
        assert world.port.healths[-1].schedulers["fake"].ok

    asyncio.run(run())


def test_client_gives_a_sign_of_life_and_names_its_locations(world: World) -> None:
    async def run() -> None:
        world.settings = replace(world.settings, client_silent_s=0.1)
        async with world.running() as client:
            await world.port.until(lambda: len(world.port.healths) >= 4)
            assert await client.locations() == {
                "fake": "a scheduler of files (its adapter is installed)"
            }
            world.scheduler.readings["1"] = Reading(state=JobState.DONE, native_state="DONE")
            assert await client.details("fake", "1") == "Job <1>"
        assert all(one.client_ok for one in world.port.healths)
        assert world.port.healths[-1].schedulers["fake"].ok

    asyncio.run(run())
