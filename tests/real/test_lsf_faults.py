"""Jobs on LSF while LSF, or a process of ours, is away: nothing is lost, guessed or done twice."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest

from arp_nb.model import JobState
from tests.real.lsf_site import SUBMIT, LsfSite, scheduler_jobs
from tests.real.product import wait_until

if TYPE_CHECKING:
    from arp_nb.client.board import Board
    from arp_nb.client.job import Job

UNKNOWN = re.compile(r"Unknown since \d\d:\d\d")


def shown_in_df(board: Board, job: Job) -> str:
    frame = board.jobs.df.set_index("id")
    return str(frame.loc[job.id, "status"])


@pytest.mark.parametrize(
    "fault",
    ["exit:255:LSF is down. Please wait ...", "garbage", "half", "exit:0:"],
    ids=["down", "garbage", "half", "empty"],
)
def test_unreadable_answer_changes_no_state_and_is_shown(
    site: LsfSite, board: Board, fault: str
) -> None:
    job, native_id = site.running(board, SUBMIT)
    known = job.row
    site.fault("bjobs", fault)
    wait_until(lambda: UNKNOWN.fullmatch(job.status), "the silence is shown")
    assert UNKNOWN.fullmatch(shown_in_df(board, job))
    site.end(native_id)
    site.next_polls()
    assert job.row == known, "no row was touched"
    site.mend()
    assert job.wait(timeout_s=30).status == "DONE"
    assert shown_in_df(board, job) == "DONE"


def test_silence_is_shown_and_ends_by_itself(other_site: LsfSite) -> None:
    other_site.set_in_config(command_timeout_s=1)
    with other_site.product.board() as board:
        job, native_id = other_site.running(board, SUBMIT)
        other_site.fault("bjobs", "hang")
        wait_until(lambda: UNKNOWN.fullmatch(job.status), "the silence is shown")
        health = board.snapshot().health
        assert health is not None
        assert "no answer in 1 s" in health.schedulers["lsf"].said
        other_site.end(native_id)
        other_site.mend()
        assert job.wait(timeout_s=60).status == "DONE"


def test_slow_cluster_is_asked_less_often_and_believed(site: LsfSite, board: Board) -> None:
    job, native_id = site.running(board, SUBMIT)
    # goes on, so that LSF is asked after the first has ended, too
    other, others_id = site.running(board, SUBMIT)

    def polls() -> int:
        return sum(others_id in one for one in site.calls("bjobs"))

    began_s = time.monotonic()
    site.fault("bjobs", "slow:0.7")
    site.end(native_id)
    assert job.wait(timeout_s=30).status == "DONE"
    asked = polls()
    wait_until(lambda: polls() > asked, "LSF is asked again")
    assert time.monotonic() - began_s > 0.7 + 5 * 0.7, "so long an answer leaves it in peace"
    assert not UNKNOWN.fullmatch(other.status)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("fault", "seconds"), [("say:255:LSF is down. Please wait ...", 60), ("hang", 30)]
)
def test_nothing_is_lost_or_doubled_however_long_a_cluster_is_away(
    site: LsfSite, board: Board, fault: str, seconds: int
) -> None:
    before = site.ids()
    job, native_id = site.running(board, SUBMIT)
    for command in ("bjobs", "bhist", "bkill"):
        site.fault(command, fault)
    other = site.apply(board, SUBMIT)
    site.end(native_id)
    end_s = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end_s, "the cluster is away", timeout_s=seconds + 5)
    assert UNKNOWN.fullmatch(job.status)
    site.mend()
    assert job.wait(timeout_s=60).status == "DONE"
    wait_until(lambda: other.status == "PEND", "the other was submitted")
    assert len(site.ids()) == len(before) + 2


def test_what_lsf_forgot_while_we_were_away_is_told_by_its_history(
    site: LsfSite, board: Board
) -> None:
    job, native_id = site.running(board, SUBMIT)
    at_s = int(time.time())
    at = f"@{at_s}"
    ended = {"STAT": "EXIT", "EXIT_CODE": "3", "STARTED": at, "ENDED": at}
    (site.book / "history").mkdir(exist_ok=True)
    story = site.book / "history" / f"{native_id}.json"
    story.write_text(json.dumps(site.record(native_id) | ended))
    site.forget(native_id)  # bjobs never shows this end, and knows times to the minute only
    assert job.wait(timeout_s=30).state is JobState.FAILED
    assert (job.exit_code, job.cause) == (3, "script")
    assert job.history()["at"].iloc[-1].timestamp() == at_s


def test_cluster_that_hangs_keeps_its_jobs_and_delays_nobody(other_site: LsfSite) -> None:
    other_site.set_in_config(command_timeout_s=60)
    other_site.fault("bjobs", "hang")
    other_site.product.start()
    began_s = time.monotonic()
    with other_site.product.board() as board:
        board.snapshot()
        job = other_site.apply(board, SUBMIT)
        assert time.monotonic() - began_s < 30
        wait_until(lambda: job.native_id, "bsub works all the same")
        assert job.row["location"] == "lsf", "never on this machine because LSF is down"


def test_job_that_lsf_forgot_is_lost_only_after_a_while_and_comes_back(
    site: LsfSite, board: Board
) -> None:
    job, native_id = site.submitted(board, SUBMIT)
    record = site.forget(native_id)
    site.next_polls()
    wait_until(lambda: job.is_over, "it is given up")
    assert job.status == "Lost: not in LSF's history"
    age_s = job.history()["at"].iloc[-1] - job.history().query("new == 'pending'")["at"].iloc[0]
    assert age_s.total_seconds() >= 3
    site.remember(record | {"STAT": "RUN"})
    wait_until(lambda: job.status == "RUN", "it is back")
    site.end(native_id)
    assert job.wait(timeout_s=30).status == "DONE"


def test_log_of_a_bad_end_can_be_read_when_lsf_has_forgotten_the_job(
    site: LsfSite, board: Board
) -> None:
    job, native_id = site.running(board, SUBMIT)
    site.output(native_id).write_text("ValueError: no frames\n")
    site.end(native_id, "EXIT", EXIT_CODE="1")
    assert job.wait(timeout_s=30).reason == "ValueError: no frames"
    assert job.row["error_line"] == "ValueError: no frames"
    assert job.row["log_path"] == str(site.output(native_id))
    site.forget(native_id)
    assert job.log() == "ValueError: no frames\n"


# -- when we are away --------------------------------------------------------------------


def test_kill_waits_for_a_cluster_that_is_down(site: LsfSite, board: Board) -> None:
    job, native_id = site.running(board, SUBMIT)
    for command in ("bjobs", "bkill"):
        site.fault(command, "say:255:LSF is down. Please wait ...")
    job.kill()
    wait_until(lambda: UNKNOWN.fullmatch(job.status), "the silence is shown")
    site.next_polls()
    assert site.record(native_id)["STAT"] == "RUN"
    site.mend()
    assert job.wait(timeout_s=30).state is JobState.KILLED


def test_kill_that_comes_before_the_id_fires_with_it(site: LsfSite, board: Board) -> None:
    site.fault("bsub", "wait")
    job = site.apply(board, SUBMIT)
    wait_until(lambda: job.status == "LSF_Slow", "bsub has been called")
    job.kill()
    site.mend()
    assert job.wait(timeout_s=30).state is JobState.KILLED
    assert site.calls("bkill")[-1] == [job.native_id]


def test_submission_goes_on_without_its_manager_and_is_found_again(
    other_site: LsfSite,
) -> None:
    other_site.fault("bsub", "wait")
    with other_site.product.board() as board:
        job = other_site.apply(board, SUBMIT)
        wait_until(lambda: job.status == "LSF_Slow", "bsub has been called")
        for process in [*other_site.product.supervisors(), *other_site.product.managers()]:
            process.kill()
        other_site.mend()
        wait_until(other_site.ids, "LSF has taken the job")
        (native_id,) = other_site.ids()
        other_site.start(native_id)
        other_site.product.start()
        wait_until(lambda: job.status == "RUN", "it is found again")
        other_site.end(native_id)
        assert job.wait(timeout_s=30).status == "DONE"
        assert [(one["native_id"], one["source"]) for one in scheduler_jobs(job)] == [
            (native_id, "wrapper")
        ]
    assert other_site.ids() == [native_id], "submitted once"
