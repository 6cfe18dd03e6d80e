"""Rules of the one table of states."""

from __future__ import annotations

import pytest

from arp_nb.model import FINAL, SUBMITTED, TRANSITIONS, JobState, may_change


def test_every_state_stands_in_the_table() -> None:
    assert set(TRANSITIONS) == set(JobState)


@pytest.mark.parametrize("state", JobState)
def test_every_state_may_stay(state: JobState) -> None:
    assert may_change(state, state)


@pytest.mark.parametrize("state", [one for one in JobState if not one.is_final])
def test_every_unfinished_state_leads_to_an_end(state: JobState) -> None:
    seen: set[JobState] = set()
    todo = [state]
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo.extend(TRANSITIONS[one])
    assert seen & FINAL


def test_a_script_that_may_have_started_is_never_requested_or_leased_again() -> None:
    before = {JobState.REQUESTED, JobState.LEASED}
    reachable = {
        state for state, targets in TRANSITIONS.items() if targets & before and state not in before
    }
    assert reachable == set()


def test_only_a_lease_leads_to_a_start() -> None:
    assert {old for old in JobState if JobState.STARTING in TRANSITIONS[old]} == {JobState.LEASED}


def test_uncertain_comes_only_from_starting() -> None:
    origins = {old for old in JobState if JobState.UNCERTAIN in TRANSITIONS[old]}
    assert origins == {JobState.STARTING}


def test_an_end_opens_again_only_as_a_live_attempt() -> None:
    """A requeue makes DONE run again; nothing turns DONE into FAILED."""
    for ended in (JobState.DONE, JobState.FAILED, JobState.KILLED):
        assert not TRANSITIONS[ended] & FINAL


def test_what_the_scheduler_has_stays_with_the_scheduler() -> None:
    for state in SUBMITTED:
        assert TRANSITIONS[state] <= SUBMITTED
