"""What a grid's pages are told: the first rows, more when they ask, then what changed.

Messages carry what is true when they are sent, not what was when it changed: of many changes
of a cell the last one travels, at most 30 times a second. Heads and deltas are counted, so
that a page which missed one can ask for everything again.
"""

from __future__ import annotations

import threading
import time
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from arp_nb import columns
from arp_nb.widgets import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from arp_nb.widgets.layout import Shown
    from arp_nb.widgets.table import Ids, Table

HEAD_ROWS = 512
#: as many as a page may show before it has asked
FIRST_ROWS = 64
CHUNK_ROWS = 65_536
#: about so much travels in one chunk
CHUNK_BYTES = 8_000_000
#: time between two deltas
GAP_S = 1 / 30
#: more changed cells than this are sent as a new head
MOST_CELLS = 250_000
#: rows in view whose long texts are asked for at once, and longest text that is sent whole
MOST_IN_VIEW = 500
LONGEST_CHARS = 20_000
#: pages of one grid that are known
MOST_PAGES = 8

_NONE = np.empty(0, dtype=np.int64)
_NEVER = np.empty(0, dtype=np.int32)


@dataclass(slots=True)
class _Cursor:
    """How far the rows were sent to a page."""

    #: rows before this one were
    sent: int = 0
    #: it has all rows, and asks for no more
    complete: bool = False


class Stream:
    """The messages about one table. Its owner holds ``lock`` around every call.

    Parameters
    ----------
    send
        Takes a message and its buffers.
    lock
        Held by whoever reads or changes the table.
    """

    def __init__(self, send: Callable[[dict[str, Any], list[Any]], None], lock: Any) -> None:
        self._send = send
        self._lock = lock
        self._table: Table | None = None
        self._shown: Sequence[Shown] = ()
        #: counts heads and deltas
        self.seq = 0
        #: somebody asked for the rows
        self._started = False
        #: how far each page is
        self._cursors: dict[int, _Cursor] = {}
        self._chunk_rows = CHUNK_ROWS
        #: by column and row: the message that last told of it
        self._told: dict[int, np.ndarray[Any, np.dtype[np.int32]]] = {}
        self._changed: dict[int, list[Ids]] = {}
        self._removed: list[Ids] = []
        #: rows in view, by page
        self._in_view: dict[int, Ids] = {}
        self._last_s = -1.0
        self._timer: threading.Timer | None = None
        self._closed = False

    def show(self, table: Table, shown: Sequence[Shown]) -> None:
        """Tell of another table, or of other columns, from now on."""
        if table is not self._table:
            self._told.clear()
            self._forget()
        self._table, self._shown = table, shown
        if self._started:
            self.head()

    def close(self) -> None:
        """Send nothing any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def first(self) -> dict[str, Any]:
        """Return the first rows as they are now, to travel with the widget itself."""
        assert self._table is not None
        head, buffers = self._frame(0, min(FIRST_ROWS, self._table.rows), seq=self.seq)
        # of what is a buffer, ipywidgets takes only these out of a state
        return {"head": head, "buffers": [bytes(one) for one in buffers]}

    # -- asked by the page -------------------------------------------------------------

    def head(self, page: int | None = None) -> None:
        """Send the first rows to a page, or to all; what waited is in them."""
        self._started = True
        if page is None:
            for column, ids in self._changed.items():
                self._note(column, np.unique(np.concatenate(ids)))
            self._forget()
            told = list(self._cursors.values())
        else:
            self.flush()  # the other pages are told of what waited
            told = [_Cursor()]
            _keep(self._cursors, page, told[0])
        for one in told:
            one.sent = 0
        self.seq += 1
        self._last_s = time.monotonic()
        size_bytes = self._rows("head", told, HEAD_ROWS, page, seq=self.seq)
        sent = min(HEAD_ROWS, self._table.rows if self._table is not None else 0)
        per_row = max(1, size_bytes // max(1, sent))
        self._chunk_rows = min(CHUNK_ROWS, max(HEAD_ROWS, CHUNK_BYTES // per_row))

    def more(self, page: int = 0) -> None:
        """Send the next rows to a page; none if all were sent."""
        if not self._started:
            return
        if page not in self._cursors:  # so many pages came since that it was forgotten
            self.head(page)
            return
        self.flush()  # so that all pages that have all rows have the same
        self._rows("chunk", [self._cursors[page]], self._chunk_rows, page)

    def view(self, ids: Ids, page: int = 0) -> None:
        """Send the long texts of rows that came into view of a page."""
        ids = ids[:MOST_IN_VIEW]
        _keep(self._in_view, page, ids)
        for number, one in enumerate(self._shown):
            if one.kind.travel == "remote":
                self._wide(number, ids)

    # -- told by the owner -------------------------------------------------------------

    def changed(self, column: int, ids: Ids) -> None:
        """Tell that values of a shown column are others now."""
        if self._started:
            self._changed.setdefault(column, []).append(ids)
            self._soon()

    def grown(self) -> None:
        """Tell that rows were added."""
        if self._started:
            self._soon()

    def removed(self, ids: Ids) -> None:
        """Tell that rows are gone."""
        if self._started:
            self._removed.append(ids)
            self._soon()

    def is_news(self, column: int, row: int, seq: int) -> bool:
        """Whether a cell changed after message ``seq``, told or not yet."""
        told = self._told.get(column)
        if told is not None and row < len(told) and told[row] > seq:
            return True
        return any(row in ids for ids in self._changed.get(column, ()))

    def flush(self) -> None:
        """Send what changed, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._closed or not self._started or self._table is None:
            return
        self._last_s = time.monotonic()
        known = max((one.sent for one in self._cursors.values()), default=0)
        complete = [one for one in self._cursors.values() if one.complete]
        if complete and complete[0].sent < self._table.rows:
            self._rows("chunk", complete, self._chunk_rows, None)
        self._delta(known)

    # -- inside ------------------------------------------------------------------------

    def _soon(self) -> None:
        if self._timer is not None or self._closed:
            return
        left_s = self._last_s + GAP_S - time.monotonic()
        if left_s <= 0:
            self.flush()
            return
        self._timer = threading.Timer(left_s, _flush, (weakref.ref(self), self._lock))
        self._timer.daemon = True
        self._timer.start()

    def _forget(self) -> None:
        self._changed.clear()
        self._removed.clear()

    def _rows(
        self, what: str, told: Sequence[_Cursor], count: int, page: int | None, **more: Any
    ) -> int:
        """Send the next rows in a frame; return its size in bytes.

        ``told`` are all at the same row; ``page`` is the only one that is meant, if one is.
        """
        table = self._table
        assert table is not None
        first = told[0].sent if told else 0
        last = min(first + count, table.rows)
        for one in told:
            one.sent, one.complete = last, last == table.rows
        head, buffers = self._frame(first, last, **more)
        self._send({"type": what, "head": head, "page": page}, buffers)
        return int(sum(head["sizes"]))

    def _frame(self, first: int, last: int, **more: Any) -> tuple[dict[str, Any], list[Any]]:
        """Return the rows from ``first`` to before ``last``: a head and its buffers."""
        table = self._table
        assert table is not None
        ids = table.ids(first, last)
        packed = [encode.row_ids(ids)]
        packed += [
            encode.pack(f"c{at}", one.kind, one.values(table, ids), one.head)
            for at, one in enumerate(self._shown)
        ]
        following = None if last == table.rows else last
        place = {"from": first, "to": last, "next_before": following}
        head, buffers = columns.frame(packed, total=table.live, **place, **more)
        return head, list(buffers)

    def _delta(self, known: int) -> None:
        """Send changes of rows that were sent before row ``known``."""
        table = self._table
        assert table is not None
        touched = {
            at: mine[(mine < known) & table.alive(mine)]
            for at, several in self._changed.items()
            for mine in [np.unique(np.concatenate(several))]
        }
        gone = np.unique(np.concatenate(self._removed)) if self._removed else _NONE
        gone = gone[gone < known]
        self._forget()
        ids = np.unique(np.concatenate([_NONE, *touched.values()]))
        if not len(ids) and not len(gone):
            return
        for at, mine in touched.items():
            self._note(at, mine)
        if len(ids) * len(touched) > MOST_CELLS or len(gone) > MOST_CELLS:
            self.head()
            return
        told = {
            f"c{at}": encode.cells(self._shown[at].kind, self._shown[at].values(table, ids))
            for at in touched
            if not self._is_remote(at)
        }
        remote = {at: ids for at, ids in touched.items() if self._is_remote(at)}
        stale = {f"c{at}": mine.tolist() for at, mine in remote.items()}
        self.seq += 1
        delta = {"ids": ids.tolist(), "columns": told, "removed": gone.tolist(), "seq": self.seq}
        self._send({"type": "delta", "delta": delta, "stale": stale}, [])
        seen = np.concatenate([_NONE, *self._in_view.values()])
        for at, mine in remote.items():
            self._wide(at, np.intersect1d(mine, seen))

    def _is_remote(self, column: int) -> bool:
        return self._shown[column].kind.travel == "remote"

    def _note(self, column: int, ids: Ids) -> None:
        """Remember that the next message tells of these cells."""
        told = self._told.get(column, _NEVER)
        if len(ids) and ids[-1] >= len(told):
            grown = np.zeros(int(ids[-1]) + 1 + len(told), dtype=np.int32)
            grown[: len(told)] = told
            told = self._told[column] = grown
        told[ids] = self.seq + 1

    def _wide(self, number: int, ids: Ids) -> None:
        table = self._table
        assert table is not None
        ids = ids[table.alive(ids)]
        if len(ids):
            one = self._shown[number]
            texts = encode.cells(one.kind, one.values(table, ids))
            values = [_cut(text) for text in texts]
            column = f"c{number}"
            self._send(
                {"type": "wide", "column": column, "ids": ids.tolist(), "values": values}, []
            )


def _keep(by_page: dict[int, Any], page: int, value: Any) -> None:
    """Keep something of a page; of those that spoke longest ago nothing: they may be closed."""
    by_page.pop(page, None)
    by_page[page] = value
    while len(by_page) > MOST_PAGES:
        by_page.pop(next(iter(by_page)))


def ranges(ids: Iterable[Any]) -> list[tuple[int, int]]:
    """Read inclusive ranges of row ids as a page sends them. `ValueError` if they are none."""
    found = []
    for one in ids:
        first, last = one
        if type(first) is not int or type(last) is not int or first > last:
            raise ValueError("a range of rows is two whole numbers, the smaller one first")
        found.append((first, last))
    return found


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= LONGEST_CHARS:
        return text
    return f"{text[:LONGEST_CHARS]}… ({len(text):,} characters)"


def _flush(known: weakref.ref[Stream], lock: Any) -> None:
    with lock:
        if (stream := known()) is not None:
            stream.flush()
