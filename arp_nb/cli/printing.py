"""Tables for a terminal; text from jobs and scripts cannot move the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arp_nb import reports
from arp_nb.client.markup import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WIDEST = 60


def table(titles: Sequence[str], rows: Iterable[Sequence[object]], widest: int = _WIDEST) -> str:
    """Return a table with aligned columns, none wider than so many characters."""
    lines = [tuple(titles), *(tuple(cell(one, widest) for one in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def cell(value: object, widest: int = _WIDEST) -> str:
    """Return one value as harmless text."""
    text = plain("" if value is None else str(value)).replace("\n", " ").replace("\t", " ")
    return text if len(text) <= widest else f"{text[: widest - 1]}…"


def lines(text: str) -> str:
    """Return a log's text as harmless text; only its lines and tabs stay as they are.

    A bare CR, which a progress bar writes, begins a line: nothing that was printed is hidden.
    """
    return plain(text.replace("\r\n", "\n").replace("\r", "\n"))


def time(text: str | None) -> str:
    """Return a time as it travels, shortened to its seconds, in UTC."""
    return (text or "")[:19].replace("T", " ")


def counters(report: Mapping[str, Any]) -> str:
    """Return all counters of a report in one line."""
    return ", ".join(_counter(one) for one in reports.counters(report))


def _counter(one: reports.Counter) -> str:
    top = "" if one.max is None else f"/{one.max:g}"
    unit = f" {one.unit}" if one.unit else ""
    return plain(f"{one.key} {one.value}{top}{unit}")


def jobs(rows: Sequence[Mapping[str, Any]], words: Mapping[int, str]) -> str:
    """Return jobs as a table; ``words`` are the statuses to show, by id."""
    return table(
        ("id", "run", "hash", "status", "scheduler id", "user", "report"),
        (
            (
                row["id"],
                row["run"],
                row["hash"],
                words[row["id"]],
                row["native_id"],
                row["user"],
                counters(row["report"]) or row["reason"],
            )
            for row in rows
        ),
    )
