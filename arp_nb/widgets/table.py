"""The rows behind a grid: columns of a DataFrame that can be changed and grow in place.

A row is known by its id, its number in the order of arrival, which it keeps when others are
deleted. Rows that come later lie in parts of their own, which are joined when they have
grown to the size of what lies before them: a thousand appends of one row cost little.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from arp_nb import errors
from arp_nb.widgets import values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from arp_nb.widgets.kinds import Values

    Ids = np.ndarray[Any, np.dtype[np.int64]]

_log = logging.getLogger(__name__)
_COPY_ON_WRITE = int(pd.__version__.split(".", maxsplit=1)[0]) >= 3


@dataclass(slots=True)
class _Part:
    """Some rows: one Series per column, all with the same rows, and their index."""

    columns: list[Values]
    index: pd.Index[Any]


class Table:
    """Rows by id.

    Parameters
    ----------
    frame
        Is not changed; later changes of it are not seen.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        # pandas 3 copies a column only when one side changes it; pandas 2 would share it
        kept = frame.copy(deep=not _COPY_ON_WRITE)
        self.labels: list[Any] = list(kept.columns)
        self._header = kept.columns
        #: without rows: its class, and what that knows besides
        self._given = kept.iloc[:0]
        self._parts = [_part(kept)]
        self._starts = [0]
        self._alive = np.ones(len(kept), dtype=bool)
        self._rows = len(kept)
        self._removed = 0
        #: all rows that ever were have labels of their own
        self._unique = bool(kept.index.is_unique)

    @property
    def rows(self) -> int:
        """Rows that ever were: ids are below."""
        return self._rows

    @property
    def live(self) -> int:
        """Rows that are there."""
        return self._rows - self._removed

    @property
    def index(self) -> pd.Index[Any]:
        """The index of the rows that came first: its names and kind."""
        return self._parts[0].index

    def alive(self, ids: Ids) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Tell of each id whether there is such a row."""
        known = (ids >= 0) & (ids < self._rows)
        known[known] = self._alive[ids[known]]
        return known

    def ids(self, first: int, last: int) -> Ids:
        """Return the ids of the rows that are there from ``first`` to before ``last``."""
        return first + np.flatnonzero(self._alive[first : min(last, self._rows)])

    def take(self, column: int, ids: Ids) -> Values:
        """Return values of a column; ids are in any order."""
        return self._taken(ids, lambda part, at: part.columns[column].iloc[at])

    def column(self, column: int) -> Values:
        """Return a whole column, with the rows that were removed."""
        parts = [one.columns[column] for one in self._parts]
        return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)

    def label(self, row: int) -> Any:
        """Return the index label of a row."""
        part = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._parts[part].index[row - self._starts[part]]

    def labels_of(self, ids: Ids) -> pd.Index[Any]:
        """Return the index labels of rows, which may be gone."""
        parts = [one.index for one in self._parts]
        return (parts[0].append(parts[1:]) if len(parts) > 1 else parts[0])[ids]

    def level(self, level: int, ids: Ids) -> Values:
        """Return the labels of rows in one level of the index."""
        return self._taken(ids, lambda part, at: pd.Series(part.index[at].get_level_values(level)))

    def put(self, column: int, ids: Ids, new: Values) -> None:
        """Set values of a column, which have its dtype already."""
        where = np.arange(len(ids))
        for number, (first, part) in enumerate(zip(self._starts, self._parts, strict=True)):
            mine = self._in_part(number, ids)
            if mine.any():
                _set(part.columns, column, ids[mine] - first, new.iloc[where[mine]])

    def append(self, columns: Sequence[Values], index: pd.Index[Any]) -> Ids:
        """Add rows, all columns with their dtypes; return the ids of the new rows."""
        self._unique &= bool(index.is_unique) and bool((self.find(index) < 0).all())
        first, self._rows = self._rows, self._rows + len(index)
        if self._rows > len(self._alive):
            grown = np.ones(max(self._rows, 2 * len(self._alive)), dtype=bool)
            grown[:first] = self._alive[:first]
            self._alive = grown
        self._starts.append(first)
        self._parts.append(_Part([one.reset_index(drop=True) for one in columns], index))
        while len(self._parts) > 1 and self._sizes(-1) * 2 >= self._sizes(-2):
            last = self._parts.pop()
            self._starts.pop()
            self._parts[-1] = _merged(self._parts[-1], last)
        return np.arange(first, self._rows)

    def remove(self, ids: Ids) -> None:
        """Take rows away; each id is there, once."""
        self._alive[ids] = False
        self._removed += len(ids)

    def find(self, labels: pd.Index[Any]) -> Ids:
        """Return the id of the row with each label; -1 where there is none, or several are."""
        if not all(part.index.is_unique for part in self._parts):
            return self._find_among_live(labels)
        found = np.full(len(labels), -1, dtype=np.int64)
        for first, part in zip(self._starts, self._parts, strict=True):
            at = part.index.get_indexer(labels)
            ids = at + first
            there = (at >= 0) & self.alive(ids)
            found[there] = ids[there]
        return found

    def ambiguous(self, labels: pd.Index[Any]) -> pd.Index[Any]:
        """Return those of the labels that several rows have."""
        if self._unique:
            return labels[:0]
        index = self._index()
        return labels[labels.isin(index[index.duplicated()])]

    def frame(self, ids: Ids | None = None) -> pd.DataFrame:
        """Return rows as a new DataFrame; all that are there by default."""
        if ids is None:
            ids = self.ids(0, self._rows)
        whole = len(ids) == self._rows
        made = {
            at: self.column(at) if whole else self.take(at, ids) for at in range(len(self.labels))
        }
        frame = pd.DataFrame(made, index=range(len(ids)), copy=True)
        frame.index = self._index(ids)
        frame.columns = self._header
        return _as_given(frame, self._given)

    def fresh_labels(self, count: int) -> pd.Index[Any]:
        """Return labels for new rows: the next numbers, or missing ones where none count."""
        index = self._index()
        if isinstance(index, pd.MultiIndex):
            gone = [tuple(None for _ in index.names)] * count
            return pd.MultiIndex.from_tuples(gone, names=index.names)
        if pd.api.types.is_integer_dtype(index.dtype):
            top = index.max() if len(index) else -1
            first = 0 if pd.isna(top) else int(top) + 1
            return values.numbered(first, first + count, index)
        if not values.can_be_empty(index.dtype):
            raise errors.InvalidValue(
                f"A row needs a label here, {index.dtype}: grid.add_row({{…}}, index=…) adds one."
            )
        return pd.Index([None] * count, dtype=index.dtype, name=index.name)

    def filled(self, given: Mapping[int, Values], count: int) -> list[Values]:
        """Return all columns of new rows: those that are given, and what stands in the others.

        Raises
        ------
        InvalidValue
            A column that is not given has nothing that could stand in it.
        """
        made = []
        for at, one in enumerate(self._parts[0].columns):
            if at in given:
                made.append(given[at])
                continue
            try:
                made.append(pd.Series([values.default(one.dtype)] * count, dtype=one.dtype))
            except errors.InvalidValue as error:
                raise errors.InvalidValue(f"{self.labels[at]}: {error}") from None
        return made

    def like(self, column: int) -> Values:
        """Return a stretch of a column, for its dtype."""
        return self._parts[0].columns[column]

    # -- inside ------------------------------------------------------------------------

    def _index(self, ids: Ids | None = None) -> pd.Index[Any]:
        parts = [one.index for one in self._parts]
        index = parts[0].append(parts[1:]) if len(parts) > 1 else parts[0]
        if ids is None:
            ids = self.ids(0, self._rows)
        return index if len(ids) == self._rows else index[ids]

    def _find_among_live(self, labels: pd.Index[Any]) -> Ids:
        ids = self.ids(0, self._rows)
        index = self._index(ids)
        if not index.is_unique:  # what several rows have names none of them
            alone = ~index.duplicated(keep=False)
            index, ids = index[alone], ids[alone]
        at = index.get_indexer(labels)
        found = np.where(at >= 0, ids[at] if len(ids) else -1, -1)
        return np.asarray(found, dtype=np.int64)

    def _sizes(self, number: int) -> int:
        return len(self._parts[number].index)

    def _in_part(self, number: int, ids: Ids) -> np.ndarray[Any, np.dtype[np.bool_]]:
        first = self._starts[number]
        return (ids >= first) & (ids < first + self._sizes(number))

    def _taken(self, ids: Ids, take: Callable[[_Part, Any], Values]) -> Values:
        """Put together what ``take`` gives of each part, in the order of the ids."""
        if len(self._parts) == 1:
            return take(self._parts[0], _positions(ids)).reset_index(drop=True)
        part_of = np.searchsorted(self._starts, ids, side="right") - 1
        found = [
            take(self._parts[number], _positions(ids[part_of == number] - self._starts[number]))
            for number in np.unique(part_of)
        ]
        if not found:
            return take(self._parts[0], ids).reset_index(drop=True)
        if len(found) == 1:
            return found[0].reset_index(drop=True)
        # rows lie by part now: the same sorting, turned back, puts them as they were asked
        back = np.argsort(np.argsort(part_of, kind="stable"), kind="stable")
        return pd.concat(found, ignore_index=True).iloc[back].reset_index(drop=True)


def _as_given(frame: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of the class that was given, as geopandas' own, if it can be made of one."""
    make: Any = given._constructor  # noqa: SLF001 - pandas' way for subclasses
    try:
        made = make(frame)
        if isinstance(made, pd.DataFrame) and made.shape == frame.shape:
            return cast("pd.DataFrame", cast("Any", made).__finalize__(given))
    except Exception:  # noqa: BLE001 - code of others: whatever it raises
        _log.debug("A %s could not be made again.", type(given).__name__, exc_info=True)
    frame.attrs.update(given.attrs)
    return frame


def _set(columns: list[Values], column: int, at: Ids, new: Values) -> None:
    """Set values of a column, in place where its kind of array can."""
    if isinstance(columns[column].dtype, pd.SparseDtype):
        dense = np.array(columns[column])
        dense[at] = np.array(new)
        columns[column] = pd.Series(dense).astype(columns[column].dtype)
    else:
        columns[column].iloc[at] = new.array


def _positions(at: Ids) -> Any:
    """Return a slice where rows follow each other: nothing is copied then."""
    if len(at) and at[-1] - at[0] == len(at) - 1 and (np.diff(at) == 1).all():
        return slice(int(at[0]), int(at[-1]) + 1)
    return at


def _part(frame: pd.DataFrame) -> _Part:
    columns = [
        frame.iloc[:, at].reset_index(drop=True).rename(None) for at in range(frame.shape[1])
    ]
    return _Part(columns, frame.index)


def _merged(before: _Part, after: _Part) -> _Part:
    columns = [
        pd.concat([one, other], ignore_index=True)
        for one, other in zip(before.columns, after.columns, strict=True)
    ]
    return _Part(columns, before.index.append(after.index))
