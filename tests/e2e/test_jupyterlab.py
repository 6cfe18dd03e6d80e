"""What the extension adds to JupyterLab, and to Notebook 7: each part as a user meets it."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests.e2e.facility import EXPERIMENT
from tests.e2e.hosts import NOISE, write_notebook
from tests.e2e.player import Player
from tests.e2e.watched_page import serious_findings
from tests.real.jupyter import TOKEN
from tests.real.product import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from arp_nb.client.board import Board
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages, Theme

_TRIES = 10


@pytest.fixture(scope="module")
def scripts(board: Board, facility: Facility) -> Board:
    """Define a script that runs until it is killed, and one that fails."""
    board.definitions.add("steady", facility.script("steady"))
    board.definitions.add("failing", facility.script("failing"))
    return board


def open_lab(facility: Facility, pages: Pages, theme: Theme = "light") -> Page:
    facility.choose_theme(theme)
    page = pages.open(facility.address("/lab?reset"), theme=theme)
    expect(page.locator(".jp-LauncherCard", has_text="Batch jobs")).to_be_visible(timeout=60_000)
    return page


def command(page: Page, label: str) -> None:
    """Run a command from the palette."""
    page.keyboard.press("Control+Shift+C")
    search = page.locator(".lm-CommandPalette input")
    search.fill(label)
    expect(page.locator(".lm-CommandPalette-item.lm-mod-active")).to_contain_text(label)
    search.press("Enter")


def choose(page: Page, menu: str, label: str) -> None:
    """Take an item of Notebook 7's menu bar, which closes while the notebook still loads."""
    bar = page.get_by_role("menubar").get_by_role("menuitem", name=menu)
    item = page.get_by_role("menu").get_by_role("menuitem", name=label)
    for _ in range(_TRIES):
        bar.click(timeout=60_000)
        with contextlib.suppress(PlaywrightError):
            return item.click(timeout=3000)
    return item.click()


def panel_of(page: Page) -> Locator:
    return page.get_by_role("region", name="Batch jobs")


def in_panel(page: Page, name: str) -> Locator:
    return panel_of(page).get_by_role("listitem").filter(has_text=name)


def ask(facility: Facility, path: str) -> requests.Response:
    headers = {"Authorization": f"token {TOKEN}"}
    return requests.get(f"{facility.url}{path}", headers=headers, timeout=30)


def test_the_panel_counts_my_jobs_follows_them_and_kills_one(
    scripts: Board, facility: Facility, pages: Pages
) -> None:
    page = open_lab(facility, pages)
    command(page, "Show My Batch Jobs")
    panel = panel_of(page)
    expect(panel.get_by_role("combobox", name="Experiment")).to_have_value(EXPERIMENT)
    job = scripts.apply("steady", runs=1)[0]
    item = in_panel(page, "1 steady")
    expect(item.get_by_role("progressbar")).to_be_visible()
    expect(panel.get_by_role("button", name="RUN")).to_contain_text("1")
    item.get_by_role("button", name="Kill 1 steady").click()
    panel.get_by_role("button", name="Kill", exact=True).click()
    expect(item).to_be_hidden()
    assert job.wait(60).status == "EXIT"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_panel_has_no_serious_finding_in_labs_own_themes(
    scripts: Board, facility: Facility, pages: Pages, theme: Theme
) -> None:
    run = 2 if theme == "light" else 3
    job = scripts.apply("steady", runs=run)[0]
    scripts.apply("failing", runs=run)[0].wait(60)
    page = open_lab(facility, pages, theme)
    command(page, "Show My Batch Jobs")
    expect(in_panel(page, f"{run} steady").get_by_role("progressbar")).to_be_visible()
    expect(in_panel(page, f"{run} failing")).to_contain_text("MemoryError")
    assert serious_findings(page, ".arp-panel") == []
    pages.shoot(page, f"panel-{theme}")
    job.kill()


def test_a_control_page_opens_from_the_palette_and_starts_no_kernel(
    scripts: Board, facility: Facility, pages: Pages
) -> None:
    page = open_lab(facility, pages)
    command(page, "Open the Control Page")
    player = Player(page)
    expect(player.count("All jobs")).to_be_visible()
    command(page, "Open the Batch Definitions")
    expect(player.definition("steady")).to_be_visible()
    expect(page.locator(".lm-DockPanel-tabBar").get_by_text(EXPERIMENT)).to_have_count(1)
    assert ask(facility, "/api/kernels").json() == []


def test_the_status_bar_counts_what_runs_and_opens_the_panel(
    scripts: Board, facility: Facility, pages: Pages
) -> None:
    page = open_lab(facility, pages)
    item = page.get_by_role("button", name=re.compile("Batch jobs of mine: 0 running"))
    expect(item).to_be_visible()
    job = scripts.apply("steady", runs=4)[0]
    item = page.get_by_role("button", name=re.compile("Batch jobs of mine: 1 running"))
    item.click()
    expect(in_panel(page, "4 steady")).to_be_visible()
    job.kill()
    expect(item).to_be_hidden()


def test_a_failure_is_told_and_leads_to_its_log(
    scripts: Board, facility: Facility, pages: Pages
) -> None:
    page = open_lab(facility, pages)
    expect(page.get_by_role("button", name=re.compile("Batch jobs of mine"))).to_be_visible()
    scripts.apply("failing", runs=5)
    told = page.locator(".jp-toastContainer").get_by_role("alert")
    expect(told).to_contain_text("Run 5, failing failed")
    expect(told).to_contain_text("MemoryError: unable to allocate 512 MiB")
    told.get_by_role("button", name="Log").click()
    log = Player(page).root.get_by_role("log")
    expect(log).to_contain_text("line one")


def test_the_page_and_the_panel_are_there_again_after_a_reload(
    scripts: Board, facility: Facility, pages: Pages
) -> None:
    page = open_lab(facility, pages)
    command(page, "Show My Batch Jobs")
    expect(panel_of(page)).to_be_visible()
    command(page, "Open the Batch Definitions")
    player = Player(page)
    expect(player.definition("steady")).to_be_visible()
    wait_until(lambda: _kept(facility), "the page, in JupyterLab's workspace")
    page.reload()
    expect(player.definition("steady")).to_be_visible(timeout=60_000)
    expect(panel_of(page)).to_be_visible()


def _kept(facility: Facility) -> bool:
    kept = ask(facility, "/lab/api/workspaces/default").json().get("data", {})
    page = kept.get(f"arp-nb:{EXPERIMENT}", {}).get("data", {}).get("page")
    left = kept.get("layout-restorer:data", {}).get("left", {}).get("current")
    return (page, left) == ("defs", "arp-nb-panel")


def test_notebook_7_has_the_panel_and_opens_the_page_in_a_window(
    scripts: Board, facility: Facility, pages: Pages
) -> None:
    pages.expected.extend(NOISE)
    write_notebook(facility, "empty.ipynb", "")
    page = pages.open(facility.address("/notebooks/empty.ipynb"))
    choose(page, "View", "Show My Batch Jobs")
    expect(panel_of(page).get_by_role("button", name="RUN")).to_be_visible()
    with page.context.expect_page() as opened:
        panel_of(page).get_by_role("button", name="Open the control page").last.click()
    expect(Player(opened.value).count("All jobs")).to_be_visible()
