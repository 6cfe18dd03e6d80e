"""Subjobs, extra jobs, arrays and what a history tells: in the books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from arp_nb.model import JobState, PastChange, Role, SchedulerJob, Transition
from arp_nb.ports import FoundJob
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as play:
        yield play


async def natives(play: Play, job_id: int) -> dict[str, SchedulerJob]:
    told = await play.manager.jobs.history(job_id)
    return {one.native_id: one for one in told.scheduler_jobs}


async def history(play: Play, job_id: int) -> Sequence[Transition]:
    return (await play.manager.jobs.history(job_id)).transitions


async def found(play: Play, job_id: int, native_id: str, tag: str) -> None:
    one = FoundJob(job_id=job_id, native_id=native_id, tag=tag, at=play.tick())
    await play.manager.port.found([one])


async def test_a_subjob_is_counted_and_changes_no_state(play: Play) -> None:
    job_id = await play.submitted("77")
    await play.read(job_id, "RUN", "77")
    await found(play, job_id, "78", f"arp-{job_id}-abc.j5-5")
    await play.read(job_id, "EXIT", "78", exit_code=3, reason="TERM_MEMLIMIT")
    job = await play.job(job_id)
    assert (job.state, job.parts) == (JobState.RUNNING, {"subjobs": {"EXIT": 1}})
    subjob = (await natives(play, job_id))["78"]
    assert (subjob.role, subjob.exit_code, subjob.reason) == (Role.SUBJOB, 3, "TERM_MEMLIMIT")


async def test_a_second_job_of_one_command_is_extra_and_shown(play: Play) -> None:
    job_id = await play.submitted("77")
    await found(play, job_id, "78", f"arp-{job_id}-abc.c1-1")
    assert (await natives(play, job_id))["78"].role is Role.SIBLING, "a chain's"
    await found(play, job_id, "79", f"arp-{job_id}-abc.c1-1")
    assert (await play.job(job_id)).parts == {"extra": 1}
    assert await play.manager.port.kills() == [], "ended by nobody but a person"


async def test_a_job_whose_subjob_lives_on_is_watched_after_its_end(play: Play) -> None:
    job_id = await play.submitted("77")
    await found(play, job_id, "78", f"arp-{job_id}-abc.j5-5")
    await play.read(job_id, "DONE", "77")
    play.tick(7200)
    (watched,) = await play.manager.port.watched()
    assert watched.native_ids == ("77", "78")
    await play.read(job_id, "DONE", "78")
    assert (await play.job(job_id)).parts == {"subjobs": {"DONE": 1}}
    play.tick(7200)
    assert await play.manager.port.watched() == ()


async def test_a_subjob_that_is_lost_leaves_the_job_as_it_is(play: Play) -> None:
    job_id = await play.submitted("77")
    await found(play, job_id, "78", f"arp-{job_id}-abc.j5-5")
    await play.read(job_id, "RUN", "77")
    await play.read(job_id, None, "78")
    assert await play.state(job_id) is JobState.RUNNING
    assert (await natives(play, job_id))["78"].state is JobState.LOST


async def test_a_mark_of_another_job_adds_nothing(play: Play) -> None:
    job_id = await play.submitted("77")
    await found(play, job_id, "78", f"arp-{job_id + 1}-abc.j5-5")
    assert (await natives(play, job_id)).keys() == {"77"}


async def test_an_array_is_one_row_with_counts(play: Play) -> None:
    job_id = await play.submitted("77")
    await play.read(job_id, "RUN", "77", elements=(("RUN", 3), ("PEND", 9997)))
    job = await play.job(job_id)
    assert job.parts == {"elements": {"RUN": 3, "PEND": 9997}}
    await play.read(job_id, "EXIT", "77", elements=(("EXIT", 1), ("DONE", 9999)))
    job = await play.job(job_id)
    assert (job.state, job.parts["elements"]) == (
        JobState.FAILED,
        {"EXIT": 1, "DONE": 9999},
    )


async def test_what_happened_while_we_were_away_has_its_true_times(play: Play) -> None:
    job_id = await play.submitted("77")
    started, ended = play.now + timedelta(hours=1), play.now + timedelta(hours=2)
    play.tick(9000)
    past = (
        PastChange(at=started, state=JobState.RUNNING, native_state="RUN"),
        PastChange(at=ended, state=JobState.DONE, native_state="DONE"),
    )
    await play.read(job_id, "DONE", "77", past=past, started_at=started, ended_at=ended)
    lines = await history(play, job_id)
    assert [(one.new, one.at) for one in lines[-2:]] == [
        (JobState.RUNNING, started),
        (JobState.DONE, ended),
    ]
    assert [one.at for one in lines] == sorted(one.at for one in lines)


async def test_a_history_tells_nothing_from_before_what_the_books_know(play: Play) -> None:
    job_id = await play.submitted("77")
    early = play.now - timedelta(hours=5)
    await play.read(job_id, "RUN", "77")
    past = (
        PastChange(at=early, state=JobState.SUSPENDED, native_state="USUSP"),
        PastChange(at=play.tick(), state=JobState.DONE, native_state="DONE"),
    )
    await play.read(job_id, "DONE", "77", past=past)
    lines = await history(play, job_id)
    assert [one.new for one in lines[-2:]] == [JobState.RUNNING, JobState.DONE]


async def test_what_was_asked_for_and_the_log_s_first_error_are_kept(play: Play) -> None:
    job_id = await play.submitted("77")
    await play.read(job_id, "RUN", "77", asked_memory_mb=4000.0, asked_time_s=3600.0)
    await play.read(job_id, "EXIT", "77", reason="TERM_MEMLIMIT", peak_memory_mb=4100.0)
    job = await play.job(job_id)
    assert (job.asked_memory_mb, job.asked_time_s) == (4000.0, 3600.0)
    assert job.peak_memory_mb == 4100.0
