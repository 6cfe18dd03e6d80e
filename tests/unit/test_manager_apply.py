"""Applying a definition to runs: at most one job for each, and the same answer twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb import run_ranges
from arp_nb.errors import ArpError, Conflict, InvalidValue, NotFound, TooLarge
from arp_nb.manager import ApplyRequest
from arp_nb.model import JobState
from arp_nb.settings import Settings
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


async def test_each_run_gets_a_job(play: Play) -> None:
    jobs = await play.apply("1-2, 5")
    assert [job.run for job in jobs] == [1, 2, 5]
    for job in jobs:
        assert (job.state, job.user, job.hash) == (JobState.REQUESTED, "dana", "peaks")
        assert job.argv == ("/data/peaks.sh", "xppi0915", str(job.run), "--fast", "3")


async def test_a_list_of_runs_does_as_well(play: Play) -> None:
    assert [job.run for job in await play.apply([3, 2])] == [2, 3]  # type: ignore[arg-type]


async def test_runs_that_have_a_job_are_skipped_and_named(play: Play) -> None:
    await play.apply("2")
    answer = await play.manager.jobs.apply(
        play.experiment, ApplyRequest(definition="peaks", runs="all"), "dana"
    )
    assert [job.run for job in answer.jobs] == [1, 3, 4, 5]
    assert [(one.run, one.why) for one in answer.skipped] == [
        (2, "has a job of this batch def already")
    ]
    assert answer.understood == "1-5"


async def test_a_deleted_job_does_not_hold_its_run(play: Play) -> None:
    (job,) = await play.apply("2")
    await play.manager.jobs.delete([job.id], "dana")
    assert [one.run for one in await play.apply("2")] == [2]


async def test_again_makes_another_job(play: Play) -> None:
    (first,) = await play.apply("2")
    (second,) = await play.apply("2", existing="again")
    assert second.id != first.id


async def test_parameters_given_for_once_replace_the_definitions_own(play: Play) -> None:
    (job,) = await play.apply("1", parameters=" --slow ")
    assert (job.parameters, job.argv[-1]) == ("--slow", "--slow")
    (bare,) = await play.apply("2", parameters="")
    assert bare.argv == ("/data/peaks.sh", "xppi0915", "2")


async def test_parameters_that_a_shell_would_act_on_are_refused(play: Play) -> None:
    with pytest.raises(InvalidValue, match="holds ';'"):
        await play.apply("1", parameters="a;b")
    assert not (await play.manager.jobs.list(play.experiment)).jobs


async def test_editing_a_definition_does_not_rewrite_its_jobs(play: Play) -> None:
    (job,) = await play.apply("1")
    await play.manager.definitions.change(
        play.experiment, play.definition.id, {"executable": "/other.sh"}, 1, "dana"
    )
    assert (await play.job(job.id)).argv[0] == "/data/peaks.sh"
    (new,) = await play.apply("2")
    assert (new.version, new.argv[0]) == (2, "/other.sh")


async def test_the_same_key_again_answers_with_the_same_jobs(play: Play) -> None:
    request = ApplyRequest(definition="peaks", runs="1-3", existing="again", idempotency_key="k")
    first = await play.manager.jobs.apply(play.experiment, request, "dana")
    second = await play.manager.jobs.apply(play.experiment, request, "dana")
    assert (first.repeated, second.repeated) == (False, True)
    assert [job.id for job in first.jobs] == [job.id for job in second.jobs]


async def test_a_key_used_for_something_else_is_a_conflict(play: Play) -> None:
    await play.apply("1", idempotency_key="k")
    with pytest.raises(Conflict):
        await play.apply("2", idempotency_key="k")


@pytest.mark.parametrize("key", ["", "k" * 201])
async def test_a_key_has_some_characters(play: Play, key: str) -> None:
    with pytest.raises(InvalidValue, match="idempotency key"):
        await play.apply(idempotency_key=key)


async def test_an_unknown_definition_is_told_with_those_there_are(play: Play) -> None:
    request = ApplyRequest(definition="peeks", runs="1")
    with pytest.raises(NotFound, match=r"no batch def 'peeks'\. There are: peaks"):
        await play.manager.jobs.apply(play.experiment, request, "dana")


async def test_more_than_a_thousand_runs_are_refused_in_words(play: Play) -> None:
    runs = play.manager.runs
    await asyncio.gather(*(runs.put(play.experiment, number) for number in range(6, 1002)))
    with pytest.raises(TooLarge, match=r"1,001 runs \(1-1001\); at most 1,000"):
        await play.apply("all")
    assert len(await play.apply("2-")) == 1000


async def test_nobody_there_to_submit_is_no_reason_to_refuse(play: Play) -> None:
    play.manager.attach(None)
    (job,) = await play.apply("1")
    assert job.location == ""
    play.manager.attach(play.client)
    (request,) = await play.manager.port.lease(["local", "lsf"], 1)
    assert request.location == "lsf"
    assert (await play.job(job.id)).location == "lsf"


async def test_the_default_location_can_be_set(tmp_path: Path) -> None:
    async with playing(tmp_path / "s", Settings(default_location="local")) as play:
        (job,) = await play.apply("1")
        assert job.location == "local"


# -- dry run ---------------------------------------------------------------------------


async def test_a_dry_run_tells_what_would_be_run_and_makes_nothing(play: Play) -> None:
    await play.apply("1")
    request = ApplyRequest(definition="peaks", runs="1-3", dry_run=True)
    answer = await play.manager.jobs.apply(play.experiment, request, "dana")
    assert answer.jobs == ()
    assert [one.run for one in answer.skipped] == [1]
    assert [one.run for one in answer.dry_run] == [2, 3]
    assert answer.dry_run[1].argv == ("/data/peaks.sh", "xppi0915", "3", "--fast", "3")
    assert len((await play.manager.jobs.list(play.experiment)).jobs) == 1


async def test_a_dry_run_shows_the_environment_without_secrets(play: Play) -> None:
    request = ApplyRequest(definition="peaks", runs="2-3", dry_run=True)
    answer = await play.manager.jobs.apply(play.experiment, request, "dana")
    shown = answer.dry_run[1].environment
    assert (shown["PATH"], shown["RUN_NUM"], shown["EXPERIMENT"]) == ("/bin", "3", "xppi0915")
    assert shown["BATCH_UPDATE_URL"] == "http://node:9843//ws/logbook/client_status/<job>-…"
    assert "xyz" not in repr(answer)
    assert shown["PROXY"] == "http://(not shown)@proxy:1/"


async def test_a_dry_run_without_a_client_shows_our_own_variables(play: Play) -> None:
    play.manager.attach(None)
    request = ApplyRequest(definition="peaks", runs="1", dry_run=True)
    answer = await play.manager.jobs.apply(play.experiment, request, "dana")
    assert answer.dry_run[0].environment["ARP_JOB_ID"] == "<job>"


# -- rerun -----------------------------------------------------------------------------


async def test_a_rerun_is_a_new_job_that_names_the_old_one(play: Play) -> None:
    (old,) = await play.apply("4", parameters="--slow")
    new = await play.manager.jobs.rerun(old.id, by="robin")
    assert (new.run, new.parameters, new.rerun_of, new.user) == (4, "--slow", old.id, "robin")
    assert new.id != old.id


async def test_a_rerun_takes_other_or_more_parameters(play: Play) -> None:
    (old,) = await play.apply("4")
    more = await play.manager.jobs.rerun(old.id, extra_parameters="--mem 16G")
    assert more.argv[3:] == ("--fast", "3", "--mem", "16G")
    other = await play.manager.jobs.rerun(old.id, parameters="--slow", extra_parameters="-x")
    assert other.argv[3:] == ("--slow", "-x")


async def test_a_rerun_with_the_same_key_is_made_once(play: Play) -> None:
    (old,) = await play.apply("4")
    one = await play.manager.jobs.rerun(old.id, idempotency_key="k")
    two = await play.manager.jobs.rerun(old.id, idempotency_key="k")
    assert one.id == two.id


async def test_a_rerun_uses_the_definition_as_it_is_now(play: Play) -> None:
    (old,) = await play.apply("4")
    await play.manager.definitions.change(
        play.experiment, play.definition.id, {"executable": "/new.sh"}, 1, "dana"
    )
    new = await play.manager.jobs.rerun(old.id)
    assert (new.version, new.argv[0]) == (2, "/new.sh")


async def test_a_rerun_of_a_deleted_definition_says_so(play: Play) -> None:
    (old,) = await play.apply("4")
    await play.manager.definitions.delete(play.experiment, play.definition.id, "dana")
    new = await play.manager.jobs.rerun(old.id)
    assert new.notes == ("the batch def was deleted; run as it last was (version 1)",)


# -- any request -----------------------------------------------------------------------

REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["all", "1", "2-4", "5-", "3,1", "9", "4-2"]),
        st.sampled_from(["skip", "again"]),
        st.sampled_from([None, "a", "b"]),
    ),
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(REQUESTS)
async def test_any_requests_make_just_the_jobs_they_ask_for(
    tmp_path_factory: pytest.TempPathFactory, requests: list[tuple[str, str, str | None]]
) -> None:
    expected: list[int] = []
    keys: dict[str, tuple[str, str]] = {}
    async with playing(tmp_path_factory.mktemp("play") / "store") as play:
        for runs, existing, key in requests:
            try:
                await play.apply(runs, existing=existing, idempotency_key=key)
            except ArpError:
                continue
            if key is not None and key in keys:
                assert keys[key] == (runs, existing), "a key was taken for two requests"
                continue
            if key is not None:
                keys[key] = (runs, existing)
            wanted = run_ranges.parse(runs, range(1, 6)).runs
            expected += [run for run in wanted if existing == "again" or run not in expected]
        jobs = (await play.manager.jobs.list(play.experiment)).jobs
    assert sorted(job.run for job in jobs) == sorted(expected)


async def test_a_location_that_is_not_offered_any_more_is_refused_with_those_that_are(
    play: Play,
) -> None:
    await play.manager.definitions.change(
        play.experiment, play.definition.id, {"location": "lsf"}, None, "dana"
    )

    async def only_local() -> dict[str, str]:
        return {"local": "always there"}

    play.client.locations = only_local  # type: ignore[method-assign]
    for dry_run in (False, True):
        with pytest.raises(InvalidValue, match=r"no location 'lsf' here\. There are: local"):
            await play.apply("1", dry_run=dry_run)


async def test_a_repeated_request_gets_its_first_answer_whatever_has_changed_since(
    play: Play,
) -> None:
    await play.manager.definitions.change(
        play.experiment, play.definition.id, {"location": "lsf"}, None, "dana"
    )
    await play.apply("2")
    request = ApplyRequest(definition="peaks", runs="all", idempotency_key="k")
    first = await play.manager.jobs.apply(play.experiment, request, "dana")

    async def only_local() -> dict[str, str]:
        return {"local": "always there"}

    play.client.locations = only_local  # type: ignore[method-assign]
    await play.manager.runs.put(play.experiment, 6)
    await play.manager.definitions.delete(play.experiment, play.definition.id, "dana")
    again = await play.manager.jobs.apply(play.experiment, request, "dana")
    assert again == replace(first, repeated=True)
