"""What ``bhist -l`` tells, in every recorded answer, and in any text at all."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.model import JobState
from arp_nb.schedulers.lsf_history import stories

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
FILE = Path(__file__).parents[1] / "samples" / "lsf.jsonl"
RECORDED = {
    sample["name"]: sample
    for sample in map(json.loads, FILE.read_text("utf-8").splitlines())
    if sample["name"].startswith("bhist_l")
}


@pytest.mark.parametrize(
    ("name", "native_id", "words", "state"),
    [
        ("bhist_l", "5", "PEND RUN", JobState.RUNNING),
        ("bhist_l_exit", "9", "PEND RUN EXIT", JobState.FAILED),
        ("bhist_l_killed", "5", "PEND RUN EXIT", JobState.KILLED),
        ("bhist_l_unkwn", "38", "PEND RUN", JobState.RUNNING),
        ("bhist_l_after_unkwn", "39", "PEND RUN UNKWN RUN", JobState.RUNNING),
        ("bhist_l_zombi", "41", "PEND RUN UNKWN ZOMBI", JobState.RUNNING),
        ("bhist_l_after_zombi", "41", "PEND RUN UNKWN ZOMBI EXIT", JobState.KILLED),
    ],
)
def test_recorded_stories_are_read_event_by_event(
    name: str, native_id: str, words: str, state: JobState
) -> None:
    found = stories(RECORDED[name]["stdout"], NOW)
    assert found.keys() == {native_id}
    reading = found[native_id]
    assert " ".join(one.native_state for one in reading.past) == words
    assert reading.state is state
    assert (reading.ended_at is not None) is state.is_final


def test_every_recorded_story_is_in_the_table_above() -> None:
    assert len(RECORDED) == 7


def test_an_end_has_its_code_its_reason_and_its_true_time() -> None:
    reading = stories(RECORDED["bhist_l_killed"]["stdout"], NOW)["5"]
    assert (reading.exit_code, reading.reason) == (130, "killed by rtalice")
    assert (reading.queue, reading.host) == ("psdebugq", "lsfhost")
    assert reading.ended_at is not None
    assert reading.past[-1].at == reading.ended_at
    assert f"{reading.ended_at:%b %d}" == "Nov 22"


def story(*events: str) -> str:
    lines = ["Job <7>, User <me>, Command <x>", *events]
    return "\n" + "\n".join(lines) + "\n"


def test_over_new_year_a_moment_is_of_the_year_that_it_can_be_of() -> None:
    text = story(
        "Thu Dec 31 23:59:50: Submitted from host <h>, to Queue <q>;",
        "Fri Jan  1 00:00:10: Starting (Pid 1);",
        "Fri Jan  1 00:10:00: Done successfully. The CPU time used is 1.0 seconds;",
    )
    reading = stories(text, datetime(2027, 1, 2, 12, tzinfo=UTC))["7"]
    assert [one.at.year for one in reading.past] == [2026, 2027, 2027]


def test_a_termination_reason_belongs_to_the_end_that_it_follows() -> None:
    text = story(
        "Sun Nov 22 18:00:00: Submitted from host <h>, to Queue <q>;",
        "Sun Nov 22 18:01:00: Starting (Pid 1);",
        "Sun Nov 22 18:02:00: Exited with exit code 137. The CPU time used is 1.0 seconds;",
        "Sun Nov 22 18:02:05: Completed <exit>; TERM_MEMLIMIT: job killed after reaching LSF "
        "memory usage limit;",
    )
    reading = stories(text, NOW)["7"]
    assert reading.reason.startswith("TERM_MEMLIMIT: job killed after reaching")
    assert (reading.state, reading.exit_code) == (JobState.FAILED, 137)
    assert reading.ended_at is not None
    assert reading.ended_at.minute == 2
    assert reading.ended_at.second == 0
    assert [one.native_state for one in reading.past] == ["PEND", "RUN", "EXIT"]


@pytest.mark.parametrize(
    ("term", "state"),
    [
        ("TERM_OWNER", JobState.KILLED),
        ("TERM_ADMIN", JobState.KILLED),
        ("TERM_PREEMPT", JobState.FAILED),
        ("TERM_LOAD", JobState.FAILED),
        ("TERM_RUNLIMIT", JobState.FAILED),
    ],
)
def test_lsf_s_own_kill_is_not_a_person_s_though_it_says_so(term: str, state: JobState) -> None:
    text = story(
        "Sun Nov 22 18:00:00: Submitted from host <h>, to Queue <q>;",
        "Sun Nov 22 18:01:00: Starting (Pid 1);",
        "Sun Nov 22 18:02:00: Signal <KILL> requested by user or administrator <user2>;",
        "Sun Nov 22 18:02:01: Exited by signal 2. The CPU time used is 0.1 seconds;",
        f"Sun Nov 22 18:02:01: Completed <exit>; {term}: job killed;",
    )
    reading = stories(text, NOW)["7"]
    assert (reading.state, reading.signal) == (state, 2)
    assert reading.past[-1].state is state
    assert reading.reason == f"{term}: job killed"


def test_an_exit_to_be_rerun_is_no_end() -> None:
    text = story(
        "Sun Nov 22 18:00:00: Submitted from host <h>, to Queue <q>;",
        "Sun Nov 22 18:01:00: Starting (Pid 1);",
        "Sun Nov 22 18:02:00: Exited; job will be requeued and rerun;",
    )
    assert stories(text, NOW)["7"].state is JobState.PENDING


@pytest.mark.parametrize(
    ("event", "word"),
    [
        ("Waiting;", "WAIT"),
        ("Suspended by the user or administrator while pending;", "PSUSP"),
        ("Suspended by the user or administrator;", "USUSP"),
        ("Suspended by LSF: The load is too high;", "SSUSP"),
        ("Terminated: The run limit is reached;", "SSUSP"),
        ("Execution host unavailable; job is killed;", "ZOMBI"),
    ],
)
def test_each_event_that_is_no_end_has_the_word_of_bjobs(event: str, word: str) -> None:
    text = story(
        "Sun Nov 22 18:00:00: Submitted from host <h>, to Queue <q>;",
        f"Sun Nov 22 18:01:00: {event}",
    )
    reading = stories(text, NOW)["7"]
    assert reading.native_state == word
    assert not reading.state.is_final


def test_a_job_submitted_with_hold_is_held_from_the_start() -> None:
    text = story("Sun Nov 22 18:00:00: Submitted from host <h> with hold, to Queue <q>;")
    reading = stories(text, NOW)["7"]
    assert (reading.native_state, reading.queue) == ("PSUSP", "q")
    assert reading.submitted_at is not None


def test_post_processing_that_failed_is_told_and_makes_no_failure_of_a_success() -> None:
    text = story(
        "Sun Nov 22 18:00:00: Submitted from host <h>, to Queue <q>;",
        "Sun Nov 22 18:01:00: Starting (Pid 1);",
        "Sun Nov 22 18:02:00: Done successfully. The CPU time used is 1.0 seconds;",
        "Sun Nov 22 18:02:01: Post job process failed;",
    )
    reading = stories(text, NOW)["7"]
    assert (reading.state, reading.reason) == (JobState.DONE, "Post job process failed")


def test_with_years_lines_are_folded_further_right() -> None:
    indent = " " * 26
    text = (
        f"Job <7>, User <me>, Command <x y\n{indent}z>\n"
        "Thu Jan  2 14:51:23 2025: Submitted from host <rmf-login-1>, to Queue <normal>,\n"
        f"{indent} CWD <$HOME>;\n"
        "Thu Jan  2 14:51:24 2025: Dispatched 1 Task(s) on Host(s) <p1-r01-n4>, Allocate\n"
        f"{indent}d 1 Slot(s) on Host(s) <p1-r01-n4>;\n"
        "Thu Jan  2 14:51:25 2025: Starting (Pid 3095851);\n"
        "Thu Jan  2 16:08:05 2025: Completed <exit>; TERM_MEMLIMIT: job killed after rea\n"
        f"{indent}ching LSF memory usage limit;\n"
    )
    reading = stories(text, NOW)["7"]
    assert (reading.queue, reading.host, reading.cores) == ("normal", "p1-r01-n4", 1)
    assert reading.reason == "TERM_MEMLIMIT: job killed after reaching LSF memory usage limit"
    assert reading.ended_at is not None
    assert reading.ended_at.year == 2025


@pytest.mark.parametrize(
    ("said", "cores"),
    [
        ("Dispatched to <h>", None),
        ("Dispatched 4 Task(s) on Host(s) <4*h>", 4),
        ("Dispatched 4 Task(s) on Host(s) <4*h>, Allocated 8 Slot(s) on Host(s) <8*h>", 8),
        ("Pending: Allocated 8 Slot(s) on Host(s) <8*h>", None),
    ],
)
def test_cores_are_told_where_it_was_dispatched(said: str, cores: int | None) -> None:
    text = story(
        "Sun Nov 22 18:00:00: Submitted from host <h>, to Queue <q>, 99 Task(s);",
        f"Sun Nov 22 18:00:30: {said};",
        "Sun Nov 22 18:01:00: Starting (Pid 1);",
    )
    assert stories(text, NOW)["7"].cores == cores


def test_a_fold_before_a_blank_is_joined() -> None:
    text = story(
        "Tue Dec 23 14:46:43: Submitted from host <h>, to Queue <q>;",
        "Tue Dec 23 16:34:13: Completed <exit>; TERM_MEMLIMIT: job killed after reaching",
        " " * 22 + "LSF memory usage limit;",
    )
    said = stories(text, NOW)["7"].reason
    assert said == "TERM_MEMLIMIT: job killed after reaching LSF memory usage limit"


def test_an_array_began_with_its_first_element_and_ended_with_its_last() -> None:
    def element(index: int, start: int, end: str) -> str:
        return (
            f"\nJob <13[{index}]>, User <me>, Command <x>\n"
            "Sun Nov 22 18:00:00: Submitted from host <h>, to Queue <q>;\n"
            f"Sun Nov 22 18:0{start}:00: Starting (Pid 1);\nSun Nov 22 18:1{start}:00: {end};\n"
        )

    ends = (
        "Done successfully",
        "Exited with exit code 3. The CPU time used is 0",
        "Done successfully",
    )
    text = "".join(element(index, 4 - index, end) for index, end in enumerate(ends, 1))
    found = stories(text, NOW)
    assert found.keys() == {"13", "13[1]", "13[2]", "13[3]"}
    whole = found["13"]
    assert (whole.state, whole.exit_code) == (JobState.FAILED, 3)
    assert whole.elements == (("EXIT", 1), ("DONE", 2))
    moments = [(one.native_state, one.at.minute) for one in whole.past]
    assert moments == [("PEND", 0), ("RUN", 1), ("EXIT", 13)]


def test_a_requeued_job_is_where_its_last_attempt_is() -> None:
    text = story(
        "Sun Nov 22 18:00:00: Submitted from host <h>, to Queue <q>;",
        "Sun Nov 22 18:01:00: Starting (Pid 1);",
        "Sun Nov 22 18:02:00: Exited with exit code 1. The CPU time used is 1.0 seconds;",
        "Sun Nov 22 18:02:01: Pending: Job has been requeued;",
        "Sun Nov 22 18:03:00: Starting (Pid 2);",
        "Sun Nov 22 18:04:00: Done successfully. The CPU time used is 1.0 seconds;",
    )
    reading = stories(text, NOW)["7"]
    assert (reading.state, reading.exit_code, reading.reason) == (JobState.DONE, None, "")
    words = [one.native_state for one in reading.past]
    assert words == ["PEND", "RUN", "EXIT", "PEND", "RUN", "DONE"]


def test_several_jobs_and_an_array_s_element_are_told_apart() -> None:
    text = (
        RECORDED["bhist_l_exit"]["stdout"]
        + "-" * 78
        + RECORDED["bhist_l_killed"]["stdout"].replace("Job <5>", "Job <13[4]>")
    )
    found = stories(text, NOW)
    assert {key: one.state for key, one in found.items()} == {
        "9": JobState.FAILED,
        "13[4]": JobState.KILLED,
        "13": JobState.KILLED,
    }


def test_a_name_cannot_look_like_an_end() -> None:
    name = "x>, Done successfully. Job <8>, Sun Nov 22 18:02:00: Done successfully"
    text = f"\nJob <7>, Job Name <{name}>, User <me>\nSun Nov 22 18:00:00: Submitted from host;\n"
    found = stories(text, NOW)
    assert {key: one.state for key, one in found.items()} == {"7": JobState.PENDING}


@given(st.text() | st.binary().map(lambda text: text.decode(errors="replace")))
def test_any_text_tells_of_no_end(text: str) -> None:
    for reading in stories(text, NOW).values():
        assert not reading.state.is_final


@given(st.sampled_from(sorted(RECORDED)), st.integers(0, 3000), st.text(max_size=20))
def test_a_damaged_story_never_ends_a_job_that_lives(name: str, at: int, inset: str) -> None:
    text = RECORDED[name]["stdout"]
    damaged = text[:at] + inset + text[at + len(inset) :]
    whole = stories(text, NOW)
    for native_id, reading in stories(damaged, NOW).items():
        if native_id in whole and not re.search("Done|Exited|Completed|kill", inset):
            ended = reading.state.is_final
            assert not ended or whole[native_id].state.is_final
