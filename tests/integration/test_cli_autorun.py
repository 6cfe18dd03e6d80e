"""Autorun from the command line, on a real manager with a folder that is watched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import arp_nb
from arp_nb.demo.stage import Stage
from tests.integration.terminal import Arp
from tests.unit.standin_manager import within

EXPERIMENT = "xppauto26"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage whose manager watches two folders; one of them is not there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        stage = Stage()
        data = stage.work / "data"
        data.mkdir(parents=True)
        watched = {
            "kind": "folder",
            "experiments": [EXPERIMENT],
            "pattern": "run{run:04d}/*.dat",
            "params": "run{run:04d}/run.json",
            "sentinel": "run{run:04d}/DONE",
        }
        stage.run_source("detector", path=data, **watched)
        stage.run_source("absent", path=stage.work / "nowhere", **watched)
        with stage:
            script = stage.work / "scripts" / "quick.sh"
            script.write_text("#!/bin/bash\nbsub -o /dev/null true\n")
            script.chmod(0o755)
            with arp_nb.connect(EXPERIMENT, create=True) as board:
                board.definitions.add("quick", script, predicate="beam > 0.5")
                board.runs.start(7, {"beam": 0.7})
            yield stage


def take(stage: Stage, run: int, parameters: str = "{}") -> None:
    """Write a run as a detector does."""
    folder = stage.work / "data" / f"run{run:04d}"
    folder.mkdir()
    (folder / "run.json").write_text(parameters)
    (folder / "0.dat").write_text("1")
    (folder / "DONE").touch()


def script(stage: Stage) -> Path:
    return stage.work / "scripts" / "quick.sh"


def test_run_of_the_folder_starts_its_job_and_everybody_can_see_why(
    arp: Arp, stage: Stage
) -> None:
    status, out, _ = arp(f"autorun on {EXPERIMENT} quick")
    assert status == 0
    assert "when: END_OF_RUN if beam > 0.5\n  autorun: as " in out
    take(stage, 1, '{"beam": 0.7}')
    take(stage, 2, '{"beam": 0.2}')
    ledger = f"autorun ledger {EXPERIMENT}"
    within(30, lambda: len(arp(ledger)[1].splitlines()) == 3)
    out = arp(ledger)[1]
    assert re.search(r"^\d+ +1 +quick +fired +\d+ .*job \d+", out, re.MULTILINE)
    assert re.search(r"^\d+ +2 +quick +skipped .*beam = 0.2", out, re.MULTILINE)
    assert len(arp(f"{ledger} --run 2 --outcome skipped")[1].splitlines()) == 2
    assert "older ones" in arp(f"{ledger} --limit 1")[1]
    assert re.search(r"^1 .*beam=0.7", arp(f"run list {EXPERIMENT}")[1], re.MULTILINE)
    out = arp(f"autorun backtest {EXPERIMENT} quick --predicate 'beam > 0.1'")[1]
    assert len(re.findall(r"^\d+ +yes", out, re.MULTILINE)) == 2
    status, out, _ = arp(f"autorun consent {EXPERIMENT} quick")
    assert status == 0
    assert "Nothing has changed since." in out


def test_source_that_is_down_is_named_everywhere(arp: Arp, stage: Stage) -> None:
    status = arp(f"autorun status {EXPERIMENT}")
    assert status[0] == 0
    assert re.search(r"^absent +folder +DOWN since .*nowhere", status[1], re.MULTILINE)
    assert re.search(r"^detector +folder +tells .*END_OF_RUN", status[1], re.MULTILINE)
    out = arp("doctor")[1]
    assert re.search(r"^NO +run source absent: DOWN since", out, re.MULTILINE)
    assert re.search(r"^ok +autorun: acts", out, re.MULTILINE)
    out = arp("manager status")[1]
    assert re.search(r"^run source absent: DOWN, ", out, re.MULTILINE)
    assert "autorun: acts" in out


def test_stop_is_told_by_everything_that_tells_anything(arp: Arp, stage: Stage) -> None:
    try:
        status, out, _ = arp("autorun stop changing the sample")
        assert status == 0
        assert "stopped all autorun" in out
        status, out, _ = arp(f"autorun status {EXPERIMENT}")
        assert status == 1
        assert "changing the sample" in out
        assert "changing the sample" in arp("doctor")[1]
        assert "changing the sample" in arp("manager status")[1]
    finally:
        assert "Autorun acts." in arp("autorun start --missed skip")[1]
    assert arp(f"autorun status {EXPERIMENT}")[0] == 0


def test_run_is_told_and_excluded_by_hand(arp: Arp, stage: Stage) -> None:
    arp("experiment create xpphand26")
    arp(f"definition add xpphand26 quick {script(stage)}")
    arp("autorun on xpphand26 quick")
    assert arp("run start xpphand26 5 --type DARK")[1] == "run 5: DARK, no parameters\n"
    status, out, _ = arp("run exclude xpphand26 5 the shutter was closed")
    assert status == 0
    assert "the shutter was closed" in out
    arp("run end xpphand26 5")
    ledger = "autorun ledger xpphand26"
    within(30, lambda: "the shutter was closed" in arp(ledger)[1])
    assert "the shutter was closed" in arp("run list xpphand26")[1]
    assert arp("run include xpphand26 5")[0] == 0
    assert arp("run set xpphand26 6 a=1 --type DATA --all-files-at now")[0] == 0
    assert "has not ended" in arp(f"{ledger} --run 6")[1]
    assert arp(f"{ledger} --run 6 --no-complete")[1] == "no entries\n"


def test_pause_and_what_waited_are_settled_in_the_terminal(arp: Arp, stage: Stage) -> None:
    arp("experiment create xppwait26")
    arp(f"definition add xppwait26 quick {script(stage)}")
    arp("autorun on xppwait26 quick")
    out = arp("autorun pause xppwait26 quick calibrating")[1]
    assert re.search(r"paused by \S+: calibrating", out)
    for run in (1, 2):
        arp(f"run start xppwait26 {run}")
        arp(f"run end xppwait26 {run}")
    waiting = "autorun ledger xppwait26 --outcome waiting"
    within(30, lambda: len(arp(waiting)[1].splitlines()) == 3)
    first = arp(waiting)[1].splitlines()[2].split()[0]
    assert "skipped" in arp(f"autorun missed xppwait26 skip {first}")[1]
    assert "2 waiting" not in arp("autorun status xppwait26")[1]
    assert arp("autorun resume xppwait26 quick --missed run")[0] == 0
    within(30, lambda: "fired" in arp("autorun ledger xppwait26 --run 2")[1])
    assert "fired" not in arp("autorun ledger xppwait26 --run 1")[1]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("autorun on xppauto26 quik", "there are: quick"),
        ("autorun backtest xppauto26 quik", "quik"),
        ("autorun status xppauto27", "xppauto26"),
        ("autorun ledger xppauto26 --why nonsense", "why"),
        ("autorun ledger xppauto26 --hash quik", "there are: quick"),
        ("autorun missed xppauto26 run 99999", "no such line"),
        ("run exclude xppauto26 99 no beam", "99"),
        ("definition update xppauto26 quick --predicate 'beam >'", "predicate"),
    ],
)
def test_what_cannot_be_done_is_one_line_in_words(
    arp: Arp, stage: Stage, line: str, said: str
) -> None:
    status, _, err = arp(line)
    assert status == 1
    assert err.startswith("arp: ")
    assert said in err.lower() or said in err
    assert err.count("\n") == 1


def test_mistake_in_a_predicate_is_shown_where_it_is(arp: Arp, stage: Stage) -> None:
    status, out, _ = arp(f"autorun check {EXPERIMENT} 'beam > '")
    assert status == 1
    assert out.splitlines()[0] == "beam > "
    assert arp(f"autorun check {EXPERIMENT} 'beam > 0.1' --run 7")[0] == 0
