"""What the manager has been told of each scheduler job, so that only news is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from arp_nb.model import Reading
    from arp_nb.ports import JobReading, ManagerPort

#: how much more is remembered than is polled before it is looked through
_KEPT_MORE = 2
#: job id, id of the scheduler's job
Key = tuple[int, str]


class Told:
    """Tells the manager, and remembers what its books have taken in."""

    def __init__(self, port: ManagerPort) -> None:
        self._port = port
        #: the last that was told, whether it was taken in or not
        self._last: dict[Key, JobReading] = {}
        self._taken: dict[Key, Reading] = {}

    def is_known(self, key: Key, reading: Reading) -> bool:
        """Whether the books have this reading as the newest of its scheduler job."""
        return self._taken.get(key) == reading

    def to_look_at(self, keys: Iterable[Key], readings: Mapping[str, Reading]) -> list[Key]:
        """Return the scheduler jobs of which there is no reading, or one that is not known."""
        taken = self._taken
        return [
            key
            for key in keys
            if (one := readings.get(key[1])) is None
            # most are the same object; to compare them costs more than all else here
            or ((known := taken.get(key)) is not one and known != one)
        ]

    async def tell(self, readings: Sequence[JobReading]) -> None:
        """Tell the manager; what it does not take in is no more known than before."""
        told = {(one.job_id, one.native_id): one for one in readings}
        self._last |= told
        for key in told:
            self._taken.pop(key, None)
        missed = {id(one) for one in await self._port.readings(readings)}
        for key, one in told.items():
            # while this was told, the end of a log may have told another
            is_last = self._last.get(key) is one
            if is_last and one.reading is not None and id(one) not in missed:
                self._taken[key] = one.reading

    def keep_only(self, keys: Collection[Key]) -> None:
        """Forget what is not polled any more, once it is much."""
        if len(self._last) <= _KEPT_MORE * len(keys):
            return
        self._last = {key: one for key, one in self._last.items() if key in keys}
        self._taken = {key: one for key, one in self._taken.items() if key in keys}
