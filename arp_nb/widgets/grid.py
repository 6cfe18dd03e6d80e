"""``Grid``: a DataFrame that people can sort, filter, select and edit, and programs update."""

from __future__ import annotations

import logging
import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import traitlets

from arp_nb import errors
from arp_nb.widgets import stream
from arp_nb.widgets.encode import plain
from arp_nb.widgets.front import Front
from arp_nb.widgets.row_ids import RowIds
from arp_nb.widgets.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from arp_nb.widgets.table import Ids

_log = logging.getLogger(__name__)
_OWN = ("df", "columns", "editable")

#: all that a page may ask for
_HEARD = ("start", "resync", "more", "view", "select", "edit", "add", "remove", "search")


class _Ids(traitlets.TraitType[RowIds, Any]):
    """Ids of rows: given as any whole numbers, kept as ranges."""

    def validate(self, _obj: Any, value: Any) -> RowIds:
        """Return them as ranges."""
        try:
            return RowIds.of(value)
        except TypeError:
            raise traitlets.TraitError(
                "selected_ids holds ids of rows, which are whole numbers; set selected to"
                " select rows by their labels."
            ) from None


class Grid(Front):
    """An interactive table of a DataFrame, on its own or inside other widgets.

    People sort, filter, search and select rows, choose columns, and edit where they may;
    programs change rows while it is shown. The DataFrame that was given stays as it is:
    `df` is the present one.

    Parameters
    ----------
    df
        The DataFrame. Duplicate column names are refused.
    columns
        A list of names: only these, in this order. Or a dict by name of titles, `Column` or
        dicts of its keywords.
    editable
        Whether values can be changed, or the names of the columns in which they can.
    **more
        Any trait below, or of ipywidgets, as ``layout``.

    Raises
    ------
    TypeError
        A keyword is unknown; those that are near it are named.
    InvalidValue
        A column is unknown, or several have the same name.

    Examples
    --------
    >>> grid = Grid(df, columns={"x": Column(unit="mm")}, editable=["x"])  # doctest: +SKIP
    >>> grid.update(new_rows)  # doctest: +SKIP
    >>> grid.df, grid.edits, grid.selected  # doctest: +SKIP
    """

    _name = "grid"

    label = traitlets.Unicode(
        "Table", help="Name of the table, read aloud by screen readers."
    ).tag(sync=True)
    height_px = traitlets.Int(420, min=120, help="Height at most, in px.").tag(sync=True)
    can_add = traitlets.Bool(
        help="Whether people can add rows. By default where all columns can be edited."
    ).tag(sync=True)
    can_delete = traitlets.Bool(
        help="Whether people can delete rows. By default where all columns can be edited."
    ).tag(sync=True)
    selected_ids = _Ids(
        RowIds(), help="Ids of the selected rows, rising. Set it to select others."
    )
    edit_count = traitlets.Int(
        read_only=True, help="How many cells people changed, and rows they added or deleted."
    ).tag(sync=True)
    row_count = traitlets.Int(read_only=True, help="How many rows there are.")
    _first: Any = traitlets.Any(
        help="The first rows, for a page to show until it is told; None once they may be old."
    ).tag(sync=True)

    def __init__(self, df: Any, columns: Any = None, *, editable: Any = True, **more: Any) -> None:
        everything = editable is True
        more = {"can_add": everything, "can_delete": everything, **more}
        self._check_words(more, _OWN)
        self._from_page = False
        #: rows that were gone when the selection was last looked at
        self._removed = 0
        #: ranges of rows of which more are to come, by page
        self._coming: dict[int, list[tuple[int, int]]] = {}
        self._sheet = Sheet(_frame(df), columns, editable, self.tell)
        super().__init__(_first=self._sheet.stream.first(), **more)
        self._count()
        self.on_msg(self._hear)

    # -- for everybody -----------------------------------------------------------------

    @property
    def df(self) -> pd.DataFrame:
        """The table as it is now, edits included: a copy with the same class, dtypes and index.

        Set it to show another; edits and selection begin anew then.
        """
        return self._sheet.frame()

    @df.setter
    def df(self, frame: Any) -> None:
        self._sheet.show(_frame(frame))
        self._first = None
        self.selected_ids = RowIds()
        self._count()

    @property
    def edits(self) -> pd.DataFrame:
        """What people did, in order: at (UTC), what, id, index, column, old, new.

        ``what`` is ``edit``, ``add`` or ``delete``. Changes by `update` are not among them.
        """
        with self._sheet.lock:
            return self._sheet.log.frame()

    @property
    def selected(self) -> pd.DataFrame:
        """The selected rows as they are now, in the order of the table.

        Set it to a DataFrame of rows, to index labels, or to a column of truth values, as
        ``grid.df["x"] > 1``, to select those.
        """
        return self._sheet.frame(self._known(self.selected_ids))

    @selected.setter
    def selected(self, rows: Any) -> None:
        self.selected_ids = RowIds.of(self._sheet.find(_labels(rows)).tolist())

    def update(self, rows: Any, *, ids: Iterable[int] | None = None) -> None:
        """Change values while the grid is shown; from any thread.

        Pages are told at most 30 times a second, each time what is true then.

        Parameters
        ----------
        rows
            A DataFrame, or what makes one, with some of the columns. Its rows are known by
            their index labels; rows with new labels are added.
        ids
            The ids of the rows, instead of labels.

        Raises
        ------
        InvalidValue
            A column or row is unknown, or a value does not fit its column. Nothing is
            changed then.
        """
        frame = _rows(rows)
        known = None if ids is None else _ids("update", ids)
        self._sheet.update(frame, known)
        self._first = None
        self._count()

    def add_row(self, values: Mapping[Any, Any] | None = None, *, index: Any = None) -> int:
        """Add a row at the end; return its id.

        Parameters
        ----------
        values
            By column; what is left out is missing, or 0 or False where nothing can be.
        index
            Its label; by default the next number, or a missing one.
        """
        if values is not None and not hasattr(values, "items"):
            raise errors.InvalidValue("add_row takes values by column, as {'x': 1.5}.")
        row = self._sheet.add(values or {}, typed=False, index=index)
        self._first = None
        self._count()
        return row

    def delete_rows(self, ids: Iterable[int]) -> None:
        """Delete rows by their ids; those that are gone already are no error."""
        self._sheet.remove(np.unique(_ids("delete_rows", ids)), by_people=False)
        self._first = None
        self._count()

    def close(self) -> None:
        """Take it off all pages and tell it nothing any more. `df` and `edits` stay."""
        # absent if it was refused when it was made; without the lock, for garbage collection
        # may call this while another thread holds it
        if sheet := self.__dict__.get("_sheet"):
            sheet.stream.close()
        super().close()

    # -- traits ------------------------------------------------------------------------

    @traitlets.observe("selected_ids")
    def _tell_selection(self, change: Any) -> None:
        if not self._from_page:
            self.tell({"type": "select", "ranges": change["new"].ranges})

    def _known(self, ids: RowIds) -> Any:
        """Return ids as an array, as far as there ever were such rows."""
        return ids.array(self._sheet.table.rows)

    def _count(self) -> None:
        """Bring the counting traits up to date; outside the lock, for they call observers."""
        with self._sheet.lock:
            table, edits = self._sheet.table, len(self._sheet.log)
            rows, removed = table.live, table.rows - table.live
        self.set_trait("row_count", rows)
        self.set_trait("edit_count", edits)
        if removed == self._removed:
            return  # what is selected is there; a live table comes here 30 times a second
        self._removed = removed
        ids = self._known(self.selected_ids)
        there = table.alive(ids)
        if not there.all():
            self.selected_ids = RowIds.of(ids[there].tolist())

    # -- the page ----------------------------------------------------------------------

    def _hear(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Do what a page asks; whatever goes wrong is answered in words."""
        kind = content.get("type") if isinstance(content, dict) else None
        if kind not in _HEARD:
            return
        do: Callable[[dict[str, Any]], Any] = getattr(self, f"_on_{kind}")
        try:
            answer = do(content)
        except errors.ArpError as error:
            answer = {"ok": False, "message": plain(str(error))}
        except Exception as error:  # noqa: BLE001 - the top of a call: it is answered, and logged
            _log.exception("A page's %s could not be done.", kind)
            answer = {"ok": False, "message": plain(f"{type(error).__name__}: {error}")}
        if "call" in content:
            self.tell({"type": "answer", "call": content["call"], "answer": answer})

    def _on_start(self, content: dict[str, Any]) -> None:
        with self._sheet.lock:
            self._sheet.stream.head(_page(content))
        self._first = None  # a notebook that is saved from now on keeps no rows
        if self.selected_ids:
            self.tell({"type": "select", "ranges": self.selected_ids.ranges})

    _on_resync = _on_start

    def _on_more(self, content: dict[str, Any]) -> None:
        with self._sheet.lock:
            self._sheet.stream.more(_page(content))

    def _on_view(self, content: dict[str, Any]) -> None:
        with self._sheet.lock:
            ids = np.array(content["ids"][: stream.MOST_IN_VIEW], dtype=np.int64)
            self._sheet.stream.view(ids, _page(content))

    def _on_select(self, content: dict[str, Any]) -> None:
        if (asked := self._gathered(content)) is None:
            return
        self._from_page = True
        try:
            self.selected_ids = RowIds(asked)
        finally:
            self._from_page = False
        # other pages show the same selection; this one may be further by now
        told = {"ranges": self.selected_ids.ranges, "page": _page(content)}
        self.tell({"type": "select", **told})

    def _gathered(self, content: dict[str, Any]) -> list[tuple[int, int]] | None:
        """Return ranges of rows, which may come in several messages; None: not all are here."""
        page = _page(content)
        self._coming.setdefault(page, []).extend(stream.ranges(content["ranges"]))
        return None if content.get("more") is True else self._coming.pop(page)

    def _on_edit(self, content: dict[str, Any]) -> dict[str, Any]:
        answer = self._sheet.edit(content["edit"])
        self._count()
        return answer

    def _on_add(self, content: dict[str, Any]) -> dict[str, Any]:
        if not self.can_add:
            raise errors.Forbidden("Rows cannot be added here.")
        row = self._sheet.add(content["values"], typed=True)
        self._count()
        return {"ok": True, "version": self._sheet.stream.seq, "id": row}

    def _on_remove(self, content: dict[str, Any]) -> dict[str, Any]:
        if not self.can_delete:
            raise errors.Forbidden("Rows cannot be deleted here.")
        if (asked := self._gathered(content)) is None:
            return {"ok": True, "version": self._sheet.stream.seq}
        ids = self._known(RowIds(asked))
        self._sheet.remove(ids, by_people=True)
        self._count()
        return {"ok": True, "version": self._sheet.stream.seq}

    def _on_search(self, content: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "ids": self._sheet.search(str(content["text"]))}


def _page(content: dict[str, Any]) -> int:
    """Return the number of the page that speaks; 0 if it has none."""
    page = content.get("page", 0)
    return page if type(page) is int else 0


def _ids(of: str, given: Any) -> Ids:
    """Return ids of rows as an array. `InvalidValue` if they are none."""
    try:
        return np.fromiter((operator.index(one) for one in given), dtype=np.int64)
    except TypeError:
        raise errors.InvalidValue(
            f"{of} names rows by their ids, which are whole numbers, as [0, 3]."
        ) from None


def _labels(rows: Any) -> Any:
    """Return the labels that somebody meant who wants rows selected."""
    if isinstance(rows, pd.Series) and pd.api.types.is_bool_dtype(rows.dtype):
        return rows.index[rows.to_numpy(dtype=bool, na_value=False)]
    if isinstance(rows, pd.DataFrame | pd.Series):
        return rows.index
    if rows is None:
        return []
    return [rows] if isinstance(rows, str) or not hasattr(rows, "__iter__") else rows


def _rows(given: Any) -> pd.DataFrame:
    """Return rows of an update as a DataFrame. `InvalidValue` if they are none."""
    if isinstance(given, pd.DataFrame):
        return given
    try:
        if given is None:
            raise TypeError("not None")  # noqa: TRY301 - pandas would make an empty frame of it
        return pd.DataFrame(given)
    except (TypeError, ValueError) as error:
        raise errors.InvalidValue(
            "update takes a DataFrame whose index names the rows, as"
            f" pd.DataFrame({{'rate': [1.5]}}, index=[7]): {error}."
        ) from error


def _frame(given: Any) -> pd.DataFrame:
    """Return what was given as a DataFrame. `InvalidValue` if it is none."""
    if isinstance(given, pd.DataFrame):
        return given
    if isinstance(given, pd.Series):
        return given.to_frame()
    if hasattr(given, "to_pandas"):  # polars, pyarrow and others
        return _frame(given.to_pandas())
    raise errors.InvalidValue(
        f"A Grid shows a DataFrame, not {type(given).__name__}: pd.DataFrame(…) makes one."
    )
