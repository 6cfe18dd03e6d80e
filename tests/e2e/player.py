"""What a user does on the control page, by the names that a screen reader would say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


class Player:
    """Acts on one control page, wherever it is shown."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".arp").filter(has=page.get_by_role("tab", name="Batch control"))

    def go(self, tab: str) -> None:
        """Choose a tab: ``Batch defs`` or ``Batch control``."""
        self.root.get_by_role("tab", name=tab).click()

    def define(self, name: str, executable: str, parameters: str = "") -> None:
        """Type a new batch def into the blank last row."""
        self.go("Batch defs")
        blank = self.definitions.get_by_role("row").last
        blank.get_by_role("gridcell").nth(1).click()
        self.page.keyboard.type(name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(executable)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(parameters)
        self.page.keyboard.press("Enter")
        expect(self.definition(name)).to_be_visible()

    @property
    def definitions(self) -> Locator:
        """The table of batch defs."""
        return self.root.get_by_role("grid", name="Batch definitions")

    def definition(self, name: str) -> Locator:
        """Return the row of a batch def."""
        cell = self.page.get_by_role("gridcell", name=name, exact=True)
        return self.definitions.get_by_role("row").filter(has=cell)

    def apply(self, name: str, runs: str) -> None:
        """Apply a hash to runs through the dialog."""
        self.go("Batch control")
        self.root.get_by_role("button", name="Apply hash to runs").click()
        dialog = self.root.get_by_role("dialog", name="Apply hash to runs")
        dialog.get_by_role("combobox", name="Hash").select_option(name)
        dialog.get_by_role("textbox", name="Runs").fill(runs)
        dialog.get_by_role("button", name=re.compile(r"Send \d+ job")).click()
        expect(dialog).to_be_hidden()

    def job(self, run: int, name: str) -> Locator:
        """Return the row of a job: run and hash."""
        return self.jobs.get_by_role("row").filter(
            has=self.page.get_by_role("button", name=f"Log of run {run} {name}", exact=True)
        )

    def idle_run(self, run: int) -> Locator:
        """Return the row of a run that has no job."""
        number = self.page.get_by_role("gridcell", name=str(run), exact=True)
        words = re.compile(r"No jobs\.|Recording since")
        return self.jobs.get_by_role("row").filter(has=number).filter(has_text=words)

    @property
    def jobs(self) -> Locator:
        """The table of jobs."""
        return self.root.get_by_role("grid", name=re.compile("[Jj]obs"))

    def press(self, run: int, name: str, action: str) -> None:
        """Press one of a job's buttons: ``Kill``, ``Log`` and the like."""
        button = re.compile(f"^{action} .*run {run} {name}")
        self.job(run, name).get_by_role("button", name=button).click()

    def kill(self, run: int, name: str) -> None:
        """Kill a job, answering the question in its row."""
        self.press(run, name, "Kill")
        self.root.get_by_role("alertdialog").get_by_role("button", name="Kill").click()

    def count(self, status: str) -> Locator:
        """Return the tile that counts a status."""
        tiles = self.root.get_by_role("group", name="Jobs by status; press to filter")
        return tiles.get_by_role("button", name=re.compile(rf"\b{status}\b"))

    def toast(self, text: str | re.Pattern[str]) -> Locator:
        """Return a message that says something."""
        return self.root.locator(".arp-toast").filter(has_text=text)
