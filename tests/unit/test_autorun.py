"""Autorun: what starts when, what does not and why, and that each is decided on once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import Conflict, InvalidValue, NotFound
from arp_nb.ledger import Entry
from arp_nb.manager.autorun.standing import Standing
from arp_nb.model import Definition, Job, JobState
from arp_nb.settings import Settings
from arp_nb.store.base import JobFilter
from arp_nb.store.deciding import LedgerFilter, RunFacts
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio


class Stage:
    """A manager, and words for what a person does with autorun."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.autorun = play.manager.autorun
        self.definition = play.definition

    async def add(self, name: str, **fields: Any) -> Definition:
        """Add a definition, and check its box."""
        draft = replace(self.definition.draft, name=name)
        added = await self.play.manager.definitions.add(self.play.experiment, draft, "dana")
        return await self.check(added, **fields)

    async def check(self, which: Definition | None = None, **fields: Any) -> Definition:
        """Check a box, after changing fields; then time goes on."""
        manager, experiment = self.play.manager, self.play.experiment
        which = which or self.definition
        if fields:
            which = await manager.definitions.change(experiment, which.id, fields, None, "dana")
        self.play.tick()
        checked = await self.autorun.set_consent(experiment, which.id, None, on=True, by="dana")
        self.play.tick()
        return checked

    async def end(self, *numbers: int, **known: Any) -> None:
        """End runs now, in this order."""
        for number in numbers:
            at = self.play.tick()
            await self.play.manager.runs.put(self.play.experiment, number, ended_at=at, **known)

    async def lines(self, **which: Any) -> list[Entry]:
        """The ledger, oldest first, once all that can be decided is."""
        while await self.autorun._engine.step():
            pass
        found, _ = await self.play.manager.autorun.ledger(
            self.play.experiment, LedgerFilter(oldest_first=True, **which)
        )
        return list(found)

    async def told(self, **which: Any) -> list[tuple[int, str, str]]:
        return [(one.run, one.outcome.value, one.why.value) for one in await self.lines(**which)]

    async def jobs(self) -> list[Job]:
        await self.lines()
        store = self.play.manager._context.store
        return list(await store.jobs(JobFilter(deleted=True, oldest_first=True)))

    async def done(self, job_id: int, state: str = "DONE") -> None:
        """Take a requested job through the scheduler to its end."""
        (request,) = await self.play.manager.port.lease(["lsf", "local"], 1)
        assert request.job_id == job_id
        spool_id = f"{job_id}-spool"
        await self.play.manager.port.starting(
            job_id, request.lease_token, spool_id, self.play.client.found
        )
        await self.play.tell(job_id, JobState.PENDING, str(1000 + job_id))
        await self.play.read(job_id, state, str(1000 + job_id), ended_at=self.play.tick())


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with playing(tmp_path / "store") as play:
        yield Stage(play)


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
    async with playing(tmp_path / "store", settings) as play:
        stage = Stage(play)
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
    await store.change_definition(checked.id, gone, checked.check, None, "dana", stage.play.now)
    await stage.end(1)
    (line,) = await stage.lines()
    assert (line.why.value, "no location 'nowhere'" in line.said) == ("refused", True)


# -- limits --------------------------------------------------------------------------------


async def test_what_finds_no_room_waits_and_starts_in_order_when_there_is(stage: Stage) -> None:
    await stage.check(most_at_once=1)
    await stage.end(1, 2, 3)
    assert await stage.told() == [
        (1, "fired", ""),
        (2, "waiting", "limit"),
        (3, "waiting", "limit"),
    ]
    first = (await stage.jobs())[0]
    await stage.done(first.id)
    stage.autorun._engine._looked_s = 0
    assert [job.run for job in await stage.jobs()] == [1, 2]
    assert (await stage.told())[2] == (3, "waiting", "limit")


async def test_at_most_so_many_are_started_in_an_hour(stage: Stage) -> None:
    await stage.check(most_per_hour=2)
    await stage.end(1, 2, 3)
    assert [one[1] for one in await stage.told()] == ["fired", "fired", "waiting"]
    stage.play.tick(3601)
    stage.autorun._engine._looked_s = 0
    assert [one[1] for one in await stage.told()] == ["fired", "fired", "fired"]


# -- the switches --------------------------------------------------------------------------


@pytest.mark.parametrize(("do", "runs"), [("run", [1, 2, 3]), ("skip", [3])])
async def test_what_waits_while_all_is_stopped_is_run_or_skipped_as_a_person_says(
    stage: Stage, do: Any, runs: list[int]
) -> None:
    await stage.check()
    await stage.autorun.stop("bob", "moving the detector")
    await stage.end(1, 2)
    assert await stage.told() == [(1, "waiting", "stopped"), (2, "waiting", "stopped")]
    assert "bob stopped all autorun" in (await stage.lines())[0].said
    assert await stage.autorun.resume(do) == 2
    await stage.end(3)
    assert [job.run for job in await stage.jobs()] == runs


async def test_a_stop_outlives_the_manager(stage: Stage) -> None:
    await stage.autorun.stop("bob", "moving the detector")
    later = Standing(stage.play.manager._context.store)
    await later.load()
    assert later.stop == stage.play.manager._context.standing.stop


async def test_a_paused_definition_waits_and_others_go_on(stage: Stage) -> None:
    await stage.check()
    await stage.add("fit")
    experiment = stage.play.experiment
    await stage.autorun.pause(experiment, stage.definition.id, "bob", "needs a mask")
    await stage.end(1)
    assert [job.hash for job in await stage.jobs()] == ["fit"]
    (line,) = await stage.lines(hash="peaks")
    assert line.said == "bob paused it at 2026-11-22 12:00:04 UTC: needs a mask"
    await stage.autorun.unpause(experiment, stage.definition.id, "run")
    assert sorted(job.hash for job in await stage.jobs()) == ["fit", "peaks"]


async def test_a_line_that_waits_can_be_settled_by_itself_and_no_other(stage: Stage) -> None:
    await stage.check()
    await stage.autorun.pause(stage.play.experiment, stage.definition.id, "bob")
    await stage.end(1, 2)
    one, two = [line.id for line in await stage.lines()]
    assert one is not None
    assert two is not None
    await stage.autorun.missed(stage.play.experiment, [one], "skip")
    assert await stage.told() == [(1, "skipped", "paused"), (2, "waiting", "paused")]
    with pytest.raises(Conflict, match="does not wait"):
        await stage.autorun.missed(stage.play.experiment, [one], "run")
    with pytest.raises(NotFound):
        await stage.autorun.missed(stage.play.experiment, [999], "run")


# -- the ledger answers for every pair -----------------------------------------------------


async def test_the_ledger_answers_for_every_definition_of_a_run(stage: Stage) -> None:
    await stage.check()
    draft = replace(stage.definition.draft, name="by-hand")
    await stage.play.manager.definitions.add(stage.play.experiment, draft, "dana")
    await stage.add("later", trigger="AFTER", after="peaks")
    await stage.lines()
    found, _ = await stage.autorun.ledger(
        stage.play.experiment, LedgerFilter(run=1), complete=True
    )
    assert {one.hash: one.said for one in found} == {
        "peaks": "Run 1 has not ended.",
        "by-hand": "It is applied by hand.",
        "later": "No job of peaks is DONE on run 1.",
    }


async def test_the_feed_tells_each_line_of_the_ledger(stage: Stage) -> None:
    changes = stage.play.changes("xppi0915")
    await anext(changes)
    await stage.check()
    await stage.end(1)
    rows: list[Any] = []
    async with asyncio.timeout(10):
        async for message in changes:
            rows += message["upserts"]["ledger"]
            if rows:
                break
    assert (rows[0]["run"], rows[0]["outcome"]) == (1, "fired")


# -- before the box is checked -------------------------------------------------------------


async def test_a_backtest_tells_on_which_runs_a_draft_would_have_fired(stage: Stage) -> None:
    for run, beam in ((1, 1), (2, 9), (3, 8)):
        await stage.end(run, parameters={"beam": beam})
    found = await stage.autorun.backtest(
        stage.play.experiment, "peaks", {"predicate": "beam > 5"}, 5
    )
    assert [(one.run, one.fires, one.why) for one in found.runs] == [
        (5, False, "none"), (4, False, "none"), (3, True, ""), (2, True, ""),
        (1, False, "predicate"),
    ]  # fmt: skip
    assert (found.fires, found.jobs, found.core_hours) == (2, 2, None)
    assert await stage.jobs() == []
    assert await stage.told() == []


async def test_a_predicate_is_tried_as_it_is_written(stage: Stage) -> None:
    await stage.end(5, parameters={"beam": 9})
    good = await stage.autorun.test(stage.play.experiment, "beam > 5", None)
    assert (good.holds, good.run, good.seen) == (True, 5, {"beam": 9})
    assert {"beam", "run", "status('peaks')"} < set(good.names)
    bad = await stage.autorun.test(stage.play.experiment, "beam >", None)
    assert (bad.at, bad.holds) == (6, None)
    assert bad.problem
