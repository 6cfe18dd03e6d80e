"""No serious finding of axe-core on any page and state, in both themes; kept as pictures too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.player import Player
from tests.e2e.watched_page import serious_findings
from tests.real.product import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from arp_nb.client.board import Board
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages, Theme

WIDTHS_PX = (1440, 620)


@pytest.fixture(scope="module")
def busy_board(board: Board, facility: Facility) -> Board:
    """Fill it with jobs that run, failed and were killed."""
    board.definitions.add("steady", facility.script("steady"), "--bins 201")
    board.definitions.add("failing", facility.script("failing"))
    board.definitions.add("not_there", "/no/such/file.sh")
    board.apply("failing", runs="1-4").wait(60)  # before others take this machine's slots for good
    killed = board.apply("steady", runs="5")
    killed[0].kill()
    killed.wait(60)
    board.apply("steady", runs="6-8")
    return board


class Looker:
    """Judges a page in one state after another, and keeps pictures."""

    def __init__(self, page: Page, pages: Pages, theme: Theme) -> None:
        self._page, self._pages, self._theme = page, pages, theme
        self.found: dict[str, list[str]] = {}

    def look(self, state: str) -> None:
        """Judge what is on the page now."""
        if found := serious_findings(self._page, ".arp"):
            self.found[state] = found
        for width in WIDTHS_PX:
            self._page.set_viewport_size({"width": width, "height": 900})
            self._pages.shoot(self._page, f"{state}-{self._theme}-{width}")
        self._page.set_viewport_size({"width": 1440, "height": 900})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_state_of_the_jobs_has_a_serious_finding(
    busy_board: Board, facility: Facility, pages: Pages, theme: Theme
) -> None:
    page = pages.open(facility.control_page(), theme=theme)
    player, looker = Player(page), Looker(page, pages, theme)
    expect(player.jobs.get_by_role("progressbar").first).to_be_visible()  # whichever runs first
    looker.look("control")
    player.count("EXIT").click()
    looker.look("control-filter")
    player.root.get_by_role("textbox", name="Search jobs").fill("nothing like it")
    expect(player.root.get_by_text("nothing like it").first).to_be_visible()
    looker.look("control-nomatch")
    page.keyboard.press("Escape")
    player.root.get_by_role("textbox", name="Search jobs").fill("")
    player.count("All jobs").click()
    player.jobs.get_by_role("checkbox").nth(3).click()
    player.jobs.get_by_role("checkbox").nth(4).click()
    looker.look("control-selected")
    page.keyboard.press("Escape")
    player.root.get_by_role("button", name="Apply hash to runs").click()
    player.root.get_by_role("textbox", name="Runs").fill("1-9")
    expect(player.root.get_by_role("button", name="Send")).to_be_enabled()
    looker.look("control-apply")
    assert not looker.found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_tab_of_a_job_and_no_dialog_has_a_serious_finding(
    busy_board: Board, facility: Facility, pages: Pages, theme: Theme
) -> None:
    page = pages.open(facility.control_page(), theme=theme)
    player, looker = Player(page), Looker(page, pages, theme)
    player.press(2, "failing", "Log")
    for name in ("Log", "Details", "Snapshot", "History"):
        tab = player.root.get_by_role("tab", name=name, exact=True)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        looker.look(name.lower())
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    looker.look("keys")
    assert not looker.found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_state_of_the_batch_defs_has_a_serious_finding(
    busy_board: Board, facility: Facility, pages: Pages, theme: Theme
) -> None:
    pages.expected.append("422 (Unprocessable")
    address = facility.control_page(page="defs")
    page = pages.open(address, theme=theme)
    player, looker = Player(page), Looker(page, pages, theme)
    expect(player.definition("not_there")).to_be_visible()
    looker.look("defs")
    player.definition("steady").get_by_role("gridcell").nth(2).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("relative.sh")
    page.keyboard.press("Enter")
    expect(player.root).to_contain_text("Must be an absolute path")
    looker.look("defs-edit")
    assert not looker.found


def test_rows_and_columns_are_counted_for_screen_readers(
    busy_board: Board, facility: Facility, pages: Pages
) -> None:
    page = pages.open(facility.control_page())
    player = Player(page)
    expect(player.job(6, "steady")).to_be_visible()
    rows = 1 + len(busy_board.jobs) + 2  # the header, and runs 9 and 10 without a job
    expect(player.jobs).to_have_attribute("aria-rowcount", str(rows))
    columns = player.jobs.get_by_role("columnheader").count()
    assert int(player.jobs.get_attribute("aria-colcount") or 0) == columns
    assert player.job(6, "steady").get_attribute("aria-rowindex")


def test_the_table_is_one_tab_stop(busy_board: Board, facility: Facility, pages: Pages) -> None:
    page = pages.open(facility.control_page())
    player = Player(page)
    expect(player.job(6, "steady")).to_be_visible()
    stops = player.jobs.locator("[tabindex='0'], button:not([tabindex]), input:not([tabindex])")
    assert stops.count() == 1


def test_a_run_without_jobs_gets_one_from_its_own_menu(
    busy_board: Board, facility: Facility, pages: Pages
) -> None:
    page = pages.open(facility.control_page())
    player = Player(page)
    player.jobs.get_by_role("button", name="Apply a hash to run 9").click()
    usable = player.root.get_by_text("failing", exact=True).last
    unusable = player.root.get_by_text("not_there", exact=True).last
    expect(unusable).to_be_visible()
    usable.click()
    expect(player.job(9, "failing")).to_contain_text(re.compile("PEND|RUN|EXIT"))
    wait_until(
        lambda: busy_board.jobs.df.query("run == 9").hash.tolist() == ["failing"],
        "the same job, in Python",
    )


def test_a_toast_hides_nothing_of_a_dialog_or_a_menu_at_any_width(
    busy_board: Board, facility: Facility, pages: Pages
) -> None:
    page = pages.open(facility.control_page())
    player = Player(page)
    expect(player.job(6, "steady")).to_be_visible()
    # what cannot be copied stays for 30 s
    page.evaluate("""() => {
      navigator.clipboard.writeText = () => Promise.reject();
      document.execCommand = () => false;
    }""")
    for width in WIDTHS_PX:
        page.set_viewport_size({"width": width, "height": 900})
        player.root.get_by_role("button", name="Copy pandas expression").click()
        expect(player.toast("may not copy").first).to_be_visible()
        player.root.get_by_role("button", name="Columns").click()
        assert hidden_controls(player.root.get_by_role("dialog")) == []
        page.keyboard.press("Escape")
        player.root.get_by_role("button", name="Apply hash to runs").click()
        apply = player.root.get_by_role("dialog", name="Apply hash to runs")
        apply.get_by_role("textbox", name="Runs").fill("1-9")
        expect(apply.get_by_role("button", name="Send")).to_be_enabled()
        assert hidden_controls(apply) == []
        expect(player.toast("may not copy").first).to_be_in_viewport(ratio=1)
        page.keyboard.press("Escape")


def hidden_controls(box: Locator) -> list[str]:
    """Return the controls in view of a box at whose middle something else is pressed."""
    found: list[str] = box.evaluate("""box => {
      const { top, bottom } = box.getBoundingClientRect();
      return [...box.querySelectorAll("button, input, select")].filter((one) => {
        const { left, width, top: above, height } = one.getBoundingClientRect();
        const [x, y] = [left + width / 2, above + height / 2];
        return width && y > top && y < bottom && !box.contains(document.elementFromPoint(x, y));
      }).map((one) => one.getAttribute("aria-label") ?? one.textContent);
    }""")
    return found
