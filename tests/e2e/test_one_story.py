"""Define, apply, watch, kill, read, delete and undo: the same story wherever a page is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.hosts import HOSTS, open_control_page
from tests.e2e.player import Player
from tests.real.product import wait_until

if TYPE_CHECKING:
    from arp_nb.client.board import Board
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages


@pytest.mark.parametrize("host", HOSTS)
def test_a_job_is_defined_applied_watched_killed_and_taken_off_the_page(
    board: Board, facility: Facility, pages: Pages, host: str
) -> None:
    run = HOSTS.index(host) + 1
    page = open_control_page(host, facility, pages, "dark" if run % 2 else "light")
    player = Player(page)
    name = f"steady_{run}"
    player.define(name, facility.script("steady"), "param1")
    player.apply(name, str(run))
    row = player.job(run, name)
    expect(row).to_contain_text("RUN")
    expect(row).to_contain_text("Hit rate")
    events = row.get_by_role("progressbar")
    before = events.get_attribute("aria-valuetext")
    expect(events).not_to_have_attribute("aria-valuetext", before or "")
    expect(player.count("RUN")).to_contain_text("1")

    player.press(run, name, "Log")
    log = player.root.get_by_role("log")
    expect(log).to_contain_text("ready <img src=x onerror=alert(1)>")
    expect(log).to_contain_text(re.compile(r"event \d+"))
    page.keyboard.press("Escape")

    player.kill(run, name)
    expect(player.toast("is being killed")).to_be_visible()
    expect(row).to_contain_text("EXIT")

    player.press(run, name, "Take")
    expect(row).to_be_hidden()
    player.toast("off the page").get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    wait_until(
        lambda: board.jobs.df.query(f"run == {run}").status.tolist() == ["EXIT"],
        "the same row, in Python",
    )
