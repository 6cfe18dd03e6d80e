"""The places where the control page is shown, each opened as a user would open it."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from playwright.sync_api import expect

from tests.e2e.facility import EXPERIMENT

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages, Theme

ROOT = Path(__file__).parents[2]
HOSTS = ("page", "voila", "lab tab", "lab cell", "notebook cell")

_TRIES = 10
#: complaints of Jupyter itself, which it makes without us too
NOISE = (
    # Notebook 7.6: its shortcuts ask for settings that are not there yet
    "Cannot read properties of undefined (reading 'schema')",
    # Notebook 7.6 opens its folder with a command that its notebook page does not have
    "Command 'filebrowser:open-path' not registered",
    # a kernel's widgets are asked for while it starts
    "Comm not found for comm id",
)


def write_notebook(facility: Facility, name: str, *cells: str) -> None:
    """Write a notebook of code cells into the server's folder."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    made.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python",
    }  # fmt: skip
    nbformat.write(made, facility.work / name)


def open_control_page(host: str, facility: Facility, pages: Pages, theme: Theme) -> Page:
    """Open the control page of the experiment in one of `HOSTS`."""
    pages.expected.extend(NOISE)
    if host == "page":
        address = facility.control_page()
        return pages.open(address, theme=theme)
    if host == "voila":
        shutil.copy(ROOT / "notebooks" / "control_page.ipynb", facility.work)
        path = f"/voila/render/control_page.ipynb?experiment={EXPERIMENT}"
        return pages.open(facility.address(path), theme=theme)
    if host == "lab tab":
        page = pages.open(facility.address("/lab?reset"), theme=theme)
        page.locator(".jp-LauncherCard", has_text="Batch jobs").click()
        return page
    return _cell(host, facility, pages, theme)


def _cell(host: str, facility: Facility, pages: Pages, theme: Theme) -> Page:
    show = f"import arp_nb\nboard = arp_nb.connect({EXPERIMENT!r})\nboard"
    write_notebook(facility, "board.ipynb", show)
    place = "/notebooks/board.ipynb" if host == "notebook cell" else "/lab/tree/board.ipynb?reset"
    page = pages.open(facility.address(place), theme=theme, height=1300)
    run_cell(page, 0)
    return page


def run_cell(page: Page, number: int, *, wait: bool = False) -> None:
    """Run a cell once its kernel is ready; with ``wait`` until it has run."""
    cell = page.locator(".jp-CodeCell").nth(number)
    idle = page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    expect(idle.first).to_be_attached(timeout=60_000)
    prompt = cell.locator(".jp-InputArea-prompt").first
    asks = page.locator(".jp-Dialog", has_text="Select Kernel").locator(".jp-mod-accept")
    for _ in range(_TRIES):  # JupyterLab drops what is asked while it still connects
        if asks.count():  # or, on a busy machine, asks which kernel the notebook has
            asks.click()
        cell.locator(".jp-InputArea-editor").click()
        page.keyboard.press("Control+Enter")
        with contextlib.suppress(AssertionError):
            expect(prompt).not_to_have_text("[ ]:", timeout=3000)
            break
    expect(prompt).not_to_have_text("[ ]:")
    if wait:
        expect(prompt).not_to_have_text("[*]:", timeout=60_000)
