"""A poller and a killer beside some submitted jobs, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from arp_nb.batch_client.health import Pulse
from arp_nb.batch_client.kill import Killer
from arp_nb.batch_client.logs import LogReader
from arp_nb.batch_client.poll import Poller
from arp_nb.batch_client.spool import Spool
from arp_nb.model import JobState
from arp_nb.ports import Submitted
from tests.batch_world import World
from tests.fake_port import FakeJob

NOW = datetime.now(UTC)


class Desk:
    """A poller and a killer beside some submitted jobs."""

    def __init__(self, world: World) -> None:
        self.world, self.port, self.scheduler = world, world.port, world.scheduler
        self.changes = 0
        self.pulse = Pulse(self._count)
        schedulers = {"fake": self.scheduler}
        logs = LogReader(schedulers, Spool(world.folder / "spool"))
        self.poller = Poller(self.port, self.scheduler, world.settings, self.pulse, logs)
        self.killer = Killer(self.port, self.scheduler, self.pulse, lambda: None)

    def _count(self) -> None:
        self.changes += 1

    async def job(self, native_id: str, age_s: float = 0.0, tag: str = "") -> FakeJob:
        job = await self.port.apply("/x.sh")
        job.state, job.native_ids = JobState.PENDING, (Submitted(native_id, "wrapper"),)
        job.submitted_at = datetime.now(UTC) - timedelta(seconds=age_s)
        (self.scheduler.book / native_id).write_text(f"PEND\n{tag}\nx\n")
        return job


def story(world: World, tell: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        desk = Desk(world)
        await tell(desk)
        await desk.poller.close()

    asyncio.run(run())
