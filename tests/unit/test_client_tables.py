"""What the board's tables do with what a person gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from arp_nb.client.board import Board
from arp_nb.client.dry_run import DryRun
from arp_nb.client.selection import job_ids
from arp_nb.errors import InvalidValue, NotFound
from arp_nb.model import JobState
from tests.unit.hostile import EVIL, check
from tests.unit.standin_manager import StandIn, job_row, within


@pytest.mark.parametrize(
    "what",
    [
        [3, 5],
        (3, 5),
        np.array([3, 5]),
        pd.Series([3, 5]),
        pd.DataFrame({"id": [3, 5]}),
        pd.DataFrame({"job": pd.Series([3, None, 5], dtype="Int64")}),
        pd.DataFrame({"id": [3.0, None, 5.0]}),
        pd.DataFrame({"id": [7, 8], "job": [3, 5]}),
        pd.Series([3, None, 5]),
        [{"id": 3}, {"id": 5}],
        [3, 5, 3],
    ],
    ids=lambda what: type(what).__name__,
)
def test_jobs_may_be_given_as(what: Any) -> None:
    assert job_ids(what) == [3, 5]


@pytest.mark.parametrize("what", [7, np.int64(7), {"id": 7}])
def test_one_job_may_be_given_as(what: Any) -> None:
    assert job_ids(what) == [7]


@pytest.mark.parametrize("what", ["7", 7.5, [None], ["x"], None, True, 2**70, [7.5]])
def test_what_is_no_job_is_refused(what: Any) -> None:
    with pytest.raises(InvalidValue):
        job_ids(what)


@pytest.mark.parametrize(
    "columns", [{"run": [1]}, {"id": [1], "executable": ["/s.sh"]}, {"id": [7.5]}], ids=str
)
def test_frame_that_is_not_of_jobs_is_refused(columns: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        job_ids(pd.DataFrame(columns))


def test_job_list_is_taken_back(board: Board, standin: StandIn) -> None:
    jobs = board.apply("peaks", runs=1)
    assert job_ids(jobs) == [1]
    assert job_ids(jobs[0]) == [1]


@pytest.mark.parametrize(
    ("runs", "sent"),
    [("12, 20-32", "12, 20-32"), (12, [12]), (np.int64(12), [12]), (range(2), [0, 1]),
     (pd.Series([3, None]), [3])],
)  # fmt: skip
def test_runs_are_sent_as_they_were_meant(
    board: Board, standin: StandIn, runs: Any, sent: Any
) -> None:
    board.apply("peaks", runs=runs)
    assert standin.seen[-1][2]["runs"] == sent


@pytest.mark.parametrize("runs", [None, True, 1.5, [1.5], [None], ["12"], 2**70])
def test_what_is_no_run_is_refused(board: Board, standin: StandIn, runs: Any) -> None:
    with pytest.raises(InvalidValue, match="12, 20-32"):
        board.apply("peaks", runs=runs)
    assert not standin.jobs


@pytest.mark.parametrize("number", [-1, "twelve", 1.5, None, True])
def test_what_is_no_run_cannot_start(board: Board, number: Any) -> None:
    with pytest.raises(InvalidValue, match="is not the number of a run"):
        board.runs.start(number)


def test_apply_says_which_runs_it_left_out(board: Board) -> None:
    jobs = board.apply("peaks", runs=[1, 2])
    assert jobs.skipped == [(2, "has one")]
    assert "run 2: has one" in repr(jobs)
    assert "has one" in jobs._repr_html_()


def test_dry_run_shows_the_command_and_makes_nothing(board: Board, standin: StandIn) -> None:
    shown = board.apply("peaks", runs=1, dry_run=True)
    assert isinstance(shown, DryRun)
    assert "run 1: /s.sh xppi0915 1" in repr(shown)
    assert "A=1" in shown._repr_html_()
    assert not standin.jobs


def test_kill_tells_each_outcome(board: Board, standin: StandIn) -> None:
    results = [
        {"id": 1, "ok": True, "message": ""},
        {"id": 2, "ok": False, "message": "Job has already finished"},
    ]
    standin.answers["POST", "/jobs:kill"] = (200, {"results": results})
    done = board.kill([1, 2])
    assert not done.ok
    assert "kill job 2: Job has already finished" in repr(done)


def test_very_many_jobs_are_killed_in_several_requests(board: Board, standin: StandIn) -> None:
    results = [{"id": 1, "ok": True, "message": ""}]
    standin.answers["POST", "/jobs:kill"] = (200, {"results": results})
    assert len(board.kill(range(12_000))) == 3
    sent = [len(body["ids"]) for _, path, body in standin.seen if path == "/jobs:kill"]
    assert sent == [5000, 5000, 2000]


def test_rerun_passes_the_extra_parameters_on(board: Board, standin: StandIn) -> None:
    standin.answers["POST", "/jobs/3:rerun"] = (201, job_row(4))
    again = board.rerun([3], extra_parameters="--mem 16G")
    assert [job.id for job in again] == [4]
    assert standin.seen[-1][2]["extra_parameters"] == "--mem 16G"
    assert standin.seen[-1][2]["idempotency_key"]


def test_job_that_does_not_exist_is_told_at_once(board: Board) -> None:
    with pytest.raises(NotFound):
        board.job(99)
    with pytest.raises(InvalidValue, match="is not the id of a job"):
        board.job("x")  # type: ignore[arg-type] # as a person may


def test_board_shows_hostile_text_as_text(board: Board, standin: StandIn) -> None:
    standin.put_definition(1, EVIL)
    standin.put_run(1, **{EVIL: EVIL})
    standin.put_job(1, hash=EVIL, reason=EVIL, report={"counters": {EVIL: EVIL}})
    within(30, lambda: len(board.jobs) == len(board.runs) == len(board.definitions) == 1)
    job = board.job(1)
    for one in (board, board.runs, board.definitions, board.definitions[EVIL], board.jobs, job):
        check(one._repr_html_())
        assert "\x1b" not in repr(one)
        assert "\u202e" not in repr(one)


def test_edited_frame_is_saved_by_its_differences(board: Board, standin: StandIn) -> None:
    standin.put_definition(1, "peaks")
    row = standin.put_definition(2, "sums")
    within(30, lambda: len(board.definitions) == 2)
    df = board.definitions.df
    df.loc[df["name"] == "sums", "parameters"] = "--fast"
    path = "/experiments/xppi0915/definitions/2"
    standin.answers["PATCH", path] = (200, {**row, "version": 2, "parameters": "--fast"})
    saved = board.definitions.save(df)
    assert saved.ok
    assert "parameters: 'a b' → '--fast' (saved as version 2)" in repr(saved)
    sent = [(seen, body) for method, seen, body in standin.seen if method == "PATCH"]
    assert sent == [(path, {"parameters": "--fast"})]


def test_update_that_changes_nothing_is_refused(board: Board, standin: StandIn) -> None:
    standin.put_definition(1, "peaks")
    with pytest.raises(InvalidValue, match="parameters="):
        board.definitions.update("peaks")


def test_new_row_is_added(board: Board, standin: StandIn) -> None:
    row = standin.put_definition(1, "peaks")
    within(30, lambda: len(board.definitions) == 1)
    df = pd.concat([board.definitions.df, pd.DataFrame([{"name": "new", "executable": "/n.sh"}])])
    standin.answers["POST", "/experiments/xppi0915/definitions"] = (201, {**row, "id": 2})
    assert board.definitions.save(df).ok
    assert standin.seen[-1][2] == {"name": "new", "executable": "/n.sh"}


def test_what_somebody_else_changed_is_not_overwritten(board: Board, standin: StandIn) -> None:
    standin.put_definition(1, "peaks")
    within(30, lambda: len(board.definitions) == 1)
    mine, untouched = board.definitions.df, board.definitions.df
    standin.put_definition(1, "peaks", version=2)
    mine.loc[0, "parameters"] = "--mine"
    saved = board.definitions.save(mine)
    assert not saved.ok
    assert "ben changed it meanwhile (version 2" in repr(saved)
    assert not [one for one in standin.seen if one[0] == "PATCH"]
    assert board.definitions.save(untouched).ok


def test_dry_run_of_a_save_sends_nothing(board: Board, standin: StandIn) -> None:
    standin.put_definition(1, "peaks")
    within(30, lambda: len(board.definitions) == 1)
    df = board.definitions.df
    df.loc[0, "executable"] = "/other.sh"
    assert "dry run" in repr(board.definitions.save(df, dry_run=True))
    assert not [one for one in standin.seen if one[0] == "PATCH"]


def test_unknown_definition_is_told_with_the_known_ones(board: Board, standin: StandIn) -> None:
    standin.put_definition(1, "peaks")
    with pytest.raises(NotFound, match="there are: peaks"):
        board.definitions.update("peak", parameters="x")
    within(30, lambda: len(board.definitions) == 1)
    with pytest.raises(NotFound, match="there are: peaks"):
        board.jobs.wide("peak")


def test_restore_takes_the_latest_of_that_name(board: Board, standin: StandIn) -> None:
    rows = [standin.put_definition(number, "peaks") for number in (1, 2, 3)]
    for row, at in zip(rows, ("2026-01-02", "2026-01-03", None), strict=True):
        row["deleted_at"] = at
    standin.answers["POST", "/experiments/xppi0915/definitions/2:restore"] = (200, rows[1])
    assert board.definitions.restore("peaks").id == 2


def test_wait_returns_the_jobs_that_it_waited_for(board: Board, standin: StandIn) -> None:
    standin.put_job(1, state=JobState.DONE, native_state="DONE")
    assert board.jobs.wait(1) == []
