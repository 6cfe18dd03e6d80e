"""Sources that a manager's followers follow, as they would in the manager's own work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from arp_nb.manager.autorun.sources import followers
from arp_nb.model import Run
from arp_nb.run_sources.base import RunNews, RunSource
from arp_nb.settings import SourceSettings
from arp_nb.store.base import Store
from arp_nb.testing import FakeRunSource
from tests.manager_play import Play

XPP = "xppi0915"
AT = datetime(2026, 11, 22, 11, tzinfo=UTC)


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
