"""``jupyter arp run``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from arp_nb.cli import printing
from arp_nb.cli.experiments import board_of
from arp_nb.client.markup import plain
from arp_nb.client.runs import excluded
from arp_nb.errors import InvalidValue

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

#: options with a time
TIMES = ("started_at", "ended_at", "first_file_at", "all_files_at", "nonrec_files_at")


def list_all(options: argparse.Namespace) -> int:
    """Print all runs of an experiment."""
    with board_of(options) as board:
        rows = board.runs.rows()
    print(
        printing.table(
            ("run", "type", "started (UTC)", "ended (UTC)", "parameters", ""),
            (
                (
                    row["run"],
                    row["type"],
                    printing.time(row["started_at"]),
                    printing.time(row["ended_at"]),
                    _words(row),
                    excluded(row),
                )
                for row in rows
            ),
        )
    )
    return 0


def tell(options: argparse.Namespace) -> int:
    """Start or end a run, or set what is known of it."""
    parameters = read_parameters(options.parameters)
    with board_of(options) as board:
        match options.action:
            case "start":
                row = board.runs.start(options.run, parameters, type=options.type)
            case "end":
                row = board.runs.end(options.run, parameters, type=options.type)
            case _:
                times = {name: _time(name, getattr(options, name)) for name in TIMES}
                if parameters is None and options.type is None and not any(times.values()):
                    raise InvalidValue("Nothing to set: give NAME=VALUE, --type, or a time.")
                row = board.runs.put(
                    options.run, parameters=parameters, type=options.type, **times
                )
    kind = f"{row['type']}, " if row["type"] else ""
    print(plain(f"run {row['run']}: {kind}{_words(row) or 'no parameters'}"))
    return 0


def exclude(options: argparse.Namespace) -> int:
    """Keep autorun away from a run."""
    with board_of(options) as board:
        row = board.runs.exclude(options.run, " ".join(options.why))
    print(plain(f"run {row['run']}: {excluded(row)}"))
    return 0


def include(options: argparse.Namespace) -> int:
    """Undo that."""
    with board_of(options) as board:
        row = board.runs.include(options.run)
    print(f"run {row['run']}: autorun takes it, from now on.")
    return 0


def read_parameters(given: Sequence[str]) -> dict[str, Any] | None:
    """Read ``NAME=VALUE``; a value that is JSON is what it says, any other is text."""
    read: dict[str, Any] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or not name:
            raise InvalidValue(f"{one!r} is not of the form NAME=VALUE.")
        try:
            read[name] = json.loads(text)
        except ValueError:
            read[name] = text
    return read or None


def _time(name: str, text: str | None) -> datetime | None:
    """Read a time: ISO 8601 with a zone, or "now"."""
    if text is None:
        return None
    if text == "now":
        return datetime.now(UTC)
    option = f"--{name.replace('_', '-')}"
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValue(
            f"{option} {text!r} is no time: write 2026-03-05T12:00:00Z, or now."
        ) from None
    if read.tzinfo is None:
        raise InvalidValue(
            f"{option} {text!r} has no zone: write {text}Z for UTC, or {text}+01:00."
        )
    return read


def _words(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in row["parameters"].items())
