"""``board.autorun.ledger``: what autorun did with each run, and why."""

# ruff: noqa: A002 - `hash` is the word for it everywhere

from __future__ import annotations

import dataclasses
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from arp_nb import errors
from arp_nb.client import markup
from arp_nb.client.selection import run_number
from arp_nb.client.watch import Watched

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from arp_nb.client.live import Live
    from arp_nb.client.tables import Row, Snapshot
    from arp_nb.client.transport import Transport

#: of one request
PAGE = 2000
#: how many a table shows
SHOWN = 40
_TITLES = ("run", "hash", "outcome", "job", "said", "at (UTC)")


class Ledger(Watched):
    """The ledger of a board's experiment, which may be long: it is read when you ask for it.

    With `watch` its newest entries stand in a notebook, and change by themselves.

    Examples
    --------
    >>> board.autorun.ledger.df  # doctest: +SKIP
    >>> board.autorun.ledger.watch()  # doctest: +SKIP
    >>> board.autorun.ledger(run=12)  # doctest: +SKIP
    >>> board.autorun.ledger(hash="smalldata", why="predicate")  # doctest: +SKIP
    """

    def __init__(self, transport: Transport, live: Live, root: str) -> None:
        super().__init__(live)
        self._transport = transport
        self._path = f"{root}/autorun/ledger"
        #: what a watched table shows, and of which change of the ledger it is
        self._shown: tuple[int, str] = (-1, "")

    @property
    def df(self) -> Any:
        """All of it as a DataFrame, newest first."""
        return self()

    def __call__(
        self,
        *,
        run: int | None = None,
        hash: str | None = None,
        outcome: str | None = None,
        why: str | None = None,
        complete: bool | None = None,
        limit: int | None = None,
    ) -> Any:
        """Return a part of it as a DataFrame, newest first.

        Parameters
        ----------
        run
            Of this run only.
        hash
            Of this batch def only.
        outcome
            ``"fired"``, ``"waiting"`` or ``"skipped"``.
        why
            As ``"predicate"``, ``"limit"``, ``"unchecked"``: the column of that name.
        complete
            With a row also for each batch def or run that nothing has happened to yet; by
            default where you ask for one run or one batch def, and for no outcome. Of one
            batch def only the newest runs may get one; a warning tells how many did not.
        limit
            So many at most, the newest.

        Raises
        ------
        InvalidValue
            There is no such outcome, or ``complete`` was asked without run and hash.
        NotFound
            There is no such batch def, and never was.
        """
        from arp_nb.client import frames  # noqa: PLC0415 - pandas takes half a second

        now = self._live.snapshot()
        asked = question(
            None if run is None else run_number(run), hash, outcome, why, complete=complete
        )
        as_of = datetime.now(UTC)
        rows = list(self.rows(asked, limit))
        is_there = any(row["name"] == hash for row in now.definitions.values())
        if asked["complete"] and run is None and limit is None and is_there:
            _tell_left_out(now.runs.keys() - {row["run"] for row in rows})
        # asked for just now, however the live tables are
        return frames.ledger(rows, dataclasses.replace(now, as_of=as_of, stale=False))

    def rows(self, asked: Mapping[str, Any], limit: int | None = None) -> Iterator[Row]:
        """Give the entries that were asked for, newest first, page by page.

        Raises
        ------
        NotFound
            There is none, nor a batch def of the hash that was asked for.
        """
        given = 0
        for page in self._pages(asked, limit):
            given += len(page)
            yield from page
        name = asked.get("hash")
        if not given and name is not None:
            names = {row["name"] for row in self._live.snapshot().definitions.values()}
            if name not in names:
                there = ", ".join(sorted(names)) or "none yet"
                raise errors.NotFound(f"There is no batch def {name!r}; there are: {there}.")

    def _pages(self, asked: Mapping[str, Any], limit: int | None) -> Iterator[list[Row]]:
        params = {name: value for name, value in asked.items() if value is not None}
        left = limit
        while True:
            params["limit"] = PAGE if left is None else min(left, PAGE)
            answer = self._transport.call("GET", self._path, params=params)
            page: list[Row] = answer["entries"][:left]
            yield page
            ids = [one["id"] for one in page if one["id"] is not None]
            if left is not None:
                left -= len(page)
            if not answer["more"] or not ids or left == 0:
                return
            params["before_id"] = min(ids)

    def newest(self, limit: int) -> tuple[list[Row], bool]:
        """Return the newest entries, and whether there are more."""
        page = self._transport.call("GET", self._path, params={"limit": limit})
        return list(page["entries"]), bool(page["more"])

    def __repr__(self) -> str:
        rows, more = self.newest(SHOWN)
        tail = ["… and older ones: board.autorun.ledger.df"] if more else []
        return "\n".join([*(markup.plain(line(row)) for row in rows), *tail]) or _NOTHING

    def _repr_html_(self) -> str:
        return markup.stop(self._live.peek()) + self._table()

    def _draw(self) -> str:
        now = self._live.peek()
        changes = self._live.ledger_changes
        is_first = self._shown[0] < 0
        if is_first or (changes != self._shown[0] and not now.stale):
            self._shown = (changes, self._table())
        return markup.freshness(now) + markup.stop(now) + self._shown[1]

    def _table(self) -> str:
        rows, more = self.newest(SHOWN)
        tail = "<p>… and older ones: <code>board.autorun.ledger.df</code></p>" if more else ""
        return table(rows) + tail if rows else f"<p>{_NOTHING}</p>"


_NOTHING = "Nothing has happened yet that autorun goes by."


def question(
    run: int | None, hash: str | None, outcome: str | None, why: str | None, *,
    complete: bool | None,
) -> dict[str, Any]:  # fmt: skip
    """Return what is asked of the ledger.

    Who asks for one run, or one batch def, wants to know of all that may happen to it.
    """
    if complete is None:
        complete = (run is not None or hash is not None) and outcome is None and why is None
    return {
        "run": run,
        "hash": hash,
        "outcome": outcome,
        "why": why,
        "complete": "true" if complete else None,
    }


def _tell_left_out(runs: Collection[int]) -> None:
    """Warn of runs that there should be a row for: a frame must not look complete if it is not."""
    if runs:
        which = "1 run has" if len(runs) == 1 else f"{len(runs):,} runs have"
        warnings.warn(
            f"{which} no row here: nothing was decided on them, and only the newest of those are"
            f" told of. board.autorun.ledger(run={max(runs)}) tells what that run waits for.",
            stacklevel=3,
        )


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return entries as a table."""
    return markup.table(
        _TITLES,
        (
            (
                markup.escape(row["run"]),
                f"<b>{markup.escape(row['hash'])}</b>",
                markup.outcome(row["outcome"]),
                markup.escape(row["job_id"]),
                markup.escape(row["said"]),
                markup.time(row["event_at"]),
            )
            for row in rows
        ),
    )


def line(row: Mapping[str, Any]) -> str:
    """Return an entry as a line of text."""
    return f"run {row['run']}, {row['hash']}: {row['outcome']}. {row['said']}".rstrip()


def of(now: Snapshot, rows: Iterable[Mapping[str, Any]]) -> Any:
    """Return entries that a request answered as a DataFrame."""
    from arp_nb.client import frames  # noqa: PLC0415 - pandas takes half a second

    return frames.ledger(rows, now)
