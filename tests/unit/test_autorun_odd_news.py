"""What run sources tell and nobody can keep: it costs as little as can be, and is said."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from arp_nb.run_sources.base import RunNews
from arp_nb.testing import FakeRunSource
from tests.following import AT, XPP, Following, fake, news
from tests.manager_play import playing

pytestmark = pytest.mark.anyio

EARLY = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))


@pytest.fixture
async def following(tmp_path: Path) -> AsyncIterator[Following]:
    async with playing(tmp_path / "store") as play:
        made = Following(play)
        yield made
        await made.close()


class Garbage(FakeRunSource):
    """Tells what nobody checked, as a plugin may, before what is right."""

    async def news(self) -> Sequence[RunNews]:
        odd: list[Any] = ["x" * 10**6, [], 10**5000]
        odd = [None, "run 12", *map(news, odd), replace(news(3), experiment=odd[1])]
        return [*odd, *await super().news()]


async def test_what_is_no_run_costs_none_that_is_one(
    following: Following, caplog: pytest.LogCaptureFixture
) -> None:
    source = fake("logbook", Garbage)
    source.tell(news())
    with caplog.at_level(logging.CRITICAL):
        following.follow(source)
        await following.run()
        await following.until(following.is_ok)
    assert following.said().startswith("6 runs cannot be kept, such as ?: AttributeError: ")


async def test_a_run_that_cannot_be_kept_costs_no_other_run(following: Following) -> None:
    source = fake()
    source.tell(
        news(3, first_file_at="2026-11-22"), news(2**70), news(12), news(5, all_files_at=4),
        RunNews(experiment=XPP, number=13, ended_at=datetime(2026, 11, 22)),  # noqa: DTZ001 - so it is
        RunNews(experiment=XPP, number=15, ended_at="2026-11-22"),  # type: ignore[arg-type]
    )  # fmt: skip
    following.follow(source)
    await following.run()
    await following.until(following.is_ok)
    assert following.said() == "5 runs cannot be kept, such as 3: str is no type of a time."
    source.tell(news(14))
    await following.run(14)


async def test_one_run_with_an_end_that_is_no_time_is_named(following: Following) -> None:
    source = fake()
    source.tell(RunNews(experiment=XPP, number=13, ended_at="soon"), news(14))  # type: ignore[arg-type]
    following.follow(source)
    await following.run(14)
    await following.until(lambda: "Run 13 cannot be kept: " in following.said())


async def test_a_time_before_all_times_costs_no_other_run(following: Following) -> None:
    source = fake()
    source.tell(news(13, started_at=EARLY), news(14))
    following.follow(source)
    assert (await following.run(14)).ended_at == AT
    await following.until(lambda: "Run 13 cannot be kept: " in following.said())


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"type": "A, B"}, "The type of run 13 cannot be kept: A run's type is one word"),
        ({"type": 5}, "The type of run 13 cannot be kept: "),
        ({"parameters": {"title": "\ud800"}}, "The parameters of run 13 cannot be kept: "),
        ({"parameters": {"id": 2**70}}, "The parameters of run 13 cannot be kept: "),
        ({"parameters": {"x": object()}}, "The parameters of run 13 cannot be kept: "),
    ],
    ids=["two types", "a number", "half a character", "a huge number", "no JSON"],
)
async def test_a_run_is_not_lost_for_its_type_or_its_parameters(
    following: Following, facts: dict[str, Any], said: str
) -> None:
    source = fake()
    source.tell(news(13, **facts), news(14))
    following.follow(source)
    run = await following.run(13)
    assert (run.ended_at, run.type, run.parameters) == (AT, "", {})
    assert (await following.run(14)).ended_at == AT
    await following.until(lambda: following.said().startswith(said))


async def test_parameters_that_grow_without_end_hold_no_run_of_their_source_up(
    following: Following,
) -> None:
    source = fake()
    following.follow(source)
    for index in range(5):
        source.tell(news(12, parameters={f"p{index}": "x" * 60_000}), news(20 + index))
        await following.run(20 + index)
    assert len((await following.run(12)).parameters) == 4
    said = "The parameters of run 12 cannot be kept: The run's parameters would have 300,"
    await following.until(lambda: following.said().startswith(said))


async def test_a_time_ahead_of_the_clock_counts_as_when_it_was_told_and_that_is_said(
    following: Following,
) -> None:
    source = fake()
    following.follow(source)
    now = following.play.now
    source.tell(
        RunNews(experiment=XPP, number=12, ended_at=now + timedelta(days=300)),
        RunNews(experiment=XPP, number=13, ended_at=now + timedelta(seconds=5)),
    )
    assert (await following.run(12)).ended_at == (await following.run(13)).ended_at == now
    said = "A time of run 12 lies ahead, and counts as when it was told: 2027-09-18 12:00:00 UTC."
    await following.until(lambda: following.said() == said)
