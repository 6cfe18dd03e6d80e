"""Autorun's engine: what happens between two of its looks, and after a store's trouble."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import StoreError
from arp_nb.manager.autorun import engine
from arp_nb.store.base import JobFilter
from arp_nb.store.deciding import RunFacts
from tests.autorun_play import Stage, just_before, staged, store_of
from tests.manager_play import Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "store") as made:
        yield made


async def test_a_box_that_is_checked_while_runs_are_read_counts_for_the_run_after_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.lines()

    async def check_and_end() -> None:
        await stage.check()
        await stage.end(1)

    just_before(monkeypatch, store_of(stage), "runs_since", check_and_end)
    assert await stage.told() == [(1, "fired", "")]


async def test_what_runs_after_another_and_is_checked_while_jobs_are_read_counts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = await stage.play.apply("1")
    await stage.lines()

    async def check_and_be_done() -> None:
        await stage.add("fit", trigger="AFTER", after="peaks")
        await stage.done(job.id)

    just_before(monkeypatch, store_of(stage), "revision", check_and_be_done)
    assert await stage.told() == [(1, "fired", "")]


async def test_a_pause_while_scripts_are_looked_at_counts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition = await stage.check()

    async def pause() -> None:
        await stage.autorun.pause(stage.play.experiment, definition.id, "bob")

    just_before(monkeypatch, stage.play.client, "check", pause)
    await stage.end(1)
    assert await stage.told() == [(1, "waiting", "paused")]


async def test_decisions_of_one_round_have_one_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.check()

    def ticking(clock: Clock) -> datetime:
        clock.now += timedelta(milliseconds=1)
        return clock.now

    monkeypatch.setattr(Clock, "__call__", ticking)
    facts = [RunFacts(number=number, ended_at=stage.play.now) for number in range(1, 6)]
    await store_of(stage).put_runs(stage.play.experiment.id, facts, "logbook")
    lines = await stage.lines()
    assert [one.outcome.value for one in lines] == ["fired"] * 5
    assert len({one.decided_at for one in lines}) == 1


async def test_what_could_not_be_kept_is_decided_on_when_the_store_can_write_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "_AFTER_TROUBLE_S", 0.01)
    await stage.check()
    decide, failures = store_of(stage).decide, 2

    async def failing(decisions: Any) -> Any:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreError("No space left on the disk.")
        return await decide(decisions)

    monkeypatch.setattr(store_of(stage), "decide", failing)
    with caplog.at_level(logging.CRITICAL):
        await stage.end(1, 2)
        async with asyncio.timeout(10):
            while len(await store_of(stage).jobs(JobFilter())) < 2:
                await asyncio.sleep(0.01)
    lines = await stage.lines()
    jobs = {job.id: job.run for job in await stage.jobs()}
    assert jobs == {one.job_id: one.run for one in lines}


async def test_the_cursor_outlives_the_engine_and_what_was_missed_is_caught_up_with(
    stage: Stage,
) -> None:
    await stage.check()
    await stage.end(1)
    await stage.lines()
    later = engine.Engine(stage.play.manager._context, stage.play.manager._context.standing)
    await stage.end(2)
    read = store_of(stage).runs_since
    since: list[int] = []

    async def counted(revision: int, limit: int) -> Any:
        since.append(revision)
        return await read(revision, limit)

    store_of(stage).runs_since = counted  # type: ignore[method-assign] # only this one counts
    while await later.step():
        pass
    assert since[0] > 0
    assert await stage.told() == [(1, "fired", ""), (2, "fired", "")]


async def test_a_step_decides_on_about_as_much_however_many_definitions_there_are(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_DECISIONS", 6)
    await stage.check()
    for name in ("fit", "plot"):
        await stage.add(name)
    await stage.lines()
    decide, made = store_of(stage).decide, []

    async def counted(decisions: Any) -> Any:
        made.append(len(decisions))
        return await decide(decisions)

    monkeypatch.setattr(store_of(stage), "decide", counted)
    facts = [RunFacts(number=number, ended_at=stage.play.tick()) for number in range(1, 6)]
    await store_of(stage).put_runs(stage.play.experiment.id, facts, "logbook")
    await stage.lines()
    assert made == [6, 6, 3]


async def test_after_a_restart_what_waits_for_room_is_known_of_each_definition(
    stage: Stage,
) -> None:
    await stage.check(most_at_once=1)
    other = await stage.add("fit", most_at_once=1)
    await stage.end(1, 2)
    await stage.lines()
    context = stage.play.manager._context
    later = engine.Engine(context, context.standing)
    await stage.end(3)
    while await later.step():
        pass
    assert later._limited == {stage.definition.id, other.id}
