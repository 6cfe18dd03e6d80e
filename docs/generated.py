"""Pages that are made from the code at each build, so that they cannot be wrong."""

from __future__ import annotations

import argparse
import importlib
import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sphinx.pycode import ModuleAnalyzer

from arp_nb import errors, model, status
from arp_nb.cli.parser import parser
from arp_nb.ledger import Why
from arp_nb.model import TRANSITIONS, JobState
from arp_nb.native import BY_SCHEDULER
from arp_nb.run_sources.folder.options import FolderOptions
from arp_nb.run_sources.logbook.options import LogbookOptions
from arp_nb.settings import LocationSettings, Settings, SourceSettings
from arp_nb.web import app as web_app

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sphinx.application import Sphinx

    from arp_nb.manager import Manager

_PARTS = Path(__file__).parent / "_parts"
_VERBS = ("get", "post", "put", "patch", "delete")


def write_parts(_app: Sphinx) -> None:
    """Write each part that a page includes."""
    _PARTS.mkdir(exist_ok=True)
    parts = {
        "states": states(),
        "transitions": transitions(),
        "native": native(),
        "settings": settings(),
        "logbook_options": options(LogbookOptions),
        "folder_options": options(FolderOptions),
        "http": http_api(),
        "commands": commands(),
        "errors": errors_table(),
        "why": reasons(),
        "grid_traits": traits("arp_nb.widgets.grid", "Grid"),
        "board_traits": traits("arp_nb.widgets.board", "BoardWidget"),
    }
    for name, lines in parts.items():
        text = "\n".join(lines) + "\n"
        path = _PARTS / f"{name}.md"
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def traits(module: str, name: str) -> Iterator[str]:
    """Make the table of a widget's public traits."""
    widget = getattr(importlib.import_module(module), name)
    own = widget.class_own_traits().items()
    yield from _table(
        ("trait", "default", "meaning"),
        (
            (f"`{key}`", f"`{trait.default_value!r}`", trait.help)
            for key, trait in own
            if not key.startswith("_")
        ),
    )


def states() -> Iterator[str]:
    """Make the table of our states."""
    told = _comments("arp_nb.model", "JobState")
    yield from _table(
        ("state", "status shown", "hue", "shape", "meaning"),
        (
            (
                f"`{state.name}`",
                status.OWN[state].word,
                status.OWN[state].hue,
                status.OWN[state].shape,
                told[state.name],
            )
            for state in JobState
        ),
    )


def transitions() -> Iterator[str]:
    """Make the table of what may follow what."""
    yield from _table(
        ("from", "to", ""),
        (
            (
                f"`{state.name}`",
                " ".join(f"`{one.name}`" for one in JobState if one in TRANSITIONS[state]),
                "final" if state in model.FINAL else "",
            )
            for state in JobState
        ),
    )


def native() -> Iterator[str]:
    """Make the tables of the schedulers' words."""
    for name, words in BY_SCHEDULER.items():
        yield f"### {status.title(name)}"
        yield ""
        yield from _table(
            ("word", "what it means", "state", "hue", "shape"),
            (
                (f"`{one.word}`", one.meaning, f"`{one.state.name}`", one.hue, one.shape)
                for one in words.values()
            ),
        )
        yield ""


def settings() -> Iterator[str]:
    """Make the table of settings."""
    told = _comments("arp_nb.settings", "Settings")
    yield from _table(
        ("name", "default", "meaning"),
        (
            (f"`{one.name}`", f"`{_default(one.name)}`", told.get(one.name, ""))
            for one in fields(Settings)
        ),
    )
    tables = {"location": LocationSettings, "run_source": SourceSettings}
    for table, kind in tables.items():
        told = _comments("arp_nb.settings", kind.__name__)
        own = [one.name for one in fields(kind) if one.name not in {"name", "options"}]
        yield ""
        yield f"In a table `[{table}.NAME]`:"
        yield ""
        yield from _table(("name", "meaning"), ((f"`{name}`", told.get(name, "")) for name in own))
    yield ""
    yield "What else stands in a table `[run_source.NAME]` is for its [kind](run-sources.md)."


def options(kind: type[Any]) -> Iterator[str]:
    """Make the table of a run source's options."""
    told = _comments(kind.__module__, kind.__name__)
    yield from _table(
        ("option", "default", "meaning"),
        (
            (f"`{one.name}`", f"`{json.dumps(one.default)}`", told[one.name])
            for one in fields(kind)
        ),
    )


def reasons() -> Iterator[str]:
    """Make the table of why autorun made no job."""
    told = _comments("arp_nb.ledger", "Why")
    yield from _table(
        ("why", "meaning"),
        ((f"`{one.value}`", told[one.name]) for one in Why if one.value),
    )


def http_api() -> Iterator[str]:
    """Make the list of routes from the description that the manager serves."""
    described = web_app(cast("Manager", None), user="").openapi()
    for path, verbs in described["paths"].items():
        for verb in _VERBS:
            if verb in verbs:
                yield from _route(verb, path, verbs[verb])


def errors_table() -> Iterator[str]:
    """Make the table of errors."""
    yield from _table(
        ("error", "is a", "HTTP", "meaning"),
        (
            (f"`{name}`", f"`{kind.__base__.__name__}`", str(kind.status), _first_line(kind))
            for name, kind in errors.BY_NAME.items()
            if kind.__base__ is not None
        ),
    )


def commands() -> Iterator[str]:
    """Make the list of commands of ``jupyter arp``."""
    yield from _commands(parser(), "jupyter arp")


def _commands(one: argparse.ArgumentParser, name: str) -> Iterator[str]:
    for action in one._actions:  # noqa: SLF001 - argparse offers no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            told = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
            for word, sub in action.choices.items():
                yield f"`{name} {word}`"
                yield f": {told.get(word) or sub.description or ''}"
                yield ""
                yield from _commands(sub, f"{name} {word}")


def _route(verb: str, path: str, told: Mapping[str, Any]) -> Iterator[str]:
    yield f"`{verb.upper()} {path}`"
    text = told.get("description") or told.get("summary", "")
    first, *rest = text.strip().splitlines() or [""]
    yield f": {first}"
    yield from (f"  {line}".rstrip() for line in rest)
    asked = [one["name"] for one in told.get("parameters", ()) if one["in"] == "query"]
    if asked:
        yield ""
        yield f"  Query: {', '.join(f'`{one}`' for one in asked)}."
    yield ""


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _default(name: str) -> str:
    value = getattr(Settings(), name)
    if isinstance(value, tuple):
        return "[]" if not value else str(list(value))
    return '""' if value == "" else str(value)


def _comments(module: str, kind: str) -> dict[str, str]:
    """Return what the ``#:`` comments in a class say of its attributes."""
    found = ModuleAnalyzer.for_module(module).find_attr_docs()
    return {
        name: " ".join(line.strip() for line in lines).strip()
        for (owner, name), lines in found.items()
        if owner == kind
    }


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", write_parts)
    return {"parallel_read_safe": True}
