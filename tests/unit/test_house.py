"""Rules of the house that no linter here knows."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "arp_nb").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

#: where processes may be started; the command line becomes Jupyter's server, or opens its page
MAY_START = ("schedulers/", "batch_client/", "daemon/", "discovery.py", "cli/")
STARTING_CALLS = re.compile(
    r"subprocess\.\w+|\w+\.(create_subprocess_\w+|subprocess_(exec|shell))|create_subprocess_\w+"
    r"|os\.(system|popen|exec\w+|spawn\w+|posix_spawnp?|fork|forkpty)|pty\.\w+"
)
SHELL_CALLS = re.compile(
    r"os\.(system|popen)|\w*\.?(create_subprocess_shell|subprocess_shell)"
    r"|subprocess\.(getoutput|getstatusoutput)"
)


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a file, with its name as it is written."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, without those that explain it."""
    first = function.body[0]
    explained = isinstance(first, ast.Expr) and ast.get_docstring(function) is not None
    told = (first.end_lineno or 0) - first.lineno + 1 if explained else 0
    return (function.end_lineno or 0) - function.lineno + 1 - told


def name(path: Path) -> str:
    return path.relative_to(ROOT / "arp_nb").as_posix()


def test_processes_are_started_in_few_places() -> None:
    elsewhere = [
        f"{name(path)}:{call.lineno}: {called}"
        for path in SOURCES
        if not name(path).startswith(MAY_START)
        for called, call in calls(path)
        if STARTING_CALLS.fullmatch(called)
    ]
    assert elsewhere == []


def test_no_text_passes_through_a_shell() -> None:
    shells = [
        f"{name(path)}:{call.lineno}: {called}"
        for path in SOURCES
        for called, call in calls(path)
        if SHELL_CALLS.fullmatch(called)
        or any(
            option.arg == "shell" and ast.unparse(option.value) != "False"
            for option in call.keywords
        )
    ]
    assert shells == []


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_and_its_functions_can_be_read_at_once(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400
    # a migration is one list of columns, and is never changed again
    if "migrations" not in path.parts:
        assert [one.name for one in functions(path) if length(one) > 50] == []


def test_no_module_is_a_heap_of_odds_and_ends() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [name(path) for path in SOURCES if path.stem.strip("_") in vague] == []


def test_installing_enables_the_extension() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared["jupyter-config/server-config"] == "etc/jupyter/jupyter_server_config.d"
    config = json.loads((ROOT / "jupyter-config/server-config/arp_nb.json").read_text("utf-8"))
    assert config == {"ServerApp": {"jpserver_extensions": {"arp_nb.extension": True}}}
