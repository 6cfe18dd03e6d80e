"""Autorun: what runs after what, and that no chain of it goes round for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.autorun_play import Stage, staged

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "store") as made:
        yield made


async def test_what_runs_after_each_other_does_not_go_round_for_ever(stage: Stage) -> None:
    await stage.check(trigger="AFTER", after="fit")
    await stage.add("fit", trigger="AFTER", after="peaks")
    (job,) = await stage.play.apply("1")
    await stage.done(job.id)
    (line,) = await stage.lines()
    assert (line.hash, line.outcome.value, line.why.value) == ("fit", "skipped", "refused")
    assert line.said == "It would never end: fit runs after peaks, peaks after fit."
    assert [one.id for one in await stage.jobs()] == [job.id]
    standings = (await stage.autorun.status(stage.play.experiment)).definitions
    assert [one.problem for one in standings] == [
        "It would never end: peaks runs after fit, fit after peaks.",
        "It would never end: fit runs after peaks, peaks after fit.",
    ]


async def test_what_waited_for_its_own_trigger_is_no_second_job_under_another(
    stage: Stage,
) -> None:
    await stage.check()
    experiment = stage.play.experiment
    await stage.autorun.pause(experiment, stage.definition.id, "dana")
    await stage.end(1)
    await stage.lines()
    await stage.play.apply("1")
    await stage.play.manager.definitions.change(
        experiment, stage.definition.id, {"trigger": "AFTER", "after": "other"}, None, "dana"
    )
    await stage.autorun.unpause(experiment, stage.definition.id, "run", "dana")
    assert await stage.told() == [(1, "skipped", "duplicate")]


async def test_a_chain_that_comes_to_a_circle_but_is_not_in_it_is_told_of_no_circle(
    stage: Stage,
) -> None:
    await stage.check(trigger="AFTER", after="fit")
    await stage.add("fit", trigger="AFTER", after="peaks")
    await stage.add("plot", trigger="AFTER", after="peaks")
    (job,) = await stage.play.apply("1")
    await stage.done(job.id)
    assert [one.hash for one in await stage.jobs()] == ["peaks", "plot"]
