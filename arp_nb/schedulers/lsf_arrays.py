"""What is known of arrays whose elements leave LSF's list one by one. Pure.

LSF keeps no job longer than CLEAN_PERIOD after its end ("lsb.params"), so that elements of an
array leave the list while others run. Those that this process saw still count; what left before
it first saw the array only the history can tell, and until it has, an array that looks over in
the list may have failed elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from arp_nb.schedulers.arrays import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arp_nb.model import Reading

    #: of one array: index -> reading; counted from -1 down where no index is told
    Elements = Mapping[int, Reading]

#: so long an array is remembered that no poll asks for: a kill's poll asks for few
_REMEMBERED = timedelta(hours=1)
#: an id is used again: the elements of one array are submitted together
_TOGETHER = timedelta(minutes=10)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Array:
    """One array, as far as it is known."""

    #: without those that have no index
    elements: Mapping[int, Reading] = field(default_factory=dict)
    #: the history has been asked what left before it was first seen
    is_settled: bool = False
    asked_at: datetime = _LONG_AGO


class Arrays:
    """The arrays that polls ask for."""

    def __init__(self) -> None:
        self._known: dict[str, _Array] = {}

    def unsettled(self, listed: Mapping[str, Elements]) -> list[str]:
        """Return those of which elements may have left the list before we first saw them."""
        return [
            native_id
            for native_id, elements in listed.items()
            if min(elements) > 0  # the history's could not be told from those without an index
            and not ((known := self._known.get(native_id)) and known.is_settled)
        ]

    def settle(self, listed: Mapping[str, Elements], told: Mapping[str, Reading]) -> None:
        """Take in what the history tells of arrays' elements, by the elements' ids."""
        before: dict[str, dict[int, Reading]] = {one: {} for one in listed}
        for one, reading in told.items():
            native_id, _, index = one.rstrip("]").partition("[")
            if index and native_id in listed and _is_of(reading, listed[native_id].values()):
                before[native_id][int(index)] = reading
        for native_id, elements in before.items():
            known = self._known.setdefault(native_id, _Array())
            known.elements = {**elements, **known.elements}
            known.is_settled = True

    def reading(
        self, native_id: str, listed: Elements, now: datetime, *, has_history: bool
    ) -> Reading | None:
        """Return an array as one reading; None if only its history can tell how it ended."""
        known = self._known.setdefault(native_id, _Array())
        known.asked_at = now
        together = {**known.elements, **listed}
        known.elements = {index: one for index, one in together.items() if index > 0}
        if all(one.state.is_final for one in listed.values()):
            ended_unseen = any(not one.state.is_final for one in together.values())
            if ended_unseen or (has_history and not known.is_settled):
                return None
        return fold((one, 1) for one in together.values())

    def forget_idle(self, now: datetime) -> None:
        """Forget those that have not been asked for in a long time."""
        for native_id in [
            one for one, known in self._known.items() if now - known.asked_at > _REMEMBERED
        ]:
            del self._known[native_id]


def _is_of(one: Reading, listed: Iterable[Reading]) -> bool:
    """Whether an element that the history tells of is of the array that is listed."""
    at = next((other.submitted_at for other in listed if other.submitted_at), None)
    return at is None or one.submitted_at is None or abs(one.submitted_at - at) <= _TOGETHER
