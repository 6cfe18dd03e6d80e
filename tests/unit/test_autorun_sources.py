"""Followers of run sources: what is told is kept, what is down is said, and none costs another."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import StoreError
from arp_nb.manager.autorun import sources
from arp_nb.manager.autorun.sources import followers
from arp_nb.model import Run, Trigger
from arp_nb.run_sources.base import RunNews, RunSource
from arp_nb.settings import SourceSettings
from arp_nb.store.base import Store
from arp_nb.testing import FakeRunSource
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio

XPP = "xppi0915"
AT = datetime(2026, 11, 22, 11, tzinfo=UTC)
EARLY = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_FIRST_PAUSE_S", 0.01)


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


def fake(name: str = "logbook", kind: type[FakeRunSource] = FakeRunSource) -> FakeRunSource:
    return kind(SourceSettings(name=name, kind="fake", experiments=(XPP,)))


def news(number: int = 12, experiment: str = XPP, **facts: Any) -> RunNews:
    return RunNews(experiment=experiment, number=number, ended_at=AT, **facts)


class Following:
    """Sources that are followed until the end of a test."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.standing = play.manager._context.standing
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def store(self) -> Store:
        return self.play.manager._context.store

    def follow(self, *given: RunSource) -> None:
        by_name = {one.settings.name: one for one in given}
        for one in followers(self.play.manager._context, self.standing, by_name):
            self._tasks.append(asyncio.create_task(one.run()))

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until something holds, however a source or the store is; not for long."""
        async with asyncio.timeout(30):
            while not true():
                await asyncio.sleep(0.005)

    async def run(self, number: int = 12) -> Run:
        """Wait for a run."""
        async with asyncio.timeout(30):
            while True:
                found = await self.store.some_runs(self.play.experiment.id, [number])
                if found:
                    return found[0]
                await asyncio.sleep(0.005)

    def is_ok(self, name: str = "logbook") -> bool:
        one = self.standing.sources.get(name)
        return one is not None and one.ok and "not asked" not in one.said

    def said(self, name: str = "logbook") -> str:
        one = self.standing.sources.get(name)
        return "" if one is None else one.said

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def following(play: Play) -> AsyncIterator[Following]:
    made = Following(play)
    yield made
    await made.close()


# -- what is told --------------------------------------------------------------------------


async def test_what_a_source_tells_is_kept_as_its(following: Following) -> None:
    source = fake()
    source.tell(news(type="DATA", parameters={"beam": 9.5}, first_file_at=AT))
    following.follow(source)
    run = await following.run()
    assert (run.ended_at, run.type, run.parameters) == (AT, "DATA", {"beam": 9.5})
    assert (run.first_file_at, run.source) == (AT, "logbook")


async def test_a_source_shows_what_it_is_and_gives(following: Following) -> None:
    source = fake()
    source.triggers = frozenset({Trigger.END_OF_RUN, Trigger.ALL_FILES_TRANSFERRED})
    source.said = "2 of 310 records could not be read."
    following.follow(source)
    await following.until(following.is_ok)
    shown = following.standing.sources["logbook"]
    assert (shown.kind, shown.experiments, shown.gives) == ("fake", (XPP,), source.triggers)
    assert shown.said == "2 of 310 records could not be read."
    assert following.standing.given() == source.triggers


async def test_an_experiment_that_is_not_here_is_named_and_costs_no_other(
    following: Following,
) -> None:
    source = fake()
    source.tell(news(1, "xppwrong"), news(12))
    following.follow(source)
    await following.run()
    await following.until(following.is_ok)
    assert following.said() == "There is no experiment xppwrong here."
    source.tell(news(13))
    await following.run(13)
    await following.until(lambda: not following.said())


# -- what is down --------------------------------------------------------------------------


async def test_a_source_that_is_down_says_so_since_when_and_comes_back(
    following: Following,
) -> None:
    source = fake()
    source.fail("The logbook answers 502.")
    following.follow(source)
    await following.until(lambda: following.said() == "The logbook answers 502.")
    down = following.standing.sources["logbook"]
    assert (down.ok, down.since) == (False, following.play.now)
    following.play.tick(60)
    source.fail("The logbook answers 503.")
    await following.until(lambda: "503" in following.said())
    assert following.standing.sources["logbook"].since == down.since
    source.tell(news())
    source.fail("")
    await following.run()
    await following.until(following.is_ok)
    up = following.standing.sources["logbook"]
    assert up.since == down.since + timedelta(seconds=60)


async def test_a_source_that_stays_down_is_asked_less_and_less(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def noted(seconds: float) -> None:
        if seconds >= 1:
            pauses.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(sources, "_FIRST_PAUSE_S", 1.0)
    monkeypatch.setattr(sources, "_sleep", noted)
    monkeypatch.setattr("random.uniform", lambda low, high: (low + high) / 2)
    source = fake()
    source.fail("down")
    following.follow(source)
    await following.until(lambda: len(pauses) >= 9)
    assert pauses[:9] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    source.fail("")
    await following.until(following.is_ok)
    pauses.clear()
    source.fail("down again")
    await following.until(lambda: pauses)
    assert pauses[0] == 1


async def test_what_the_store_could_not_keep_is_asked_for_again(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, failures = following.store.put_runs, 2

    async def failing(*args: Any) -> int:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreError("No space left on the disk.")
        return await put(*args)

    monkeypatch.setattr(following.store, "put_runs", failing)
    told = set()
    following.standing.on_change(lambda: told.add(following.said()))
    source = fake()
    source.tell(news())
    following.follow(source)
    await following.run()
    assert "What it told cannot be kept: No space left on the disk." in told
    await following.until(following.is_ok)


# -- plugins -------------------------------------------------------------------------------


class Raising(FakeRunSource):
    async def news(self) -> Sequence[RunNews]:
        raise ZeroDivisionError("a mistake of its author's")


class Garbage(FakeRunSource):
    async def news(self) -> Sequence[RunNews]:
        return [None, "run 12"]  # type: ignore[list-item] # as a plugin that nobody checked


class Mumbling(FakeRunSource):
    @property
    def caveat(self) -> str:
        raise KeyError("no such attribute")


class Restless(FakeRunSource):
    """Answers at once, always, and never gives anybody else a turn."""

    async def news(self) -> Sequence[RunNews]:
        self.asked += 1
        return []


@pytest.mark.parametrize("kind", [Raising, Garbage, Mumbling])
async def test_a_plugin_that_fails_is_said_to_and_costs_no_other(
    following: Following, kind: type[FakeRunSource], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL):
        good = fake("good")
        following.follow(fake("bad", kind), good)
        await following.until(
            lambda: (
                "bad" in following.standing.sources and not following.standing.sources["bad"].ok
            )
        )
        good.tell(news())
        await following.run()
        await following.until(lambda: following.is_ok("good"))  # told after it was kept
        assert following.said("bad").startswith("It failed: ")


async def test_a_run_that_cannot_be_kept_costs_no_other_run(following: Following) -> None:
    source = fake()
    source.tell(
        news(3, parameters={"x": object()}), news(2**70), news(4, type="A, B"), news(12),
        RunNews(experiment=XPP, number=13, ended_at=datetime(2026, 11, 22)),  # noqa: DTZ001 - so it is
    )  # fmt: skip
    following.follow(source)
    await following.run()
    await following.until(following.is_ok)
    assert following.said().startswith("4 runs cannot be kept, such as 3: The run's parameters")
    source.tell(news(14))
    await following.run(14)


@pytest.mark.parametrize(
    "facts",
    [{"parameters": {"title": "\ud800"}}, {"parameters": {"id": 2**70}}, {"started_at": EARLY}],
    ids=["half a character", "a huge number", "a time before all"],
)
async def test_what_no_store_can_keep_of_one_run_costs_no_other_run(
    following: Following, facts: dict[str, Any]
) -> None:
    source = fake()
    source.tell(news(13, **facts), news(14))
    following.follow(source)
    assert (await following.run(14)).ended_at == AT
    await following.until(lambda: "Run 13 cannot be kept: " in following.said())


async def test_a_plugin_that_does_not_wait_takes_no_turn_from_others(
    following: Following,
) -> None:
    restless = fake("restless", Restless)
    good = fake("good")
    began_s = time.monotonic()
    following.follow(restless, good)
    await following.until(lambda: following.is_ok("good"))
    good.tell(news())
    await following.run()
    assert restless.asked <= 2 + (time.monotonic() - began_s) / sources._SPACING_S


async def test_a_source_is_closed_when_it_is_not_followed_any_more(following: Following) -> None:
    source = fake()
    following.follow(source)
    await following.until(following.is_ok)
    await following.close()
    assert source.is_closed


async def test_words_of_a_source_show_no_update_address(following: Following) -> None:
    (job,) = await following.play.apply("1")
    token = following.play.token(job.id)
    source = fake()
    source.fail(f"Cannot reach http://node:9843/u/{token}")
    following.follow(source)
    await following.until(lambda: "Cannot reach" in following.said())
    assert token not in following.said()
