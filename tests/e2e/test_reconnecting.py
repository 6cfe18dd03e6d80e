"""A page that lost its server says so, comes back by itself, and shows nothing twice."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.player import Player

if TYPE_CHECKING:
    from arp_nb.client.board import Board
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages

#: the browser itself reports each refused connection
OFFLINE = ("ERR_CONNECTION_REFUSED", "WebSocket connection to", "ERR_EMPTY_RESPONSE", "503", "502")


def test_rows_are_live_again_after_the_jupyter_server_was_killed(
    board: Board, facility: Facility, pages: Pages
) -> None:
    pages.expected.extend(OFFLINE)
    board.definitions.add("steady", facility.script("steady"))
    job = board.apply("steady", runs=3)[0]
    page = pages.open(facility.control_page())
    player = Player(page)
    row = player.job(3, "steady")
    expect(row.get_by_role("progressbar")).to_be_visible()
    facility.jupyter.kill()
    expect(player.root.locator(".arp-banner")).to_contain_text(
        re.compile("Live updates lost|has not answered since")
    )
    facility.start()
    expect(player.root.locator(".arp-banner")).not_to_contain_text(
        re.compile("Live updates lost|has not answered since"), timeout=40_000
    )
    before = row.get_by_role("progressbar").get_attribute("aria-valuetext")
    expect(row.get_by_role("progressbar")).not_to_have_attribute("aria-valuetext", before or "")
    expect(player.jobs.get_by_role("button", name="Log of run 3 steady")).to_have_count(1)
    job.kill()
    expect(row).to_contain_text("EXIT")


def test_rows_are_live_again_after_the_manager_was_killed(
    board: Board, facility: Facility, pages: Pages
) -> None:
    pages.expected.extend(OFFLINE)
    page = pages.open(facility.control_page())
    player = Player(page)
    expect(player.count("All jobs")).to_be_visible()
    for process in facility.product.managers():
        process.send_signal(signal.SIGKILL)
    board.runs.start(11)
    expect(player.idle_run(11)).to_be_visible(timeout=40_000)
