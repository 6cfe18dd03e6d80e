"""Autorun: what starts when, what does not and why, and that each is decided on once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import InvalidValue
from arp_nb.settings import Settings
from arp_nb.store.deciding import Consent, RunFacts
from tests.autorun_play import Stage, staged

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "store") as made:
        yield made


# -- what starts ---------------------------------------------------------------------------


async def test_a_run_that_ends_starts_what_is_checked_as_who_checked_it(stage: Stage) -> None:
    await stage.check()
    await stage.end(1)
    (job,) = await stage.jobs()
    assert (job.run, job.hash, job.user, job.trigger.value) == (1, "peaks", "dana", "END_OF_RUN")
    (line,) = await stage.lines()
    assert (line.outcome.value, line.job_id, line.user) == ("fired", job.id, "dana")
    assert line.said == f"Started job {job.id} as dana: the run ends."


async def test_only_runs_that_end_after_the_box_was_checked_count(stage: Stage) -> None:
    await stage.end(1)
    at = stage.play.now
    await stage.check()
    await stage.end(2)
    await stage.play.manager.runs.put(stage.play.experiment, 1, ended_at=at, parameters={"a": 1})
    assert [job.run for job in await stage.jobs()] == [2]
    assert await stage.told() == [(1, "skipped", "unchecked"), (2, "fired", "")]


async def test_a_run_that_was_decided_on_before_the_box_was_checked_stays_so(
    stage: Stage,
) -> None:
    changes = {"trigger": "END_OF_RUN"}
    await stage.play.manager.definitions.change(
        stage.play.experiment, stage.definition.id, changes, None, "dana"
    )
    await stage.end(1)
    assert await stage.told() == [(1, "skipped", "unchecked")]
    await stage.check()
    await stage.play.manager.runs.put(stage.play.experiment, 1, parameters={"a": 1})
    assert await stage.told() == [(1, "skipped", "unchecked")]


async def test_a_run_ends_once_however_often_it_is_told(stage: Stage) -> None:
    await stage.check()
    await stage.end(1, 1, 1)
    await stage.lines()
    stage.play.tick(5)
    await stage.end(1)
    assert len(await stage.jobs()) == 1
    run = await stage.play.manager.runs.get(stage.play.experiment, 1)
    assert run.reopened > 0


async def test_thousands_of_runs_at_once_start_each_once_and_in_order(stage: Stage) -> None:
    await stage.check()
    at = stage.play.tick()
    facts = [
        RunFacts(number=1000 + index, ended_at=at + timedelta(milliseconds=index))
        for index in range(2000)
    ]
    stage.play.tick(60)
    await stage.play.manager._context.store.put_runs(stage.play.experiment.id, facts, "logbook")
    jobs = await stage.jobs()
    assert [job.run for job in jobs] == [one.number for one in facts]


async def test_the_same_run_of_another_experiment_is_another_run(stage: Stage) -> None:
    await stage.check()
    other = await stage.play.manager.experiments.create("other")
    await stage.play.manager.runs.start(other, 1)
    await stage.play.manager.runs.end(other, 1)
    await stage.end(1)
    assert [(job.run, job.experiment_id) for job in await stage.jobs()] == [
        (1, stage.play.experiment.id)
    ]


async def test_an_end_without_a_start_and_in_the_future_counts_now(stage: Stage) -> None:
    await stage.check()
    ahead = stage.play.now + timedelta(days=300)
    await stage.play.manager.runs.put(stage.play.experiment, 77, ended_at=ahead)
    (line,) = await stage.lines()
    assert (line.outcome.value, line.run) == ("fired", 77)
    assert line.event_at == stage.play.now


async def test_a_value_of_a_parameter_starts_once_for_each_value(stage: Stage) -> None:
    await stage.check(trigger="RUN_PARAM_IS_VALUE", run_param="beam", run_value="5")
    put = stage.play.manager.runs.put
    for value in (4, 5.0, "5", 6, 5):
        await put(stage.play.experiment, 1, parameters={"beam": value})
        await stage.lines()
    (line,) = await stage.lines()
    assert (line.outcome.value, line.cause) == ("fired", "beam=5")


@pytest.mark.parametrize(
    ("trigger", "fact"),
    [
        ("START_OF_RUN", "started_at"),
        ("FIRST_FILE_TRANSFERRED", "first_file_at"),
        ("ALL_FILES_TRANSFERRED", "all_files_at"),
        ("ALL_NONREC_FILES_TRANSFERRED", "nonrec_files_at"),
    ],
)
async def test_each_trigger_has_its_fact(stage: Stage, trigger: str, fact: str) -> None:
    await stage.check(trigger=trigger)
    await stage.end(20)
    assert await stage.jobs() == []
    known: dict[str, Any] = {fact: stage.play.tick()}
    await stage.play.manager.runs.put(stage.play.experiment, 20, **known)
    assert [job.trigger.value for job in await stage.jobs()] == [trigger]


async def test_what_runs_after_another_starts_once_that_is_done(stage: Stage) -> None:
    await stage.check()
    await stage.add("fit", trigger="AFTER", after="peaks")
    await stage.end(1)
    first = (await stage.jobs())[0]
    assert [job.hash for job in await stage.jobs()] == ["peaks"]
    await stage.done(first.id)
    jobs = await stage.jobs()
    assert [(job.hash, job.run) for job in jobs] == [("peaks", 1), ("fit", 1)]
    line = (await stage.lines(hash="fit"))[0]
    assert line.cause == f"job {first.id}"


async def test_what_failed_starts_nothing_after_it_until_a_rerun_is_done(stage: Stage) -> None:
    await stage.check()
    await stage.add("fit", trigger="AFTER", after="peaks")
    await stage.end(1)
    first = (await stage.jobs())[0]
    await stage.done(first.id, "EXIT")
    assert len(await stage.jobs()) == 1
    again = await stage.play.manager.jobs.rerun(first.id, "dana")
    await stage.done(again.id)
    assert [job.hash for job in await stage.jobs()] == ["peaks", "peaks", "fit"]
    assert (await stage.lines(hash="fit"))[0].cause == f"job {first.id}"


# -- what does not -------------------------------------------------------------------------


async def test_a_predicate_that_is_false_skips_with_the_values_that_it_saw(stage: Stage) -> None:
    await stage.check(predicate="beam > 5")
    await stage.end(1, parameters={"beam": 0.2})
    await stage.end(2, parameters={"beam": 7})
    await stage.end(3)
    lines = await stage.lines()
    assert [(one.outcome.value, one.why.value) for one in lines] == [
        ("skipped", "predicate"), ("fired", ""), ("skipped", "predicate"),
    ]  # fmt: skip
    assert lines[0].seen == {"beam": 0.2}
    assert "beam > 5 (with beam = 0.2)" in lines[0].said
    assert "Run 3 has no parameter 'beam'" in lines[2].said


async def test_a_predicate_may_ask_for_the_counters_of_earlier_jobs(stage: Stage) -> None:
    await stage.check()
    await stage.add("fit", trigger="AFTER", after="peaks", predicate="peaks.Events > 10")
    for run, events in ((1, 5), (2, 50)):
        await stage.end(run)
        job = next(one for one in await stage.jobs() if (one.run, one.hash) == (run, "peaks"))
        body = f'{{"counters": {{"Events": {events}}}}}'.encode()
        await stage.play.manager.updates.post(stage.play.token(job.id), body)
        await stage.done(job.id)
        await stage.lines()
    assert [(one.run, one.why.value) for one in await stage.lines(hash="fit")] == [
        (1, "predicate"), (2, ""),
    ]  # fmt: skip


async def test_a_definition_is_for_the_types_of_runs_that_it_names(stage: Stage) -> None:
    await stage.check(run_types="DATA, SCAN")
    await stage.end(1, type="DARK")
    await stage.end(2, type="SCAN")
    await stage.end(3)
    assert await stage.told() == [
        (1, "skipped", "run_type"),
        (2, "fired", ""),
        (3, "skipped", "run_type"),
    ]


async def test_a_run_that_was_taken_out_is_skipped_with_the_reason(stage: Stage) -> None:
    await stage.check()
    runs, experiment = stage.play.manager.runs, stage.play.experiment
    await runs.exclude(experiment, 1, "robin", "shutter was closed")
    await runs.exclude(experiment, 2, "robin", "a mistake")
    await runs.include(experiment, 2)
    await stage.end(1, 2)
    lines = await stage.lines()
    assert [one.why.value for one in lines] == ["excluded", ""]
    assert lines[0].said == "robin took run 1 out of autorun: shutter was closed"
    with pytest.raises(InvalidValue, match="Say why"):
        await runs.exclude(experiment, 3, "robin", "  ")


async def test_autorun_acts_in_active_experiments_only(stage: Stage) -> None:
    await stage.check()
    await stage.play.manager.experiments.set_active("xppi0915", False)
    await stage.end(1)
    assert await stage.told() == [(1, "skipped", "inactive")]
    status = await stage.autorun.status(await stage.play.manager.experiments.get("xppi0915"))
    assert any("active experiments only" in one for one in status.cannot)


async def test_what_happened_too_long_ago_is_not_started(tmp_path: Path) -> None:
    settings = Settings(autorun_not_older_than_s=3600)
    async with staged(tmp_path / "store", settings) as stage:
        play = stage.play
        await stage.check()
        late, early = play.now + timedelta(hours=2), play.now + timedelta(minutes=1)
        play.tick(2 * 3600)
        await play.manager.runs.put(play.experiment, 1, ended_at=early)
        await play.manager.runs.put(play.experiment, 2, ended_at=late)
        assert sorted(await stage.told()) == [(1, "skipped", "too_old"), (2, "fired", "")]


async def test_a_run_that_has_a_job_already_gets_no_second_one(stage: Stage) -> None:
    (job,) = await stage.play.apply("1")
    await stage.check()
    await stage.end(1)
    (line,) = await stage.lines()
    assert (line.why.value, line.job_id) == ("duplicate", job.id)
    assert len(await stage.jobs()) == 1


async def test_what_no_job_can_be_made_of_says_why(stage: Stage) -> None:
    checked = await stage.check()
    store = stage.play.manager._context.store
    gone = replace(checked.draft, location="nowhere")
    consent = Consent(sha256=checked.consent_sha256, text="")
    await store.change_definition(
        checked.id, gone, checked.check, None, "dana", stage.play.now, consent=consent
    )
    await stage.end(1)
    (line,) = await stage.lines()
    assert (line.why.value, "no location 'nowhere'" in line.said) == ("refused", True)
