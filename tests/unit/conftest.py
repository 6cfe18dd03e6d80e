"""What the tests of the client share: a stand-in for the manager, and a board on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import arp_nb
from arp_nb import discovery
from arp_nb.client.board import Board
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
