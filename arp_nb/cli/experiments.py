"""``jupyter arp experiment`` and ``definition``."""

from __future__ import annotations

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

#: what autorun goes by, of a batch def
AUTORUN = (
    "trigger",
    "predicate",
    "run_types",
    "after",
    "run_param",
    "run_value",
    "most_at_once",
    "most_per_hour",
)


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
                ("id", "hash", "when", "autorun", "check", "executable", "parameters", "version"),
                (
                    (
                        one.id,
                        one.name,
                        one.when,
                        one.autorun,
                        one.problem,
                        one.executable,
                        one.parameters,
                        one.version,
                    )
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
            **draft(options, AUTORUN),
        )
    print(made)
    return 0


def update_definition(options: argparse.Namespace) -> int:
    """Change a batch def."""
    names = ("name", "executable", "parameters", "location", *AUTORUN)
    changes = draft(options, names) | _how_called(options)
    if not changes:
        raise InvalidValue("Nothing to change: give --parameters, --executable, --name, …")
    with board_of(options) as board:
        print(board.definitions.update(options.hash, **changes))
    return 0


def draft(options: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    """Return what was said of a batch def; nothing of what was not said."""
    said = {name: getattr(options, name) for name in names}
    return {name: value for name, value in said.items() if value is not None}


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
