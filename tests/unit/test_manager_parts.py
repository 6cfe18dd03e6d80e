"""Subjobs, extra jobs, arrays and what a history tells: in the books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from arp_nb.errors import Conflict, NotFound
from arp_nb.model import JobState, PastChange, Reading, Role, SchedulerJob, Transition
from arp_nb.ports import FoundJob, JobReading, KillAnswer
from arp_nb.settings import Settings
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
    await found(play, job_id, "78", f"arp-{job_id}-spool.j5-5")
    await play.read(job_id, "EXIT", "78", exit_code=3, reason="TERM_MEMLIMIT")
    job = await play.job(job_id)
    assert (job.state, job.parts) == (JobState.RUNNING, {"subjobs": {"EXIT": 1}})
    subjob = (await natives(play, job_id))["78"]
    assert (subjob.role, subjob.exit_code, subjob.reason) == (Role.SUBJOB, 3, "TERM_MEMLIMIT")


async def test_a_second_job_of_one_command_is_extra_and_shown(play: Play) -> None:
    job_id = await play.submitted("77")
    await found(play, job_id, "78", f"arp-{job_id}-spool.c1-1")
    assert (await natives(play, job_id))["78"].role is Role.SIBLING, "a chain's"
    await found(play, job_id, "79", f"arp-{job_id}-spool.c1-1")
    assert (await play.job(job_id)).parts == {"extra": 1}
    assert await play.manager.port.kills() == [], "ended by nobody but a person"


async def test_a_job_whose_subjob_lives_on_is_watched_after_its_end(play: Play) -> None:
    job_id = await play.submitted("77")
    await found(play, job_id, "78", f"arp-{job_id}-spool.j5-5")
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
    await found(play, job_id, "78", f"arp-{job_id}-spool.j5-5")
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


async def test_a_mark_of_another_store_s_job_of_that_number_adds_nothing(play: Play) -> None:
    job_id = await play.submitted("77")
    await found(play, job_id, "78", f"arp-{job_id}-other.c1-1")
    await found(play, job_id, "79", f"arp-{job_id}-other.j5-5")
    assert (await natives(play, job_id)).keys() == {"77"}


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


async def test_the_error_of_an_attempt_is_not_that_of_the_next(play: Play) -> None:
    job_id = await play.submitted("77")
    failed = Reading(state=JobState.FAILED, native_state="EXIT", exit_code=1)
    told = JobReading(
        job_id=job_id, native_id="77", reading=failed, log_error="no disk", at=play.tick()
    )
    await play.manager.port.readings([told])
    assert (await play.job(job_id)).error_line == "no disk"
    await play.read(job_id, "RUN", "77")
    job = await play.job(job_id)
    assert (job.attempt, job.error_line) == (2, "")


async def test_what_was_asked_for_is_kept(play: Play) -> None:
    job_id = await play.submitted("77")
    await play.read(job_id, "RUN", "77", asked_memory_mb=4000.0, asked_time_s=3600.0)
    await play.read(job_id, "EXIT", "77", reason="TERM_MEMLIMIT", peak_memory_mb=4100.0)
    job = await play.job(job_id)
    assert (job.asked_memory_mb, job.asked_time_s) == (4000.0, 3600.0)
    assert job.peak_memory_mb == 4100.0


# -- ending them ---------------------------------------------------------------------------


async def asked(play: Play) -> list[tuple[tuple[str, ...], bool]]:
    return [(one.native_ids, one.force) for one in await play.manager.port.kills()]


async def answered(play: Play, job_id: int, *native_ids: str, accepted: bool = True) -> None:
    said = f"Job <{job_id}> is being terminated" if accepted else "User permission denied"
    answer = KillAnswer(job_id=job_id, native_ids=native_ids, accepted=accepted, said=said)
    await play.manager.port.kill_answers([answer])


async def test_a_job_is_killed_with_its_subjobs(play: Play) -> None:
    job_id = await play.submitted("77")
    await found(play, job_id, "78", f"arp-{job_id}-spool.j5-5")
    said = await play.kill(job_id)
    assert said == ["LSF will be asked to end it. So will its 1 subjob."]
    assert await asked(play) == [(("77", "78"), False)]
    await found(play, job_id, "79", f"arp-{job_id}-spool.j6-6")
    await answered(play, job_id, "77", "78")
    assert await asked(play) == [(("79",), False)], "one that came to light later"


async def test_subjobs_live_on_where_that_is_asked_for(play: Play) -> None:
    job_id = await play.submitted("77")
    await found(play, job_id, "78", f"arp-{job_id}-spool.j5-5")
    await play.manager.jobs.kill([job_id], "robin", subjobs=False)
    assert await asked(play) == [(("77",), False)]


async def test_subjobs_of_a_job_that_is_over_can_be_killed(play: Play) -> None:
    job_id = await play.submitted("77")
    await found(play, job_id, "78", f"arp-{job_id}-spool.j5-5")
    await play.read(job_id, "DONE", "77")
    assert await play.kill(job_id) == ["LSF will be asked to end its 1 subjob."]
    assert await asked(play) == [(("78",), False)]
    assert (await play.job(job_id)).kill_by is None, "the job itself ended well"


async def test_an_extra_job_is_ended_alone(play: Play) -> None:
    job_id = await play.submitted("77")
    for native_id in ("78", "79"):
        await found(play, job_id, native_id, f"arp-{job_id}-spool.c1-1")
    await play.manager.jobs.kill_parts(job_id, ["79"], "robin")
    assert await asked(play) == [(("79",), False)]
    with pytest.raises(Conflict, match="is job 1 itself"):
        await play.manager.jobs.kill_parts(job_id, ["77"], "robin")
    with pytest.raises(NotFound, match="no scheduler job '5'"):
        await play.manager.jobs.kill_parts(job_id, ["5"], "robin")
    await play.read(job_id, "EXIT", "79")
    with pytest.raises(Conflict, match=r"already ended \(EXIT\)"):
        await play.manager.jobs.kill_parts(job_id, ["79"], "robin")


async def test_a_kill_that_is_ignored_is_said_and_then_forced(play: Play) -> None:
    job_id = await play.submitted("77")
    await play.read(job_id, "RUN", "77")
    await play.kill(job_id)
    assert await asked(play) == [(("77",), False)]
    await answered(play, job_id, "77")
    play.tick(59)
    assert await asked(play) == []
    assert not any("by force" in note for note in (await play.job(job_id)).notes)
    play.tick(2)
    assert await asked(play) == [], "nobody has asked again"
    (note,) = [note for note in (await play.job(job_id)).notes if "by force" in note]
    assert note.startswith("still there 60 s after LSF accepted the kill")
    assert await play.kill(job_id) == ["LSF will be asked to end it by force."]
    assert await asked(play) == [(("77",), True)]


async def test_a_kill_that_was_refused_is_never_forced(play: Play) -> None:
    job_id = await play.submitted("77")
    await play.kill(job_id)
    await asked(play)
    await answered(play, job_id, "77", accepted=False)
    play.tick(3600)
    await asked(play)
    await play.kill(job_id)
    assert await asked(play) == [(("77",), False)]
    notes = (await play.job(job_id)).notes
    assert "kill refused: User permission denied" in notes


async def test_extra_jobs_are_ended_by_themselves_only_where_the_admin_says_so(
    tmp_path: Path,
) -> None:
    async with playing(tmp_path / "other", Settings(kill_extra_jobs=True)) as play:
        job_id = await play.submitted("77")
        for native_id in ("78", "79"):
            await found(play, job_id, native_id, f"arp-{job_id}-spool.c1-1")
        assert await asked(play) == [(("79",), False)]
