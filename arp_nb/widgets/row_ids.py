"""Row ids as ranges: the selection of a million rows is one pair of numbers."""

from __future__ import annotations

import bisect
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

if TYPE_CHECKING:
    from arp_nb.widgets.table import Ids


class RowIds(Sequence[int]):
    """Rising row ids, kept as inclusive ranges; equal to a list of the same ids.

    Parameters
    ----------
    ranges
        Pairs of first and last id, in any order.
    """

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        joined: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
            else:
                joined.append((first, last))
        self.ranges = tuple(joined)
        self._before = [0]
        for first, last in self.ranges:
            self._before.append(self._before[-1] + last - first + 1)

    @classmethod
    def of(cls, ids: Iterable[Any]) -> RowIds:
        """Make it of single ids. `TypeError` if one is no whole number."""
        if isinstance(ids, RowIds):
            return ids
        known = np.unique(np.fromiter((operator.index(one) for one in ids), dtype=np.int64))
        if not len(known):
            return cls()
        breaks = np.flatnonzero(np.diff(known) != 1)
        firsts = known[np.concatenate([[0], breaks + 1])]
        lasts = known[np.concatenate([breaks, [len(known) - 1]])]
        return cls(zip(firsts.tolist(), lasts.tolist(), strict=True))

    def array(self, rows: int | None = None) -> Ids:
        """Return them as an array; with ``rows`` only those from 0 up to before it."""
        first, last = np.array(self.ranges, dtype=np.int64).reshape(-1, 2).T
        if rows is not None:
            first, last = np.maximum(first, 0), np.minimum(last, rows - 1)
        counts = np.maximum(last - first + 1, 0)
        ends = np.cumsum(counts)
        ids: Ids = np.arange(counts.sum()) + np.repeat(first - (ends - counts), counts)
        return ids

    def __len__(self) -> int:
        return self._before[-1]

    def __iter__(self) -> Iterator[int]:
        for first, last in self.ranges:
            yield from range(first, last + 1)

    def __contains__(self, one: object) -> bool:
        if not isinstance(one, int):
            return False
        at = bisect.bisect_right(self.ranges, (one, float("inf"))) - 1
        return at >= 0 and self.ranges[at][0] <= one <= self.ranges[at][1]

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> list[int]: ...
    def __getitem__(self, at: int | slice) -> int | list[int]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        number = at + len(self) if at < 0 else at
        if not 0 <= number < len(self):
            raise IndexError(at)
        part = bisect.bisect_right(self._before, number) - 1
        return self.ranges[part][0] + number - self._before[part]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RowIds):
            return self.ranges == other.ranges
        if isinstance(other, list | tuple):
            return len(self) == len(other) and all(
                one == two for one, two in zip(self, other, strict=True)
            )
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.ranges)

    def __repr__(self) -> str:
        shown = ", ".join(
            str(first) if first == last else f"{first}…{last}" for first, last in self.ranges[:8]
        )
        return f"RowIds({shown}{', …' if len(self.ranges) > 8 else ''})"
