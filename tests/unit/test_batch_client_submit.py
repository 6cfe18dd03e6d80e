"""Submissions from request to id, with real scripts, a ``bsub`` of files and no real manager."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from arp_nb.batch_client import BatchClient
from arp_nb.model import JobState
from arp_nb.settings import Settings
from tests.fake_port import FakeJob, FakePort
from tests.fake_scheduler import FakeScheduler

FAST = Settings(poll_min_s=0.1, slow_after_s=0.3, submission_slot_s=5.0)


class World:
    """A manager, a scheduler and a folder for scripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = FakePort()
        self.scheduler = FakeScheduler(folder)
        self.settings = FAST

    def client(self) -> BatchClient:
        return BatchClient(
            self.port, {"fake": self.scheduler}, self.folder / "spool", self.settings
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[BatchClient]:
        client = self.client()
        task = asyncio.create_task(client.run())
        try:
            yield client
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def script(self, text: str, name: str = "submit.sh") -> str:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\necho started >> {self.folder}/starts\n{text}\n")
        path.chmod(0o755)
        return str(path)

    @property
    def starts(self) -> int:
        file = self.folder / "starts"
        return len(file.read_text().splitlines()) if file.exists() else 0

    async def submit(self, text: str, *, within_s: float = 20.0) -> FakeJob:
        """Submit a script and wait until it is known what came of it."""
        job = await self.port.apply(self.script(text), "xppi0915", "12", "a", "b")
        waiting = {JobState.REQUESTED, JobState.LEASED, JobState.STARTING}
        async with self.running():
            await self.port.until(lambda: job.state not in waiting, within_s)
        return job


@pytest.fixture
def world() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="arp", dir="/tmp"))
    yield World(folder)
    shutil.rmtree(folder)


def test_a_job_goes_from_request_to_its_end(world: World) -> None:
    async def story() -> None:
        job = await world.port.apply(world.script('bsub -q normal python x.py "$@"'), "e", "12")
        async with world.running():
            await world.port.until(lambda: job.state is JobState.PENDING)
            world.scheduler.set_state("1", "RUN")
            await world.port.until(lambda: job.state is JobState.RUNNING)
            world.scheduler.set_state("1", "DONE")
            await world.port.until(lambda: job.state is JobState.DONE)
        assert job.ids == ["1"]
        assert job.native_ids[0][1] == "wrapper"
        assert world.scheduler._lines("1")[1:3] == [f"arp-{job.spool_id}", "python x.py e 12"]
        assert world.starts == 1

    asyncio.run(story())
