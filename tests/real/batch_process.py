"""A batch client in a process of its own, whose manager's books outlive any SIGKILL.

``python -m tests.real.batch_process FOLDER`` serves the books in FOLDER until it is killed.
"""

from __future__ import annotations

import os
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import uvloop
from typing_extensions import override

from arp_nb.batch_client import BatchClient
from arp_nb.model import JobState
from arp_nb.settings import Settings
from arp_nb.testing import FakeScheduler
from tests.fake_port import FakeJob, FakePort

SETTINGS = Settings(poll_min_s=0.2, slow_after_s=0.5, submission_slot_s=3.0)


class DurablePort(FakePort):
    """Books that are on the disk before any call returns. A lease is not: it may be retaken."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder / "books"
        self.jobs = load(folder)
        for job in self.jobs.values():
            if job.state is JobState.LEASED:
                job.state, job.lease_token = JobState.REQUESTED, None

    @override
    async def _notify(self) -> None:
        save(self._path, self.jobs)
        await super()._notify()


def save(path: Path, jobs: dict[int, FakeJob]) -> None:
    """Put the books on the disk, whole."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with part.open("wb") as file:
        pickle.dump(jobs, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def load(folder: Path) -> dict[int, FakeJob]:
    """Read the books."""
    with (folder / "books").open("rb") as file:
        return {key: replace(job) for key, job in pickle.load(file).items()}  # noqa: S301 - ours


async def serve(folder: Path) -> None:
    """Run a batch client on the books until killed."""
    port = DurablePort(folder)
    scheduler = FakeScheduler(folder)
    client = BatchClient(port, {"fake": scheduler}, folder / "spool", SETTINGS)
    await client.run()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
