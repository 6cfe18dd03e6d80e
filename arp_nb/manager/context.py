"""What all parts of the manager share."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arp_nb.errors import NotFound
from arp_nb.store.base import JobChange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from arp_nb.manager.autorun.standing import Standing
    from arp_nb.manager.capabilities import Capabilities
    from arp_nb.manager.health import HealthRecord
    from arp_nb.manager.routes import Routes
    from arp_nb.manager.seat import Seat
    from arp_nb.settings import Settings
    from arp_nb.store.base import Store


_MAX_NOTES = 50


class WorkBell:
    """Counts requests and kills, so that a batch client can wait for the next."""

    def __init__(self) -> None:
        self._count = 1
        self._rung = asyncio.Event()

    def bump(self) -> None:
        """Wake whoever waits."""
        self._count += 1
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seen: int, timeout_s: float) -> int:
        """Return the count once it differs from ``seen``, or after the timeout."""
        rung = self._rung
        if self._count == seen:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), timeout_s)
        return self._count


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One manager's store, settings and shared parts."""

    store: Store
    settings: Settings
    user: str
    host: str
    #: what update addresses begin with: ``http://<host>:<port>``
    update_base: str
    clock: Callable[[], datetime]
    seat: Seat
    capabilities: Capabilities
    health: HealthRecord
    routes: Routes
    standing: Standing
    work: WorkBell = field(default_factory=WorkBell)
    #: held while a job's books are read and then changed, so that no change is decided on
    #: what another is just replacing; the store's compare-and-set stands behind it
    books: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: held while a piece of a log is looked through: of many searches one at a time may keep
    #: everybody else waiting
    look: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def add_notes(self, job_id: int, notes: Sequence[str]) -> None:
        """Add what we have to say about a job."""
        if not notes:
            return
        async with self.books:
            try:
                job = await self.store.job(job_id)
            except NotFound:
                return  # forgotten meanwhile; nobody is left to read it
            whole = with_notes(job.notes, notes)
            if whole != job.notes:
                change = JobChange(
                    job_id=job_id,
                    at=self.clock(),
                    expect=(job.state,),
                    set={"notes": whole},
                )
                await self.store.change_jobs([change])


def with_notes(notes: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    """Return notes with more of them, each once, in order; of very many the newest."""
    return tuple(dict.fromkeys([*notes, *more]))[-_MAX_NOTES:]
