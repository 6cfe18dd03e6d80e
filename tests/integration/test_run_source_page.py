"""The source of ``docs/run-sources.md``, as its reader would have it: installed, and tested."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from arp_nb.run_sources import registry
from arp_nb.settings import load
from tests.plugin_page import DOCS, install, run_tests

pytestmark = pytest.mark.anyio


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    folder = tmp_path / "plugin"
    install("run-sources.md", folder)
    return folder


def test_the_source_of_the_page_keeps_the_contract(plugin: Path) -> None:
    said = run_tests(plugin)
    assert re.search(r"\b2\d passed", said), said


async def test_a_table_chooses_it_by_its_entry_point(
    plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(plugin)
    monkeypatch.setitem(sys.modules, "arp_runlist", None)
    del sys.modules["arp_runlist"]

    async def experiments() -> Sequence[str]:
        return ["xppi0915"]

    listed = tmp_path / "runs.txt"
    listed.write_text("xppi0915 12 begin 2026-03-05T12:00:00Z\n")
    (tmp_path / "config.toml").write_text(f'[run_source.runlist]\npath = "{listed}"\n')
    source = registry.load(load(tmp_path), experiments)["runlist"]
    assert [one.number for one in await source.news()] == [12]
    await source.close()


async def test_the_tables_that_the_page_shows_first_are_right(tmp_path: Path) -> None:
    async def experiments() -> Sequence[str]:
        return []

    shown = re.search(r"```toml\n(.*?)```", (DOCS / "run-sources.md").read_text(), re.DOTALL)
    assert shown is not None
    (tmp_path / "config.toml").write_text(shown[1])
    made = registry.load(load(tmp_path), experiments)
    assert {name: one.kind for name, one in made.items()} == {
        "logbook": "logbook",
        "ffb": "folder",
    }
