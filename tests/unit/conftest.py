"""What the tests of the client share: a stand-in for the manager, and a board on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import arp_nb
from arp_nb import discovery
from arp_nb.client.board import Board
from arp_nb.widgets import front
from tests.unit.standin_manager import StandIn


@pytest.fixture
def standin(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    standin = StandIn(short_tmp / "manager.sock")
    standin.start()
    monkeypatch.setattr(
        discovery, "find_or_start", lambda store=None: discovery.Address(standin.socket)
    )
    yield standin
    standin.stop()


@pytest.fixture
def board(standin: StandIn) -> Iterator[Board]:
    with arp_nb.connect("xppi0915") as board:
        yield board


@pytest.fixture
def front_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for what `make front` builds."""
    folder = tmp_path / "static"
    folder.mkdir()
    for name in (
        "grid.js",
        "grid.whole.js",
        "board.js",
        "board.whole.js",
        "board.css",
        "loader.js",
    ):
        (folder / name).write_text("export default {}", "utf-8")
    monkeypatch.setattr(front, "STATIC", folder)
    return folder
