"""Which jobs are polled: remembered from poll to poll, and always what the store would say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from arp_nb.manager.watch_list import WatchList
from arp_nb.model import JobState, Reading
from arp_nb.ports import JobReading, WatchedJob
from tests.manager_play import STATES, Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


async def polled(play: Play) -> Sequence[WatchedJob]:
    return await play.manager.port.watched()


async def anew(play: Play) -> Sequence[WatchedJob]:
    """What somebody without a memory would poll."""
    return await WatchList(play.manager._context.store, play.clock).jobs()


def by_id(jobs: Sequence[WatchedJob]) -> list[WatchedJob]:
    return sorted(jobs, key=lambda one: one.job_id)


async def test_while_nothing_changes_the_same_jobs_are_the_same_object(play: Play) -> None:
    job_id = await play.submitted()
    first = await polled(play)
    assert await polled(play) is first
    await play.manager.updates.post(play.token(job_id), b'{"events": 12}')
    assert await polled(play) is first
    await play.read(job_id, "RUN")
    later = await polled(play)
    assert later is not first
    assert [one.state for one in later] == [JobState.RUNNING]


async def test_what_is_remembered_is_what_the_store_says(play: Play) -> None:
    ids = [await play.submitted(str(number), f"{number}0") for number in range(1, 4)]
    story: list[tuple[int, str | None]] = [
        (0, "RUN"), (1, "DONE"), (2, "EXIT"), (1, "PEND"), (0, None), (2, "RUN"), (0, "DONE"),
    ]  # fmt: skip
    for number, word in story:
        await play.read(ids[number], word, str(number + 1))
        assert by_id(await polled(play)) == by_id(await anew(play))
    await play.manager.jobs.delete([ids[0]], "dana")
    assert by_id(await polled(play)) == by_id(await anew(play))
    assert len(await polled(play)) == 3


async def test_an_ended_job_is_polled_for_longer_while_others_are_polled(play: Play) -> None:
    ended = await play.submitted("1")
    await play.read(ended, "DONE", "1")
    play.tick(61)
    assert await polled(play) == ()
    live = await play.submitted("2")
    assert {one.job_id for one in await polled(play)} == {ended, live}
    play.tick(3600)
    assert [one.job_id for one in await polled(play)] == [live]


async def test_a_job_that_is_forgotten_for_good_is_not_polled_for_ever(play: Play) -> None:
    job_id = await play.submitted()
    await play.manager.jobs.delete([job_id], "dana")
    assert len(await polled(play)) == 1
    await play.manager._context.store.purge(play.tick())
    play.tick(3600)
    assert await polled(play) == ()


async def test_an_interrupted_look_misses_nothing(play: Play) -> None:
    await play.submitted("1")
    await polled(play)
    for number in range(2, 30):
        job_id = await play.submitted(str(number))
        look = asyncio.ensure_future(polled(play))
        for _ in range(number % 6):
            await asyncio.sleep(0.001 * (number % 3))
        look.cancel()
        await asyncio.gather(look, return_exceptions=True)
        assert job_id in {one.job_id for one in await polled(play)}


async def test_readings_that_were_not_taken_in_are_given_back(play: Play) -> None:
    job_id = await play.submitted()
    asked_before = play.tick(-10)
    play.tick(20)

    def told(word: str, native_id: str = "77", at: object = None) -> JobReading:
        reading = Reading(state=STATES[word], native_state=word)
        return JobReading(
            job_id=job_id,
            native_id=native_id,
            reading=reading,
            at=at or play.now,  # type: ignore[arg-type]
        )

    port = play.manager.port
    too_early = told("RUN", at=asked_before)
    assert await port.readings([too_early]) == [too_early]
    assert await port.readings([told("RUN")]) == []
    assert await port.readings([told("RUN")]) == []
    late = told("PEND", at=asked_before)
    assert await port.readings([late]) == [late]
    assert await play.state(job_id) is JobState.RUNNING
