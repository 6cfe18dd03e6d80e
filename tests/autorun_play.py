"""A manager, and words for what a person does with autorun."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arp_nb.ledger import Entry
from arp_nb.model import Definition, Job, JobState
from arp_nb.ports import SubmitRequest
from arp_nb.settings import Settings
from arp_nb.store.base import JobFilter, Store
from arp_nb.store.deciding import LedgerFilter
from tests.manager_play import Play, playing


class Stage:
    """A manager, and words for what a person does with autorun."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.autorun = play.manager.autorun
        self.definition = play.definition

    async def add(self, name: str, **fields: Any) -> Definition:
        """Add a definition, and check its box."""
        draft = replace(self.definition.draft, name=name)
        added = await self.play.manager.definitions.add(self.play.experiment, draft, "dana")
        return await self.check(added, **fields)

    async def check(self, which: Definition | None = None, **fields: Any) -> Definition:
        """Check a box, after changing fields; then time goes on."""
        manager, experiment = self.play.manager, self.play.experiment
        which = which or self.definition
        if fields:
            which = await manager.definitions.change(experiment, which.id, fields, None, "dana")
        self.play.tick()
        checked = await self.autorun.set_consent(experiment, which.id, None, on=True, by="dana")
        self.play.tick()
        return checked

    async def end(self, *numbers: int, **known: Any) -> None:
        """End runs now, in this order."""
        for number in numbers:
            at = self.play.tick()
            await self.play.manager.runs.put(self.play.experiment, number, ended_at=at, **known)

    async def lines(self, **which: Any) -> list[Entry]:
        """The ledger, oldest first, once all that can be decided is."""
        while await self.autorun._engine.step():
            pass
        found, _ = await self.play.manager.autorun.ledger(
            self.play.experiment, LedgerFilter(oldest_first=True, **which)
        )
        return list(found)

    async def told(self, **which: Any) -> list[tuple[int, str, str]]:
        return [(one.run, one.outcome.value, one.why.value) for one in await self.lines(**which)]

    async def jobs(self) -> list[Job]:
        await self.lines()
        store = self.play.manager._context.store
        return list(await store.jobs(JobFilter(deleted=True, oldest_first=True)))

    async def leased(self, limit: int = 9) -> list[SubmitRequest]:
        """Hand jobs to a batch client."""
        return list(await self.play.manager.port.lease(["lsf"], limit))

    async def done(self, job_id: int, state: str = "DONE") -> None:
        """Take a requested job through the scheduler to its end."""
        await self.starting(job_id)
        await self.ended(job_id, state)

    async def starting(self, job_id: int) -> None:
        """Let the script of the oldest requested job start."""
        (request,) = await self.leased(1)
        assert request.job_id == job_id
        spool_id = f"{job_id}-spool"
        await self.play.manager.port.starting(
            job_id, request.lease_token, spool_id, self.play.client.found
        )

    async def ended(self, job_id: int, state: str = "DONE") -> None:
        """Let a job whose script has started end."""
        await self.play.tell(job_id, JobState.PENDING, str(1000 + job_id))
        await self.play.read(job_id, state, str(1000 + job_id), ended_at=self.play.tick())


@asynccontextmanager
async def staged(folder: Path, settings: Settings | None = None) -> AsyncIterator[Stage]:
    """Yield the stage, on a manager of its own."""
    async with playing(folder, settings) as play:
        yield Stage(play)


def store_of(stage: Stage) -> Store:
    return stage.play.manager._context.store


def just_before(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, act: Callable[[], Awaitable[Any]]
) -> None:
    """Do something, once, when somebody is about to do something else."""
    does = getattr(owner, name)

    async def acting(*args: Any, **more: Any) -> Any:
        monkeypatch.setattr(owner, name, does)
        await act()
        return await does(*args, **more)

    monkeypatch.setattr(owner, name, acting)
