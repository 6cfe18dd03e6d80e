"""Autorun: what people do between two of the engine's awaits, and what a crash leaves there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import Conflict
from arp_nb.manager.autorun import consents
from tests.autorun_play import Stage, just_before, staged, store_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "store") as made:
        yield made


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, work: Callable[[], Awaitable[Any]]
) -> list[bool]:
    """Begin work when lines are about to be kept; tell whether it had ended before they were."""
    tasks: list[asyncio.Future[Any]] = []
    ended: list[bool] = []

    async def begin() -> None:
        tasks.append(asyncio.ensure_future(work()))
        await asyncio.wait(tasks, timeout=0.2)
        ended.append(tasks[0].done())

    just_before(monkeypatch, store_of(stage), "decide", begin)
    return ended


@pytest.mark.parametrize("do", ["run", "skip"])
async def test_nothing_waits_for_ever_that_is_decided_on_while_autorun_goes_on_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, do: Any
) -> None:
    await stage.check()
    await stage.lines()
    await stage.autorun.stop("bob")
    resumed = meanwhile(monkeypatch, stage, lambda: stage.autorun.resume(do, "bob"))
    await stage.end(1)
    await stage.lines()
    assert resumed == [False]
    async with asyncio.timeout(30):
        while (await stage.lines())[0].outcome.value == "waiting":
            await asyncio.sleep(0)


async def test_nothing_waits_for_ever_that_is_decided_on_while_a_pause_ends(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.check()
    await stage.lines()
    await stage.autorun.pause(stage.play.experiment, stage.definition.id, "bob")
    meanwhile(
        monkeypatch,
        stage,
        lambda: stage.autorun.unpause(stage.play.experiment, stage.definition.id, "run", "bob"),
    )
    await stage.end(1)
    async with asyncio.timeout(30):
        while (await stage.lines())[0].outcome.value == "waiting":
            await asyncio.sleep(0)


async def test_an_edit_that_comes_as_a_pause_ends_needs_a_new_consent(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.check()
    play = stage.play
    await stage.autorun.pause(play.experiment, stage.definition.id, "dana")

    async def edit() -> None:
        change = {"parameters": "--evil"}
        await play.manager.definitions.change(
            play.experiment, stage.definition.id, change, None, "robin"
        )

    just_before(monkeypatch, store_of(stage), "pause", edit)
    with pytest.raises(Conflict, match="robin changed parameters"):
        await stage.autorun.unpause(play.experiment, stage.definition.id, "run", "dana")
    await stage.end(1)
    assert await stage.told() == [(1, "waiting", "consent")]


async def test_what_is_unchecked_while_its_script_is_looked_at_starts_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.check()
    definitions, experiment = stage.play.manager.definitions, stage.play.experiment

    async def uncheck() -> None:
        other = {"trigger": "START_OF_RUN"}
        await definitions.change(experiment, stage.definition.id, other, None, "dana")
        await definitions.set_autorun(experiment, stage.definition.id, None, on=False, by="dana")

    await stage.lines()
    just_before(monkeypatch, stage.play.client, "check", uncheck)
    await stage.end(1)
    assert await stage.jobs() == []


async def test_an_engine_that_cannot_decide_says_so_and_goes_on_by_itself(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.check()
    monkeypatch.setattr("arp_nb.manager.autorun.engine._AFTER_TROUBLE_S", 0.01)
    engine, store = stage.autorun._engine, store_of(stage)
    decide = store.decide

    async def broken(*_: Any) -> Any:
        raise OSError("no space left on device")

    monkeypatch.setattr(store, "decide", broken)
    running = asyncio.create_task(engine.run())
    await stage.play.manager.runs.put(stage.play.experiment, 1, ended_at=stage.play.tick())
    engine.wake()

    async def says() -> str:
        return " ".join((await stage.autorun.status(stage.play.experiment)).cannot)

    async with asyncio.timeout(30):
        while "no space left on device" not in await says():
            await asyncio.sleep(0)
        monkeypatch.setattr(store, "decide", decide)
        while "cannot decide" in await says():
            await asyncio.sleep(0)
    running.cancel()
    assert await stage.told() == [(1, "fired", "")]


async def test_once_all_is_stopped_nothing_is_made_that_was_being_decided_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.check()
    await stage.lines()
    stopped = meanwhile(monkeypatch, stage, lambda: stage.autorun.stop("bob"))
    await stage.end(1)
    await stage.lines()
    assert stopped == [False]  # it is not said to be stopped while a job is being made


async def test_what_waits_for_a_stop_that_ended_in_a_crash_can_be_settled(stage: Stage) -> None:
    await stage.check()
    await stage.autorun.stop("bob")
    await stage.end(1)
    await stage.lines()
    await stage.play.manager._context.standing.set_stop(None)  # and then nothing more
    assert await stage.autorun.resume("run", "bob") == 1
    assert await stage.told() == [(1, "fired", "")]


async def test_what_is_deleted_while_its_script_is_looked_at_starts_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.check()
    definitions = stage.play.manager.definitions

    async def delete() -> None:
        await definitions.delete(stage.play.experiment, stage.definition.id, "dana")

    await stage.lines()
    just_before(monkeypatch, stage.play.client, "check", delete)
    await stage.end(1)
    assert await stage.jobs() == []


async def test_a_new_consent_is_not_taken_away_by_who_compared_the_script_with_the_old_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.check()
    await stage.lines()
    client, definition = stage.play.client, stage.definition
    await stage.autorun.pause(stage.play.experiment, definition.id, "dana")

    async def change_and_consent() -> None:
        client.found = replace(client.found, sha256="2" * 64)
        await stage.autorun._definitions.set_autorun(
            stage.play.experiment, definition.id, None, on=True, by="dana"
        )

    stale = next(iter(stage.autorun._engine.consented()))
    just_before(monkeypatch, client, "check", change_and_consent)
    await consents.check_script(stage.play.manager._context, stale)
    now = await stage.play.manager.definitions.get(stage.play.experiment, definition.id)
    assert now.paused_why == ""


async def test_robin_saves_while_dana_checks_the_box_and_it_does_not_run_as_dana(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        await stage.check()

    just_before(monkeypatch, stage.play.client, "check", check)
    saved = await stage.play.manager.definitions.change(
        stage.play.experiment, stage.definition.id, {"parameters": "--all"}, None, "robin"
    )
    assert (saved.autorun_by, saved.draft.parameters, saved.paused_why) == (
        "dana",
        "--all",
        "edit",
    )


async def test_two_who_save_other_fields_at_once_lose_neither(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, experiment = stage.play.manager.definitions.change, stage.play.experiment

    async def save() -> None:
        await change(experiment, stage.definition.id, {"predicate": "run > 1"}, None, "dana")

    just_before(monkeypatch, stage.play.client, "check", save)
    saved = await change(experiment, stage.definition.id, {"parameters": "--all"}, None, "robin")
    assert (saved.draft.predicate, saved.draft.parameters) == ("run > 1", "--all")
