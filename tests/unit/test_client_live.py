"""The board stays true by itself, and says so when it may not be."""

from __future__ import annotations

import gc
import threading
from datetime import UTC, datetime

import pytest

import arp_nb
from arp_nb.client import live
from arp_nb.client.board import Board
from arp_nb.model import JobState
from tests.unit.standin_manager import NOW, StandIn, job_row, within


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.5)
    monkeypatch.setattr(live, "RECONNECT_MAX_S", 0.2)


def test_change_arrives_without_asking(standin: StandIn, board: Board) -> None:
    assert len(board.jobs) == 0
    asked = len(standin.seen)
    standin.put_job(1, state=JobState.RUNNING, native_state="RUN")
    within(30, lambda: len(board.jobs) == 1)
    assert board.job(1).status == "RUN"
    assert len(standin.seen) == asked


def test_deleted_job_leaves_the_table(standin: StandIn, board: Board) -> None:
    standin.put_job(1)
    within(30, lambda: len(board.jobs) == 1)
    standin.delete_job(1)
    within(30, lambda: len(board.jobs) == 0)


def test_all_pages_are_loaded(standin: StandIn, board: Board) -> None:
    for job_id in range(1, 251):
        standin.put_job(job_id)
    assert len(board.jobs) == 250


def test_older_row_never_replaces_a_newer_one(standin: StandIn, board: Board) -> None:
    standin.put_job(1, state=JobState.DONE, native_state="DONE")
    within(30, lambda: len(board.jobs) == 1)
    old = {**standin.jobs[1], "state": "running", "native_state": "RUN", "status": "RUN"}
    old["revision"] -= 1
    standin.tell({"jobs": [old]})
    standin.put_job(2)
    within(30, lambda: len(board.jobs) == 2)
    assert board.job(1).status == "DONE"


def test_broken_connection_is_told_and_what_was_missed_is_made_good(
    standin: StandIn, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.05)
    standin.put_job(1, state=JobState.RUNNING, native_state="RUN")
    assert not board.stale
    standin.refuse_sockets = True
    standin.drop_sockets()
    within(30, lambda: board.stale)
    assert "may be old" in repr(board)
    before = datetime.now(UTC)
    attrs = board.jobs.df.attrs
    assert attrs["stale"]
    assert datetime.fromisoformat(attrs["as_of"]) < before
    standin.put_job(1, state=JobState.DONE, native_state="DONE")
    assert board.job(1).status == "RUN"
    standin.refuse_sockets = False
    within(30, lambda: not board.stale)
    assert board.job(1).status == "DONE"
    assert "may be old" not in repr(board)


def test_reader_away_for_too_long_loads_anew(standin: StandIn, board: Board) -> None:
    standin.put_job(1)
    standin.put_job(2)
    within(30, lambda: len(board.jobs) == 2)
    standin.refuse_sockets = True
    standin.drop_sockets()
    within(30, lambda: board.stale)
    del standin.jobs[1]
    standin.revision += 10
    standin.forgotten = standin.revision
    standin.refuse_sockets = False
    within(30, lambda: not board.stale)
    assert [job.id for job in board.jobs] == [2]


def test_other_epoch_loads_anew(standin: StandIn, board: Board) -> None:
    standin.put_job(1)
    within(30, lambda: len(board.jobs) == 1)
    standin.epoch, standin.revision = "e2", 0
    standin.jobs.clear()
    standin.drop_sockets()
    within(30, lambda: len(board.jobs) == 0 and not board.stale)
    standin.put_job(5)
    within(30, lambda: [job.id for job in board.jobs] == [5])


def test_gap_between_messages_loads_anew(standin: StandIn, board: Board) -> None:
    assert not board.stale
    standin.jobs[9] = job_row(9, revision=50)
    standin.revision = 60
    standin.tell({}, since=55)
    within(30, lambda: [job.id for job in board.jobs] == [9])


def test_applied_job_is_seen_at_once(
    standin: StandIn, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.05)
    standin.refuse_sockets = True
    made = board.apply("peaks", runs=[1])
    assert [job.id for job in board.jobs] == [job.id for job in made] == [1]


def test_wait_ends_when_the_last_job_ends(standin: StandIn, board: Board) -> None:
    standin.put_job(1)
    standin.put_job(2)
    ended = threading.Thread(target=board.jobs.wait, args=(30,))
    ended.start()
    standin.put_job(1, state=JobState.DONE, native_state="DONE")
    assert ended.is_alive()
    standin.put_job(2, state=JobState.FAILED, native_state="EXIT")
    ended.join(10)
    assert not ended.is_alive()


def test_wait_ends_where_only_a_person_can_go_on(standin: StandIn, board: Board) -> None:
    standin.put_job(1, state=JobState.UNCERTAIN)
    assert board.job(1).wait(30).status == "Submission uncertain"


def test_wait_that_takes_too_long_names_the_jobs(standin: StandIn, board: Board) -> None:
    standin.put_job(1)
    with pytest.raises(TimeoutError, match="job 1"):
        board.job(1).wait(0.1)


def test_wait_says_that_the_connection_is_down(
    standin: StandIn, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "TELL_AFTER_S", 0.0)
    monkeypatch.setattr(live, "PATIENCE_S", 0.05)
    standin.put_job(1)
    within(30, lambda: len(board.jobs) == 1)
    standin.stop()
    within(30, lambda: board.stale)
    with (
        pytest.warns(UserWarning, match="waits for jobs, but cannot see them: .*reached"),
        pytest.raises(TimeoutError, match="connection is down"),
    ):
        board.jobs.wait(0.1)


def test_job_that_the_feed_has_not_brought_yet_is_waited_for(
    standin: StandIn, board: Board
) -> None:
    assert len(board.jobs) == 0
    row = job_row(7, state=JobState.RUNNING, native_state="RUN", revision=standin.revision + 1)
    standin.answers["GET", "/jobs/7"] = (200, row)
    waiting = threading.Thread(target=board.job(7).wait, args=(30,))
    waiting.start()
    within(30, lambda: len(board.jobs) == 1)
    standin.put_job(7, state=JobState.DONE, native_state="DONE")
    waiting.join(10)
    assert not waiting.is_alive()
    assert board.job(7).status == "DONE"


def test_job_of_another_experiment_is_not_taken_in(standin: StandIn, board: Board) -> None:
    row = {**job_row(7, state=JobState.RUNNING), "experiment_id": 2}
    standin.answers["GET", "/jobs/7"] = (200, row)
    board.job(7).wait(30)
    assert len(board.jobs) == 0


def test_deleted_job_is_not_waited_for(standin: StandIn, board: Board) -> None:
    standin.put_job(1)
    within(30, lambda: len(board.jobs) == 1)
    waiting = threading.Thread(target=board.job(1).wait, args=(30,))
    waiting.start()
    standin.delete_job(1)
    waiting.join(10)
    assert not waiting.is_alive()


def test_silent_scheduler_is_shown_and_no_row_is_touched(standin: StandIn, board: Board) -> None:
    standin.put_job(1, state=JobState.RUNNING, native_state="RUN")
    within(30, lambda: len(board.jobs) == 1)
    silent = {"ok": False, "since": NOW.isoformat(), "said": "no answer", "answer_s": None}
    standin.health = {**standin.health, "schedulers": {"lsf": silent}}
    standin.tell({"health": standin.health}, word="system")
    within(30, lambda: board.job(1).status.startswith("Unknown since"))
    assert board.job(1).row["status"] == "RUN"
    assert board.jobs.df["status"][0].startswith("Unknown since")


def test_absent_client_is_shown_as_persisted(standin: StandIn, board: Board) -> None:
    standin.health = {"client": {"ok": False, "since": NOW.isoformat()}, "schedulers": {}}
    standin.put_job(1)
    assert board.job(1).status == "Persisted"


def test_all_of_it_is_one_connection(standin: StandIn, board: Board) -> None:
    repr(board), board.jobs.df, board.definitions.df, board.runs.df, board.jobs.counters()
    assert len(standin.sockets) == 1


def test_dropped_board_leaves_no_thread(standin: StandIn) -> None:
    def threads() -> list[threading.Thread]:
        return [one for one in threading.enumerate() if one.name.startswith("arp live")]

    board = arp_nb.connect("xppi0915")
    repr(board)
    assert len(threads()) == 1
    del board
    gc.collect()
    within(30, lambda: not threads())


def test_job_outlives_the_board_that_nobody_kept(standin: StandIn) -> None:
    standin.put_job(1)
    job = arp_nb.connect("xppi0915").job(1)
    gc.collect()
    standin.put_job(1, state=JobState.DONE, native_state="DONE")
    assert job.wait(30).status == "DONE"
    job._live.close()
    job._transport.close()


def test_closed_board_says_so(standin: StandIn) -> None:
    board = arp_nb.connect("xppi0915")
    repr(board)
    board.close()
    assert "the board was closed" in repr(board)
