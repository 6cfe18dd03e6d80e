"""Jobs on a real Slurm, from a user's script to the notebook, in Slurm's own words."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arp_nb.model import JobState
from tests.real.product import wait_until
from tests.real.slurm_site import SlurmSite, scheduler_jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arp_nb.client.board import Board
    from arp_nb.client.job import Job

UNKNOWN = re.compile(r"Unknown since \d\d:\d\d")
#: posts as users' jobs do, with what a node has
POST = (
    "python3 -c 'import json, os, urllib.request as r; "
    'r.urlopen(os.environ["BATCH_UPDATE_URL"], '
    'json.dumps({"counters": {"Events": 7}}).encode())\''
)


@pytest.fixture(scope="module")
def whole_site() -> Iterator[SlurmSite]:
    folder = Path(tempfile.mkdtemp(prefix="arp", dir="/tmp"))
    site = SlurmSite(folder)
    yield site
    site.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def site(whole_site: SlurmSite, monkeypatch: pytest.MonkeyPatch) -> SlurmSite:
    monkeypatch.setenv("ARP_STORE", str(whole_site.product.store))
    monkeypatch.setenv("ARP_CLAIM", str(whole_site.product.folder / "claim.json"))
    return whole_site


@pytest.fixture
def board(site: SlurmSite) -> Iterator[Board]:
    with site.product.board() as board:
        yield board


def ended(job: Job) -> Job:
    return job.wait(timeout_s=60)


def test_a_job_runs_posts_and_ends_as_slurm_says(site: SlurmSite, board: Board) -> None:
    body = f'echo "run $RUN_NUM of $EXPERIMENT, given $1 $2 $3"; {POST}'
    job = site.apply(board, 'sbatch -p psdebugq -o %j.out --mem=50M job.sh "$@"', job=body)
    assert ended(job).status == "COMPLETED"
    assert job.row["location"] == "slurm", "a cluster that is there is the default"
    assert job.state is JobState.DONE
    assert job.counters == {"Events": 7}
    assert job.log() == f"run {job.run} of xpptest, given xpptest {job.run} p1\n"
    changes = list(job.history()["new"])
    assert changes[:4] == ["requested", "leased", "starting", "pending"]
    assert changes[-1] == "done"
    (one,) = scheduler_jobs(job)
    assert (one["native_id"], one["source"]) == (job.native_id, "wrapper")
    comment = site.cluster.run("squeue", "-h", "-t", "all", "-o", "%k", "-j", job.native_id or "")
    assert re.fullmatch(rf"arp-{job.id}-\w+\.c[\d-]+", comment.stdout.strip())
    row = job.row
    assert (row["queue"], row["asked_memory_mb"]) == ("psdebugq", 52.4)


def test_a_bare_id_of_sbatch_counts_and_a_number_that_a_script_prints_does_not(
    site: SlurmSite, board: Board
) -> None:
    job = site.apply(board, "echo 12345; id=$(sbatch --parsable --wrap 'exit 0'); echo 6789")
    assert ended(job).status == "COMPLETED"
    assert [one["source"] for one in scheduler_jobs(job)] == ["wrapper"]
    assert job.native_id not in {"12345", "6789"}


def test_a_failure_says_why_and_a_refusal_is_no_job(site: SlurmSite, board: Board) -> None:
    failed = site.apply(board, "sbatch -o %j.out --wrap 'echo ValueError: no frames; exit 3'")
    refused = site.apply(board, "sbatch -p nosuch --wrap x")
    assert ended(failed).status == "FAILED"
    assert (failed.exit_code, failed.cause) == (3, "script")
    assert failed.row["error_line"] == "ValueError: no frames"
    assert ended(refused).state is JobState.SUBMIT_FAILED
    assert "invalid partition" in refused.reason.lower()
    assert refused.cause == "submission"


def test_a_rerun_with_more_memory_ends_well(site: SlurmSite, board: Board) -> None:
    body = "python3 -c 'import time; x = bytearray(80 << 20); time.sleep(4); print(\"had it\")'"
    job = site.apply(board, "sbatch -o %j.out --mem=40M job.sh", job=body)
    assert ended(job).cause == "memory", (job.status, job.reason)
    again = job.rerun(memory="400M")
    assert ended(again).status == "COMPLETED"
    assert again.row["asked_memory_mb"] == pytest.approx(400, abs=1)
    assert again.log() == "had it\n"
    assert [one.id for one in again.attempts()] == [job.id, again.id]


def test_an_array_is_one_row_that_opens_to_its_elements(site: SlurmSite, board: Board) -> None:
    line = "echo element $SLURM_ARRAY_TASK_ID; [ $SLURM_ARRAY_TASK_ID != 3 ]"
    job = site.apply(board, f"sbatch -a 1-6%3 -o %A.%a.out --wrap '{line}'")
    assert ended(job).state is JobState.FAILED
    wait_until(
        lambda: job.parts.get("elements") == {"FAILED": 1, "COMPLETED": 5}, "all are counted"
    )
    found = job.elements()
    assert list(found["index"]) == [1, 2, 3, 4, 5, 6]
    assert list(found.query("native_state == 'FAILED'")["index"]) == [3]
    assert job.log(native_id=f"{job.native_id}_3") == "element 3\n"


def test_a_heterogeneous_job_is_one_row_that_opens_to_its_parts(
    site: SlurmSite, board: Board
) -> None:
    job = site.apply(
        board, "sbatch -p both -o %j.out : -p both job.sh", job="echo all of it; exit 3"
    )
    assert ended(job).state is JobState.FAILED
    assert job.parts == {"elements": {"FAILED": 2}}
    found = job.elements()
    assert list(found["native_id"]) == [f"{job.native_id}+0", f"{job.native_id}+1"]
    assert job.log(native_id=f"{job.native_id}+0") == "all of it\n"


def test_what_a_job_submits_is_its_subjob_and_dies_with_it(site: SlurmSite, board: Board) -> None:
    body = "sbatch --wrap 'sleep 300'; sbatch --wrap 'sleep 300'; sleep 300"
    job = site.apply(board, "sbatch -o %j.out job.sh", job=body)
    wait_until(lambda: job.parts.get("subjobs") == {"RUNNING": 2}, "both are found")
    roles = sorted(one["role"] for one in scheduler_jobs(job))
    assert roles == ["sibling", "subjob", "subjob"]
    job.kill()
    assert ended(job).state is JobState.KILLED
    wait_until(lambda: job.parts["subjobs"] == {"CANCELLED": 2}, "they end with it")


def test_a_job_that_ignores_its_end_is_over_once_slurm_has_killed_it(
    site: SlurmSite, board: Board
) -> None:
    body = "trap '' TERM; while :; do sleep 1; done"
    job = site.apply(board, "sbatch -o %j.out job.sh", job=body)
    wait_until(lambda: job.status == "RUNNING", "it runs")
    job.kill()
    assert ended(job).state is JobState.KILLED
    assert any(note.startswith("kill accepted: Terminating job") for note in job.row["notes"])


def test_a_requeue_is_another_attempt_of_the_same_job(site: SlurmSite, board: Board) -> None:
    job = site.apply(board, "sbatch --requeue -o %j.out --wrap 'sleep 2'")
    assert ended(job).status == "COMPLETED"
    assert site.cluster.run("scontrol", "requeue", job.native_id or "").returncode == 0
    wait_until(lambda: job.row["attempt"] == 2, "the second attempt is known")
    assert job.state is JobState.PENDING, "Slurm lets it wait for two minutes"
    assert list(job.history()["new"]).count("done") == 1, "and the first end is kept"
    job.kill()
    assert ended(job).state is JobState.KILLED


# -- a sick Slurm ------------------------------------------------------------------------


def test_a_controller_that_is_down_changes_no_state_and_is_shown(
    site: SlurmSite, board: Board
) -> None:
    job = site.apply(board, "sbatch -o %j.out --wrap 'sleep 6'")
    wait_until(lambda: job.status == "RUNNING", "it runs")
    known = job.row["state"]
    site.cluster.stop_controller()
    try:
        wait_until(lambda: UNKNOWN.fullmatch(job.status), "the silence is shown")
        assert job.row["state"] == known
    finally:
        site.cluster.start_controller()
    assert ended(job).status == "COMPLETED"


def test_a_submission_to_a_hung_controller_is_found_by_its_mark_and_made_once(
    site: SlurmSite, board: Board
) -> None:
    before = site.ids()
    site.cluster.hang_controller()
    try:
        job = site.apply(board, "sbatch -o %j.out --wrap 'echo once'")
        wait_until(lambda: job.status == "Slurm_Slow", "sbatch has been called")
        # it gives up after MessageTimeout, and its job may be made all the same
        wait_until(lambda: job.status != "Slurm_Slow" or job.is_over, "sbatch has given up", 30)
        assert job.row["state"] in {"starting", "uncertain"}
    finally:
        site.cluster.wake_controller()
    wait_until(lambda: job.state in {JobState.DONE, JobState.SUBMIT_FAILED}, "it is settled", 90)
    made = [one for one in site.ids() if one not in before]
    assert len(made) <= 1, "never submitted twice"
    if made:
        assert job.state is JobState.DONE
        assert job.native_id == made[0]
    else:
        assert job.state is JobState.SUBMIT_FAILED
