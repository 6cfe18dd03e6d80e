"""Why a job did not end well."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.causes import CAUSES, TERMS, WORDS, cause
from arp_nb.model import JobState


def of(
    state: JobState = JobState.FAILED,
    word: str = "EXIT",
    reason: str = "",
    *,
    signal: int | None = None,
    peak: float | None = None,
    asked: float | None = None,
) -> str:
    return cause(state, word, reason, signal=signal, peak_memory_mb=peak, asked_memory_mb=asked)


@pytest.mark.parametrize("state", [one for one in JobState if not one.is_final])
def test_what_has_not_ended_has_no_cause(state: JobState) -> None:
    assert of(state, "RUN", "TERM_MEMLIMIT: x") == ""


def test_what_went_well_or_is_not_known_has_no_cause() -> None:
    assert of(JobState.DONE, "DONE") == ""
    assert of(JobState.LOST, "RUN") == ""


@pytest.mark.parametrize("term", TERMS)
def test_lsf_s_own_reason_decides_with_its_words_or_without(term: str) -> None:
    assert of(reason=term) == of(reason=f"{term}: job killed after …") == TERMS[term]


@pytest.mark.parametrize("word", WORDS)
def test_slurm_s_state_decides(word: str) -> None:
    assert of(word=word) == WORDS[word]


def test_who_asked_for_the_end_is_the_cause_whatever_the_code() -> None:
    assert of(JobState.KILLED, reason="TERM_MEMLIMIT") == "killed"
    assert of(JobState.WITHDRAWN, "") == "killed"


def test_where_no_scheduler_has_it_its_submission_failed() -> None:
    assert of(JobState.SUBMIT_FAILED, "") == "submission"


def test_killed_by_the_kernel_at_its_limit_is_memory() -> None:
    assert of(signal=9, peak=3990.0, asked=4000.0) == "memory"
    assert of(signal=9, peak=1990.0, asked=4000.0) == "script"
    assert of(signal=11, peak=3990.0, asked=4000.0) == "script"
    assert of(signal=9, peak=3990.0) == "script"


def test_nothing_said_is_the_script_s_own_end() -> None:
    assert of(reason="Exited with exit code 3") == "script"


@given(st.sampled_from(JobState), st.text(), st.text())
def test_any_words_give_one_of_the_causes_or_none(state: JobState, word: str, why: str) -> None:
    assert of(state, word, why) in {"", *CAUSES}
