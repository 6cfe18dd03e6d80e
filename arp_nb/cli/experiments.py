"""``jupyter arp experiment``, ``definition`` and ``run``."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from arp_nb.cli import printing
from arp_nb.client import entry
from arp_nb.errors import InvalidValue
from arp_nb.model import Arguments

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from arp_nb.client.board import Board


def board_of(options: argparse.Namespace) -> Board:
    """Open the experiment that the options name."""
    return entry.connect(options.experiment, options.url, options.token)


def list_all(options: argparse.Namespace) -> int:
    """Print all experiments."""
    with closing(entry.reach(options.url, options.token)) as way:
        way.check_version()
        rows = way.call("GET", "/experiments")["experiments"]
    print(
        printing.table(
            ("id", "experiment", "instrument", "active"),
            (
                (row["id"], row["name"], row["instrument"], "active" if row["active"] else "")
                for row in rows
            ),
        )
    )
    return 0


def create(options: argparse.Namespace) -> int:
    """Create an experiment."""
    with closing(entry.reach(options.url, options.token)) as way:
        way.check_version()
        body = {"name": options.experiment, "instrument": options.instrument}
        row = way.call("POST", "/experiments", body)
    print(f"Experiment {row['name']} has the number {row['id']}.")
    return 0


def set_active(options: argparse.Namespace) -> int:
    """Say whether an experiment takes data."""
    with closing(entry.reach(options.url, options.token)) as way:
        way.check_version()
        path = f"/experiments/{quote(options.experiment, safe='')}"
        row = way.call("PATCH", path, {"active": options.active}, repeatable=True)
    print(f"Experiment {row['name']} is {'active' if row['active'] else 'not active'}.")
    return 0


def list_definitions(options: argparse.Namespace) -> int:
    """Print all batch defs of an experiment."""
    with board_of(options) as board:
        print(
            printing.table(
                ("id", "hash", "executable", "parameters", "version", "check"),
                (
                    (one.id, one.name, one.executable, one.parameters, one.version, one.problem)
                    for one in board.definitions
                ),
            )
        )
    return 0


def add_definition(options: argparse.Namespace) -> int:
    """Add a batch def."""
    with board_of(options) as board:
        made = board.definitions.add(
            options.hash,
            options.executable,
            options.parameters,
            location=options.location,
            **_how_called(options),
        )
    print(made)
    return 0


def update_definition(options: argparse.Namespace) -> int:
    """Change a batch def."""
    names = ("name", "executable", "parameters", "location")
    changes = {
        name: getattr(options, name) for name in names if getattr(options, name) is not None
    } | _how_called(options)
    if not changes:
        raise InvalidValue("Nothing to change: give --parameters, --executable, --name, …")
    with board_of(options) as board:
        print(board.definitions.update(options.hash, **changes))
    return 0


def _how_called(options: argparse.Namespace) -> dict[str, Any]:
    """Return what was said of how the script is called; nothing of what was not said."""
    said: dict[str, Any] = {}
    if options.quoted_parameters is not None:
        said["quoted_parameters"] = options.quoted_parameters
    if options.parameters_only is not None:
        way = Arguments.PARAMETERS_ONLY if options.parameters_only else Arguments.EXPERIMENT_RUN
        said["arguments"] = way.value
    return said


def drop_definition(options: argparse.Namespace) -> int:
    """Remove a batch def, or undo that."""
    with board_of(options) as board:
        if options.action == "restore":
            print(board.definitions.restore(options.hash))
        else:
            board.definitions.remove(options.hash)
            print(f"{options.hash} is removed; `jupyter arp definition restore` undoes it.")
    return 0


def list_runs(options: argparse.Namespace) -> int:
    """Print all runs of an experiment."""
    with board_of(options) as board:
        rows = board.runs.rows()
    print(
        printing.table(
            ("run", "started (UTC)", "ended (UTC)", "parameters"),
            (
                (row["run"], _time(row["started_at"]), _time(row["ended_at"]), _words(row))
                for row in rows
            ),
        )
    )
    return 0


def tell_run(options: argparse.Namespace) -> int:
    """Start or end a run, or set its parameters."""
    parameters = _parameters(options.parameters)
    with board_of(options) as board:
        match options.action:
            case "start":
                row = board.runs.start(options.run, parameters)
            case "end":
                row = board.runs.end(options.run, parameters)
            case _:
                row = board.runs.put(options.run, parameters=parameters)
    print(f"run {row['run']}: {_words(row) or 'no parameters'}")
    return 0


def _parameters(given: Sequence[str]) -> dict[str, Any] | None:
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


def _words(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in row["parameters"].items())


def _time(text: str | None) -> str:
    return (text or "")[:19].replace("T", " ")
