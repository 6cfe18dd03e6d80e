"""Reruns with more, chains of attempts, elements of arrays, and logs of parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from arp_nb.errors import InvalidValue, NotFound
from arp_nb.manager.apply import More
from arp_nb.model import Element, JobState, Reading
from arp_nb.ports import LogChunk, LogQuery
from tests.manager_play import FakeClient, Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as play:
        yield play


async def failed(play: Play, *native_ids: str) -> int:
    job_id = await play.submitted(*native_ids)
    await play.read(job_id, "EXIT", native_ids[0] if native_ids else "77", exit_code=1)
    return job_id


async def test_a_rerun_asks_for_more_than_its_script(play: Play) -> None:
    job_id = await failed(play)
    made = await play.manager.jobs.rerun(job_id, more=More(16_000.0, 7200.0))
    assert (made.override_memory_mb, made.override_time_s) == (16_000.0, 7200.0)
    (request,) = await play.manager.port.lease(["lsf"], 1)
    assert (request.job_id, request.memory_mb, request.time_s) == (made.id, 16_000.0, 7200.0)


async def test_a_rerun_of_a_rerun_keeps_what_the_first_asked_for(play: Play) -> None:
    job_id = await failed(play)
    second = await play.manager.jobs.rerun(job_id, more=More(memory_mb=16_000.0))
    third = await play.manager.jobs.rerun(second.id, more=More(time_s=60.0))
    assert (third.override_memory_mb, third.override_time_s) == (16_000.0, 60.0)


async def test_an_amount_that_no_machine_has_is_refused(play: Play) -> None:
    job_id = await failed(play)
    with pytest.raises(InvalidValue, match="no amount of memory"):
        await play.manager.jobs.rerun(job_id, more=More(memory_mb=-1.0))
    with pytest.raises(InvalidValue, match="no time"):
        await play.manager.jobs.rerun(job_id, more=More(time_s=1e12))


async def test_attempts_are_kept_together_whichever_is_asked(play: Play) -> None:
    other = await failed(play, "99")
    first = await failed(play)
    second = (await play.manager.jobs.rerun(first)).id
    third = (await play.manager.jobs.rerun(second)).id
    for one in (first, second, third):
        assert [job.id for job in await play.manager.jobs.attempts(one)] == [first, second, third]
    assert [job.id for job in await play.manager.jobs.attempts(other)] == [other]


def array(number: int) -> list[Element]:
    runs = Reading(state=JobState.RUNNING, native_state="RUN")
    waits = Reading(state=JobState.PENDING, native_state="PEND")
    return [
        Element(index=one, native_id=f"77[{one}]", reading=runs if one < 4 else waits)
        for one in range(1, number + 1)
    ]


async def test_ten_thousand_elements_are_told_a_page_at_a_time(play: Play) -> None:
    job_id = await play.submitted("77")
    await play.read(job_id, "RUN", "77", elements=(("RUN", 3), ("PEND", 9997)))
    play.client.arrays["77"] = array(10_000)
    page = await play.manager.jobs.elements(job_id, offset=2, limit=3)
    assert page.total == 10_000
    assert [one.index for one in page.elements] == [3, 4, 5]
    running = await play.manager.jobs.elements(job_id, word="RUN")
    assert (running.total, len(running.elements)) == (3, 3)
    with pytest.raises(InvalidValue, match="1 to 1,000 elements"):
        await play.manager.jobs.elements(job_id, limit=5000)


async def test_a_job_that_is_no_array_has_no_elements_and_asks_nobody(play: Play) -> None:
    job_id = await play.submitted("77")
    play.client.arrays["77"] = array(3)
    page = await play.manager.jobs.elements(job_id)
    assert (page.total, page.elements) == (0, [])


@pytest.mark.parametrize("native_id", ["77", "77[3]", "77_3"])
async def test_the_log_of_a_part_is_read_by_its_id(play: Play, native_id: str) -> None:
    job_id = await play.submitted("77")
    play.client.log_bytes = b"line\n"
    assert (await play.manager.jobs.log(job_id, native_id=native_id)).text == "line\n"
    assert play.client.queries[-1].native_id == native_id


async def test_the_log_of_a_part_is_searched_and_sent_whole_as_that_of_the_part(
    play: Play,
) -> None:
    job_id = await failed(play)
    play.client.log_bytes = b"fine\nError: no\n"
    jobs = play.manager.jobs
    search = await jobs.find_in_log(job_id, None, native_id="77[3]")
    assert search.found is not None
    assert search.found.offset == 5
    assert [piece async for piece in jobs.whole_log(job_id, "77[3]")] == ["fine\nError: no\n"]
    assert {query.native_id for query in play.client.queries} == {"77[3]"}
    with pytest.raises(NotFound):
        await jobs.find_in_log(job_id, "no", native_id="78")


@pytest.mark.parametrize("native_id", ["78", "7", "77[x]", "77/../1", "77[3]x", "-u"])
async def test_the_log_of_another_s_job_is_not_read(play: Play, native_id: str) -> None:
    job_id = await play.submitted("77")
    with pytest.raises(NotFound, match="no scheduler job"):
        await play.manager.jobs.log(job_id, native_id=native_id)
    assert play.client.queries == []


class Remembering(FakeClient):
    """Says where a log is, as the scheduler does once."""

    async def log(self, query: LogQuery) -> LogChunk:
        return replace(await super().log(query), path="/logs/77.log")


async def test_where_a_log_was_is_kept_for_when_the_scheduler_has_forgotten(play: Play) -> None:
    job_id = await play.submitted("77")
    client = Remembering()
    client.log_bytes = b"line\n"
    play.manager.attach(client)
    await play.manager.jobs.log(job_id)
    assert client.queries[-1].remembered_path == ""
    assert (await play.job(job_id)).log_path == "/logs/77.log"
    await play.manager.jobs.log(job_id)
    assert client.queries[-1].remembered_path == "/logs/77.log"
    await play.manager.jobs.log(job_id, native_id="77[3]")
    assert client.queries[-1].remembered_path == "", "it is that of another log"
