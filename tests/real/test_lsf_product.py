"""Jobs on LSF, from a user's script to the notebook, in LSF's own words."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from arp_nb.model import JobState
from tests.contract.labs import FAKEBIN
from tests.real.lsf_site import OURS, SUBMIT, LsfSite, notes, scheduler_jobs
from tests.real.product import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from arp_nb.client.board import Board

#: the seed's script in shape, without its seconds
SUBMIT_PY = """
import json, os, sys
from urllib.request import Request, urlopen
print("The parameters passed are:")
for number, parameter in enumerate(sys.argv):
    print("Param %d: %s" % (number + 1, parameter))
for step in range(3):
    counters = {"Example Counter": [step + 1, "red"], "Random Char": "R"}
    urlopen(Request(os.environ["BATCH_UPDATE_URL"], json.dumps({"counters": counters}).encode()))
"""


# -- one job, end to end ----------------------------------------------------------------


def test_job_runs_posts_and_ends_as_lsf_says(site: LsfSite, board: Board) -> None:
    (site.product.scripts / "submit.py").write_text(SUBMIT_PY)
    job, native_id = site.submitted(board, SUBMIT)
    assert job.row["location"] == "lsf", "a cluster that is there is the default"
    (call,) = [words for words in site.calls("bsub") if "psdebugq" in words]
    assert call[:1] == ["-Jd"]
    assert re.fullmatch(rf"arp-{job.id}-\w+\.c[\d-]+", call[1])
    assert call[2:] == [
        "-q", "psdebugq", "-o", "logs/%J.log", "python3", "submit.py", "xpptest",
        str(job.run), "p1", "p2",
    ]  # fmt: skip
    assert [(one["native_id"], one["source"]) for one in scheduler_jobs(job)] == [
        (native_id, "wrapper")
    ]
    site.start(native_id)
    wait_until(lambda: job.status == "RUN", "the job runs")
    assert site.execute(native_id) == 0
    wait_until(lambda: job.counters.get("Example Counter") == 3, "the counters came")
    assert job.counters == {"Example Counter": 3, "Random Char": "R"}
    assert job.state is JobState.RUNNING, "only LSF ends a job"
    site.end(native_id, MAX_MEM="12 Mbytes", EXIT_CODE="0")
    assert job.wait(timeout_s=30).status == "DONE"
    row = job.row
    assert (row["queue"], row["host"], row["peak_memory_mb"]) == ("psdebugq", "node7", 12.6)
    given = ["submit.py", "xpptest", job.run, "p1", "p2"]
    said = [line for line in job.log().splitlines() if line.startswith("Param ")]
    assert said == [f"Param {place}: {one}" for place, one in enumerate(given, 1)]
    changes = list(job.history()["new"])
    assert changes == ["requested", "leased", "starting", "pending", "running", "done"]


def test_node_gets_nothing_that_only_the_submission_needs(site: LsfSite, board: Board) -> None:
    _, native_id = site.submitted(board, SUBMIT)
    held = site.record(native_id)["ENVIRONMENT"]
    assert held["BATCH_UPDATE_URL"].startswith("http://")
    assert not set(OURS) & set(held)
    site.end(native_id)


def test_cluster_that_only_the_profile_knows_is_found(other_site: LsfSite, own_home: Path) -> None:
    other_site.set_in_profile(own_home)
    assert str(FAKEBIN) not in os.environ["PATH"]
    with other_site.product.board() as board:
        job, native_id = other_site.running(board, "bsub sleep 60")
        other_site.end(native_id)
        assert job.wait(timeout_s=30).status == "DONE"


def test_bad_end_tells_lsf_s_reason_and_the_log_s_first_error(site: LsfSite, board: Board) -> None:
    job, native_id = site.running(board, "bsub -o logs/%J.log python3 peaks.py")
    site.output(native_id).write_text("frame 1\nMemoryError: 3 TB of frames\nbye\n")
    site.end(native_id, "EXIT", EXIT_REASON="TERM_MEMLIMIT: job killed", EXIT_CODE="137")
    job.wait(timeout_s=30)
    assert (job.state, job.status, job.exit_code) == (JobState.FAILED, "EXIT", 137)
    assert job.reason == "TERM_MEMLIMIT: job killed; MemoryError: 3 TB of frames"


def test_two_submissions_of_one_script_are_siblings(site: LsfSite, board: Board) -> None:
    job, first = site.submitted(board, "bsub -q one true\nbsub -q two -w 'done(1)' true")
    wait_until(lambda: len(scheduler_jobs(job)) == 2, "both are known")
    second = scheduler_jobs(job)[1]["native_id"]
    assert site.record(second)["QUEUE"] == "two"
    site.end(first)
    site.start(second)
    wait_until(lambda: job.status == "RUN", "the second runs")
    job.kill()
    job.wait(timeout_s=30)
    assert job.state is JobState.KILLED
    assert [site.record(one)["STAT"] for one in (first, second)] == ["DONE", "EXIT"]


# -- ends that somebody asked for -------------------------------------------------------


def test_accepted_kill_is_no_end_before_lsf_shows_one(site: LsfSite, board: Board) -> None:
    job, native_id = site.running(board, SUBMIT)
    site.fault("bkill", f"say:0:Job <{native_id}> is being terminated")
    job.kill()
    wait_until(lambda: "is being terminated" in notes(job), "LSF's answer is kept")
    site.next_polls()
    assert job.state is JobState.RUNNING
    assert job.row["kill_by"]
    wait_until(lambda: job.status == "RUN", "it is shown to run")
    site.end(native_id, "EXIT", EXIT_REASON="TERM_OWNER: job killed by owner", EXIT_CODE="130")
    job.wait(timeout_s=30)
    assert (job.state, job.status) == (JobState.KILLED, "EXIT")
    assert job.reason.startswith("TERM_OWNER")


def test_job_that_was_faster_than_its_kill_is_done(site: LsfSite, board: Board) -> None:
    job, native_id = site.running(board, SUBMIT)
    site.fault("bkill", f"say:0:Job <{native_id}> is being terminated")
    job.kill()
    wait_until(lambda: "is being terminated" in notes(job), "LSF's answer is kept")
    site.end(native_id)
    assert job.wait(timeout_s=30).state is JobState.DONE


def test_refused_kill_leaves_the_job_and_says_why(site: LsfSite, board: Board) -> None:
    job, native_id = site.running(board, SUBMIT)
    site.change(native_id, USER="somebody_else")
    job.kill()
    wait_until(lambda: "refused" in notes(job), "LSF's answer is kept")
    assert f"kill refused: Job <{native_id}>: User permission denied" in notes(job)
    site.next_polls()
    assert job.state is JobState.RUNNING
    wait_until(lambda: job.status == "RUN", "it is shown to run")
    site.end(native_id)
    assert job.wait(timeout_s=30).state is JobState.DONE


def test_id_that_lsf_gave_to_another_job_is_never_killed(site: LsfSite, board: Board) -> None:
    job, native_id = site.running(board, SUBMIT)
    site.change(native_id, JOB_DESCRIPTION="arp-999999-0af7")
    job.kill()
    job.wait(timeout_s=30)
    assert job.status == "Lost: not in LSF's history"
    assert [native_id] not in site.calls("bkill")
    assert site.record(native_id)["STAT"] == "RUN"
    site.end(native_id)


# -- what LSF tells on demand -----------------------------------------------------------


def test_details_are_those_of_bjobs_l(site: LsfSite, board: Board) -> None:
    job, native_id = site.running(board, SUBMIT)
    said = job.details()
    assert said.lstrip().startswith(f"Job <{native_id}>, Job Name <python3 submit.py ")
    assert ["-l", native_id] in site.calls("bjobs")
    site.end(native_id)


def test_log_is_peeked_at_until_its_file_is_there(site: LsfSite, board: Board) -> None:
    job, native_id = site.running(board, "bsub -o logs/a-name-that-folds-%J.log true")
    site.change(native_id, SO_FAR="frame 1\n")
    assert job.log() == "frame 1\n"
    site.output(native_id).write_text("frame 1\nframe 2\n")
    assert job.log() == "frame 1\nframe 2\n"
    site.end(native_id)
    job.wait(timeout_s=30)
    assert job.log() == "frame 1\nframe 2\n"


def test_log_that_lsf_mails_is_missing_with_the_reason(site: LsfSite, board: Board) -> None:
    job, native_id = site.running(board, "bsub true")
    site.end(native_id)
    job.wait(timeout_s=30)
    log = job.log()
    assert (log, log.missing) == ("", "LSF does not say where this job's output goes.")


# -- submissions that go wrong ----------------------------------------------------------


def test_refused_submission_has_failed_in_lsf_s_words(site: LsfSite, board: Board) -> None:
    before = site.ids()
    site.fault("bsub", "say:255:psdebugq: Queue is closed. Job not submitted.")
    job = site.apply(board, SUBMIT)
    job.wait(timeout_s=30)
    assert job.status == "Submit failed"
    assert job.reason == "psdebugq: Queue is closed. Job not submitted."
    assert job.log() == "psdebugq: Queue is closed. Job not submitted.\n"
    assert site.ids() == before


def test_slow_bsub_is_shown_and_its_id_comes(site: LsfSite, board: Board) -> None:
    site.fault("bsub", "wait")
    job = site.apply(board, SUBMIT)
    wait_until(lambda: job.status == "LSF_Slow", "the delay is shown")
    assert job.native_id is None
    site.mend()
    wait_until(lambda: job.status == "PEND", "the id came")
    assert scheduler_jobs(job)[0]["source"] == "wrapper"
    site.end(site.ids()[-1])


def test_job_of_a_bsub_that_never_answers_is_found_by_its_tag(site: LsfSite, board: Board) -> None:
    site.fault("bsub", "hang")
    job, native_id = site.submitted(board, SUBMIT)
    assert [(one["native_id"], one["source"]) for one in scheduler_jobs(job)] == [
        (native_id, "tag")
    ]
    assert "found in LSF by its tag" in notes(job)
    site.end(native_id)
    assert job.wait(timeout_s=30).status == "DONE"


@pytest.mark.parametrize("folder", ["", f"{FAKEBIN}/"], ids=["wrapped", "bypassed"])
def test_job_that_the_script_only_talks_of_is_not_its_own(
    site: LsfSite, board: Board, folder: str
) -> None:
    other, others_id = site.running(board, SUBMIT)
    job, native_id = site.submitted(board, f"bkill {others_id}\nbjobs 999\n{folder}{SUBMIT}")
    assert native_id == site.ids()[-1]
    assert [one["native_id"] for one in scheduler_jobs(job)] == [native_id]
    site.end(native_id)
    other.wait(timeout_s=30)


def test_refused_submission_is_not_the_job_that_the_script_ended_before(
    site: LsfSite, board: Board
) -> None:
    _, others_id = site.running(board, SUBMIT)
    site.fault("bsub", "say:255:psdebugq: Queue is closed. Job not submitted.")
    job = site.apply(board, f"bkill {others_id}\n{SUBMIT}")
    job.wait(timeout_s=30)
    assert (job.status, job.native_id) == ("Submit failed", None)


def test_quiet_bsub_s_job_is_found_by_its_tag(site: LsfSite, board: Board) -> None:
    job, native_id = site.submitted(board, f"export BSUB_QUIET=1\n{SUBMIT}")
    assert scheduler_jobs(job)[0]["source"] == "tag"
    assert native_id == site.ids()[-1]
    site.end(native_id)


def test_id_of_a_bypassed_wrapper_is_read_from_the_output_and_told(
    site: LsfSite, board: Board
) -> None:
    job, native_id = site.submitted(board, f"{FAKEBIN}/{SUBMIT}")
    assert site.record(native_id)["JOB_DESCRIPTION"] == "-"
    assert scheduler_jobs(job)[0]["source"] == "output"
    assert "id from output only" in notes(job)
    site.end(native_id)
    assert job.wait(timeout_s=30).status == "DONE"
