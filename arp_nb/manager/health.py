"""How much of what is shown may be old: one record, never written over the jobs' rows."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from arp_nb.ports import Health

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime


class HealthRecord:
    """The newest word of the batch client, and whether it still gives signs of life."""

    def __init__(self, clock: Callable[[], datetime], silent_s: float) -> None:
        self._clock = clock
        self._silent = timedelta(seconds=silent_s)
        self._seen_at: datetime | None = None
        self._waiting = 0
        self._listeners: list[Callable[[], None]] = []
        self._now = Health(client_ok=False, client_since=clock())
        self._version = 0

    @property
    def now(self) -> Health:
        """The record as it stands."""
        return self._now

    @property
    def version(self) -> int:
        """Grows with each change that is worth telling."""
        return self._version

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener()`` after each change."""
        self._listeners.append(listener)

    def sign_of_life(self) -> None:
        """Take note that the batch client asked or told something."""
        self._seen_at = self._clock()
        if not self._now.client_ok:
            self._set(replace(self._now, client_ok=True, client_since=self._seen_at))

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the client as alive while it waits for work, however long there is none."""
        self.sign_of_life()
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            self._seen_at = self._clock()

    def told(self, health: Health) -> None:
        """Take the client's own word on itself and on the schedulers."""
        self.sign_of_life()
        since = self._now.client_since
        if health.client_ok is not self._now.client_ok:
            since = health.client_since
        self._set(
            replace(health, client_since=since, schedulers=dict(health.schedulers)),
        )

    def gone(self) -> None:
        """Take note that the batch client left."""
        if self._now.client_ok:
            self._set(replace(self._now, client_ok=False, client_since=self._clock()))

    def look(self) -> None:
        """Mark the client as absent if it has been silent for too long."""
        if self._waiting or not self._now.client_ok or self._seen_at is None:
            return
        if self._clock() - self._seen_at >= self._silent:
            self._set(replace(self._now, client_ok=False, client_since=self._seen_at))

    async def watch(self) -> None:
        """Look again and again, until cancelled; looking costs nothing."""
        while True:
            await asyncio.sleep(max(self._silent.total_seconds() / 3, 0.05))
            self.look()

    def _set(self, health: Health) -> None:
        same = _told(health) == _told(self._now)
        self._now = health
        if same:
            return
        self._version += 1
        for listener in self._listeners:
            listener()


def _told(health: Health) -> Health:
    """Leave out how long answers take: it changes with each poll, and nobody waits for it."""
    schedulers = {name: replace(one, answer_s=None) for name, one in health.schedulers.items()}
    return replace(health, schedulers=schedulers)
