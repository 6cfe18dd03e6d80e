"""Take the pictures of the README: ``make pictures`` writes them to ``docs/images``.

What they show is real: jobs that run, report, fail and wait on this machine, in a folder that is
gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

import arp_nb
from tests.chromium import open_browser
from tests.e2e.facility import Facility
from tests.e2e.hosts import NOISE, run_cell, write_notebook
from tests.e2e.player import Player
from tests.e2e.watched_page import Pages
from tests.real.product import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arp_nb.client.board import Board
    from tests.e2e.watched_page import Theme

EXPERIMENT = "xppi0915"
IMAGES = Path(__file__).with_name("images")
THEMES: tuple[Theme, Theme] = ("light", "dark")
SAMPLES = ("lysozyme", "thaumatin", "insulin", "photosystem II")
#: a job: its name, run and, until a file is there, what it reports and prints
JOB_PY = """
import itertools, json, math, os, random, sys, time, urllib.request
kind, run = sys.argv[1], int(sys.argv[3])
random.seed(f"{kind} {run}")
stays = "--stay" in sys.argv
steps = random.randint(20, 90) if stays else 40
print(f"{kind}: reading run {run}")
for step in itertools.count(1):
    hits = 3 + math.sin(step / 5) + random.random() / 5
    counters = {
        "smd": {"Events": {"value": step * 1250, "max": 125000 if stays else None},
                "Hit rate": {"value": round(hits, 1), "unit": "%", "color": "green"}},
        "cube": {"Bins": {"value": step * 2, "max": 201 if stays else None},
                 "Dark": [round(hits * 3), "red"]},
        "calib": {"Pedestal shift": {"value": round(hits / 8, 1), "unit": "ADU", "color": "green"},
                  "Dead pixels": 200 + step},
    }[kind]
    print(f"event {step * 1250:6d}  {hits:.1f} % hits")
    body = json.dumps({"counters": counters}).encode()
    asked = urllib.request.Request(os.environ["BATCH_UPDATE_URL"], body)
    urllib.request.urlopen(asked, timeout=30).read()
    if step == steps and not stays:
        break
    time.sleep(0.02 if step < steps else 1)
if run % 7 == 0:
    print("\\033[33mwarning: detector jungfrau1M is not in the configuration\\033[0m")
    raise KeyError("jungfrau1M")
"""
SUBMIT = """#!/bin/bash
HERE=$(cd "$(dirname "$0")" && pwd)
bsub -q psanaq -o "$HERE/%J.log" python -u "$HERE/job.py" {kind} "$@"
"""
SHOW = f"import arp_nb\n\nboard = arp_nb.connect({EXPERIMENT!r})\nboard"
GRID = """import pandas as pd
from arp_nb.widgets import Column, Grid

shots = pd.DataFrame({
    "detector": ["jungfrau4M", "epix10k", "jungfrau4M", "cspad"] * 250_000,
    "energy": [9.52, 9.48, 9.61, 7.11] * 250_000,
    "time": pd.date_range("2026-11-22 14:00", periods=1_000_000, freq="8ms", tz="UTC"),
    "laser": [True, False, True, True] * 250_000,
})
Grid(shots, columns={"energy": Column(unit="keV")})"""


def main() -> None:
    """Take them all."""
    with _facility() as facility, open_browser() as browser:
        with arp_nb.connect(EXPERIMENT, create=True) as board:
            _work(board, facility)
        for theme in THEMES:
            pages = Pages(browser, facility.url, IMAGES, "pictures")
            _control(pages, facility, theme)
            _wall(pages, facility, theme)
            _lab(pages, facility, theme)
            pages.close(keep_picture=False)


@contextmanager
def _facility() -> Iterator[Facility]:
    folder = Path(tempfile.mkdtemp(prefix="arp", dir="/tmp"))
    facility = Facility(folder, "local_slots = 5\n")
    before = dict(os.environ)
    os.environ.update(facility.variables)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(os.environ.update, before)
        stack.callback(facility.close)
        facility.start()
        yield facility


def _work(board: Board, facility: Facility) -> None:
    """Fill an experiment: most jobs are over, some failed, some run, some wait."""
    for number in range(1, 13):
        _take(board, number)
    facility.product.script("job.py", JOB_PY)
    for kind in ("smd", "cube", "calib"):
        script = facility.product.script(f"{kind}.sh", SUBMIT.format(kind=kind))
        board.definitions.add(kind, script)
    board.apply("smd", runs="1-12")
    board.apply("cube", runs="8, 12")
    board.apply("calib", runs="5, 10")
    board.jobs.wait()
    _by_itself(board)
    board.definitions.update("smd", parameters="--stay")
    board.definitions.update("cube", parameters="--stay")
    stays = [
        *board.apply("smd", runs="22-24", existing="again"),
        *board.apply("cube", runs="21-24"),
    ]
    stays[1].kill()
    board.apply("calib", runs="21")


def _take(board: Board, number: int) -> None:
    beam = number * 7 % 10 / 10
    board.runs.start(number, {"sample": SAMPLES[number % len(SAMPLES)], "beam": beam}, type="DATA")
    board.runs.end(number)


def _by_itself(board: Board) -> None:
    """Let runs come while autorun is checked: some start jobs, others do not."""
    board.definitions.update("smd", predicate="beam > 0.4", run_types="DATA")
    board.definitions.update("cube", trigger="AFTER", after="smd")
    board.definitions.update("calib", trigger="ALL_FILES_TRANSFERRED")
    for name in ("smd", "cube", "calib"):
        board.definitions.autorun(name, on=True)
    board.runs.start(18)
    board.runs.exclude(18, "shutter closed")
    for number in range(13, 25):
        _take(board, number)
    wait_until(lambda: _decided(board, "smd") == 12, "what is decided of each run")
    board.jobs.wait()
    wait_until(lambda: _decided(board, "cube") == 3, "jobs after jobs that are DONE")
    board.jobs.wait()


def _decided(board: Board, name: str) -> int:
    return len(board.autorun.ledger.df.query(f"hash == {name!r} and run > 12"))


def _control(pages: Pages, facility: Facility, theme: Theme) -> None:
    page = pages.open(facility.address(f"/arp/page?experiment={EXPERIMENT}"), theme=theme)
    player = Player(page)
    _settled(player)
    pages.shoot(page, f"control-{theme}")
    player.press(21, "smd", "Log")
    expect(player.root.get_by_role("log")).to_contain_text("KeyError")
    pages.shoot(page, f"log-{theme}")
    page.keyboard.press("Escape")
    player.go("Batch defs")
    player.definition("smd").get_by_role("gridcell").first.click()
    fold = player.root.get_by_role("button", name="When smd runs by itself")
    expect(fold).to_be_visible()
    if fold.get_attribute("aria-expanded") == "false":  # it is remembered
        fold.click()
    expect(player.root.locator(".arp-tested")).to_contain_text("beam =")
    pages.shoot(page, f"defs-{theme}")
    player.go("Autorun")
    expect(player.root.get_by_role("grid", name="What autorun decided")).to_contain_text("fired")
    pages.shoot(page, f"autorun-{theme}")


def _settled(player: Player) -> None:
    """Wait until jobs run and reports are there; take away what is said of this machine only."""
    expect(player.count("RUN")).to_contain_text("5", timeout=60_000)
    expect(player.jobs.get_by_role("progressbar").first).to_be_visible()
    for button in player.root.get_by_role("button", name="Dismiss").all():
        button.click()
    player.page.wait_for_timeout(1000)  # for the report of the row that came into view below


def _wall(pages: Pages, facility: Facility, theme: Theme) -> None:
    address = facility.address(f"/arp/page?experiment={EXPERIMENT}&view=wall")
    page = pages.open(address, theme=theme, width=1920, height=1080)
    player = Player(page)
    _settled(player)
    pages.shoot(page, f"wall-{theme}")


def _lab(pages: Pages, facility: Facility, theme: Theme) -> None:
    write_notebook(facility, "shots.ipynb", GRID)
    write_notebook(facility, "board.ipynb", SHOW)
    facility.choose_theme(theme)
    pages.expected.extend(NOISE)
    page = pages.open(facility.address("/lab/tree/board.ipynb?reset"), theme=theme)
    run_cell(page, 0, wait=True)
    _settled(Player(page))
    pages.shoot(page, f"lab-{theme}")
    page = pages.open(facility.address("/lab/tree/shots.ipynb?reset"), theme=theme)
    run_cell(page, 0, wait=True)
    expect(page.get_by_text("1,000,000 rows", exact=True)).to_be_visible()
    pages.shoot(page, f"grid-{theme}")


if __name__ == "__main__":
    main()
