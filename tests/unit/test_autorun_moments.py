"""Moments of runs: what counts as after the box was checked, whatever clocks sources have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from arp_nb.store.deciding import RunFacts
from tests.autorun_play import Stage, staged, store_of

pytestmark = pytest.mark.anyio

GOOD: dict[str, Any] = {"trigger": "RUN_PARAM_IS_VALUE", "run_param": "good", "run_value": "yes"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "store") as made:
        yield made


async def test_an_end_ahead_of_the_clock_does_not_come_after_a_box_that_is_checked_later(
    stage: Stage,
) -> None:
    put, told_at = stage.play.manager.runs.put, stage.play.now
    run = await put(stage.play.experiment, 1, ended_at=told_at + timedelta(days=300))
    assert run.ended_at == told_at
    stage.play.tick(3600)
    await stage.check()
    await put(stage.play.experiment, 1, parameters={"a": 1})
    assert await stage.told() == [(1, "skipped", "unchecked")]


async def test_a_parameter_that_is_set_after_the_box_was_checked_starts_on_a_run_of_before(
    stage: Stage,
) -> None:
    await stage.end(2, parameters={"good": "no"})
    stage.play.tick(3600)
    await stage.check(**GOOD)
    set_at = stage.play.tick()
    await stage.play.manager.runs.put(stage.play.experiment, 2, parameters={"good": "yes"})
    stage.play.tick(60)
    (line,) = await stage.lines()
    assert (line.outcome.value, line.cause, line.event_at) == ("fired", "good=yes", set_at)


async def test_a_parameter_that_was_set_before_the_box_was_checked_does_not(stage: Stage) -> None:
    await stage.play.manager.runs.start(stage.play.experiment, 2, {"good": "yes"})
    stage.play.tick(60)
    await stage.check(**GOOD)
    await stage.play.manager.runs.end(stage.play.experiment, 2, {"other": 1})
    assert await stage.told() == [(2, "skipped", "unchecked")]


async def test_a_run_that_an_outage_kept_back_had_its_parameters_at_its_end(stage: Stage) -> None:
    ended_at = stage.play.now
    stage.play.tick(3600)
    await stage.check(**GOOD)
    told = RunFacts(
        number=2, ended_at=ended_at, parameters={"good": "yes"}, told_at=stage.play.now
    )
    await store_of(stage).put_runs(stage.play.experiment.id, [told], "logbook")
    (line,) = await stage.lines()
    assert (line.why.value, line.event_at) == ("unchecked", ended_at)


async def test_a_run_that_was_skipped_as_unchecked_stays_so_where_it_ends_again(
    stage: Stage,
) -> None:
    """There is one decision for each run and trigger; a person may still apply it by hand."""
    await stage.play.manager.definitions.change(
        stage.play.experiment, stage.definition.id, {"trigger": "END_OF_RUN"}, None, "dana"
    )
    await stage.end(1)
    assert await stage.told() == [(1, "skipped", "unchecked")]
    await stage.check()
    stage.play.tick(60)
    await stage.end(1)
    assert (await stage.play.manager.runs.get(stage.play.experiment, 1)).reopened == 1
    assert await stage.told() == [(1, "skipped", "unchecked")]
    (job,) = await stage.play.apply("1")
    assert job.run == 1


async def test_a_value_that_was_skipped_as_unchecked_stays_so_where_it_is_set_again(
    stage: Stage,
) -> None:
    put = stage.play.manager.runs.put
    await stage.play.manager.definitions.change(
        stage.play.experiment, stage.definition.id, GOOD, None, "dana"
    )
    await put(stage.play.experiment, 1, parameters={"good": "yes"})
    assert await stage.told() == [(1, "skipped", "unchecked")]
    await stage.check()
    for value in ("no", "yes"):
        await put(stage.play.experiment, 1, parameters={"good": value})
        stage.play.tick()
        assert await stage.told() == [(1, "skipped", "unchecked")]
