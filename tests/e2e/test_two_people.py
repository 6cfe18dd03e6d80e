"""Two people edit the same batch def: the second sees both values and chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.player import Player
from tests.real.product import wait_until

if TYPE_CHECKING:
    from arp_nb.client.board import Board
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages


@pytest.mark.parametrize(
    ("choice", "kept"), [("Keep mine", "--mine 1"), ("Take theirs", "--theirs 2")]
)
def test_the_second_sees_both_values_and_nothing_is_lost(
    board: Board, facility: Facility, pages: Pages, choice: str, kept: str
) -> None:
    pages.expected.append("409 (Conflict)")  # the browser reports each refusal by itself
    name = choice.replace(" ", "_")
    board.definitions.add(name, facility.script("steady"), "--first 0")
    page = pages.open(facility.control_page())
    player = Player(page)
    player.go("Batch defs")
    row = player.definition(name)
    row.get_by_role("gridcell").nth(3).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("--mine 1")
    board.definitions.update(name, parameters="--theirs 2")
    page.keyboard.press("Enter")
    note = player.root.locator(".arp-defs").filter(has_text="changed it too")
    expect(note).to_contain_text("--theirs 2")
    expect(note).to_contain_text("--mine 1")
    player.root.get_by_role("button", name=choice).click()
    expect(player.root.get_by_role("button", name=choice)).to_be_hidden()
    expect(row).to_contain_text(kept)
    wait_until(
        lambda: board.definitions.df.set_index("name").parameters[name] == kept,
        "the same value, in Python",
    )


def test_a_refused_path_is_said_at_the_cell_and_what_was_typed_stays(
    board: Board, facility: Facility, pages: Pages
) -> None:
    pages.expected.append("422 (Unprocessable")
    board.definitions.add("refused", facility.script("steady"))
    page = pages.open(facility.control_page(page="defs"))
    player = Player(page)
    player.definition("refused").get_by_role("gridcell").nth(2).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("scripts/relative.sh")
    page.keyboard.press("Enter")
    field = player.root.locator("[aria-invalid=true]")
    expect(field).to_have_value("scripts/relative.sh")
    expect(player.root).to_contain_text("Must be an absolute path")
    page.keyboard.press("Escape")
    expect(player.definition("refused")).to_contain_text("steady.sh")
