"""The rules of a grid: how its rows are edited, added, deleted and kept up to date.

Knows nothing of widgets: `Stream` tells the pages, and answers are plain JSON. Every method
may be called from any thread.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from arp_nb import errors
from arp_nb.widgets import encode, values
from arp_nb.widgets.edits import EditLog
from arp_nb.widgets.kinds import in_words, strings
from arp_nb.widgets.layout import check_frame, lay_out, near_names
from arp_nb.widgets.stream import LONGEST_CHARS, Stream
from arp_nb.widgets.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arp_nb.widgets.layout import Shown
    from arp_nb.widgets.table import Ids

Answer = dict[str, Any]


class Sheet:
    """A table, what of it is shown, and what people did to it.

    Parameters
    ----------
    frame
        What is shown first.
    columns, editable
        As `Grid` takes them.
    send
        Takes messages to the pages, with their buffers.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        columns: Any,
        editable: Any,
        send: Callable[[dict[str, Any], list[Any]], None],
    ) -> None:
        self.lock = threading.RLock()
        self.stream = Stream(send, self.lock)
        self._columns, self._editable = columns, editable
        self.log = EditLog()
        self.show(frame)

    def show(self, frame: pd.DataFrame) -> None:
        """Show another frame; what was edited in the one before is forgotten.

        Raises
        ------
        InvalidValue
            It has columns of the same name, or lacks some that were named.
        """
        check_frame(frame)
        table = Table(frame)
        shown = lay_out(table, self._columns, self._editable)
        with self.lock:
            self.table, self.shown, self.log = table, shown, EditLog()
            #: an edit of what was shown before is of another table
            self._since = self.stream.seq
            self.stream.show(table, shown)

    # -- by people ---------------------------------------------------------------------

    def edit(self, asked: Mapping[str, Any]) -> Answer:
        """Change a cell, unless it has changed since it was read."""
        with self.lock:
            at, one = self._named(asked.get("column"))
            row, seq = asked.get("id"), asked.get("version")
            if type(row) is not int or type(seq) is not int:
                raise errors.InvalidValue("An edit names a row and the version that was read.")
            if not self._is_there(row) or seq < self._since:
                raise errors.Conflict("This row is not there any more.")
            if not one.editable or one.column is None:
                raise errors.Forbidden(_fixed(one))
            ids = np.array([row])
            if self.stream.is_news(at, row, seq):
                theirs = encode.cells(one.kind, self.table.take(one.column, ids))[0]
                return {
                    "ok": False,
                    "message": f"{one.title} has changed meanwhile.",
                    "theirs": theirs,
                    "version": self.stream.seq + 1,
                }
            old = self.table.take(one.column, ids).iloc[0]
            _check_seen_whole(one, old)
            new = self._checked(one, asked.get("value"), old)
            self._put(at, ids, new)
            self.log.cell(row, self.table.label(row), one.label, old, new.iloc[0])
            self.stream.flush()
            return {"ok": True, "version": self.stream.seq}

    def add(self, given: Mapping[Any, Any], *, typed: bool, index: Any = None) -> int:
        """Add a row; return its id.

        Parameters
        ----------
        given
            Values by column: with ``typed`` as the page names columns, else by label.
        typed
            Whether the values are what somebody typed.
        index
            Label of the row; by default the next number, or none.
        """
        with self.lock:
            row = {}
            for name, value in given.items():
                if typed:
                    _, one = self._named(name)
                    if one.column is None or not one.editable:
                        raise errors.Forbidden(_fixed(one))
                    row[one.column] = self._checked(one, value, None)
                else:
                    at = self._at(name)
                    like = self.table.like(at)
                    row[at] = values.fit(values.alone(value), like, str(name))
            labels = self.table.fresh_labels(1) if index is None else self._labels([index])
            (number,) = self._append(self.table.filled(row, 1), labels)
            if typed:
                ids = np.array([number])
                self.log.rows("add", ids, self.table.labels_of(ids))
                self.stream.flush()
            return number

    def remove(self, ids: Ids, *, by_people: bool) -> Ids:
        """Delete rows; those that are gone already are left out. Return the ids of the others."""
        with self.lock:
            there: Ids = ids[self.table.alive(ids)]
            if by_people:
                self.log.rows("delete", there, self.table.labels_of(there))
            self.table.remove(there)
            self.stream.removed(there)
            if by_people:
                self.stream.flush()
            return there

    def search(self, text: str) -> list[int]:
        """Return the ids of rows whose long texts hold ``text``, in whatever case."""
        wanted = text.casefold()
        found: set[int] = set()
        with self.lock:
            ids = self.table.ids(0, self.table.rows)
            columns = [
                one.values(self.table, ids) for one in self.shown if one.kind.travel == "remote"
            ]
        for column in columns:
            texts = strings(column)
            found.update(
                number
                for number, value in zip(ids.tolist(), texts, strict=True)
                if value is not None and wanted in value.casefold()
            )
        return sorted(found)

    # -- by programs -------------------------------------------------------------------

    def update(self, rows: pd.DataFrame, ids: Ids | None = None) -> None:
        """Change rows, by id or by label; rows with new labels are added.

        Raises
        ------
        InvalidValue
            A column or id is unknown, a value does not fit, or labels are not unique.
            Nothing is changed then.
        """
        check_frame(rows)
        with self.lock:
            if ids is None:
                rows = rows[~rows.index.duplicated(keep="last")]
                ids = self._found(rows.index)
            elif not self.table.alive(ids).all() or len(ids) != len(rows):
                raise errors.InvalidValue("ids names one row of the grid for each row given.")
            fitted = {
                self._at(label): values.fit(
                    rows.iloc[:, at].reset_index(drop=True),
                    self.table.like(self._at(label)),
                    str(label),
                )
                for at, label in enumerate(rows.columns)
            }
            known = np.flatnonzero(ids >= 0)
            new = np.flatnonzero(ids < 0)
            labels = self._labels(rows.index[new]) if len(new) else None
            given = {column: made.iloc[new] for column, made in fitted.items()}
            rows_new = self.table.filled(given, len(new)) if len(new) else []
            for column, made in fitted.items():
                self._put(self._place(column), ids[known], made.iloc[known], column)
            if labels is not None:
                self._append(rows_new, labels)

    def frame(self, ids: Ids | None = None) -> pd.DataFrame:
        """Return rows as they are now; all by default."""
        with self.lock:
            if ids is not None:
                ids = ids[self.table.alive(ids)]
            return self.table.frame(ids)

    def find(self, labels: Any) -> Ids:
        """Return the ids of rows by their labels. `InvalidValue` if one is not there."""
        with self.lock:
            index = labels if isinstance(labels, pd.Index) else self._index_of(labels)
            ids = self._found(index)
            if (ids < 0).any():
                raise errors.InvalidValue(f"There is no row {index[ids < 0].tolist()[0]!r}.")
            return ids

    # -- inside ------------------------------------------------------------------------

    def _named(self, name: Any) -> tuple[int, Shown]:
        """Return a column by the name that pages use: ``c`` and its place among the shown."""
        for at, one in enumerate(self.shown):
            if name == f"c{at}":
                return at, one
        raise errors.Conflict("This column is not there any more.")

    def _at(self, label: Any) -> int:
        if label not in self.table.labels:
            raise errors.InvalidValue(near_names(self.table, label))
        return self.table.labels.index(label)

    def _place(self, column: int) -> int | None:
        """Return where a column of the table is shown; None if it is not."""
        for at, one in enumerate(self.shown):
            if one.column == column:
                return at
        return None

    def _is_there(self, row: int) -> bool:
        return bool(self.table.alive(np.array([row]))[0])

    def _checked(self, one: Shown, typed: Any, old: Any) -> Any:
        """Return what was typed as a column of one row. `InvalidValue` if it is refused."""
        assert one.column is not None
        like = self.table.like(one.column)
        try:
            value = values.parse(typed, like, one.kind, old)
            if one.options.choices is not None and value is not None:
                value = values.one_of(str(value), list(one.options.choices))
            _validate(one.options.validate, value)
            return values.fit(values.alone(value), like, one.title)
        except errors.InvalidValue as error:
            text = str(error)
            named = text if text.startswith(one.title) else f"{one.title}: {text}"
            raise errors.InvalidValue(named) from error

    def _put(self, at: int | None, ids: Ids, new: Any, column: int | None = None) -> None:
        one = None if at is None else self.shown[at]
        column = column if one is None else one.column
        assert column is not None
        self.table.put(column, ids, new)
        if at is None or one is None:
            return
        if not one.kind.holds(new):
            self._travel_anew(at, one)
        self.stream.changed(at, ids)

    def _travel_anew(self, at: int, one: Shown) -> None:
        """Choose another way to send a column whose new values do not fit the present one."""
        again = one.again(self.table)
        if again is not one:
            self.shown[at] = again
            self.stream.show(self.table, self.shown)

    def _append(self, columns: list[Any], labels: pd.Index[Any]) -> list[int]:
        ids = self.table.append(columns, labels)
        for at, one in enumerate(self.shown):
            if one.column is not None and not one.kind.holds(columns[one.column]):
                self._travel_anew(at, one)
        self.stream.grown()
        return list(map(int, ids))

    def _found(self, labels: pd.Index[Any]) -> Ids:
        if labels.nlevels != self.table.index.nlevels:
            raise errors.InvalidValue(
                f"The grid's index has {self.table.index.nlevels} levels, this one"
                f" {labels.nlevels}."
            )
        several = self.table.ambiguous(labels)
        if len(several):
            raise errors.InvalidValue(
                f"Several rows have the label {several.tolist()[0]!r}: name rows by id,"
                " update(rows, ids=[…]), or show df.reset_index()."
            )
        return self.table.find(labels)

    def _index_of(self, labels: Any) -> pd.Index[Any]:
        index = self.table.index
        if isinstance(index, pd.MultiIndex):
            return pd.MultiIndex.from_tuples([tuple(one) for one in labels], names=index.names)
        made: pd.Index[Any] = pd.Index(list(labels), name=index.name)
        return made

    def _labels(self, labels: Any) -> pd.Index[Any]:
        """Return labels of new rows. `InvalidValue` if they would change the index's dtype."""
        index = self.table.index
        made = labels if isinstance(labels, pd.Index) else self._index_of(labels)
        made = made.set_names(index.names)
        if isinstance(index, pd.MultiIndex) or not len(index):
            return made
        if index.append(made).dtype != index.dtype:
            raise errors.InvalidValue(
                f"The index holds {index.dtype}: {values.shown(made[0])} does not fit."
            )
        fitted: pd.Index[Any] = made.astype(index.dtype)
        return fitted


def _fixed(one: Shown) -> str:
    return f"{one.title}: {one.fixed}" if one.fixed else f"{one.title} cannot be edited."


def _check_seen_whole(one: Shown, old: Any) -> None:
    """Refuse to write over a text of which a page has the beginning only. `InvalidValue`."""
    if one.kind.travel == "remote" and len(in_words(old)) > LONGEST_CHARS:
        raise errors.InvalidValue(
            f"{one.title}: the page shows the beginning of this text only, so it cannot be"
            " changed here; grid.update(…) changes it."
        )


def _validate(validate: Callable[[Any], Any] | None, value: Any) -> None:
    if validate is None:
        return
    try:
        said = validate(value)
    except ValueError as error:
        raise errors.InvalidValue(str(error) or f"{values.shown(value)} is refused.") from error
    if isinstance(said, str) and said:
        raise errors.InvalidValue(said)
    if said is False:
        raise errors.InvalidValue(f"{values.shown(value)} is refused.")
