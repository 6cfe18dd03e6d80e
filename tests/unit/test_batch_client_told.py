"""What the manager is told of polls: news, and what its books have not taken in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest

from arp_nb.batch_client.told import Told
from arp_nb.model import JobState, Reading
from arp_nb.ports import JobReading
from tests.fake_port import FakePort

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
RUNS = Reading(state=JobState.RUNNING, native_state="RUN")
ENDED = Reading(state=JobState.FAILED, native_state="EXIT")


class Books(FakePort):
    """Takes in what it is let, when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[JobReading] = []
        self.refuses = False
        self.open = asyncio.Event()
        self.open.set()

    async def readings(self, readings: Sequence[JobReading]) -> Sequence[JobReading]:
        self.told += readings
        await self.open.wait()
        return list(readings) if self.refuses else []


def story(tell: Callable[[Books, Told], Awaitable[None]]) -> None:
    async def run() -> None:
        books = Books()
        await tell(books, Told(books))

    asyncio.run(run())


def reading(reading: Reading | None) -> JobReading:
    return JobReading(job_id=1, native_id="7", reading=reading, at=NOW)


KEY = (1, "7")


def test_what_was_taken_in_is_known_until_another_is_told() -> None:
    async def tell(books: Books, told: Told) -> None:
        assert not told.is_known(KEY, RUNS)
        await told.tell([reading(RUNS)])
        assert told.is_known(KEY, RUNS)
        assert not told.is_known(KEY, ENDED)
        await told.tell([reading(None)])
        assert not told.is_known(KEY, RUNS)

    story(tell)


def test_what_was_not_taken_in_is_told_again() -> None:
    async def tell(books: Books, told: Told) -> None:
        books.refuses = True
        await told.tell([reading(RUNS)])
        assert not told.is_known(KEY, RUNS)

    story(tell)


def test_a_manager_in_trouble_is_told_again() -> None:
    async def tell(books: Books, told: Told) -> None:
        await told.tell([reading(RUNS)])

        async def trouble(readings: Sequence[JobReading]) -> Sequence[JobReading]:
            raise OSError("no space left")

        books.readings = trouble  # type: ignore[method-assign]
        with pytest.raises(OSError, match="no space"):
            await told.tell([reading(ENDED)])
        assert not told.is_known(KEY, ENDED)
        assert not told.is_known(KEY, RUNS)

    story(tell)


def test_of_two_told_at_once_the_later_is_remembered() -> None:
    async def tell(books: Books, told: Told) -> None:
        books.open.clear()
        first = asyncio.create_task(told.tell([reading(ENDED)]))
        while not books.told:
            await asyncio.sleep(0)
        second = asyncio.create_task(told.tell([reading(RUNS)]))
        while len(books.told) < 2:
            await asyncio.sleep(0)
        books.open.set()
        await asyncio.gather(first, second)
        assert told.is_known(KEY, RUNS)
        assert not told.is_known(KEY, ENDED)

    story(tell)


def test_what_is_not_polled_any_more_is_forgotten() -> None:
    async def tell(books: Books, told: Told) -> None:
        await told.tell([reading(RUNS)])
        told.keep_only(set())
        assert not told.is_known(KEY, RUNS)

    story(tell)
