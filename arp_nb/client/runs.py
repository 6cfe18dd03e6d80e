"""``board.runs``: the runs of an experiment."""

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
    """

    def __init__(self, transport: Transport, live: Live, root: str) -> None:
        self._transport = transport
        self._live = live
        self._root = f"{root}/runs"

    def start(self, n: int, parameters: Mapping[str, Any] | None = None) -> Row:
        """Say that run ``n`` began; it is made if there is none."""
        return self._send("POST", f"{self._root}/{run_number(n)}:start", parameters)

    def end(self, n: int, parameters: Mapping[str, Any] | None = None) -> Row:
        """Say that run ``n`` ended."""
        return self._send("POST", f"{self._root}/{run_number(n)}:end", parameters)

    def put(
        self,
        n: int,
        *,
        started_at: datetime | None = None,
        ended_at: datetime | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Row:
        """Add run ``n``, or change what is given of it; parameters are merged."""
        body = {
            "started_at": started_at and started_at.isoformat(),
            "ended_at": ended_at and ended_at.isoformat(),
            "parameters": None if parameters is None else dict(parameters),
        }
        return self._learn(self._transport.call("PUT", f"{self._root}/{run_number(n)}", body))

    def rows(self) -> list[Row]:
        """Return everything known of each run, by number."""
        return sorted(self._live.snapshot().runs.values(), key=lambda row: row["run"])

    @property
    def df(self) -> Any:
        """A DataFrame of the runs, with a column for each parameter."""
        from arp_nb.client import frames  # noqa: PLC0415 - pandas takes half a second

        now = self._live.snapshot()
        return frames.runs(now.runs.values(), now)

    def _send(self, method: str, path: str, parameters: Mapping[str, Any] | None) -> Row:
        body = {"parameters": None if parameters is None else dict(parameters)}
        return self._learn(self._transport.call(method, path, body, repeatable=True))

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
            ("run", "started", "ended", "parameters"),
            (
                (
                    markup.escape(row["run"]),
                    _time(row["started_at"]),
                    _time(row["ended_at"]),
                    markup.escape(", ".join(f"{k}={v}" for k, v in row["parameters"].items())),
                )
                for row in rows
            ),
        )


def _time(text: str | None) -> str:
    return markup.escape((text or "")[:19].replace("T", " "))
