"""The whole story by keyboard: nothing in it needs a mouse, and the focus is never lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.player import Player
from tests.real.product import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from arp_nb.client.board import Board
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages

_STOPS = 40


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other."""
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(_STOPS):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        press(page, "Tab")
    raise AssertionError(f"{wanted} is not among the first {_STOPS} stops of Tab")


@pytest.fixture
def player(board: Board, facility: Facility, pages: Pages) -> Player:
    """Open the control page; here nobody touches its mouse."""
    player = Player(pages.open(facility.control_page()))
    expect(player.count("All jobs")).to_be_visible()
    return player


def define(player: Player, name: str, executable: str) -> None:
    """Fill the blank last row, reached by the table's own keys."""
    press(player.page, "g", "d")
    # the page's code may still be on its way
    expect(player.definitions.locator(":focus")).to_have_count(1)
    press(player.page, "Control+End", "Home", "ArrowRight")
    player.page.keyboard.type(name)
    press(player.page, "Tab")
    player.page.keyboard.type(executable)
    press(player.page, "Enter")
    expect(player.definition(name)).to_be_visible()


def apply_from_the_menu_of_the_newest_run(player: Player, run: int) -> None:
    """Go on from there to the dialog for several runs, whose field has the first focus."""
    press(player.page, "g", "c")
    expect(player.idle_run(10)).to_be_visible()  # a key acts on what is there
    press(player.page, "a")
    expect(player.root.get_by_role("combobox", name="Apply to run 10")).to_be_focused()
    press(player.page, "End", "ArrowUp", "ArrowUp", "Enter")  # above the two about autorun
    dialog = player.root.get_by_role("dialog", name="Apply hash to runs")
    expect(dialog.get_by_role("textbox", name="Runs")).to_be_focused()
    player.page.keyboard.type(str(run))
    expect(dialog.get_by_role("button", name="Send 1 job")).to_be_enabled()
    press(player.page, "Enter")
    expect(dialog).to_be_hidden()


def read_the_log_of_what_is_found(player: Player, row: Locator, name: str) -> None:
    """Search, open the log, and come back to where one was."""
    press(player.page, "/")
    player.page.keyboard.type(name)
    press(player.page, "Enter")
    expect(row.locator("mark")).to_have_text(name)
    expect(row.locator(".c-status")).to_be_focused()
    press(player.page, "l")
    expect(player.root.get_by_role("log")).to_contain_text(re.compile(r"event \d+"))
    expect(player.root.get_by_role("tab", name="Log")).to_be_focused()
    press(player.page, "Escape")
    expect(row.locator(".c-status")).to_be_focused()


def kill(player: Player, row: Locator) -> None:
    """Answer the question, which has its first focus where nothing happens."""
    press(player.page, "k")
    expect(player.root.get_by_role("button", name="Keep")).to_be_focused()
    press(player.page, "ArrowLeft", "Enter")
    expect(player.toast("is being killed")).to_be_visible()
    expect(row).to_contain_text("EXIT")


def delete_and_bring_back(player: Player, row: Locator) -> None:
    """Keep the focus in the table while the row is away."""
    press(player.page, "Delete")
    expect(row).to_be_hidden()
    expect(player.jobs.locator(":focus")).to_have_count(1)
    press(player.page, "Control+z")
    expect(row).to_be_visible()


def test_a_job_is_defined_applied_killed_read_deleted_and_brought_back_without_a_mouse(
    board: Board, facility: Facility, player: Player
) -> None:
    name, run = "by_keys", 4
    define(player, name, facility.script("steady"))
    apply_from_the_menu_of_the_newest_run(player, run)
    row = player.job(run, name)
    expect(row).to_contain_text("RUN")
    read_the_log_of_what_is_found(player, row, name)
    kill(player, row)
    delete_and_bring_back(player, row)
    wait_until(
        lambda: board.jobs.df.query(f"run == {run}").status.tolist() == ["EXIT"],
        "the same row, in Python",
    )


def test_every_stop_of_the_page_is_reached_by_tab_in_reading_order(player: Player) -> None:
    page, root = player.page, player.root
    columns = root.get_by_role("button", name="Columns", exact=True)
    tab_to(page, root.get_by_role("tab", name="Batch control"))
    tab_to(page, player.count("All jobs"))
    tab_to(page, root.get_by_role("textbox", name="Search jobs"))
    tab_to(page, columns)
    press(page, "Enter")
    chooser = root.get_by_role("dialog", name="Columns")
    expect(chooser.locator(":focus")).to_have_count(1)
    press(page, "Escape")
    expect(columns).to_be_focused()
    tab_to(page, player.jobs.locator("[tabindex='0']"))
    tab_to(page, root.get_by_role("button", name="Copy pandas expression"))


def test_several_jobs_are_chosen_and_rerun_without_a_mouse(
    board: Board, facility: Facility, player: Player
) -> None:
    board.definitions.add("fails_by_keys", facility.script("failing"))
    for job in board.apply("fails_by_keys", runs="6-8"):
        job.wait(60)
    page = player.page
    expect(player.job(8, "fails_by_keys")).to_contain_text("EXIT")
    press(page, "/")
    page.keyboard.type("fails_by_keys")
    expect(player.jobs.get_by_role("row")).to_have_count(1 + 3)
    press(page, "Enter", "Control+a")
    bar = player.root.get_by_role("toolbar", name="3 jobs selected")
    expect(bar).to_be_visible()
    press(page, "r")
    question = player.root.get_by_role("alertdialog", name="Rerun 3 jobs")
    expect(question.get_by_role("textbox", name="Extra parameters")).to_be_focused()
    page.keyboard.type("--fast")
    press(page, "Enter")
    expect(player.toast("Sent 3 jobs again")).to_be_visible()
    press(page, "Escape")
    expect(bar).to_be_hidden()
    wait_until(
        lambda: board.jobs.df.query("hash == 'fails_by_keys'").shape[0] == 6,
        "all six, in Python",
    )
