"""Followers of run sources: what is told is kept, what is down is said, and none costs another."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import StoreError
from arp_nb.manager.autorun import sources
from arp_nb.model import Trigger
from arp_nb.run_sources.base import RunNews
from arp_nb.store.deciding import RunsKept
from arp_nb.testing import FakeRunSource
from tests.following import AT, XPP, Following, fake, news
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_FIRST_PAUSE_S", 0.01)


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StoreError("No space left on the disk."), "No space left on the disk."),
        (OSError("Stale file handle"), "OSError: Stale file handle"),
    ],
    ids=["the store's", "any other"],
)
async def test_what_the_store_could_not_keep_is_asked_for_again(
    following: Following,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    said: str,
) -> None:
    put, failures = following.store.put_runs, 2

    async def failing(*args: Any) -> RunsKept:
        nonlocal failures
        if failures:
            failures -= 1
            raise error
        return await put(*args)

    monkeypatch.setattr(following.store, "put_runs", failing)
    told = set()
    following.standing.on_change(lambda: told.add(following.said()))
    source = fake()
    source.tell(news())
    with caplog.at_level(logging.CRITICAL):
        following.follow(source)
        await following.run()
    assert f"What it told cannot be kept: {said}" in told
    await following.until(following.is_ok)


# -- plugins -------------------------------------------------------------------------------


class Raising(FakeRunSource):
    async def news(self) -> Sequence[RunNews]:
        raise ZeroDivisionError("a mistake of its author's")


class Mumbling(FakeRunSource):
    @property
    def caveat(self) -> str:
        raise KeyError("no such attribute")


class Restless(FakeRunSource):
    """Answers at once, always, and never gives anybody else a turn."""

    async def news(self) -> Sequence[RunNews]:
        self.asked += 1
        return []


@pytest.mark.parametrize("kind", [Raising, Mumbling])
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
