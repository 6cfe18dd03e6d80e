"""``Grid(df)`` in JupyterLab: seen, edited, refused, selected, changed from Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.hosts import NOISE, run_cell, write_notebook
from tests.e2e.watched_page import serious_findings

if TYPE_CHECKING:
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages

MAKE = """\
import pandas as pd
from arp_nb.widgets import Grid
df = pd.DataFrame({"run": range(1000), "rate": 0.5,
                   "note": ["<img src=x onerror='window.broken = 1'>", "\\u202egnp"] * 500})
grid = Grid(df, label="Hits")
grid"""
UPDATE = 'grid.update(pd.DataFrame({"note": ["changed from Python"]}, index=[1]))'
READ = """\
print("edits", [(one.column, float(one.new)) for one in grid.edits.itertuples()])
print("df", grid.df.rate[0], grid.df.dtypes.rate)
print("selected", grid.selected.run.tolist())"""
ODD = """\
import decimal
odd = pd.DataFrame({
    "decimal": [decimal.Decimal("1.10"), None], "list": [[1, 2], "text"],
    "when": [pd.NaT, pd.Timestamp("2026-11-22 14:02", tz="UTC")],
    "long": ["x" * 100_000, "\\x07\\x1b[31m"],
}, index=["same", "same"])
Grid(odd, label="Odd")"""


def test_a_frame_is_edited_selected_and_changed_from_both_sides(
    facility: Facility, pages: Pages
) -> None:
    write_notebook(facility, "grid.ipynb", MAKE, UPDATE, READ, ODD)
    pages.expected.extend(NOISE)
    page = pages.open(facility.address("/lab/tree/grid.ipynb?reset"), height=1600)
    run_cell(page, 0, wait=True)
    grid = page.get_by_role("grid", name="Hits")
    expect(grid).to_have_attribute("aria-rowcount", "1001")
    expect(grid).to_contain_text("<img src=x onerror='window.broken = 1'>")
    rate = grid.get_by_role("row").nth(1).get_by_role("gridcell").filter(has_text="0.5")
    rate.dblclick()
    editor = page.locator(".arp.is-frame .slick-row input:not([type=checkbox]):focus")
    expect(editor).to_have_count(1)
    page.keyboard.press("Control+a")
    page.keyboard.type("abc")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Hits")).to_contain_text(
        re.compile("abc.* is not a number")
    )
    expect(editor).to_have_value("abc")  # what was typed stays
    page.keyboard.press("Control+a")
    page.keyboard.type("0.75")
    page.keyboard.press("Enter")
    expect(editor).to_have_count(0)
    expect(grid.get_by_role("row").nth(1)).to_contain_text("0.75")
    grid.get_by_role("row").nth(3).get_by_role("checkbox").click()
    run_cell(page, 1, wait=True)
    expect(grid).to_contain_text("changed from Python")
    run_cell(page, 2, wait=True)
    said = page.locator(".jp-CodeCell").nth(2).locator(".jp-OutputArea")
    expect(said).to_contain_text("edits [('rate', 0.75)]")
    expect(said).to_contain_text("df 0.75 float64")
    expect(said).to_contain_text("selected [2]")
    run_cell(page, 3, wait=True)
    odd = page.get_by_role("grid", name="Odd")
    expect(odd).to_contain_text("1.10")
    expect(odd).to_contain_text("[1, 2]")
    assert page.evaluate("window.broken") is None
    assert not serious_findings(page, ".arp.is-frame")
    pages.shoot(page, "grid-light")


def test_a_saved_notebook_holds_no_rows_of_a_widget(facility: Facility, pages: Pages) -> None:
    write_notebook(facility, "saved.ipynb", MAKE)
    pages.expected.extend(NOISE)
    page = pages.open(facility.address("/lab/tree/saved.ipynb?reset"))
    run_cell(page, 0, wait=True)
    expect(page.get_by_role("grid", name="Hits")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+s")
    path = facility.work / "saved.ipynb"
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    assert path.stat().st_size < 100_000
