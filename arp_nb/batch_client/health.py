"""The one record of who answers, and since when. No job's row is touched by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from arp_nb.ports import Health, SchedulerHealth

if TYPE_CHECKING:
    from collections.abc import Callable


class Pulse:
    """Keeps how the schedulers are, and calls ``changed`` when one falls silent or is back."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._since = datetime.now(UTC)
        self._known: dict[str, SchedulerHealth] = {}

    def answered(self, location: str, answer_s: float, said: str = "") -> None:
        """Note a good answer and how long it took."""
        self._note(location, ok=True, said=said, answer_s=answer_s)

    def failed(self, location: str, said: str) -> None:
        """Note that a scheduler did not answer, in its own or our words."""
        before = self._known.get(location)
        self._note(location, ok=False, said=said, answer_s=before.answer_s if before else None)

    def is_ok(self, location: str) -> bool:
        """Whether the last question was answered; True before the first."""
        known = self._known.get(location)
        return known is None or known.ok

    def record(self) -> Health:
        """Return the record, which is also the client's sign of life."""
        return Health(client_ok=True, client_since=self._since, schedulers=dict(self._known))

    def _note(self, location: str, *, ok: bool, said: str, answer_s: float | None) -> None:
        before = self._known.get(location)
        if before is None or before.ok is not ok:
            since = datetime.now(UTC)
            self._known[location] = SchedulerHealth(
                location=location, ok=ok, since=since, said=said, answer_s=answer_s
            )
            self._changed()
        else:
            self._known[location] = replace(before, said=said or before.said, answer_s=answer_s)
