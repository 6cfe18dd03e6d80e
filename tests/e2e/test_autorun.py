"""Autorun on the control page: jobs that start by themselves, why, and the switch of all."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import arp_nb
from tests.e2e.facility import EXPERIMENT
from tests.e2e.player import Player
from tests.e2e.watched_page import serious_findings
from tests.real.product import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

    from arp_nb.client.board import Board
    from tests.e2e.facility import Facility
    from tests.e2e.watched_page import Pages, Theme

QUICK = '#!/bin/bash\nbsub -q psanaq -o /dev/null true "$@"\n'
_RUNS = iter(range(101, 999))


def jupyter_arp(*words: str) -> None:
    """Type a command as a beamline operator, or their script, would."""
    command = [sys.executable, "-m", "arp_nb.cli", *words]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)


def take_run(*parameters: str) -> int:
    """Start and end a run, from a terminal."""
    run = next(_RUNS)
    jupyter_arp("run", "start", EXPERIMENT, str(run), *parameters)
    jupyter_arp("run", "end", EXPERIMENT, str(run))
    return run


class AutorunPlayer(Player):
    """What a user does with autorun, by the names that a screen reader would say."""

    @property
    def switch(self) -> Locator:
        """The one switch of all autorun."""
        return self.root.get_by_role("switch")

    @property
    def ledger(self) -> Locator:
        """The table of what was decided."""
        return self.root.get_by_role("grid", name="What autorun decided")

    def line(self, run: int, name: str) -> Locator:
        """Return the ledger's line of a run and a batch def."""
        number = self.page.get_by_role("gridcell", name=str(run), exact=True)
        return self.ledger.get_by_role("row").filter(has=number).filter(has_text=name)

    def check(self, name: str) -> None:
        """Check the box of a batch def."""
        self.go("Batch defs")
        self.root.get_by_role("checkbox", name=f"Autorun of {name}").click()
        expect(self.toast(f"Autorun of {name} is checked")).to_be_visible()

    def only_if(self, name: str) -> Locator:
        """Unfold when a batch def runs by itself; return the field of its predicate."""
        self.go("Batch defs")
        self.definition(name).get_by_role("gridcell").nth(0).click()
        fold = self.root.get_by_role("button", name=f"When {name} runs by itself")
        expect(fold).to_be_visible()
        if fold.get_attribute("aria-expanded") == "false":
            fold.click()
        return self.root.get_by_role("combobox", name="Only if")

    @property
    def banner(self) -> Locator:
        """What everybody is told."""
        return self.root.locator(".arp-banner")


@pytest.fixture
def script(facility: Facility) -> str:
    """A job that is over at once."""
    return str(facility.product.script("quick.sh", QUICK))


@pytest.fixture
def player(board: Board, facility: Facility, pages: Pages) -> AutorunPlayer:
    player = AutorunPlayer(pages.open(facility.control_page()))
    expect(player.switch).to_be_visible()
    return player


@pytest.fixture(autouse=True)
def left_as_found(board: Board) -> Iterator[None]:
    """No test leaves autorun stopped, or a box checked, for the next one."""
    yield
    board.autorun.resume()
    # as the manager says: what was checked in a page may not have come to this board yet
    for one in board.autorun.status().definitions:
        if board.definitions[one["name"]].autorun:
            board.definitions.autorun(one["name"], on=False)


def test_a_run_that_ends_starts_its_job_and_the_ledger_says_why(
    board: Board, player: AutorunPlayer, script: str
) -> None:
    board.definitions.add("auto", script, predicate="beam > 0.5")
    player.check("auto")
    expect(player.switch).to_have_accessible_name("Autorun on for 1 def")
    good, bad = take_run("beam=0.7"), take_run("beam=0.2")
    player.go("Batch control")
    expect(player.job(good, "auto")).to_contain_text("DONE")
    expect(player.idle_run(bad)).to_be_visible()
    player.go("Autorun")
    fired = player.line(good, "auto")
    expect(fired).to_contain_text("fired")
    expect(fired).to_contain_text("beam = 0.7")
    expect(player.line(bad, "auto")).to_contain_text("beam > 0.5")
    fired.get_by_role("button", name=re.compile(r"^Job \d+")).click()
    drawer = player.root.get_by_role("complementary")
    expect(drawer).to_contain_text("Started by autorun")
    expect(drawer).to_contain_text("End of run")


def test_why_a_run_has_no_job_is_asked_from_its_row(
    board: Board, player: AutorunPlayer, script: str
) -> None:
    board.definitions.add("why_not", script, predicate="beam > 0.5")
    player.check("why_not")
    run = take_run("beam=0.1")
    player.go("Batch control")
    row = player.idle_run(run)
    row.get_by_role("button", name=f"Why has run {run} no job").click()
    line = player.line(run, "why_not")
    expect(line).to_contain_text("skipped")
    expect(line).to_contain_text("beam = 0.1")
    line.get_by_role("button", name="Run it now").click()
    expect(player.toast("by hand")).to_be_visible()
    player.go("Batch control")
    expect(player.job(run, "why_not")).to_contain_text("DONE")


def test_what_one_stops_everybody_sees_and_what_waits_is_run_on_resume(
    board: Board, facility: Facility, pages: Pages, player: AutorunPlayer, script: str
) -> None:
    board.definitions.add("stopped", script)
    player.check("stopped")
    other = AutorunPlayer(pages.open(facility.control_page()))
    wall = AutorunPlayer(pages.open(facility.control_page(view="wall")))
    player.switch.click()
    expect(player.switch).to_have_attribute("aria-checked", "false")  # before any question
    question = player.root.get_by_role("alertdialog")
    question.get_by_role("textbox", name="Reason").fill("moving the detector")
    player.page.keyboard.press("Enter")
    expect(other.banner).to_contain_text("stopped all autorun at")
    expect(other.banner).to_contain_text("“moving the detector”")
    run = take_run()
    expect(other.banner).to_contain_text("1 run has ended since")
    expect(wall.banner).to_contain_text("stopped all autorun at")
    expect(wall.banner.get_by_role("button", name="Resume")).to_be_hidden()
    assert board.jobs.df.query(f"run == {run}").empty
    other.banner.get_by_role("button", name="Resume and run this one").click()
    expect(player.banner).not_to_contain_text("stopped all autorun")
    expect(player.switch).to_have_attribute("aria-checked", "true")
    player.go("Batch control")
    expect(player.job(run, "stopped")).to_contain_text("DONE")


def test_what_waits_in_other_experiments_is_asked_about_before_it_is_skipped(
    board: Board, player: AutorunPlayer, script: str
) -> None:
    with arp_nb.connect("xppother26", create=True) as other:
        other.definitions.add("far", script)
        other.definitions.autorun("far", on=True)
        board.autorun.stop()
        other.runs.start(1)
        other.runs.end(1)
        waits = "hash == 'far' and outcome == 'waiting'"
        wait_until(lambda: len(other.autorun.ledger.df.query(waits)) == 1, "a line that waits")
        resume = player.banner.get_by_role("button", name="Resume")
        resume.click()
        question = player.root.get_by_role("dialog", name="in all experiments")
        expect(question).to_contain_text("In other experiments 1 line of the ledger waits.")
        question.get_by_role("button", name="Cancel").click()
        assert board.autorun.stopped
        resume.click()
        question.get_by_role("button", name="Go on, skip what waits there").click()
        expect(player.switch).to_have_attribute("aria-checked", "true")
        skipped = ["skipped"]
        wait_until(
            lambda: other.autorun.ledger.df.outcome.tolist() == skipped, "the line is skipped"
        )
        other.definitions.autorun("far", on=False)


def test_a_line_that_waits_is_skipped_by_keyboard(
    board: Board, player: AutorunPlayer, script: str
) -> None:
    board.definitions.add("paused", script)
    player.check("paused")
    board.autorun.pause("paused", said="new mask")
    run = take_run()
    player.page.keyboard.press("g")
    player.page.keyboard.press("a")
    line = player.line(run, "paused")
    expect(line).to_contain_text("waits")
    expect(line).to_contain_text("new mask")
    line.get_by_role("gridcell").nth(3).click()
    full = player.root.get_by_role("region", name="The line in full")
    expect(full).to_contain_text("new mask")
    player.page.keyboard.press("s")
    expect(line).to_contain_text("skipped")
    assert board.jobs.df.query(f"run == {run}").empty


def test_a_predicate_is_tried_while_it_is_typed(
    board: Board, player: AutorunPlayer, script: str
) -> None:
    board.definitions.add("typed", script)
    take_run("beam_energy=9.5")
    field = player.only_if("typed")
    keys = player.page.keyboard
    field.click()
    keys.type("beam_en")
    expect(player.root.get_by_role("option", name="beam_energy")).to_be_visible()
    keys.press("Tab")
    keys.type(" > 9")
    said = player.root.locator(".arp-tested")
    expect(said).to_contain_text("True")
    expect(said).to_contain_text("beam_energy = 9.5")
    keys.type(" and and")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(said.locator(".arp-caret")).to_be_visible()
    for _ in " and and":
        keys.press("Backspace")
    expect(said).to_contain_text("True")
    keys.press("Enter")
    expect(player.root.get_by_role("button", name="Save", exact=True)).to_be_hidden()
    wait_until(lambda: "beam_energy > 9" in set(board.definitions.df.predicate), "the predicate")


def test_a_script_that_changed_is_shown_as_text_before_it_is_checked_again(
    board: Board, facility: Facility, player: AutorunPlayer
) -> None:
    path = facility.product.script("changes.sh", QUICK)
    board.definitions.add("changes", str(path))
    player.check("changes")
    path.write_text(QUICK + "echo '<img src=x onerror=alert(1)>'\n")
    take_run()
    player.go("Batch defs")
    expect(player.definition("changes")).to_contain_text("paused")
    player.definitions.get_by_role("button", name="What changed…").click()
    dialog = player.root.get_by_role("dialog", name=re.compile("^What changed in changes"))
    expect(dialog).to_contain_text("+echo '<img src=x onerror=alert(1)>'")
    dialog.get_by_role("button", name="Check again").click()
    expect(player.definition("changes")).not_to_contain_text("paused")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_of_autorun_has_a_serious_finding(
    board: Board, facility: Facility, pages: Pages, script: str, theme: Theme
) -> None:
    name = f"seen_{theme}"
    board.definitions.add(name, script, predicate="beam > 0.5", most_at_once=2)
    board.definitions.autorun(name, on=True)
    take_run("beam=0.7")
    page = pages.open(facility.control_page(page="autorun"), theme=theme)
    player = AutorunPlayer(page)
    board.autorun.stop(said="moving the detector")
    run = take_run("beam=0.8")
    expect(player.line(run, name)).to_contain_text("waits")
    found = {"autorun": look(page, pages, f"autorun-{theme}")}
    player.only_if(name)
    expect(player.root.locator(".arp-tested")).to_contain_text("True")
    found["when"] = look(page, pages, f"autorun-when-{theme}")
    player.root.get_by_role("button", name="Try on last runs…").click()
    expect(player.root.get_by_role("dialog")).to_contain_text("would have started it")
    found["backtest"] = look(page, pages, f"autorun-backtest-{theme}")
    assert not any(found.values()), found


def look(page: Page, pages: Pages, state: str) -> list[str]:
    """Judge what is on the page, and keep pictures of it, wide and narrow."""
    findings = serious_findings(page, ".arp")
    for width in (700, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        pages.shoot(page, f"{state}-{width}")
    return findings
