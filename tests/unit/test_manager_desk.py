"""What the books say of a job after news of its submission and from its scheduler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arp_nb.model import JobState, Phase, Reading, ScriptCheck
from arp_nb.ports import JobReading
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


# -- leases ----------------------------------------------------------------------------


async def test_a_leased_job_carries_all_that_its_script_needs(play: Play) -> None:
    request = await play.leased("3")
    assert request.argv == ("/data/peaks.sh", "xppi0915", "3", "--fast", "3")
    url = f"http://node:9843//ws/logbook/client_status/{play.token(request.job_id)}"
    assert request.environment == {
        "BATCH_UPDATE_URL": url,
        "JID_UPDATE_COUNTERS": url,
        "ARP_UPDATE_COUNTERS": url,
        "EXPERIMENT": "xppi0915",
        "RUN_NUM": "3",
        "ARP_JOB_ID": str(request.job_id),
        "ARP_ROOT_JOB_ID": str(request.job_id),
        "ARP_LOCATION": "lsf",
    }
    assert request.sha256 == "1" * 64
    assert (request.user, request.experiment, request.location) == ("dana", "xppi0915", "lsf")


async def test_jobs_are_leased_oldest_first_and_once(play: Play) -> None:
    jobs = await play.apply("1-3")
    first = await play.manager.port.lease(["lsf"], 2)
    second = await play.manager.port.lease(["lsf"], 2)
    assert [one.job_id for one in [*first, *second]] == [job.id for job in jobs]


async def test_a_job_waits_for_a_client_at_its_own_location(play: Play) -> None:
    await play.apply("1-5")
    assert await play.manager.port.lease(["local"], 8) == []
    assert len(await play.manager.port.lease(["local", "lsf"], 8)) == 5


async def test_jobs_in_folders_that_do_not_answer_are_left_for_later(play: Play) -> None:
    await play.apply("1")
    assert await play.manager.port.lease(["lsf"], 8, {"/data"}) == []
    assert len(await play.manager.port.lease(["lsf"], 8, {"/data/sub", "/"})) == 1


async def test_a_lease_that_ran_out_is_given_anew_and_the_old_one_is_worth_nothing(
    play: Play,
) -> None:
    old = await play.leased()
    assert await play.manager.port.lease(["lsf"], 1) == []
    play.tick(61)
    (new,) = await play.manager.port.lease(["lsf"], 1)
    assert new.job_id == old.job_id
    found = play.client.found
    assert not await play.manager.port.starting(old.job_id, old.lease_token, "old-spool", found)
    assert await play.manager.port.starting(new.job_id, new.lease_token, "new-spool", found)


async def test_a_job_that_is_starting_is_never_leased_again(play: Play) -> None:
    await play.starting()
    play.tick(1e6)
    assert await play.manager.port.lease(["lsf"], 8) == []


async def test_asking_twice_to_start_says_yes_twice_for_the_same_spool_only(play: Play) -> None:
    request = await play.leased()
    ask = play.manager.port.starting
    found = play.client.found
    assert await ask(request.job_id, request.lease_token, "a-spool", found)
    assert await ask(request.job_id, request.lease_token, "a-spool", found)
    assert not await ask(request.job_id, request.lease_token, "b-spool", found)


async def test_a_job_given_back_can_be_leased_again(play: Play) -> None:
    request = await play.leased()
    assert await play.manager.port.give_back(request.job_id, request.lease_token)
    assert not await play.manager.port.give_back(request.job_id, request.lease_token)
    assert [one.job_id for one in await play.manager.port.lease(["lsf"], 1)] == [request.job_id]


async def test_a_refused_script_fails_the_job_and_marks_the_definition(play: Play) -> None:
    request = await play.leased()
    gone = ScriptCheck(problem="there is no such file", checked_at=play.now)
    port = play.manager.port
    assert await port.refused(request.job_id, request.lease_token, "no such file", gone)
    job = await play.job(request.job_id)
    assert (job.state, job.reason) == (JobState.SUBMIT_FAILED, "no such file")
    definition = await play.manager.definitions.get(play.experiment, play.definition.id)
    assert definition.check.problem == "there is no such file"


async def test_a_script_that_changed_since_it_was_looked_at_is_marked(play: Play) -> None:
    request = await play.leased()
    other = replace(play.client.found, sha256="2" * 64)
    await play.manager.port.starting(request.job_id, request.lease_token, "spool", other)
    assert "changed" in (await play.job(request.job_id)).notes[0]


# -- submissions -----------------------------------------------------------------------


async def test_an_id_makes_the_job_pending(play: Play) -> None:
    job_id = await play.submitted("77")
    job = await play.job(job_id)
    assert (job.state, job.native_id, job.submitted_at) == (JobState.PENDING, "77", play.now)


async def test_a_slow_submission_says_so_until_its_id_is_known(play: Play) -> None:
    job_id = await play.starting()
    await play.tell(job_id, JobState.STARTING, phase=Phase.SLOW)
    assert (await play.job(job_id)).phase is Phase.SLOW
    await play.tell(job_id, JobState.PENDING, "77")
    assert (await play.job(job_id)).phase is Phase.NONE


async def test_the_same_news_again_changes_nothing(play: Play) -> None:
    job_id = await play.submitted("77", "78")
    before = await play.job(job_id)
    assert await play.tell(job_id, JobState.PENDING, "77", "78")
    assert await play.job(job_id) == before


async def test_news_of_another_spool_is_refused(play: Play) -> None:
    request = await play.leased()
    assert not await play.tell(request.job_id, JobState.PENDING, "77")
    assert await play.state(request.job_id) is JobState.LEASED
    assert not await play.tell(9999, JobState.PENDING, "77")


async def test_a_script_that_failed_after_submitting_has_a_job(play: Play) -> None:
    job_id = await play.starting()
    await play.tell(job_id, JobState.SUBMIT_FAILED, "77", reason="exit code 1")
    assert await play.state(job_id) is JobState.PENDING


async def test_an_id_that_comes_late_brings_the_job_back(play: Play) -> None:
    job_id = await play.starting()
    await play.tell(job_id, JobState.SUBMIT_FAILED, reason="printed no id")
    assert (await play.job(job_id)).ended_at is not None
    assert await play.tell(job_id, JobState.PENDING, "77")
    job = await play.job(job_id)
    assert (job.state, job.ended_at, job.attempt) == (JobState.PENDING, None, 1)


async def test_old_news_does_not_bring_back_what_is_over(play: Play) -> None:
    job_id = await play.starting()
    await play.tell(job_id, JobState.SUBMIT_FAILED)
    assert not await play.tell(job_id, JobState.STARTING, phase=Phase.SCRIPT)
    assert not await play.tell(job_id, JobState.UNCERTAIN)
    assert await play.state(job_id) is JobState.SUBMIT_FAILED


async def test_notes_of_several_sides_are_kept_once_each(play: Play) -> None:
    job_id = await play.starting()
    await play.tell(job_id, JobState.PENDING, "77", notes=("id from output only",))
    await play.tell(job_id, JobState.PENDING, "77", notes=("id from output only", "slow"))
    assert (await play.job(job_id)).notes == ("id from output only", "slow")


# -- readings --------------------------------------------------------------------------


async def test_a_job_follows_its_scheduler_to_the_end(play: Play) -> None:
    job_id = await play.submitted()
    await play.read(job_id, "RUN", host="node7", queue="psanaq", started_at=play.now, cores=16)
    running = await play.job(job_id)
    assert (running.state, running.host, running.queue) == (JobState.RUNNING, "node7", "psanaq")
    await play.read(job_id, "EXIT", exit_code=3, reason="TERM_MEMLIMIT", peak_memory_mb=900.0)
    ended = await play.job(job_id)
    assert (ended.state, ended.exit_code, ended.reason) == (JobState.FAILED, 3, "TERM_MEMLIMIT")
    assert (ended.ended_at, ended.host, ended.peak_memory_mb) == (play.now, "node7", 900.0)
    assert ended.cores == 16, "what it was given while it ran"


async def test_a_reading_that_says_nothing_new_changes_nothing(play: Play) -> None:
    job_id = await play.submitted()
    for word in ("RUN", "DONE"):
        await play.read(job_id, word, host="node7")
        before = await play.job(job_id)
        await play.read(job_id, word, host="node7")
        assert await play.job(job_id) == before


@pytest.mark.parametrize("end", ["DONE", "EXIT"])
async def test_late_reading_does_not_undo_an_end(play: Play, end: str) -> None:
    job_id = await play.submitted()
    asked_before = play.tick()
    await play.read(job_id, end)
    ended = await play.job(job_id)
    await play.read(job_id, "RUN", at=asked_before)
    assert await play.job(job_id) == ended


async def test_a_reading_older_than_the_last_one_is_dropped(play: Play) -> None:
    job_id = await play.submitted()
    asked_before = play.tick()
    await play.read(job_id, "RUN")
    await play.read(job_id, "PEND", at=asked_before)
    assert await play.state(job_id) is JobState.RUNNING


async def test_a_requeued_job_begins_a_new_attempt(play: Play) -> None:
    job_id = await play.submitted()
    await play.read(job_id, "EXIT", exit_code=1)
    await play.read(job_id, "PEND")
    job = await play.job(job_id)
    assert (job.state, job.attempt, job.ended_at, job.exit_code) == (
        JobState.PENDING, 2, None, None,
    )  # fmt: skip


async def test_an_unclear_word_after_the_end_is_no_requeue(play: Play) -> None:
    job_id = await play.submitted()
    await play.read(job_id, "EXIT")
    await play.read(job_id, "UNKWN")
    assert await play.state(job_id) is JobState.FAILED


async def test_an_id_used_again_for_another_of_our_jobs_is_not_taken_for_this_one(
    play: Play,
) -> None:
    job_id = await play.submitted()
    await play.read(job_id, "DONE")
    await play.read(job_id, "RUN", tag=f"arp-{job_id + 1}-abcd")
    assert await play.state(job_id) is JobState.DONE


@pytest.mark.parametrize(
    ("words", "state"),
    [
        pytest.param(("RUN", "DONE", "PEND"), JobState.RUNNING, id="any-runs"),
        pytest.param(("DONE", "PEND", "EXIT"), JobState.PENDING, id="any-waits"),
        pytest.param(("USUSP", "PEND", "DONE"), JobState.SUSPENDED, id="any-is-suspended"),
        pytest.param(("DONE", "EXIT", "DONE"), JobState.FAILED, id="any-failed"),
        pytest.param(("DONE", "DONE", "DONE"), JobState.DONE, id="all-done"),
        pytest.param(("DONE", None, "DONE"), JobState.LOST, id="any-is-lost"),
    ],
)
async def test_state_of_a_job_with_several_scheduler_jobs(
    play: Play, words: tuple[str | None, ...], state: JobState
) -> None:
    job_id = await play.submitted("1", "2", "3")
    for native_id, word in zip("123", words, strict=True):
        await play.read(job_id, word, native_id)
    assert await play.state(job_id) is state


async def test_a_chain_that_submits_after_its_first_job_ended_goes_on(play: Play) -> None:
    job_id = await play.submitted("1")
    await play.read(job_id, "DONE", "1")
    await play.tell(job_id, JobState.PENDING, "1", "2")
    job = await play.job(job_id)
    assert (job.state, job.native_id, job.attempt) == (JobState.PENDING, "1", 1)


async def test_live_jobs_are_watched_and_ended_ones_for_a_while(play: Play) -> None:
    job_id = await play.submitted()
    await play.starting()

    async def watched() -> list[int]:
        return [one.job_id for one in await play.manager.port.watched()]

    assert await watched() == [job_id]
    await play.read(job_id, "DONE")
    assert await watched() == [job_id]
    play.tick(61)
    assert await watched() == []


async def test_news_survives_the_deletion_of_the_row(play: Play) -> None:
    job_id = await play.submitted()
    await play.manager.jobs.delete([job_id], "dana")
    await play.read(job_id, "DONE")
    job = await play.job(job_id)
    assert (job.state, job.deleted_by) == (JobState.DONE, "dana")


async def test_open_submissions_are_those_that_recovery_starts_from(play: Play) -> None:
    job_id = await play.starting()
    (one,) = await play.manager.port.open_submissions()
    assert (one.job_id, one.spool_id, one.state) == (job_id, f"{job_id}-spool", JobState.STARTING)
    await play.tell(job_id, JobState.UNCERTAIN)
    (one,) = await play.manager.port.open_submissions()
    assert one.state is JobState.UNCERTAIN
    await play.tell(job_id, JobState.PENDING, "77")
    assert await play.manager.port.open_submissions() == []


async def test_the_key_is_masked_in_whatever_the_client_tells(play: Play) -> None:
    job_id = await play.starting()
    text = f"Submitted with {play.token(job_id)}"
    await play.tell(job_id, JobState.STARTING, reason=text, notes=(text,))
    await play.tell(job_id, JobState.PENDING, "77")
    await play.read(job_id, "EXIT", reason=text, ended_at=play.now + timedelta(seconds=1))
    job = await play.job(job_id)
    assert play.token(job_id) not in repr((job, await play.manager.jobs.history(job_id)))
    assert f"{job_id}-…" in job.reason


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"reason": "a\0b \ud800"}, id="half-a-character"),
        pytest.param({"reason": "x" * 1_000_000}, id="endless"),
        pytest.param({"host": "\ud800"}, id="host-that-is-no-text"),
        pytest.param({"ended_at": datetime(2026, 1, 1), "exit_code": 1}, id="time-without-zone"),  # noqa: DTZ001
    ],
)
async def test_one_bad_record_does_not_spoil_a_poll(play: Play, more: dict[str, Any]) -> None:
    bad, good = await play.submitted("1"), await play.submitted("2")
    await play.kill(bad)
    at = play.tick()
    await play.manager.port.readings(
        [
            JobReading(
                job_id=bad,
                native_id="1",
                reading=Reading(state=JobState.FAILED, native_state="EXIT", **more),
                at=at,
            ),
            JobReading(
                job_id=good,
                native_id="2",
                reading=Reading(state=JobState.RUNNING, native_state="RUN"),
                at=at,
            ),
        ]
    )
    assert await play.state(good) is JobState.RUNNING
    assert len((await play.job(bad)).reason) < 3000


async def test_a_start_and_a_kill_at_once_never_both_win(play: Play) -> None:
    for first in range(2):
        request = await play.leased()
        start = play.manager.port.starting(
            request.job_id, request.lease_token, f"{request.job_id}-spool", play.client.found
        )
        kill = play.manager.jobs.kill([request.job_id], "robin")
        both = [start, kill] if first == 0 else [kill, start]
        answers = await asyncio.gather(*both)
        job = await play.job(request.job_id)
        started = answers[0] if first == 0 else answers[1]
        assert job.state is (JobState.STARTING if started else JobState.WITHDRAWN)
        assert job.kill_by == "robin"


async def test_a_reading_that_came_too_early_counts_when_it_is_repeated(play: Play) -> None:
    job_id = await play.submitted()
    before_the_end = play.tick()
    await play.read(job_id, "EXIT")
    await play.read(job_id, "PEND", at=before_the_end)
    assert await play.state(job_id) is JobState.FAILED
    await play.read(job_id, "PEND")
    assert await play.state(job_id) is JobState.PENDING
