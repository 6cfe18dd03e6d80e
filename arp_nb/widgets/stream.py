"""What a grid's pages are told: the first rows, more when they ask, then what changed.

Messages carry what is true when they are sent, not what was when it changed: of many changes
of a cell the last one travels, at most 30 times a second. Heads and deltas are counted, so
that a page which missed one can ask for everything again.
"""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from arp_nb import columns
from arp_nb.widgets import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from arp_nb.widgets.layout import Shown
    from arp_nb.widgets.table import Ids, Table

HEAD_ROWS = 512
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
#: pages of one grid whose rows in view are known
MOST_PAGES = 8

_NONE = np.empty(0, dtype=np.int64)
_NEVER = np.empty(0, dtype=np.int32)


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
        #: rows before this one were sent
        self._sent = 0
        #: the page has all rows, and asks for no more
        self._complete = False
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

    # -- asked by the page -------------------------------------------------------------

    def head(self) -> None:
        """Send the first rows; what waited is in them."""
        self._started = True
        for column, ids in self._changed.items():
            self._note(column, np.unique(np.concatenate(ids)))
        self._forget()
        self.seq += 1
        self._sent = 0
        self._last_s = time.monotonic()
        size_bytes = self._rows("head", HEAD_ROWS, seq=self.seq)
        per_row = max(1, size_bytes // max(1, min(HEAD_ROWS, self._sent)))
        self._chunk_rows = min(CHUNK_ROWS, max(HEAD_ROWS, CHUNK_BYTES // per_row))

    def more(self) -> None:
        """Send the next rows; none if all were sent."""
        if self._started:
            self._rows("chunk", self._chunk_rows)

    def view(self, ids: Ids, page: int = 0) -> None:
        """Send the long texts of rows that came into view of a page."""
        ids = ids[:MOST_IN_VIEW]
        self._in_view.pop(page, None)
        self._in_view[page] = ids
        while len(self._in_view) > MOST_PAGES:  # nobody tells of a page that was closed
            self._in_view.pop(next(iter(self._in_view)))
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
        known = self._sent
        if self._complete and known < self._table.rows:
            self._rows("chunk", self._chunk_rows)
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

    def _rows(self, what: str, count: int, **more: Any) -> int:
        """Send the next rows in a frame; return its size in bytes."""
        table = self._table
        assert table is not None
        first, self._sent = self._sent, min(self._sent + count, table.rows)
        self._complete = self._sent == table.rows
        ids = table.ids(first, self._sent)
        packed = [encode.row_ids(ids)]
        packed += [
            encode.pack(f"c{at}", one.kind, one.values(table, ids), one.head)
            for at, one in enumerate(self._shown)
        ]
        following = None if self._complete else self._sent
        place = {"from": first, "to": self._sent, "next_before": following}
        head, buffers = columns.frame(packed, total=table.live, **place, **more)
        self._send({"type": what, "head": head}, list(buffers))
        return int(sum(head["sizes"]))

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
