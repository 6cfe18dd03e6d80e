"""Autorun on a real manager, as a notebook sees it: what fires, what does not, and why."""

from __future__ import annotations

import getpass
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import arp_nb
from arp_nb.client import ledger as ledger_module
from arp_nb.client.board import Board
from arp_nb.demo.stage import Stage
from arp_nb.errors import EditConflict, InvalidValue, NotFound
from tests.unit.standin_manager import within

_NUMBERS = itertools.count(1)


@pytest.fixture
def board(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    """A new experiment; its batch defs are its own."""
    for name, value in stage.variables.items():
        monkeypatch.setenv(name, value)
    with arp_nb.connect(f"xppauto{next(_NUMBERS):02d}", create=True) as board:
        yield board


@pytest.fixture
def script(stage: Stage, request: pytest.FixtureRequest) -> Path:
    """A script of this test alone that submits a job which does nothing."""
    path = stage.work / "scripts" / f"{request.node.name}.sh"
    path.write_text("#!/bin/bash\nbsub -o /dev/null true\n")
    path.chmod(0o755)
    return path


def checked(board: Board, name: str, script: Path, **more: Any) -> None:
    board.definitions.add(name, script, **more)
    board.definitions.autorun(name, on=True)


def take(board: Board, run: int, parameters: dict[str, Any] | None = None) -> None:
    """Begin and end a run."""
    board.runs.start(run, parameters)
    board.runs.end(run)


def wait_for_entries(board: Board, number: int, **asked: Any) -> Any:
    """Wait until the ledger has as many entries; return them, oldest first."""
    found: list[Any] = []

    def are_there() -> bool:
        found[:] = [board.autorun.ledger(**{"complete": False, **asked})]
        return len(found[0]) >= number

    within(30, are_there)
    assert len(found[0]) == number
    return found[0].iloc[::-1].reset_index(drop=True)


def test_run_that_ends_starts_its_job_and_the_ledger_says_which(
    board: Board, script: Path
) -> None:
    checked(board, "quick", script)
    take(board, 12, {"sample": "lysozyme"})
    [entry] = wait_for_entries(board, 1).to_dict("records")
    assert (entry["run"], entry["hash"], entry["outcome"]) == (12, "quick", "fired")
    job = board.job(entry["job"]).wait(60)
    assert (job.run, job.row["trigger"], job.status) == (12, "END_OF_RUN", "DONE")
    assert str(entry["job"]) in entry["said"]
    assert entry["event_at"] == board.runs.df["ended"][0]
    board.runs.end(12)  # told twice, or ended again: once is enough
    take(board, 13)
    assert list(wait_for_entries(board, 2)["run"]) == [12, 13]


def test_run_before_the_box_was_checked_starts_nothing(board: Board, script: Path) -> None:
    board.definitions.add("quick", script, trigger="END_OF_RUN")
    take(board, 1)
    [entry] = wait_for_entries(board, 1).to_dict("records")
    assert (entry["outcome"], entry["why"]) == ("skipped", "unchecked")
    board.definitions.autorun("quick", on=True)
    take(board, 2)
    assert list(wait_for_entries(board, 2)["outcome"]) == ["skipped", "fired"]


def test_false_predicate_says_what_it_saw_as_the_backtest_did(board: Board, script: Path) -> None:
    for run, beam in ((1, 0.2), (2, 0.7)):
        take(board, run, {"beam": beam})
    tried = board.autorun.backtest(
        executable=str(script), name="quick", trigger="END_OF_RUN", predicate="beam > 0.5"
    )
    assert dict(zip(tried.df["run"], tried.df["fires"], strict=True)) == {1: False, 2: True}
    assert (tried.fires, tried.jobs, tried.core_hours) == (1, 1, None)
    assert not len(board.definitions)
    assert board.autorun.ledger.df.empty
    checked(board, "quick", script, predicate="beam > 0.5")
    take(board, 3, {"beam": 0.2})
    [entry] = wait_for_entries(board, 1, run=3).to_dict("records")
    assert (entry["outcome"], entry["why"], entry["seen"]) == (
        "skipped", "predicate", '{"beam": 0.2}',
    )  # fmt: skip
    assert "beam = 0.2" in entry["said"]


def test_backtest_with_changes_leaves_the_batch_def_as_it_is(board: Board, script: Path) -> None:
    checked(board, "quick", script)
    before = board.definitions["quick"].row
    take(board, 1, {"beam": 0.2})
    job = wait_for_entries(board, 1)["job"][0]
    assert board.job(int(job)).wait(60).status == "DONE"
    tried = board.autorun.backtest("quick", last=5, predicate="beam > 0.5")
    assert tried.fires == 0
    assert tried.based_on == 1
    assert board.definitions["quick"].row["version"] == before["version"]
    with pytest.raises(NotFound, match="quick"):
        board.autorun.backtest("quik")
    with pytest.raises(InvalidValue):
        board.autorun.backtest("quick", predicate="beam >")


def test_predicate_is_checked_as_it_is_typed(board: Board) -> None:
    take(board, 7, {"beam": 0.7, "sample": "lysozyme"})
    assert board.autorun.check("beam > 0.5").holds is True
    assert board.autorun.check("sample == 'insulin'", run=7).holds is False
    wrong = board.autorun.check("beam > ")
    assert not wrong.ok
    assert wrong.problem
    assert {"beam", "sample"} <= set(wrong.names)


def test_batch_def_after_another_waits_for_its_job(board: Board, script: Path) -> None:
    checked(board, "first", script)
    checked(board, "second", script, trigger="AFTER", after="first")
    take(board, 1)
    entries = wait_for_entries(board, 2)
    assert list(entries["hash"]) == ["first", "second"]
    assert entries["cause"][1] == f"job {entries['job'][0]}"
    board.jobs.wait(60)
    first, second = (board.job(int(one)) for one in entries["job"])
    assert second.row["requested"] >= first.row["ended"]


def test_parameter_that_takes_its_value_and_type_of_run_decide(board: Board, script: Path) -> None:
    checked(board, "beam", script, trigger="RUN_PARAM_IS_VALUE", run_param="beam", run_value="on")
    checked(board, "dark", script, trigger="START_OF_RUN", run_types="DARK")
    board.runs.start(1, type="DATA")
    board.runs.put(1, parameters={"beam": "off"})
    board.runs.put(1, parameters={"beam": "on"})
    board.runs.start(2, type="DARK")
    entries = wait_for_entries(board, 3)
    assert set(zip(entries["run"], entries["hash"], entries["outcome"], strict=True)) == {
        (1, "dark", "skipped"), (1, "beam", "fired"), (2, "dark", "fired"),
    }  # fmt: skip
    assert set(entries["cause"]) == {"", "beam=on"}
    assert list(board.runs.df["type"]) == ["DATA", "DARK"]


def test_excluded_run_is_left_alone_with_the_persons_reason(board: Board, script: Path) -> None:
    checked(board, "quick", script)
    board.runs.start(1)
    board.runs.exclude(1, "the shutter was closed")
    board.runs.end(1)
    [entry] = wait_for_entries(board, 1).to_dict("records")
    assert entry["why"] == "excluded"
    assert "the shutter was closed" in entry["said"]
    assert list(board.runs.df["excluded_why"]) == ["the shutter was closed"]
    board.runs.include(1)
    assert board.runs.df["excluded_at"].isna().all()
    with pytest.raises(InvalidValue):
        board.runs.exclude(1, "")


def test_paused_batch_def_lets_its_runs_wait_until_somebody_says(
    board: Board, script: Path
) -> None:
    checked(board, "quick", script)
    paused = repr(board.autorun.pause("quick", "calibrating"))
    assert f"paused by {getpass.getuser()}: calibrating" in paused
    take(board, 1)
    waiting = wait_for_entries(board, 1, outcome="waiting")
    assert list(waiting["why"]) == ["paused"]
    assert "1 waiting" in repr(board.autorun)
    assert list(board.autorun.missed(waiting, "skip")["outcome"]) == ["skipped"]
    take(board, 2)
    wait_for_entries(board, 1, outcome="waiting")
    board.autorun.unpause("quick", missed="run")
    assert list(wait_for_entries(board, 1, outcome="fired")["run"]) == [2]


def test_stop_is_seen_by_others_and_holds_everything(board: Board, script: Path) -> None:
    checked(board, "quick", script)
    with arp_nb.connect(board.experiment) as other:
        assert "stopped" not in repr(other)
        try:
            board.autorun.stop("changing the sample")
            within(30, lambda: "stopped all autorun" in repr(other))
            assert other.autorun.stopped is not None
            assert other.autorun.stopped["said"] == "changing the sample"
            assert not other.autorun.status().acts
            take(board, 1)
            assert list(wait_for_entries(board, 1)["why"]) == ["stopped"]
        finally:
            board.autorun.resume(missed="skip")
        within(30, lambda: "stopped all autorun" not in repr(other))
    [entry] = wait_for_entries(board, 1, outcome="skipped").to_dict("records")
    assert entry["why"] == "stopped"
    assert board.autorun.stopped is None
    assert not len(board.jobs)


def test_more_runs_than_may_be_wait_for_room(board: Board, script: Path) -> None:
    checked(board, "quick", script, most_per_hour=2)
    for run in (1, 2, 3):
        take(board, run)
    entries = wait_for_entries(board, 3)
    assert sorted(entries["outcome"]) == ["fired", "fired", "waiting"]
    assert list(entries.query("outcome == 'waiting'")["why"]) == ["limit"]


def test_script_that_changed_needs_a_new_consent_which_shows_the_difference(
    board: Board, script: Path
) -> None:
    checked(board, "quick", script)
    assert board.autorun.consent("quick").is_same
    script.write_text(script.read_text() + "sleep 0\n")
    take(board, 1)
    wait_for_entries(board, 1)
    within(30, lambda: board.definitions["quick"].row["paused_why"] == "script")
    shown = board.autorun.consent("quick")
    assert "+sleep 0" in shown.script_diff
    assert "+sleep 0" in repr(shown)
    take(board, 2)
    within(30, lambda: "waiting" in list(board.autorun.ledger(run=2)["outcome"]))
    again = board.definitions.autorun("quick", on=True, missed="run")
    assert again.row["paused_why"] == ""
    wait_for_entries(board, 1, run=2, outcome="fired")
    assert board.autorun.consent("quick").is_same


def test_consent_to_what_was_edited_since_one_looked_is_refused(
    board: Board, script: Path
) -> None:
    board.definitions.add("quick", script, trigger="END_OF_RUN")
    seen = board.autorun.consent("quick")
    board.definitions.update("quick", parameters="--other")
    with pytest.raises(EditConflict):
        board.definitions.autorun("quick", on=True, seen=seen)
    assert not board.definitions["quick"].row["autorun"]
    again = board.autorun.consent("quick")
    assert board.definitions.autorun("quick", on=True, seen=again).notes == []


def test_experiment_that_takes_no_data_starts_nothing_and_says_so(
    board: Board, script: Path
) -> None:
    checked(board, "quick", script)
    board.transport.call("PATCH", f"/experiments/{board.experiment}", {"active": False})
    now = board.autorun.status()
    assert not now.acts
    assert now.cannot
    assert board.definitions.autorun("quick", on=True).notes == now.cannot
    take(board, 1)
    assert list(wait_for_entries(board, 1)["why"]) == ["inactive"]


def test_every_pair_has_a_reason_even_if_nothing_happened(board: Board, script: Path) -> None:
    checked(board, "quick", script)
    board.runs.start(1)
    frame = board.autorun.ledger(run=1)
    assert frame["id"].isna().all()
    assert list(frame["outcome"]) == ["none"]
    assert "not ended" in frame["said"][0]
    assert list(board.autorun.ledger(hash="quick")["run"]) == [1]


def test_long_ledger_is_read_whole(
    board: Board, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board.definitions.add("quick", script, trigger="END_OF_RUN")
    for run in range(1, 24):
        take(board, run)
    monkeypatch.setattr(ledger_module, "PAGE", 5)
    entries = wait_for_entries(board, 23)
    assert list(entries["run"]) == list(range(1, 24))
    assert list(board.autorun.ledger(limit=7)["run"]) == list(range(23, 16, -1))
    assert "older ones" not in repr(board.autorun.ledger)


def test_what_can_never_work_is_refused_in_words(board: Board, script: Path) -> None:
    for wrong in (
        {"predicate": "beam >"},
        {"predicate": "__import__('os')"},
        {"trigger": "AFTER", "after": "quick"},
        {"most_at_once": -1},
    ):
        with pytest.raises(InvalidValue):
            board.definitions.add("quick", script, **wrong)


def test_what_does_not_work_yet_is_marked(board: Board, script: Path) -> None:
    board.definitions.add("quick", script, trigger="AFTER", after="nobody")
    board.definitions.add("files", script, trigger="ALL_FILES_TRANSFERRED")
    assert "nobody" in board.definitions.autorun("quick", on=True).notes[0]
    said = {one["name"]: one["problem"] for one in board.autorun.status().definitions}
    assert "nobody" in said["quick"]
    assert said["files"]
    assert said["files"].rstrip(".") in repr(board.autorun)
