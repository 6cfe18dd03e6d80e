"""``board.runs``: the runs of an experiment."""

# ruff: noqa: A002 - `type` is the word for it everywhere

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arp_nb.client import markup
from arp_nb.client.selection import run_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from arp_nb.client.live import Live
    from arp_nb.client.tables import Row
    from arp_nb.client.transport import Transport


class Runs:
    """The runs of a board.

    Examples
    --------
    >>> board.runs.start(12, parameters={"sample": "lysozyme"})  # doctest: +SKIP
    >>> board.runs.end(12)  # doctest: +SKIP
    >>> board.runs.exclude(13, "the shutter was closed")  # doctest: +SKIP
    """

    def __init__(self, transport: Transport, live: Live, root: str) -> None:
        self._transport = transport
        self._live = live
        self._root = f"{root}/runs"

    def start(
        self, n: int, parameters: Mapping[str, Any] | None = None, *, type: str | None = None
    ) -> Row:
        """Say that run ``n`` began; it is made if there is none. ``type`` is as ``"DATA"``."""
        return self._tell(n, "start", parameters, type)

    def end(
        self, n: int, parameters: Mapping[str, Any] | None = None, *, type: str | None = None
    ) -> Row:
        """Say that run ``n`` ended."""
        return self._tell(n, "end", parameters, type)

    def put(
        self,
        n: int,
        *,
        started_at: datetime | str | None = None,
        ended_at: datetime | str | None = None,
        parameters: Mapping[str, Any] | None = None,
        type: str | None = None,
        first_file_at: datetime | str | None = None,
        all_files_at: datetime | str | None = None,
        nonrec_files_at: datetime | str | None = None,
    ) -> Row:
        """Add run ``n``, or change what is given of it.

        Parameters
        ----------
        n
            Its number.
        started_at, ended_at
            When it began and ended; times have a zone, text is ISO 8601.
        parameters
            Merged with those that are there; a value of None deletes one.
        type
            What kind of run it is, as ``"DATA"`` or ``"DARK"``.
        first_file_at, all_files_at, nonrec_files_at
            When its first file was transferred, all of them, and all that an analysis needs.
        """
        times = {
            "started_at": started_at,
            "ended_at": ended_at,
            "first_file_at": first_file_at,
            "all_files_at": all_files_at,
            "nonrec_files_at": nonrec_files_at,
        }
        said = {name: at for name, at in times.items() if at is not None}
        body = {**said, **_facts(parameters, type)}
        return self._learn(self._transport.call("PUT", f"{self._root}/{run_number(n)}", body))

    def exclude(self, n: int, why: str) -> Row:
        """Keep autorun away from run ``n``; everybody sees who did it and why."""
        path = f"{self._root}/{run_number(n)}:exclude"
        return self._learn(self._transport.call("POST", path, {"why": why}, repeatable=True))

    def include(self, n: int) -> Row:
        """Undo `exclude`, for what happens to the run from now on."""
        path = f"{self._root}/{run_number(n)}:include"
        return self._learn(self._transport.call("POST", path, repeatable=True))

    def rows(self) -> list[Row]:
        """Return everything known of each run, by number."""
        return sorted(self._live.snapshot().runs.values(), key=lambda row: row["run"])

    @property
    def df(self) -> Any:
        """A DataFrame of the runs, with a column for each parameter of any of them.

        A parameter that is called as another column here, as *type*, is found as
        ``"type (parameter)"``.
        """
        from arp_nb.client import frames  # noqa: PLC0415 - pandas takes half a second

        now = self._live.snapshot()
        return frames.runs(now.runs.values(), now)

    def _tell(
        self, n: int, what: str, parameters: Mapping[str, Any] | None, type: str | None
    ) -> Row:
        path = f"{self._root}/{run_number(n)}:{what}"
        body = _facts(parameters, type)
        return self._learn(self._transport.call("POST", path, body, repeatable=True))

    def _learn(self, row: Row) -> Row:
        self._live.learn("runs", [row])
        return row

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._live.snapshot().runs))

    def __len__(self) -> int:
        return len(self._live.snapshot().runs)

    def __repr__(self) -> str:
        numbers = list(self)
        return f"{len(numbers):,} runs" + (f": {numbers[0]} … {numbers[-1]}" if numbers else "")

    def _repr_html_(self) -> str:
        rows = sorted(self._live.snapshot().runs.values(), key=lambda row: -row["run"])[:40]
        return markup.table(
            ("run", "type", "started", "ended", "parameters", ""),
            (
                (
                    markup.escape(row["run"]),
                    markup.escape(row["type"]),
                    markup.time(row["started_at"]),
                    markup.time(row["ended_at"]),
                    markup.escape(", ".join(f"{k}={v}" for k, v in row["parameters"].items())),
                    markup.escape(excluded(row)),
                )
                for row in rows
            ),
        )


def excluded(row: Mapping[str, Any]) -> str:
    """Say that autorun leaves a run alone, by whom and why; empty if it does not."""
    if row["excluded_at"] is None:
        return ""
    return f"excluded by {row['excluded_by']}: {row['excluded_why']}"


def _facts(parameters: Mapping[str, Any] | None, kind: str | None) -> dict[str, Any]:
    """Return what was said of a run; nothing of what was not said."""
    said: dict[str, Any] = {} if parameters is None else {"parameters": dict(parameters)}
    return said if kind is None else {**said, "type": kind}
