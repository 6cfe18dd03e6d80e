"""Autorun: limits, the switches of people, what the ledger tells, and trying before checking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import Conflict, NotFound
from arp_nb.ledger import Outcome
from arp_nb.manager.autorun.standing import Standing
from arp_nb.store.deciding import LedgerFilter
from tests.autorun_play import Stage, just_before, staged, store_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "store") as made:
        yield made


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
    assert await stage.autorun.resume(do, "bob") == 2
    await stage.end(3)
    assert [job.run for job in await stage.jobs()] == runs


async def test_a_clock_that_is_set_back_keeps_nothing_waiting(stage: Stage) -> None:
    await stage.check()
    await stage.autorun.stop("bob")
    await stage.end(1)
    await stage.lines()
    stage.play.tick(-30)
    assert await stage.autorun.resume("skip", "bob") == 1


async def test_what_waits_for_room_does_not_come_to_wait_for_the_end_of_a_stop(
    stage: Stage,
) -> None:
    await stage.check(most_at_once=1)
    await stage.end(1, 2)
    (first,) = await stage.jobs()
    await stage.starting(first.id)
    await stage.autorun.stop("bob")
    await stage.ended(first.id)
    stage.autorun._engine._looked_s = 0
    await stage.lines()
    await stage.autorun.resume("skip", "bob")
    assert [job.run for job in await stage.jobs()] == [1, 2]


async def test_a_stop_that_begins_meanwhile_keeps_what_waits_for_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.check()
    await stage.autorun.stop("bob")
    await stage.end(1)
    await stage.lines()

    async def stopped_again() -> None:
        await stage.autorun.stop("eve")
        await stage.end(2)
        await stage.lines()

    just_before(monkeypatch, store_of(stage), "ledger", stopped_again)
    assert await stage.autorun.resume("skip", "bob") == 1
    assert await stage.told() == [(1, "skipped", "stopped"), (2, "waiting", "stopped")]


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
    await stage.autorun.unpause(experiment, stage.definition.id, "run", "bob")
    assert sorted(job.hash for job in await stage.jobs()) == ["fit", "peaks"]


async def test_a_line_that_waits_can_be_settled_by_itself_and_no_other(stage: Stage) -> None:
    await stage.check()
    await stage.autorun.pause(stage.play.experiment, stage.definition.id, "bob")
    await stage.end(1, 2)
    one, two = [line.id for line in await stage.lines()]
    assert one is not None
    assert two is not None
    await stage.autorun.missed(stage.play.experiment, [one], "skip", "bob")
    assert await stage.told() == [(1, "skipped", "paused"), (2, "waiting", "paused")]
    with pytest.raises(Conflict, match="does not wait"):
        await stage.autorun.missed(stage.play.experiment, [one], "run", "bob")
    with pytest.raises(NotFound):
        await stage.autorun.missed(stage.play.experiment, [999], "run", "bob")


async def test_what_waits_of_a_deleted_definition_is_not_counted_until_it_is_restored(
    stage: Stage,
) -> None:
    await stage.check()
    play, experiment = stage.play, stage.play.experiment
    await stage.autorun.pause(experiment, stage.definition.id, "bob")
    await stage.end(1)
    await stage.lines()
    counts = [(await stage.autorun.status(experiment)).waiting]
    await play.manager.definitions.delete(experiment, stage.definition.id, "bob")
    counts += [(await stage.autorun.status(one)).waiting for one in (experiment, None)]
    await play.manager.definitions.restore(experiment, stage.definition.id, "bob")
    counts.append((await stage.autorun.status(None)).waiting)
    assert counts == [1, 0, 0, 1]


async def test_a_checked_box_that_can_start_nothing_says_so(stage: Stage) -> None:
    await stage.check()
    experiment = stage.play.experiment
    await stage.play.manager.definitions.change(
        experiment, stage.definition.id, {"trigger": "MANUAL"}, None, "dana"
    )
    (one,) = (await stage.autorun.status(experiment)).definitions
    assert one.problem == "It is applied by hand: say what starts it, or uncheck autorun."


# -- the ledger answers for every pair -----------------------------------------------------


async def test_what_ended_while_its_definition_was_deleted_is_not_said_to_be_decided_on(
    stage: Stage,
) -> None:
    await stage.check()
    await stage.lines()
    definitions, experiment = stage.play.manager.definitions, stage.play.experiment
    await definitions.delete(experiment, stage.definition.id, "dana")
    await stage.end(1)
    await stage.lines()
    await definitions.restore(experiment, stage.definition.id, "dana")
    found, _ = await stage.autorun.ledger(experiment, LedgerFilter(run=1), complete=True)
    (line,) = [one for one in found if one.hash == "peaks"]
    assert (line.outcome, line.said.partition(":")[0]) == (Outcome.NONE, "It was not decided on")


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


async def test_a_filter_makes_no_pair_that_has_a_line_one_that_has_none(stage: Stage) -> None:
    await stage.check(predicate="run > 5")
    await stage.end(1)
    await stage.lines()
    for which in ({"outcomes": (Outcome.FIRED,)}, {"why": "excluded"}):
        found, _ = await stage.autorun.ledger(
            stage.play.experiment, LedgerFilter(run=1, **which), complete=True
        )
        assert found == []


async def test_a_pair_that_has_a_line_under_an_earlier_hash_is_not_about_to_be_decided_on(
    stage: Stage,
) -> None:
    checked = await stage.check()
    await stage.end(1)
    await stage.lines()
    await stage.play.manager.definitions.change(
        stage.play.experiment, checked.id, {"name": "peaks2"}, None, "dana"
    )
    found, _ = await stage.autorun.ledger(
        stage.play.experiment, LedgerFilter(hash="peaks2"), complete=True
    )
    assert [one.said for one in found if one.run == 1] == []


async def test_a_first_page_tells_of_pairs_without_a_line_also_where_more_lines_follow(
    stage: Stage,
) -> None:
    await stage.check()
    await stage.end(1, 2, 3)
    await stage.lines()
    found, more = await stage.autorun.ledger(
        stage.play.experiment, LedgerFilter(hash="peaks", limit=2), complete=True
    )
    assert more
    assert [(one.run, one.outcome.value) for one in found] == [
        (3, "fired"), (2, "fired"), (5, "none"), (4, "none"),
    ]  # fmt: skip


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
