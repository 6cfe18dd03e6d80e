"""What scancel and scontrol say of single jobs."""

from __future__ import annotations

import pytest

from arp_nb.schedulers import slurm_answers
from tests.slurm_records import SAMPLES

# -- kills ------------------------------------------------------------------------------

REFUSED = "scancel: error: Kill job error on job id 5:"
NOISE = "scancel: select/linear: init: Linear node selection plugin loaded with argument 17\n"


@pytest.mark.parametrize(
    ("stderr", "accepted", "said"),
    [
        ("scancel: Terminating job 5\n", True, "Terminating job 5"),
        ("scancel: Signal 9 to full job 5\n", True, "Terminating job 5"),
        (
            "scancel: Terminating job 5\n" + SAMPLES["scancel_other"]["stderr"],
            False, "Access/permission denied",
        ),
        (
            f"{REFUSED} Invalid job id specified\n",
            True, "Job 5 has already finished: Invalid job id specified",
        ),
        (
            f"{REFUSED} Job/step already completing or completed\n",
            True, "Job 5 has already finished: Job/step already completing or completed",
        ),
    ],
)  # fmt: skip
def test_what_scancel_says_is_the_answer(stderr: str, accepted: bool, said: str) -> None:
    [(native_id, answer)] = slurm_answers.kill_answers(NOISE + stderr, ["5"]).items()
    assert (native_id, answer.accepted, answer.said) == ("5", accepted, said)


@pytest.mark.parametrize(
    "why",
    [
        "Unable to contact slurm controller (connect failure)",
        "Socket timed out on send/recv operation",
    ],
)
def test_a_kill_that_no_controller_heard_is_neither_accepted_nor_refused(why: str) -> None:
    said = f"scancel: Terminating job 5\n{REFUSED} {why}\n"
    assert slurm_answers.kill_answers(said, ["5"]) == {}


def test_a_job_that_scancel_says_nothing_of_has_no_answer() -> None:
    assert slurm_answers.kill_answers("scancel: Terminating job 55\n", ["5"]) == {}


# -- logs -------------------------------------------------------------------------------


def shown(path: str, **facts: str) -> str:
    lines = " ".join(f"{name}={value}" for name, value in ({"JobId": "534"} | facts).items())
    return f"{lines} JobName=x\n   BatchHost=n1\n   StdErr=/e\n   StdOut={path}\n   Power=\n"


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("/d/534.log", "/d/534.log"), ("/d/%4j-%N-%n-%t.log", "/d/0534-n1-0-0.log"),
        ("/d/%s-%J-%%-%b", "/d/batch-534-%-%b"), ("/d/a b.log", "/d/a b.log"),
        ("/d/x_4294967294.log", None), ("/d/%a.log", None), ("relative", None),
        ("/d/%99j", "/d/0000000534"),
    ],
)  # fmt: skip
def test_patterns_that_scontrol_leaves_are_put_in(path: str, whole: str | None) -> None:
    assert slurm_answers.output_path(shown(path)) == whole


def test_an_element_has_its_arrays_id_and_its_index() -> None:
    text = shown("/d/%A-%3a.log", ArrayJobId="530", ArrayTaskId="7")
    assert slurm_answers.output_path(text) == "/d/530-007.log"


@pytest.mark.parametrize("name", ["scontrol_job", "scontrol_done"])
def test_recorded_paths_are_read(name: str) -> None:
    path = slurm_answers.output_path(SAMPLES[name]["stdout"])
    assert path is not None
    assert f"StdOut={path}\n" in SAMPLES[name]["stdout"]


def test_a_recorded_job_that_is_not_known_has_no_path() -> None:
    assert slurm_answers.output_path(SAMPLES["scontrol_notfound"]["stderr"]) is None
