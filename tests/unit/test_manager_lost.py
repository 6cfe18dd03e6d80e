"""What the scheduler does not know any more: it is said, and no end that is known is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from arp_nb.model import JobState
from arp_nb.ports import JobReading
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


async def test_what_the_scheduler_forgot_is_lost_and_may_come_back(play: Play) -> None:
    job_id = await play.submitted()
    await play.read(job_id, None)
    assert await play.state(job_id) is JobState.LOST
    await play.read(job_id, "RUN")
    job = await play.job(job_id)
    assert (job.state, job.attempt) == (JobState.RUNNING, 1)


async def test_a_lost_job_says_whose_history_was_asked_and_what_it_was(play: Play) -> None:
    job_id = await play.submitted()
    await play.read(job_id, "RUN")
    await play.read(job_id, None)
    assert (await play.job(job_id)).reason == "not in LSF's history; was RUN"


async def test_a_job_of_several_says_which_of_them_are_lost(play: Play) -> None:
    job_id = await play.submitted("1", "2", "3")
    for native_id, word in (
        ("1", "RUN"),
        ("2", "PEND"),
        ("2", None),
        ("1", "DONE"),
        ("3", "DONE"),
    ):
        await play.read(job_id, word, native_id)
    job = await play.job(job_id)
    assert (job.state, job.reason) == (JobState.LOST, "2 is not in LSF's history; was PEND")
    one_more = await play.submitted("4", "5")
    await play.read(one_more, None, "4")
    await play.read(one_more, None, "5")
    assert (await play.job(one_more)).reason == "4, 5 are not in LSF's history"


async def test_a_known_end_is_not_lost_when_the_scheduler_forgets_it(play: Play) -> None:
    job_id = await play.submitted()
    await play.read(job_id, "DONE")
    await play.read(job_id, None)
    assert await play.state(job_id) is JobState.DONE


SILENCE = "no word of it since Nov 27 21:05 UTC: its history does not answer"


async def silence(play: Play, job_id: int) -> None:
    told = JobReading(job_id=job_id, native_id="77", reading=None, silence=SILENCE, at=play.tick())
    await play.manager.port.readings([told])


async def test_a_job_of_which_nobody_tells_stands_as_it_was_and_says_so(play: Play) -> None:
    job_id = await play.submitted()
    await play.read(job_id, "RUN", host="node7")
    await silence(play, job_id)
    job = await play.job(job_id)
    assert (job.state, job.native_state, job.host) == (JobState.RUNNING, "RUN", "node7")
    assert job.reason == SILENCE
    await play.read(job_id, "RUN", host="node7")
    assert (await play.job(job_id)).reason == ""
    await silence(play, job_id)
    await play.read(job_id, None)
    job = await play.job(job_id)
    assert (job.state, job.reason) == (JobState.LOST, "not in LSF's history; was RUN")


async def test_silence_after_an_end_changes_nothing(play: Play) -> None:
    job_id = await play.submitted()
    await play.read(job_id, "EXIT", exit_code=3, reason="TERM_MEMLIMIT")
    ended = await play.job(job_id)
    await silence(play, job_id)
    assert await play.job(job_id) == ended
