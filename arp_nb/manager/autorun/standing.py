"""How autorun stands: stopped by whom, and which run sources answer. One record, for all."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from arp_nb.ledger import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arp_nb.model import Trigger
    from arp_nb.store.base import Store

_META = "autorun_stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStanding:
    """Whether a run source answers."""

    name: str
    kind: str
    ok: bool
    since: datetime
    said: str = ""
    gives: frozenset[Trigger] = frozenset()
    experiments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Nothing can be decided on, since when, and in whose words."""

    said: str
    since: datetime


class Standing:
    """The record, and who wants to hear of its changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: list[Callable[[], None]] = []
        self._stop: Stop | None = None
        self._sources: dict[str, SourceStanding] = {}
        self._trouble: Trouble | None = None
        self._version = 0

    @property
    def trouble(self) -> Trouble | None:
        """Why nothing can be decided on; None: it can."""
        return self._trouble

    @property
    def stop(self) -> Stop | None:
        """Who stopped all autorun; None: it is not stopped."""
        return self._stop

    @property
    def sources(self) -> Mapping[str, SourceStanding]:
        """By name."""
        return self._sources

    @property
    def version(self) -> int:
        """Grows with each change."""
        return self._version

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener()`` after each change."""
        self._listeners.append(listener)

    async def load(self) -> None:
        """Read what an earlier manager has left."""
        text = await self._store.get_meta(_META)
        kept = json.loads(text) if text else None
        if kept:
            at = datetime.fromisoformat(kept["at"])
            self._stop = Stop(by=kept["by"], at=at, said=kept["said"])

    async def set_stop(self, stop: Stop | None) -> None:
        """Stop all autorun, or let it go on; durable when this returns."""
        kept = None
        if stop is not None:
            kept = {"by": stop.by, "at": stop.at.isoformat(), "said": stop.said}
            self._stop = stop  # at once: nothing shall start while this is written
        await self._store.set_meta(_META, json.dumps(kept))
        self._stop = stop
        self._changed()

    def set_trouble(self, said: str, at: datetime) -> None:
        """Say why nothing can be decided on; empty: it can."""
        before = self._trouble
        if said != (before.said if before else ""):
            self._trouble = Trouble(said, before.since if before else at) if said else None
            self._changed()

    def set_source(self, told: SourceStanding) -> None:
        """Take note of how a source is; since when counts from the first time it was so."""
        before = self._sources.get(told.name)
        if before is not None and before.ok is told.ok:
            told = replace(told, since=before.since)
        if told != before:
            self._sources[told.name] = told
            self._changed()

    def given(self) -> frozenset[Trigger]:
        """Return the triggers for which any source tells the facts."""
        return frozenset().union(*(one.gives for one in self._sources.values()))

    def _changed(self) -> None:
        self._version += 1
        for listener in self._listeners:
            listener()
