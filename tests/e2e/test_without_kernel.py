"""Clicks act and rows move whatever the kernel does: running a cell, or not there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.facility import EXPERIMENT
from tests.e2e.hosts import NOISE, ROOT, run_cell, write_notebook
from tests.e2e.player import Player

if TYPE_CHECKING:
    from arp_nb.client.board import Board
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages

BUSY = "import time\ntime.sleep(600)"
SHOW = f"import arp_nb\nboard = arp_nb.connect({EXPERIMENT!r})\nboard"


@pytest.fixture(scope="module", autouse=True)
def steady(board: Board, facility: Facility) -> None:
    """Have a batch def, whichever test comes first."""
    board.definitions.add("steady", facility.script("steady"))


def live_and_killable(player: Player, run: int) -> None:
    """Apply, see the counters move, and kill."""
    player.apply("steady", str(run))
    row = player.job(run, "steady")
    events = row.get_by_role("progressbar")
    expect(events).to_be_visible()
    before = events.get_attribute("aria-valuetext")
    expect(events).not_to_have_attribute("aria-valuetext", before or "")
    player.kill(run, "steady")
    expect(row).to_contain_text("EXIT")


def test_a_board_in_a_cell_acts_and_moves_while_another_cell_runs(
    board: Board, facility: Facility, pages: Pages
) -> None:
    write_notebook(facility, "busy.ipynb", SHOW, BUSY)
    pages.expected.extend(NOISE)
    page = pages.open(facility.address("/lab/tree/busy.ipynb?reset"), height=1300)
    run_cell(page, 0, wait=True)
    player = Player(page)
    expect(player.count("All jobs")).to_be_visible()
    run_cell(page, 1)
    busy = page.locator(".jp-CodeCell").nth(1).locator(".jp-InputArea-prompt")
    expect(busy).to_have_text("[*]:")
    live_and_killable(player, 1)
    expect(busy).to_have_text("[*]:")


def test_a_voila_page_acts_and_moves_before_its_kernel_has_run_anything(
    board: Board, facility: Facility, pages: Pages
) -> None:
    write_notebook(facility, "slow.ipynb", BUSY, SHOW)
    import nbformat  # noqa: PLC0415 - only here

    path = facility.work / "slow.ipynb"
    slow = nbformat.read(path, as_version=4)
    ours = nbformat.read(ROOT / "notebooks" / "control_page.ipynb", as_version=4)
    slow.metadata["voila"] = ours.metadata["voila"]
    nbformat.write(slow, path)
    address = facility.address(f"/voila/render/slow.ipynb?experiment={EXPERIMENT}")
    page = pages.open(address, wait="commit")
    player = Player(page)
    expect(player.count("All jobs")).to_be_visible()
    live_and_killable(player, 2)
    assert page.locator("#jupyter-config-data").count() <= 1  # the cells have not come
    assert page.evaluate("document.readyState") == "loading"
