"""Widgets beside and inside other widgets, several views of one, and a kernel that goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.facility import EXPERIMENT
from tests.e2e.hosts import NOISE, run_cell, write_notebook

if TYPE_CHECKING:
    from arp_nb.client.board import Board
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages

MAKE = """\
import ipywidgets as W
import pandas as pd
from arp_nb.widgets import BatchDefs, Grid, RunTable
df = pd.DataFrame({"run": range(5), "note": ["line one\\nline two"] * 5})
grid = Grid(df, label="Hits")
grid"""
BOXES = f"""\
import arp_nb
board = arp_nb.connect({EXPERIMENT!r})
W.VBox([W.HBox([Grid(df, label="Left"), Grid(df, label="Right")]),
        W.HBox([W.IntSlider(), RunTable(board, height_px=300)])])"""
TAB = 'W.Tab([W.HTML("first"), Grid(df, label="Hidden")], titles=["one", "two"])'
AGAIN = "grid"
CHANGE = 'grid.height_px, grid.label = 180, "Misses"'


def test_widgets_share_a_row_and_have_their_size_once_their_tab_is_shown(
    facility: Facility, pages: Pages, board: Board
) -> None:
    assert len(board.runs.df) == 10
    write_notebook(facility, "boxes.ipynb", MAKE, BOXES, TAB)
    pages.expected.extend(NOISE)
    page = pages.open(facility.address("/lab/tree/boxes.ipynb?reset"), height=1800)
    for cell in range(3):
        run_cell(page, cell, wait=True)
    table = page.locator(".arp.is-board")
    expect(table).to_contain_text("10 runs")
    left, right = page.get_by_role("region", name="Left"), page.get_by_role("region", name="Right")
    output = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output").bounding_box()
    assert output is not None
    for row in ([left, right], [table]):
        for one in row:
            box = one.bounding_box()
            assert box is not None
            assert box["width"] > 300
            assert box["x"] + box["width"] <= output["x"] + output["width"] + 1
    made = table.bounding_box()
    assert made is not None
    assert made["height"] == pytest.approx(300, abs=1)
    page.get_by_role("tab", name="two", exact=True).click()
    hidden = page.get_by_role("grid", name="Hidden")
    expect(hidden.get_by_role("row").nth(5)).to_be_visible()
    assert hidden.bounding_box()["width"] > 300  # type: ignore[index] # it is visible
    pages.shoot(page, "widgets-in-boxes")


def test_two_views_of_one_grid_show_the_same(facility: Facility, pages: Pages) -> None:
    write_notebook(facility, "views.ipynb", MAKE, AGAIN, CHANGE, "print(repr(grid.df.note[0]))")
    pages.expected.extend(NOISE)
    page = pages.open(facility.address("/lab/tree/views.ipynb?reset"), height=1600)
    for cell in range(2):
        run_cell(page, cell, wait=True)
    grids = page.get_by_role("grid", name="Hits")
    expect(grids).to_have_count(2)
    first, second = grids.all()
    first.get_by_role("row").nth(2).get_by_role("checkbox").click()
    expect(second.get_by_role("row").nth(2)).to_have_attribute("aria-selected", "true")
    second.get_by_role("row").nth(4).get_by_role("checkbox").click()
    expect(first.get_by_role("row").nth(4)).to_have_attribute("aria-selected", "true")
    first.get_by_role("gridcell").filter(has_text="line one").first.dblclick()
    expect(first.locator("textarea")).to_be_focused()
    page.keyboard.press("Enter")  # what is left alone keeps its lines
    expect(first.locator("textarea")).to_have_count(0)
    for cell in (2, 3):
        run_cell(page, cell, wait=True)
    for region in page.get_by_role("region", name="Misses").all():
        box = region.bounding_box()
        assert box is not None
        assert box["height"] == pytest.approx(200, abs=1)  # three rows at least
    expect(page.locator(".jp-CodeCell").nth(3)).to_contain_text("'line one\\nline two'")


def test_grid_says_that_its_kernel_is_gone(facility: Facility, pages: Pages) -> None:
    write_notebook(facility, "gone.ipynb", MAKE)
    pages.expected.extend(NOISE)
    page = pages.open(facility.address("/lab/tree/gone.ipynb?reset"), height=1200)
    run_cell(page, 0, wait=True)
    region = page.get_by_role("region", name="Hits")
    expect(region).to_contain_text("5 rows")
    page.get_by_title("Restart the kernel", exact=False).first.click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(region).to_contain_text("Its kernel is gone: run the cell again.")
    run_cell(page, 0, wait=True)
    expect(region).to_contain_text("5 rows")
    expect(region).not_to_contain_text("Its kernel is gone")
