"""A batch client at work: real scripts and processes, a ``bsub`` of files, no real manager."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from arp_nb.batch_client import BatchClient
from arp_nb.model import JobState
from arp_nb.settings import Settings
from arp_nb.testing import FakeScheduler
from tests.fake_port import FakeJob, FakePort

FAST = Settings(poll_min_s=0.1, slow_after_s=0.3, submission_slot_s=5.0)


class World:
    """A manager, a scheduler and a folder for scripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = FakePort()
        self.scheduler = FakeScheduler(folder)
        self.schedulers = {"fake": self.scheduler}
        self.settings = FAST

    def client(self) -> BatchClient:
        return BatchClient(self.port, self.schedulers, self.folder / "spool", self.settings)

    def add(self, location: str) -> FakeScheduler:
        """Add a location of the same kind, with a book of its own."""
        added = FakeScheduler(self.folder / location, location)
        self.schedulers[location] = added
        return added

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

    def script(self, text: str, mode: int = 0o755) -> str:
        """Write a script that counts its own starts."""
        return self.file(f"#!/bin/sh\necho started >> {self.folder}/starts\n{text}\n", mode)

    def file(self, text: str, mode: int = 0o755) -> str:
        path = self.folder / "submit.sh"
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    @property
    def starts(self) -> int:
        file = self.folder / "starts"
        return len(file.read_text().splitlines()) if file.exists() else 0

    async def submit(
        self, text: str, *, within_s: float = 20.0, until_exit: bool = False
    ) -> FakeJob:
        """Submit a script and wait until it is known what came of it, or of all of it."""
        job = await self.port.apply(self.script(text), "xppi0915", "12", "a", "b")
        waiting = {JobState.REQUESTED, JobState.LEASED, JobState.STARTING}
        async with self.running():
            await self.port.until(
                lambda: (
                    job.state not in waiting and not (until_exit and job.script_exit_code is None)
                ),
                within_s,
            )
        return job
