"""A job beside the table: logs of any size and content, and what was run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.facility import EXPERIMENT
from tests.e2e.player import Player

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Dialog, Page, Response

    from arp_nb.client.board import Board
    from arp_nb.client.job import Job
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages

GIGABYTE = 1_000_000_000
#: an escape, marks that turn text around, control characters, bytes that are no text, markup
NASTY = (
    b"\x1b[31mred\x1b[0m and \xe2\x80\xaegnp.exe, \x01\x07 and half \xe2\x82 of a sign\n"
    b"caf\xe9 <img src=x onerror=alert(1)><script>alert(2)</script>\n"
    + b"x" * 100_000
    + b"\nnothing here\nKeyError: jungfrau1M\n"
)


@pytest.fixture(scope="module")
def failed(board: Board, facility: Facility) -> Job:
    """Return a job that is over."""
    board.definitions.add("failing", facility.script("failing"), "--bins 201")
    return board.apply("failing", runs=1)[0].wait(60)


@pytest.fixture
def log(failed: Job, facility: Facility) -> Path:
    """Return its log, to be written anew."""
    return facility.product.scripts / f"{failed.native_id}.log"


def open_job(job: Job, facility: Facility, pages: Pages, tab: str = "log") -> tuple[Page, Player]:
    page = pages.open(facility.control_page(job=job.id, tab=tab))
    return page, Player(page)


def test_a_log_of_a_gigabyte_opens_at_its_end_and_is_searched_where_it_lies(
    failed: Job, log: Path, facility: Facility, pages: Pages
) -> None:
    with log.open("wb") as file:
        file.write(b"first line\nAn error here\n")
        file.seek(GIGABYTE)
        file.write(b"\n" + b"".join(b"tail line %d\n" % number for number in range(1000)))
    page = pages.open(facility.control_page())
    player = Player(page)
    answers: list[Response] = []
    page.on("response", lambda one: answers.append(one))  # noqa: PLW0108 - a mark is put on it
    player.press(1, "failing", "Log")
    lines = player.root.get_by_role("log")
    expect(lines).to_contain_text("tail line 999")
    expect(player.root).to_contain_text("of 1 GB")
    player.root.get_by_role("button", name="First error").click()
    expect(lines).to_contain_text("An error here")
    expect(player.root.get_by_text("first line")).to_be_visible()
    player.root.get_by_role("searchbox", name="Search log").fill("tail line 77")
    page.keyboard.press("Enter")
    expect(lines.locator("mark").first).to_have_text("tail line 77", timeout=120_000)
    fetched = sum(len(one.body()) for one in answers if f"/jobs/{failed.id}/log" in one.url)
    assert 10_000 < fetched < GIGABYTE / 100  # a NUL travels as \u0000


def test_whatever_stands_in_a_log_is_shown_and_nothing_of_it_runs(
    failed: Job, log: Path, facility: Facility, pages: Pages
) -> None:
    log.write_bytes(NASTY)
    page, player = open_job(failed, facility, pages)
    asked: list[Dialog] = []
    page.on("dialog", lambda one: asked.append(one))  # noqa: PLW0108 - a mark is put on it
    lines = player.root.get_by_role("log")
    expect(lines).to_contain_text("red and ⟨202E⟩gnp.exe, ^A^G and half \ufffd of a sign")
    expect(lines).to_contain_text("<img src=x onerror=alert(1)><script>alert(2)</script>")
    expect(lines.get_by_role("button", name="Long line, show all 100 kB")).to_be_visible()
    assert lines.locator("img, script, a").count() == 0
    error = player.root.get_by_role("button", name="First error")
    error.click()
    expect(lines.locator(".at")).to_contain_text("onerror")
    player.root.get_by_role("button", name="Next error").click()
    expect(lines.locator(".at")).to_contain_text("KeyError: jungfrau1M")
    assert asked == []


def test_script_and_command_of_a_snapshot_can_be_read(
    failed: Job, facility: Facility, pages: Pages
) -> None:
    _, player = open_job(failed, facility, pages, "snapshot")
    script = player.root.get_by_role("region", name="Script")
    expect(script).to_contain_text("bsub -q psanaq")
    command = player.root.get_by_role("region", name="Command")
    expect(command).to_contain_text(f"failing.sh {EXPERIMENT} 1 --bins 201")
    for box, lines in ((command, 1), (script, 3)):
        height, needed = box.evaluate("(e) => [e.clientHeight, e.scrollHeight]")
        assert height == needed > 15 * lines


def test_a_failed_job_says_why_and_is_rerun_with_more_by_keyboard(
    failed: Job, facility: Facility, pages: Pages
) -> None:
    page, player = open_job(failed, facility, pages, "details")
    panel = player.root.get_by_role("tabpanel", name="Details")
    expect(panel).to_contain_text("MemoryError: unable to allocate 512 MiB")
    expect(panel).to_contain_text("script")
    player.root.get_by_role("button", name="Rerun…").press("Enter")
    page.get_by_role("button", name="With more…").press("Enter")
    memory = page.get_by_role("textbox", name="Memory")
    memory.fill("2")
    expect(page.get_by_role("alert")).to_contain_text(["2 what? Write 2G or 2M."])
    memory.fill("2G")
    memory.press("Enter")
    page.get_by_role("button", name="Open").press("Enter")
    player.root.get_by_role("tab", name="Details").click()
    expect(panel).to_contain_text(f"Attempt 2 of 2: #{failed.id} EXIT, #")
    panel.get_by_role("button", name=f"#{failed.id} EXIT").press("Enter")
    expect(panel).to_contain_text("with 2 GB")
