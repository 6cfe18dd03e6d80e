"""No serious finding of axe-core on any page and state, in both themes; kept as pictures too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.facility import EXPERIMENT
from tests.e2e.player import Player
from tests.e2e.watched_page import serious_findings

if TYPE_CHECKING:
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
    board.apply("failing", runs="1-4")
    killed = board.apply("steady", runs="5")
    board.apply("steady", runs="6-8")
    killed[0].kill()
    for job in board.jobs:
        if job.hash == "failing" or job.run == 5:
            job.wait(60)
    return board


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_and_no_state_has_a_serious_finding(
    busy_board: Board, facility: Facility, pages: Pages, theme: Theme
) -> None:
    pages.expected.append("422 (Unprocessable")
    page = pages.open(facility.address(f"/arp/page?experiment={EXPERIMENT}"), theme=theme)
    player = Player(page)
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        found[state] = serious_findings(page, ".arp")
        for width in WIDTHS_PX:
            page.set_viewport_size({"width": width, "height": 900})
            pages.shoot(page, f"{state}-{theme}-{width}")
        page.set_viewport_size({"width": 1440, "height": 900})

    expect(player.job(6, "steady").get_by_role("progressbar")).to_be_visible()
    look("control")
    player.count("EXIT").click()
    look("control-filter")
    player.root.get_by_role("textbox", name="Search jobs").fill("nothing like it")
    expect(player.root.get_by_text("nothing like it").first).to_be_visible()
    look("control-nomatch")
    page.keyboard.press("Escape")
    player.root.get_by_role("textbox", name="Search jobs").fill("")
    player.count("All jobs").click()
    player.jobs.get_by_role("checkbox").nth(3).click()
    player.jobs.get_by_role("checkbox").nth(4).click()
    look("control-selected")
    page.keyboard.press("Escape")
    player.root.get_by_role("button", name="Apply hash to runs").click()
    player.root.get_by_role("textbox", name="Runs").fill("1-9")
    expect(player.root.get_by_role("button", name="Send")).to_be_enabled()
    look("control-apply")
    page.keyboard.press("Escape")
    for tab in ("Log", "Details", "Snapshot", "History"):
        player.press(2, "failing", "Log")
        player.root.get_by_role("tab", name=tab, exact=True).click()
        expect(player.root.get_by_role("tab", name=tab, exact=True)).to_have_attribute(
            "aria-selected", "true"
        )
        look(tab.lower())
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    look("keys")
    page.keyboard.press("Escape")
    player.go("Batch defs")
    expect(player.definition("not_there")).to_be_visible()
    look("defs")
    player.definition("steady").get_by_role("gridcell").nth(2).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("relative.sh")
    page.keyboard.press("Enter")
    expect(player.root).to_contain_text("Must be an absolute path")
    look("defs-edit")
    assert not {state: one for state, one in found.items() if one}


def test_rows_and_columns_are_counted_for_screen_readers(
    busy_board: Board, facility: Facility, pages: Pages
) -> None:
    page = pages.open(facility.address(f"/arp/page?experiment={EXPERIMENT}"))
    player = Player(page)
    expect(player.job(6, "steady")).to_be_visible()
    rows = 1 + len(busy_board.jobs) + 2  # the header, and runs 9 and 10 without a job
    expect(player.jobs).to_have_attribute("aria-rowcount", str(rows))
    columns = player.jobs.get_by_role("columnheader").count()
    assert int(player.jobs.get_attribute("aria-colcount") or 0) == columns
    assert player.job(6, "steady").get_attribute("aria-rowindex")


def test_the_table_is_one_tab_stop(busy_board: Board, facility: Facility, pages: Pages) -> None:
    page = pages.open(facility.address(f"/arp/page?experiment={EXPERIMENT}"))
    player = Player(page)
    expect(player.job(6, "steady")).to_be_visible()
    stops = player.jobs.locator("[tabindex='0'], button:not([tabindex]), input:not([tabindex])")
    assert stops.count() == 1


def test_a_run_without_jobs_gets_one_from_its_own_menu(
    busy_board: Board, facility: Facility, pages: Pages
) -> None:
    page = pages.open(facility.address(f"/arp/page?experiment={EXPERIMENT}"))
    player = Player(page)
    player.jobs.get_by_role("button", name="Apply a hash to run 9").click()
    usable = player.root.get_by_text("failing", exact=True).last
    unusable = player.root.get_by_text("not_there", exact=True).last
    expect(unusable).to_be_visible()
    usable.click()
    expect(player.job(9, "failing")).to_contain_text(re.compile("PEND|RUN|EXIT"))
    assert busy_board.jobs.df.query("run == 9").hash.tolist() == ["failing"]
