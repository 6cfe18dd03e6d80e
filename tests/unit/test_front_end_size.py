"""What a browser loads before it shows the first rows stays small, as it travels."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from arp_nb.widgets import front
from tests.missing import missing

MOST_BYTES = 80_000
#: code that is waited for: not `import(…)`, which comes while the page rests
_NEEDED = re.compile(r"""\b(?:from|import)\s*["']\./([\w.-]+\.js)["']""")


def loaded(name: str) -> set[str]:
    """The files that a module of the built front end needs before it runs, itself included."""
    found: set[str] = set()
    left = [name]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += _NEEDED.findall((front.STATIC / one).read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def built() -> Path:
    if not (front.STATIC / "page.js").exists():
        missing("the built front end (make front)")
    return front.STATIC


@pytest.mark.parametrize("modules", [("page.js",), ("board.js", "control_page-*.js")])
def test_a_control_page_shows_rows_after_80_kb_of_code(
    built: Path, modules: tuple[str, ...]
) -> None:
    entries = [file.name for pattern in modules for file in built.glob(pattern)]
    assert len(entries) == len(modules)
    files = set().union(*map(loaded, entries))
    assert len(files) < 12, "each file is a request"
    assert sum(len(gzip.compress((built / file).read_bytes())) for file in files) <= MOST_BYTES


def test_what_travels_with_each_widget_is_a_kilobyte(built: Path) -> None:
    assert len(gzip.compress((built / "loader.js").read_bytes())) <= 1_000
