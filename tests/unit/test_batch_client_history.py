"""What the list has forgotten is asked of the history, before it is lost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from arp_nb.errors import SchedulerError
from arp_nb.model import JobState, Reading
from arp_nb.schedulers.base import Poll
from tests.batch_world import World
from tests.fake_port import FakeJob
from tests.poll_desk import NOW, Desk, story


@pytest.fixture
def world(short_tmp: Path) -> World:
    return World(short_tmp)


def forgotten(world: World, tell: Callable[[Desk, FakeJob], Awaitable[None]]) -> None:
    """Let an old job be denied by the list as often as it takes."""

    async def told(desk: Desk) -> None:
        job = await desk.job("1", age_s=500)
        (desk.scheduler.book / "1").unlink()
        await desk.poller.poll_once()
        assert desk.scheduler.histories == [], "one denial may be a slip"
        await tell(desk, job)

    story(world, told)


def test_the_history_is_asked_before_a_job_is_lost(world: World) -> None:
    async def tell(desk: Desk, job: FakeJob) -> None:
        ended = Reading(state=JobState.DONE, native_state="DONE", exit_code=0)
        desk.scheduler.past["1"] = ended
        await desk.poller.poll_once()
        assert desk.scheduler.histories == [["1"]]
        assert [one.reading for one in desk.port.readings_taken] == [ended]
        assert job.state is JobState.DONE

    forgotten(world, tell)


def test_a_bad_end_that_only_the_history_knows_comes_with_its_log_s_line(world: World) -> None:
    async def tell(desk: Desk, job: FakeJob) -> None:
        log = desk.world.folder / "1.log"
        log.write_text("ValueError: no frames\n")
        desk.scheduler.logs["1"] = log
        desk.scheduler.past["1"] = Reading(state=JobState.FAILED, native_state="EXIT")
        await desk.poller.poll_once()
        await desk.port.until(lambda: job.state is JobState.FAILED)
        assert job.log_error == "ValueError: no frames"
        assert desk.port.readings_taken[-1].log_path == str(log)

    forgotten(world, tell)


def silences_of(desk: Desk) -> list[str]:
    return [one.silence for one in desk.port.readings_taken if one.silence]


def silences(desk: Desk) -> list[str]:
    assert all(one.reading is None for one in desk.port.readings_taken)
    return [one.silence for one in desk.port.readings_taken]


def test_a_history_that_does_not_answer_loses_no_job_and_is_told_once(world: World) -> None:
    async def tell(desk: Desk, job: FakeJob) -> None:
        async def silent(native_ids: object) -> Poll:
            raise SchedulerError("bhist: no answer in 20 s")

        desk.scheduler.history = silent  # type: ignore[method-assign]
        for _ in range(10):
            await desk.poller.poll_once()
        [said] = silences(desk)
        assert re.fullmatch(
            r"no word of it since \w{3} \d\d \d\d:\d\d UTC: its history does not answer", said
        )
        assert job.state is JobState.PENDING

    world.settings = replace(world.settings, poll_min_s=0.0)
    forgotten(world, tell)


def test_a_history_that_says_neither_loses_no_job_and_is_told_once(world: World) -> None:
    async def tell(desk: Desk, job: FakeJob) -> None:
        async def unsure(native_ids: object) -> Poll:
            return Poll({})

        desk.scheduler.history = unsure  # type: ignore[method-assign]
        for _ in range(10):
            await desk.poller.poll_once()
        [said] = silences(desk)
        assert said.endswith("UTC: its history does not know its end")

    world.settings = replace(world.settings, poll_min_s=0.0)
    forgotten(world, tell)


def test_a_job_that_is_listed_again_is_told_anew_after_a_silence(world: World) -> None:
    async def tell(desk: Desk, job: FakeJob) -> None:
        async def unsure(native_ids: object) -> Poll:
            return Poll({})

        desk.scheduler.history = unsure  # type: ignore[method-assign]
        await desk.poller.poll_once()
        (desk.scheduler.book / "1").write_text("RUN\n\nx\n")
        await desk.poller.poll_once()
        first, second = desk.port.readings_taken
        assert first.silence
        assert second.reading is not None
        assert not second.silence

    forgotten(world, tell)


def test_a_job_that_answers_leave_out_for_long_is_told_once(world: World) -> None:
    async def tell(desk: Desk) -> None:
        job = await desk.job("1", age_s=500)
        at = NOW
        listed = await desk.scheduler.poll(["1"])

        async def poll_at(seconds: float, *, is_whole: bool = False) -> None:
            poll = listed if is_whole else Poll({})
            await desk.poller._report(poll, at + timedelta(seconds=seconds))

        desk.poller._watch(await desk.port.watched())
        await poll_at(-10.0, is_whole=True)
        for seconds in (0.0, 30.0):
            await poll_at(seconds)
        await poll_at(50.0, is_whole=True)
        for seconds in (60.0, 70.0, 119.0):
            await poll_at(seconds)
        assert silences_of(desk) == [], "none of them was long"
        for seconds in (121.0, 130.0):
            await poll_at(seconds)
        [said] = silences_of(desk)
        assert re.fullmatch(r"no word of it since .* UTC: .*'s answers leave it out", said)
        assert job.state is JobState.PENDING

    story(world, tell)


def test_a_history_that_takes_its_time_holds_up_no_poll(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell(desk: Desk, job: FakeJob) -> None:
        may_answer = asyncio.Event()

        async def slow(native_ids: Iterable[str]) -> Poll:
            await may_answer.wait()
            assert set(native_ids) == {"1"}
            return Poll({"1": Reading(state=JobState.DONE, native_state="DONE")})

        desk.scheduler.history = slow  # type: ignore[method-assign]
        monkeypatch.setattr("arp_nb.batch_client.poll._HISTORY_WAIT_S", 0.0)
        other = await desk.job("2", age_s=500)
        for _ in range(3):
            await desk.poller.poll_once()
        assert [one.native_id for one in desk.port.readings_taken] == ["2"]
        assert other.state is JobState.PENDING
        may_answer.set()
        await asyncio.sleep(0)
        await desk.poller.poll_once()
        assert job.state is JobState.DONE

    forgotten(world, tell)


def test_a_question_to_the_history_ends_with_the_poller(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell(desk: Desk, job: FakeJob) -> None:
        ended = asyncio.Event()

        async def endless(native_ids: object) -> Poll:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            return Poll({})

        desk.scheduler.history = endless  # type: ignore[method-assign]
        monkeypatch.setattr("arp_nb.batch_client.poll._HISTORY_WAIT_S", 0.001)
        await desk.poller.poll_once()
        assert not ended.is_set()
        await desk.poller.close()
        assert ended.is_set()

    forgotten(world, tell)


def test_the_history_is_not_asked_at_every_poll(world: World) -> None:
    async def tell(desk: Desk, job: FakeJob) -> None:
        for _ in range(5):
            await desk.poller.poll_once()
        assert desk.scheduler.histories == [["1"]]

    world.settings = replace(world.settings, poll_min_s=60.0)
    forgotten(world, tell)


def test_the_end_of_another_job_under_a_used_again_id_is_not_ours(world: World) -> None:
    async def tell(desk: Desk, job: FakeJob) -> None:
        desk.scheduler.past["1"] = Reading(
            state=JobState.DONE, native_state="DONE", tag="arp-99-abc.c1-1"
        )
        await desk.poller.poll_once()
        assert [one.reading for one in desk.port.readings_taken] == [None]

    forgotten(world, tell)
