"""The promise, held against every evidence that a spool can show."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.batch_client.case import Case, Search
from arp_nb.batch_client.spool import Call, Evidence, Exit
from arp_nb.batch_client.verdict import conclude
from arp_nb.model import JobState, Phase, Role
from arp_nb.ports import Submission, Submitted
from arp_nb.schedulers.base import Marked

NOW_S = 1000.0
TIME_S = st.floats(0, NOW_S)
REFUSED = "No such queue. Job not submitted.\n"
SAID = st.sampled_from(["", "garbage\n", "Job <7> is submitted\n", REFUSED])
CALLS = st.builds(
    Call,
    nonce=st.sampled_from(["1-1", "2-2"]),
    began_at_s=TIME_S,
    alive=st.booleans(),
    said=SAID,
    exit_code=st.sampled_from([None, 0, 137, 255]),
)
EXITS = st.builds(
    Exit,
    code=st.sampled_from([None, 0, 1, 137]),
    signal=st.sampled_from([None, 9]),
    error=st.sampled_from(["", "cannot be started"]),
)
EVIDENCE = st.builds(
    Evidence,
    there=st.booleans(),
    started_at_s=st.none() | TIME_S,
    fenced=st.none() | st.just("why"),
    lock_held=st.booleans(),
    exit=st.none() | EXITS,
    calls=st.lists(CALLS, max_size=3).map(tuple),
    unseen=st.booleans(),
    out=SAID,
    err=SAID,
)
MARKED = st.builds(
    Marked,
    native_id=st.sampled_from(["7", "8", "9"]),
    tag=st.sampled_from(
        ["mine", "arp-12-0123456789ab"]
        + [f"arp-12-0123456789ab.{kind}{call}" for kind in "cj" for call in ("1-1", "3-3")]
    ),
    state=st.just(JobState.RUNNING),
)
CASES = st.builds(
    Case,
    spool_id=st.just("12-0123456789ab"),
    job_id=st.just(12),
    evidence=EVIDENCE,
    title=st.just("LSF"),
    submitted_ids=st.just(lambda text, alone=False: tuple(re.findall(r"Job <(\d+)>", text))),
    now_s=st.just(NOW_S),
    steady_s=st.just(NOW_S),
    slow_after_s=st.just(5.0),
    uncertain_after_s=st.just(600.0),
    search=st.sampled_from(Search),
    tagged=st.lists(MARKED, max_size=4).map(tuple),
    denials=st.integers(0, 3),
    silent_s=st.floats(0, 200),
    output_since_s=st.none() | TIME_S,
)


@given(CASES)
def test_what_may_have_started_is_never_started_again(case: Case) -> None:
    evidence = case.evidence
    touched = evidence.started_at_s is not None or evidence.lock_held or evidence.exit
    if conclude(case).start:
        assert not touched
        assert evidence.there


@given(CASES)
def test_failed_is_said_only_of_what_ended_or_was_forbidden(case: Case) -> None:
    told = conclude(case).told
    evidence = case.evidence
    if told.state is JobState.SUBMIT_FAILED and evidence.fenced is None:
        ended = evidence.exit
        assert ended is not None
        if not ended.error:
            assert not ended.signal
            assert not evidence.unseen
            assert not any(call.is_cut_off or call.alive for call in evidence.calls)
            denied = REFUSED in (evidence.err + evidence.out)
            assert case.search in {Search.ANSWERED, Search.CANNOT} or denied


@given(CASES)
def test_id_of_a_wrapper_is_always_told(case: Case) -> None:
    named = [call for call in case.evidence.calls if "Job <7>" in call.said]
    told = conclude(case).told
    if named:
        assert told.state is JobState.PENDING
        assert told.native_ids[0] == Submitted("7", "wrapper", named[0].nonce)


@given(CASES)
def test_something_is_the_job_itself_and_each_id_is_told_once(case: Case) -> None:
    told = conclude(case).told.native_ids
    assert len({one.native_id for one in told}) == len(told)
    if told:
        assert told[0].role is Role.SIBLING


@given(CASES)
def test_only_a_second_job_of_one_command_is_extra(case: Case) -> None:
    told = conclude(case).told.native_ids
    for place, one in enumerate(told):
        if one.role is Role.EXTRA:
            earlier = [other.nonce for other in told[:place] if other.role is Role.SIBLING]
            assert one.source == "tag"
            assert one.nonce in earlier


def found(*tags: str) -> tuple[Marked, ...]:
    return tuple(
        Marked(native_id=str(number), tag=f"arp-12-0123456789ab{tag}", state=JobState.RUNNING)
        for number, tag in enumerate(tags, 1)
    )


def over(
    *tagged: Marked, said: str = "", took_s: float = 0.0, search: Search = Search.ANSWERED
) -> Case:
    call = Call(
        nonce="1-1", began_at_s=1.0, alive=False, said=said, exit_code=0, ended_at_s=1.0 + took_s
    )
    return Case(
        spool_id="12-0123456789ab",
        job_id=12,
        evidence=Evidence(there=True, started_at_s=1.0, exit=Exit(code=0), calls=(call,)),
        title="LSF",
        submitted_ids=lambda output, alone=False: tuple(re.findall(r"Job <(\d+)>", output)),
        now_s=NOW_S,
        steady_s=NOW_S,
        slow_after_s=5.0,
        uncertain_after_s=600.0,
        search=search,
        tagged=tagged,
    )


def test_a_job_that_cannot_report_says_so_once() -> None:
    case = over(said="Job <7>\n")
    (call,) = case.evidence.calls
    calls = (replace(call, note="cannot report: why"),) * 2
    told = conclude(replace(case, evidence=replace(case.evidence, calls=calls))).told
    assert told.notes == ("cannot report: why",)


def waiting(step_s: float, passed_s: float, *, is_before: bool) -> Submission:
    """Judge a command that began, before or after somebody set the clock, and has not answered."""
    began_s = 10_000.0 + (0.0 if is_before else step_s)
    call = Call(nonce="1-1", began_at_s=began_s, alive=True, said="", exit_code=None)
    case = replace(
        over(search=Search.ANSWERED),
        evidence=Evidence(started_at_s=began_s, lock_held=True, calls=(call,)),
        now_s=10_000.0 + step_s + passed_s,
        steady_s=10_000.0 + passed_s,
    )
    return conclude(case).told


@pytest.mark.parametrize("is_before", [True, False], ids=["before-it", "after-it"])
@pytest.mark.parametrize("step_s", [-7200.0, -30.0, 0.0, 30.0, 7200.0])
def test_a_clock_that_is_set_makes_no_submission_old(step_s: float, *, is_before: bool) -> None:
    told = waiting(step_s, 1.0, is_before=is_before)
    assert (told.state, told.phase) == (JobState.STARTING, Phase.SUBMITTING)


@pytest.mark.parametrize("is_before", [True, False], ids=["before-it", "after-it"])
@pytest.mark.parametrize("step_s", [-30.0, 0.0, 30.0])
def test_a_clock_that_is_corrected_keeps_no_submission_young(
    step_s: float, *, is_before: bool
) -> None:
    assert waiting(step_s, 700.0, is_before=is_before).state is JobState.UNCERTAIN


def roles(*tagged: Marked, said: str = "") -> list[tuple[str, Role]]:
    told = conclude(over(*tagged, said=said)).told
    return [(one.native_id, one.role) for one in told.native_ids]


def test_a_chain_is_no_extra_job() -> None:
    assert roles(*found(".c1-1", ".c2-2")) == [("1", Role.SIBLING), ("2", Role.SIBLING)]


def test_of_a_hung_command_that_made_three_jobs_the_oldest_counts() -> None:
    made = [("1", Role.SIBLING), ("2", Role.EXTRA), ("3", Role.EXTRA)]
    assert roles(*found(".c1-1", ".c1-1", ".c1-1")) == made


def test_the_job_that_its_command_named_is_the_one_and_the_others_are_extra() -> None:
    assert roles(*found(".c1-1", ".c1-1"), said="Job <2>\n") == [
        ("2", Role.SIBLING),
        ("1", Role.EXTRA),
    ]


def test_a_command_that_hung_is_searched_for_more_jobs_and_no_other() -> None:
    asked = Search.NOT_ASKED
    hung = conclude(over(said="Job <7>\n", took_s=60.0, search=asked))
    assert (hung.search, hung.closed, hung.told.state) == (True, False, JobState.PENDING)
    quick = conclude(over(said="Job <7>\n", took_s=1.0, search=asked))
    assert (quick.search, quick.closed) == (False, True)


def test_what_was_submitted_inside_the_job_is_a_subjob() -> None:
    assert roles(*found(".c1-1", ".j5-5")) == [("1", Role.SIBLING), ("2", Role.SUBJOB)]


@given(CASES)
def test_uncertain_is_said_only_after_a_search_and_in_words(case: Case) -> None:
    judged = conclude(case)
    if judged.told.state is JobState.UNCERTAIN:
        assert case.search is not Search.NOT_ASKED
        assert judged.told.reason.startswith("LSF may or may not have this job. ")
        assert not judged.closed


@given(CASES)
def test_nothing_is_closed_while_anything_of_it_runs(case: Case) -> None:
    if conclude(case).closed:
        assert not case.evidence.lock_held
        assert not any(call.alive for call in case.evidence.calls)


@given(CASES)
def test_same_case_has_the_same_verdict(case: Case) -> None:
    assert conclude(case) == conclude(case)
