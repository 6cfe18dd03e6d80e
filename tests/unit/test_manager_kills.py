"""Ending jobs: at once, later, or not any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from arp_nb.model import JobState
from arp_nb.ports import KillAnswer, KillRequest
from tests.manager_play import Play, playing, reopened

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


async def asked_to_kill(play: Play) -> list[tuple[int, tuple[str, ...]]]:
    return [(one.job_id, one.native_ids) for one in await play.manager.port.kills()]


def accepted(job_id: int, *native_ids: str) -> KillAnswer:
    return KillAnswer(job_id=job_id, native_ids=native_ids, accepted=True, said="")


async def test_a_job_that_nobody_started_is_withdrawn_at_once(play: Play) -> None:
    (job,) = await play.apply("1")
    assert await play.kill(job.id) == ["Withdrawn before it was submitted."]
    after = await play.job(job.id)
    assert (after.state, after.kill_by, after.kill_at) == (JobState.WITHDRAWN, "robin", play.now)
    assert await play.manager.port.lease(["lsf"], 1) == []


async def test_a_leased_job_that_was_withdrawn_may_not_start(play: Play) -> None:
    request = await play.leased()
    await play.kill(request.job_id)
    found = play.client.found
    assert not await play.manager.port.starting(
        request.job_id, request.lease_token, "spool", found
    )
    assert await play.state(request.job_id) is JobState.WITHDRAWN


async def test_a_kill_while_the_script_runs_fires_when_the_id_comes(play: Play) -> None:
    job_id = await play.starting()
    assert await play.kill(job_id) == ["Will be killed as soon as the scheduler has it."]
    assert await play.state(job_id) is JobState.STARTING
    assert await asked_to_kill(play) == []
    await play.tell(job_id, JobState.PENDING, "77")
    expected = KillRequest(job_id=job_id, location="lsf", native_ids=("77",), by="robin")
    assert await play.manager.port.kills() == [expected]


async def test_a_kill_while_the_script_runs_withdraws_if_no_id_comes(play: Play) -> None:
    job_id = await play.starting()
    await play.kill(job_id)
    await play.tell(job_id, JobState.SUBMIT_FAILED, reason="printed no id")
    assert await play.state(job_id) is JobState.WITHDRAWN


async def test_a_kill_outlives_uncertainty(play: Play) -> None:
    job_id = await play.starting()
    await play.tell(job_id, JobState.UNCERTAIN)
    await play.kill(job_id)
    await play.tell(job_id, JobState.PENDING, "77")
    assert await asked_to_kill(play) == [(job_id, ("77",))]


async def test_a_job_is_killed_once_the_scheduler_shows_its_end(play: Play) -> None:
    job_id = await play.submitted()
    await play.read(job_id, "RUN")
    await play.kill(job_id)
    assert await play.state(job_id) is JobState.RUNNING
    await play.read(job_id, "EXIT", exit_code=130)
    job = await play.job(job_id)
    assert (job.state, job.native_state, job.exit_code) == (JobState.KILLED, "EXIT", 130)
    assert (await play.manager.jobs.history(job_id)).transitions[-1].by == "robin"


async def test_late_poll_does_not_undo_a_kill(play: Play) -> None:
    job_id = await play.submitted()
    asked_before = play.tick()
    await play.kill(job_id)
    await play.read(job_id, "EXIT")
    await play.read(job_id, "RUN", at=asked_before)
    assert await play.state(job_id) is JobState.KILLED


async def test_a_job_that_was_done_before_the_kill_took_effect_is_done(play: Play) -> None:
    job_id = await play.submitted()
    await play.kill(job_id)
    await play.read(job_id, "DONE")
    job = await play.job(job_id)
    assert (job.state, job.kill_by) == (JobState.DONE, "robin")


async def test_a_job_that_failed_long_before_the_kill_has_failed(play: Play) -> None:
    job_id = await play.submitted()
    ended_at = play.tick()
    play.tick(600)
    await play.kill(job_id)
    await play.read(job_id, "EXIT", ended_at=ended_at)
    assert await play.state(job_id) is JobState.FAILED


@pytest.mark.parametrize("end", ["DONE", "EXIT"])
async def test_a_job_that_is_over_cannot_be_killed(play: Play, end: str) -> None:
    job_id = await play.submitted()
    await play.read(job_id, end)
    (outcome,) = await play.manager.jobs.kill([job_id], "robin")
    assert (outcome.ok, outcome.message) == (False, f"Job {job_id} has already ended ({end}).")
    assert (await play.job(job_id)).kill_by is None


async def test_each_of_several_jobs_has_its_own_outcome(play: Play) -> None:
    (job,) = await play.apply("2")
    outcomes = await play.manager.jobs.kill([999, job.id], "robin")
    assert [(one.id, one.ok) for one in outcomes] == [(999, False), (job.id, True)]
    assert outcomes[0].message == "There is no job 999."


async def test_the_scheduler_is_asked_once_and_again_only_on_request(play: Play) -> None:
    job_id = await play.submitted()
    await play.kill(job_id)
    assert await asked_to_kill(play) == [(job_id, ("77",))]
    answer = KillAnswer(
        job_id=job_id, native_ids=("77",), accepted=False, said="User permission denied"
    )
    await play.manager.port.kill_answers([answer])
    assert await asked_to_kill(play) == []
    assert (await play.job(job_id)).notes == ("kill refused: User permission denied",)
    assert await play.kill(job_id) == ["robin asked before; asked again."]
    assert await asked_to_kill(play) == [(job_id, ("77",))]


async def test_who_asked_first_and_when_is_kept(play: Play) -> None:
    job_id = await play.submitted()
    await play.kill(job_id)
    at = play.now
    play.tick()
    await play.manager.jobs.kill([job_id], "kim")
    job = await play.job(job_id)
    assert (job.kill_by, job.kill_at) == ("robin", at)


async def test_a_sibling_that_is_submitted_after_the_kill_is_killed_too(play: Play) -> None:
    job_id = await play.submitted("1")
    await play.kill(job_id)
    assert await asked_to_kill(play) == [(job_id, ("1",))]
    await play.manager.port.kill_answers([accepted(job_id, "1")])
    await play.read(job_id, "EXIT", "1")
    assert await play.state(job_id) is JobState.KILLED
    await play.tell(job_id, JobState.PENDING, "1", "2")
    assert await asked_to_kill(play) == [(job_id, ("2",))]


async def test_a_sibling_that_comes_while_the_scheduler_answers_is_killed_too(play: Play) -> None:
    job_id = await play.submitted("1")
    await play.kill(job_id)
    assert await asked_to_kill(play) == [(job_id, ("1",))]
    await play.tell(job_id, JobState.PENDING, "1", "2")
    await play.manager.port.kill_answers([accepted(job_id, "1")])
    assert await asked_to_kill(play) == [(job_id, ("2",))]


async def test_what_another_asks_meanwhile_takes_nothing_for_told(play: Play) -> None:
    job_id = await play.submitted("1")
    await play.kill(job_id)
    assert await asked_to_kill(play) == [(job_id, ("1",))]
    await play.tell(job_id, JobState.PENDING, "1", "2")
    assert await asked_to_kill(play) == [(job_id, ("1", "2"))], "the killer of another location"
    await play.manager.port.kill_answers([accepted(job_id, "1")])
    assert await asked_to_kill(play) == [(job_id, ("2",))]


async def test_a_requeued_job_is_not_killed_for_the_wish_of_its_earlier_attempt(
    play: Play,
) -> None:
    job_id = await play.submitted()
    await play.kill(job_id)
    await play.read(job_id, "EXIT")
    await play.read(job_id, "PEND")
    job = await play.job(job_id)
    assert (job.state, job.attempt, job.kill_by) == (JobState.PENDING, 2, None)
    assert await asked_to_kill(play) == []


async def test_a_job_is_killed_where_the_kill_ended_what_had_not_failed_before(
    play: Play,
) -> None:
    job_id = await play.submitted("1", "2")
    await play.read(job_id, "EXIT", "1")
    await play.read(job_id, "RUN", "2")
    await play.kill(job_id)
    await play.read(job_id, "EXIT", "2", exit_code=130)
    job = await play.job(job_id)
    assert (job.state, job.exit_code) == (JobState.KILLED, 130)
    assert job.notes == ("1 had failed before the kill",)


async def test_a_job_of_which_the_kill_ended_nothing_has_failed(play: Play) -> None:
    job_id = await play.submitted("1", "2")
    await play.read(job_id, "EXIT", "1")
    await play.kill(job_id)
    await play.read(job_id, "DONE", "2")
    assert await play.state(job_id) is JobState.FAILED


async def test_a_kill_holds_for_a_scheduler_job_that_was_only_lost_from_sight(
    play: Play,
) -> None:
    job_id = await play.submitted("1", "2")
    await play.kill(job_id)
    await play.read(job_id, None, "2")
    await play.read(job_id, "EXIT", "1")
    assert await play.state(job_id) is JobState.KILLED
    await play.read(job_id, "RUN", "2")
    job = await play.job(job_id)
    assert (job.state, job.attempt, job.kill_by) == (JobState.RUNNING, 1, "robin")
    assert await asked_to_kill(play) == [(job_id, ("2",))]


async def test_a_new_manager_passes_on_the_kills_of_the_last(tmp_path: Path) -> None:
    async with playing(tmp_path / "one") as play:
        job_id = await play.submitted()
        await play.kill(job_id)
    async with reopened(tmp_path / "one") as manager:
        assert [one.job_id for one in await manager.port.kills()] == [job_id]


async def test_a_new_manager_frees_the_leases_of_the_last(tmp_path: Path) -> None:
    async with playing(tmp_path / "one") as play:
        old = await play.leased()
    async with reopened(tmp_path / "one") as manager:
        (new,) = await manager.port.lease(["lsf"], 1)
        assert new.job_id == old.job_id
        found = play.client.found
        assert not await manager.port.starting(old.job_id, old.lease_token, "spool", found)


async def test_a_kill_wakes_the_client(play: Play) -> None:
    seen = await play.manager.port.wait_for_work(0, 10)
    assert await play.manager.port.wait_for_work(seen, 0.01) == seen
    await play.kill(await play.submitted())
    assert await play.manager.port.wait_for_work(seen, 10) != seen
