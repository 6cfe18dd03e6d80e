"""Autorun and runs on the command line: what is printed, and with which exit status."""

from __future__ import annotations

from typing import Any

import pytest

from arp_nb import cli
from arp_nb.cli.doctor import _autorun
from arp_nb.daemon import commands
from tests.integration.terminal import Arp
from tests.unit.standin_manager import NOW, StandIn, entry_row, run_row
from tests.unit.test_client_autorun import (
    BACKTEST,
    CHECKED,
    CONSENT,
    LONG,
    SOURCE,
    STATUS,
    STOPPED,
)

ROOT = "/experiments/xppi0915"


@pytest.fixture
def arp(standin: StandIn, capsys: pytest.CaptureFixture[str]) -> Arp:
    return Arp(capsys)


def sent(standin: StandIn, path: str) -> Any:
    return [body for _, seen, body in standin.seen if seen == path][-1]


@pytest.mark.parametrize("acts", [True, False])
def test_status_is_1_where_autorun_cannot_act(arp: Arp, standin: StandIn, acts: bool) -> None:
    said = {**STATUS, "acts": acts, "cannot": [] if acts else ["ana stopped all autorun."]}
    standin.answers["GET", f"{ROOT}/autorun"] = (200, said)
    status, out, _ = arp("autorun status xppi0915")
    assert status == (0 if acts else 1)
    assert ("ana stopped all autorun." in out) is not acts
    assert "peaks  END_OF_RUN  as ana; 12 fired" in out
    assert "DOWN since 2026-11-22 14:02:00 UTC: not mounted" in out
    assert "note: While it is awake." in out


@pytest.mark.parametrize("ok", [True, False])
def test_status_says_all_that_a_source_said(arp: Arp, standin: StandIn, ok: bool) -> None:
    source = {**SOURCE, "ok": ok, "said": "mfx: did not answer"}
    standin.answers["GET", f"{ROOT}/autorun"] = (200, {**STATUS, "sources": [source]})
    _, out, _ = arp("autorun status xppi0915")
    assert out.count("mfx: did not answer") == 1
    evil = {**source, "said": f"{LONG}\x1b\u202e"}
    standin.answers["GET", f"{ROOT}/autorun"] = (200, {**STATUS, "sources": [evil]})
    _, out, _ = arp("autorun status xppi0915")
    table, _, below = out.partition("run source ffb: ")
    assert "mfx0" in table
    assert "…" in table
    assert below.startswith(f"{LONG}\\u001b\\u202e\n")


def test_ledger_is_a_table_with_reasons(arp: Arp, standin: StandIn) -> None:
    standin.put_entry(1, job_id=7)
    standin.put_entry(2, outcome="skipped", said="predicate false: beam = 0.2")
    _, out, _ = arp("autorun ledger xppi0915")
    lines = out.splitlines()
    assert lines[0].split() == ["id", "run", "hash", "outcome", "job", "at", "(UTC)", "said"]
    assert "skipped" in lines[1]
    assert lines[1].endswith("predicate false: beam = 0.2")
    assert "fired" in lines[2]


def test_ledger_says_that_there_is_more(arp: Arp, standin: StandIn) -> None:
    for run in (1, 2, 3):
        standin.put_entry(run)
    assert "older ones (--limit)" in arp("autorun ledger xppi0915 --limit 2")[1]
    assert "older ones" not in arp("autorun ledger xppi0915 --limit 3")[1]


def test_ledger_of_all_pairs_is_refused(arp: Arp) -> None:
    status, _, err = arp("autorun ledger xppi0915 --complete")
    assert status == 1
    assert "--run or --hash" in err


@pytest.mark.parametrize(
    ("more", "complete"),
    [("", False), ("--run 13", True), ("--hash peaks", True), ("--run 13 --no-complete", False),
     ("--run 13 --why limit", False), ("--run 13 --why limit --complete", True)],
)  # fmt: skip
def test_who_asks_for_one_run_hears_of_what_has_not_happened_yet(
    arp: Arp, standin: StandIn, more: str, complete: bool
) -> None:
    standin.put_entry(13, why="limit")
    assert arp(f"autorun ledger xppi0915 {more}")[0] == 0
    assert (standin.asked[-1].get("complete") == "true") is complete


def test_backtest_shows_each_run_and_the_whole(arp: Arp, standin: StandIn) -> None:
    path = f"{ROOT}/autorun:backtest"
    standin.answers["POST", path] = (200, BACKTEST)
    status, out, _ = arp("autorun backtest xppi0915 peaks --last 2 --predicate 'beam > 0.5'")
    assert status == 0
    assert sent(standin, path)["definition"] == {"predicate": "beam > 0.5"}
    assert "11   no     predicate false: beam = 0.2" in out
    assert out.splitlines()[-1] == "Of 2 runs it would have fired on 1."


def test_predicate_that_cannot_be_understood_is_1(arp: Arp, standin: StandIn) -> None:
    path = f"{ROOT}/autorun:check"
    wrong = {**CHECKED, "ok": False, "problem": "There is no 'beem'.", "at": 0, "holds": None}
    standin.answers["POST", path] = (200, wrong)
    status, out, _ = arp("autorun check xppi0915 'beem > 1'")
    assert (status, out) == (1, "beem > 1\n^\nThere is no 'beem'.\nnames: beam\n")
    standin.answers["POST", path] = (200, CHECKED)
    assert arp("autorun check xppi0915 'beam > 0.5'")[0] == 0


def test_consent_that_no_longer_fits_is_1(arp: Arp, standin: StandIn) -> None:
    standin.put_definition(1, "peaks")
    path = f"{ROOT}/definitions/1/consent"
    standin.answers["GET", path] = (200, CONSENT)
    status, out, _ = arp("autorun consent xppi0915 peaks")
    assert status == 1
    assert "+sleep 2" in out
    seen = f"4:{'ab' * 32}"
    assert f"`jupyter arp autorun on xppi0915 peaks --looked-at {seen}` consents to it" in out
    standin.answers["GET", path] = (200, {**CONSENT, "changes": [], "script_diff": ""})
    assert arp("autorun consent xppi0915 peaks")[0] == 0


def test_box_is_checked_cleared_paused_and_resumed(arp: Arp, standin: StandIn) -> None:
    row = standin.put_definition(1, "peaks")
    path = f"{ROOT}/definitions/1"
    for action in ("autorun", "pause", "resume"):
        standin.answers["POST", f"{path}:{action}"] = (200, row)
    assert arp("autorun on xppi0915 peaks --missed run")[0] == 0
    assert sent(standin, f"{path}:autorun") == {"on": True, "missed": "run"}
    assert arp("autorun on xppi0915 peaks --looked-at 3")[0] == 0
    assert standin.if_match == ['"1"', '"3"']
    assert arp("autorun off xppi0915 peaks")[0] == 0
    assert sent(standin, f"{path}:autorun") == {"on": False}
    assert arp("autorun pause xppi0915 peaks detector trip")[0] == 0
    assert sent(standin, f"{path}:pause") == {"said": "detector trip"}
    assert arp("autorun resume xppi0915 peaks")[0] == 0
    assert sent(standin, f"{path}:resume") == {"missed": "skip"}
    status, _, err = arp("autorun on xppi0915 peak")
    assert status == 1
    assert "there are: peaks" in err


def test_switch_of_all_says_how_it_is(arp: Arp, standin: StandIn) -> None:
    standin.answers["POST", "/autorun:stop"] = (200, {"stopped": STOPPED, "waiting": 0, "held": 0})
    assert "ana stopped all autorun" in arp("autorun stop detector trip")[1]
    assert sent(standin, "/autorun:stop") == {"said": "detector trip"}
    standin.answers["GET", "/autorun"] = (200, {"stopped": STOPPED, "waiting": 1, "held": 0})
    standin.answers["POST", "/autorun:resume"] = (200, {"stopped": None, "waiting": 0, "held": 0})
    assert arp("autorun start --missed run")[1] == "Autorun acts.\n"
    assert sent(standin, "/autorun:resume") == {"missed": "run"}
    assert "1 line of the ledger that waited, in all experiments" in arp("autorun start")[1]


def test_entries_that_wait_are_settled_by_id(arp: Arp, standin: StandIn) -> None:
    path = f"{ROOT}/autorun:missed"
    standin.answers["POST", path] = (200, {"entries": [entry_row(3, 1, job_id=9)]})
    assert "fired" in arp("autorun missed xppi0915 run 3")[1]
    assert sent(standin, path) == {"ids": [3], "do": "run"}


def test_run_is_excluded_in_words_and_included(arp: Arp, standin: StandIn) -> None:
    out = {"excluded_at": NOW.isoformat(), "excluded_by": "ana", "excluded_why": "no beam"}
    standin.answers["POST", f"{ROOT}/runs/12:exclude"] = (200, {**run_row(12), **out})
    standin.answers["POST", f"{ROOT}/runs/12:include"] = (200, run_row(12))
    assert arp("run exclude xppi0915 12 no beam")[1] == "run 12: excluded by ana: no beam\n"
    assert sent(standin, f"{ROOT}/runs/12:exclude") == {"why": "no beam"}
    assert arp("run include xppi0915 12")[0] == 0


def test_run_is_set_by_parameters_type_and_times(arp: Arp, standin: StandIn) -> None:
    path = f"{ROOT}/runs/12"
    standin.answers["PUT", path] = (200, {**run_row(12, beam=0.5), "type": "DATA"})
    line = "run set xppi0915 12 beam=0.5 --type DATA --all-files-at 2026-03-05T12:00:00Z"
    assert arp(line)[1] == "run 12: DATA, beam=0.5\n"
    assert sent(standin, path) == {
        "parameters": {"beam": 0.5}, "type": "DATA", "all_files_at": "2026-03-05T12:00:00+00:00",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "said"),
    [("", "Nothing to set"), ("--all-files-at yesterday", "is no time"),
     ("--ended-at 2026-03-05T12:00:00", "has no zone"), ("beam", "NAME=VALUE")],
)  # fmt: skip
def test_what_cannot_be_set_is_told(arp: Arp, more: str, said: str) -> None:
    status, _, err = arp(f"run set xppi0915 12 {more}")
    assert status == 1
    assert said in err
    assert err.count("\n") == 1


def test_batch_def_is_told_what_autorun_goes_by(arp: Arp, standin: StandIn) -> None:
    row = standin.put_definition(1, "peaks")
    standin.answers["PATCH", f"{ROOT}/definitions/1"] = (200, row)
    arp("definition update xppi0915 peaks --trigger AFTER --after sums --most-at-once 0")
    assert sent(standin, f"{ROOT}/definitions/1") == {
        "trigger": "AFTER", "after": "sums", "most_at_once": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    ["autorun on xppi0915 peaks --missed later", "autorun ledger xppi0915 --outcome good",
     "definition update xppi0915 peaks --trigger NEVER", "autorun missed xppi0915 run",
     "definition update xppi0915 peaks --most-at-once -1", "run exclude xppi0915 12"],
)  # fmt: skip
def test_wrong_usage_is_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    assert ended.value.code == 2
    group, action, *_ = line.split()
    assert f"usage: jupyter arp {group} {action}" in capsys.readouterr().err


TOLD = {"stopped": None, "sources": [SOURCE], "cannot": [], "caveats": ["While it is awake."]}


def test_doctor_says_which_source_is_down_and_who_stopped_it() -> None:
    acts, source, caveat = _autorun(TOLD)
    assert (acts.ok, acts.found) == (True, "acts")
    assert not source.ok
    assert "not mounted" in source.found
    assert caveat.found == "While it is awake."
    stopped, *_ = _autorun({**TOLD, "stopped": STOPPED, "cannot": ["ana stopped it."]})
    assert stopped.ok
    assert stopped.found == "does not act: ana stopped it."
    assert "autorun start" in stopped.advice
    absent, *_ = _autorun({**TOLD, "cannot": ["No batch client answers."]})
    assert not absent.ok


def test_source_that_is_down_is_told_once() -> None:
    twice = {**TOLD, "caveats": ["The run source ffb is down: not mounted"]}
    assert len(list(_autorun(twice))) == 2


def test_ledger_without_entries_says_so(arp: Arp) -> None:
    assert arp("autorun ledger xppi0915") == (0, "no entries\n", "")


def test_manager_status_says_it_too() -> None:
    assert list(commands._autorun(TOLD)) == [
        "autorun: acts", "run source ffb: DOWN, not mounted",
    ]  # fmt: skip
    stopped = {**TOLD, "cannot": ["ana stopped it."], "sources": []}
    assert list(commands._autorun(stopped)) == ["autorun: does not act: ana stopped it."]
