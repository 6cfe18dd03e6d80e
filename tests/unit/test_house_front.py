"""The house rules of the TypeScript, as far as a program can hold them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "labextension" / "src"
FILES = sorted(SOURCE.rglob("*.ts"))
STYLES = sorted(
    file for file in (SOURCE.parent / "style").glob("*.css") if file.name != "index.css"
)
PRODUCT = [file for file in FILES if "__tests__" not in file.parts]
#: ways to make HTML of text that others wrote
_HTML = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc)\b")
_UNTYPED = re.compile(r":\s*any\b|\bas any\b|<any>|@ts-(ignore|nocheck|expect-error)")
#: comments, and the steps of animations
_NO_RULES = re.compile(r"/\*.*?\*/|@keyframes[^{]*\{(\s*[^{}]+\{[^}]*\})*\s*\}", re.DOTALL)
#: each may import what stands at its own height or below: `docs/architecture.md`
LAYERS = {
    "model": 0,
    "dom": 1,
    "icons": 1,
    "grid": 2,
    "sources": 3,
    "views": 4,
    "widgets": 5,
    "lab": 5,
}
_FOREIGN = re.compile(r"""["'`](https?:)?//(?!www\.w3\.org/)[\w.-]+\.\w""")


def name(file: Path) -> str:
    return str(file.relative_to(SOURCE))


@pytest.mark.parametrize("file", FILES, ids=name)
def test_no_file_is_longer_than_400_lines(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= 400


@pytest.mark.parametrize("file", PRODUCT, ids=name)
def test_text_of_others_never_becomes_html(file: Path) -> None:
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", file.read_text("utf-8"), flags=re.DOTALL)
    assert not _HTML.search(code)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_everything_is_typed(file: Path) -> None:
    assert not _UNTYPED.search(file.read_text("utf-8"))


@pytest.mark.parametrize("file", PRODUCT, ids=name)
def test_nothing_is_fetched_from_outside(file: Path) -> None:
    assert not _FOREIGN.search(file.read_text("utf-8"))


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_name_says_what_a_file_holds(file: Path) -> None:
    assert file.stem not in {"utils", "helpers", "common", "misc"}


def imported(file: Path) -> list[str]:
    """What a file imports: a path below `src` without its ending, or a package."""
    found = re.findall(r"""\b(?:from|import)\s*\(?\s*["']([^"']+)["']""", file.read_text("utf-8"))
    return [
        os.path.relpath(file.parent / one, SOURCE) if one.startswith(".") else one for one in found
    ]


@pytest.mark.parametrize("file", PRODUCT, ids=name)
def test_imports_point_down(file: Path) -> None:
    own = LAYERS[file.relative_to(SOURCE).parts[0].removesuffix(".ts")]
    below = [one.split("/")[0] for one in imported(file)]
    assert [one for one in below if LAYERS.get(one, -1) > own] == []


def selectors(rule: str) -> list[str]:
    """What stands between the commas of a rule that are in no brackets."""
    depth, found = 0, [""]
    for letter in rule:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


@pytest.mark.parametrize("file", STYLES, ids=lambda file: file.name)
def test_every_style_is_for_elements_of_ours(file: Path) -> None:
    text = _NO_RULES.sub("", file.read_text("utf-8"))
    rules = [rule.strip() for rule in re.findall(r"([^{}]+)\{", text)]
    found = [one for rule in rules if not rule.startswith("@") for one in selectors(rule)]
    assert found
    assert [one for one in found if ".arp" not in one] == []


def test_views_know_neither_jupyter_nor_a_transport() -> None:
    for file in (SOURCE / "views").rglob("*.ts"):
        if "__tests__" in file.parts:
            continue
        bad = [
            one for one in imported(file) if one.startswith(("@jupyter", "@lumino", "@anywidget"))
        ]
        bad += [
            one for one in imported(file) if re.match(r"sources/(http_api|comm_api|feed)$", one)
        ]
        assert not bad, f"{file.name} imports {bad}"
