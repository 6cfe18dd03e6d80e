"""The command line, on a manager and jobs of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from arp_nb.demo.stage import EXPERIMENT, Stage
from tests.integration.terminal import Arp


def test_experiments_are_made_listed_and_closed(arp: Arp) -> None:
    assert arp("experiment create xppcli26 --instrument XPP")[0] == 0
    assert "xppcli26" in arp("experiment list")[1]
    status, out, _ = arp("experiment deactivate xppcli26")
    assert (status, out) == (0, "Experiment xppcli26 is not active.\n")
    status, _, err = arp("experiment create xppcli26")
    assert status == 1
    assert err.startswith("arp: ")
    assert err.count("\n") == 1


def test_unknown_experiment_names_a_near_one(arp: Arp) -> None:
    status, _, err = arp(f"jobs {EXPERIMENT[:-1]}7")
    assert status == 1
    assert EXPERIMENT in err


def test_runs_are_started_described_and_ended(arp: Arp) -> None:
    arp("experiment create xppruns26")
    assert arp("run start xppruns26 12 sample=lysozyme")[1] == "run 12: sample=lysozyme\n"
    assert arp("run param xppruns26 12 energy=9.5")[1] == "run 12: sample=lysozyme, energy=9.5\n"
    assert arp("run end xppruns26 12")[0] == 0
    assert re.search(r"^12 +\d{4}-.*energy=9.5$", arp("run list xppruns26")[1], re.MULTILINE)


def test_how_a_script_is_called_is_said_by_switches(arp: Arp, stage: Stage) -> None:
    script = stage.work / "scripts" / "peaks.sh"
    arp(f"definition add {EXPERIMENT} called {script}")
    change = f"definition update {EXPERIMENT} called '--parameters=a;b'"
    status, _, err = arp(change)
    assert status == 1
    assert "quoted_parameters" in err
    assert arp(f"{change} --quoted-parameters --parameters-only")[0] == 0
    dry = f"apply {EXPERIMENT} called 1 --dry-run"
    assert f"{script} 'a;b'" in arp(dry)[1]
    assert arp(f"definition update {EXPERIMENT} called --no-parameters-only")[0] == 0
    assert f"{script} {EXPERIMENT} 1 'a;b'" in arp(dry)[1]


def test_batch_defs_are_added_changed_removed_and_restored(arp: Arp, stage: Stage) -> None:
    script = stage.work / "scripts" / "peaks.sh"
    assert arp(f"definition add {EXPERIMENT} more {script} --parameters=--threshold=0.1")[0] == 0
    assert arp(f"definition update {EXPERIMENT} more --parameters=x")[1].startswith(
        "more (version 2)"
    )
    assert arp(f"definition remove {EXPERIMENT} more")[0] == 0
    assert "more" not in arp(f"definition list {EXPERIMENT}")[1]
    assert arp(f"definition restore {EXPERIMENT} more")[0] == 0
    status, _, err = arp(f"definition add {EXPERIMENT} relative scripts/peaks.sh")
    assert status == 1
    assert "absolute" in err


def test_job_is_applied_followed_and_its_log_read(arp: Arp) -> None:
    status, out, _ = arp(f"apply {EXPERIMENT} peaks 1 --dry-run")
    assert status == 0
    assert f"peaks.sh {EXPERIMENT} 1" in out
    status, out, err = arp(f"apply {EXPERIMENT} peaks 1 --follow")
    assert (status, err) == (0, "")
    job = re.findall(r"^job (\d+)", out)[0]
    assert f"job {job}, run 1: DONE" in out
    assert "run 1: no job" in arp(f"apply {EXPERIMENT} peaks 1")[1]
    assert "frame 37 of 37" in arp(f"log {job} -f")[1]
    assert re.search(rf"^{job} +1 +peaks +DONE", arp(f"jobs {EXPERIMENT}")[1], re.MULTILINE)
    status, _, err = arp(f"kill {job} 99999")
    assert status == 1


def test_followed_job_that_fails_is_status_1(arp: Arp, stage: Stage) -> None:
    script = stage.work / "scripts" / "fails.sh"
    script.write_text("#!/bin/bash\nbsub -o /dev/null false\n")
    script.chmod(0o755)
    arp(f"definition add {EXPERIMENT} fails {script}")
    status, out, _ = arp(f"apply {EXPERIMENT} fails 2 --follow")
    assert status == 1
    assert "EXIT" in out


def test_runs_that_cannot_be_understood_are_told(arp: Arp) -> None:
    for runs in ("5-1", "1-99999999", "77", "x"):
        status, _, err = arp(f"apply {EXPERIMENT} peaks {runs}")
        assert status == 1
        assert err.startswith("arp: ")
        assert err.count("\n") == 1


def test_doctor_and_client_say_how_things_are(arp: Arp, stage: Stage) -> None:
    _, out, _ = arp("doctor")
    assert re.search(r"^ok +batch manager: ", out, re.MULTILINE)
    assert re.search(r"^ok +update route: http://127.0.0.1:\d+ answers", out, re.MULTILINE)
    assert re.search(r"^ok +claim: ", out, re.MULTILINE)
    status, out, _ = arp("client")
    assert status == 0
    assert re.search(r"^local +yes", out, re.MULTILINE)


def test_doctor_names_what_is_wrong_with_the_store(arp: Arp, monkeypatch: pytest.MonkeyPatch,
                                                   short_tmp: Path) -> None:  # fmt: skip
    store = short_tmp / "store"
    store.mkdir(mode=0o700)
    (store / "config.toml").write_text("pol_min_s = 3\n")
    monkeypatch.setenv("ARP_STORE", str(store))
    status, out, _ = arp("doctor")
    assert status == 1
    assert "Did you mean 'poll_min_s'?" in out


def test_manager_tells_its_state(arp: Arp) -> None:
    status, out, _ = arp("manager status")
    assert status == 0
    assert "A batch manager listens" in out
