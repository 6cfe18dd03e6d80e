"""What stands on the page before its jobs are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.player import Player

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from arp_nb.client.board import Board
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages

#: does each grey bar stand 6 px right of the beginning of its column?
_IN_PLACE = """() => {
  const left = (one) => one.getBoundingClientRect().left;
  const heads = [...document.querySelectorAll(".slick-header-column")].slice(1);
  const bars = [...document.querySelectorAll(".arp-bones .arp-row:first-child .arp-bone")];
  return bars.length > 3 && bars.length === heads.length
    && bars.every((bar, at) => Math.round(left(bar) - left(heads[at])) === 6);
}"""


def test_grey_bars_stand_below_the_heads_of_their_columns(
    board: Board, facility: Facility, pages: Pages
) -> None:
    page = pages.open(facility.control_page())
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/jobs/columns*", hold)
    page.reload()
    player = Player(page)
    expect(player.root.locator(".arp-bones")).to_be_visible()
    expect(player.count("All jobs")).to_contain_text("…")
    for width_px in (1440, 900):
        page.set_viewport_size({"width": width_px, "height": 900})
        page.wait_for_function(_IN_PLACE)
    for route in held:
        route.continue_()
    expect(player.root.locator(".arp-bones")).to_have_count(0)
    expect(player.jobs.get_by_role("row")).to_have_count(1 + 10)
