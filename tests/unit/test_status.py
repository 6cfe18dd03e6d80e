"""What people see of a job, and what they see while nobody answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from arp_nb.model import JobState, Phase
from arp_nb.ports import Health, SchedulerHealth
from arp_nb.status import NATIVE, OWN, PERSISTED, SCRIPT_RUNNING, shown, status

SINCE = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
HHMM = f"{SINCE.astimezone():%H:%M}"


def health(*, client: bool = True, scheduler: bool = True) -> Health:
    one = SchedulerHealth(location="lsf", ok=scheduler, since=SINCE)
    return Health(client_ok=client, client_since=SINCE, schedulers={"lsf": one})


@pytest.mark.parametrize("state", JobState)
def test_every_state_has_a_word_before_the_scheduler_says_one(state: JobState) -> None:
    assert status(state, Phase.NONE, "", "lsf")


@pytest.mark.parametrize("word", NATIVE)
def test_the_schedulers_own_word_is_shown_as_it_is(word: str) -> None:
    assert status(JobState.RUNNING, Phase.NONE, word, "lsf") == word


def test_a_script_that_has_not_called_bsub_is_not_a_slow_scheduler() -> None:
    assert status(JobState.STARTING, Phase.SCRIPT, "", "lsf") == SCRIPT_RUNNING


@pytest.mark.parametrize(("location", "word"), [("lsf", "LSF_Slow"), ("slurm", "Slurm_Slow")])
def test_a_slow_scheduler_is_named(location: str, word: str) -> None:
    assert status(JobState.STARTING, Phase.SLOW, "", location) == word


def test_lost_says_whose_history_was_asked() -> None:
    assert status(JobState.LOST, Phase.NONE, "RUN", "lsf") == "Lost: not in LSF's history"


def test_a_request_is_persisted_while_no_batch_client_is_there() -> None:
    word = shown("Request Sent", JobState.REQUESTED, "lsf", health(client=False))
    assert word == PERSISTED.word


def test_a_silent_scheduler_makes_its_live_jobs_unknown_and_no_others() -> None:
    silent = health(scheduler=False)
    assert shown("RUN", JobState.RUNNING, "lsf", silent) == f"Unknown since {HHMM}"
    assert shown("RUN", JobState.RUNNING, "local", silent) == "RUN"
    assert shown("Request Sent", JobState.REQUESTED, "lsf", silent) == "Request Sent"


def test_an_absent_client_makes_live_jobs_unknown() -> None:
    word = shown("RUN", JobState.RUNNING, "lsf", health(client=False))
    assert word == f"Unknown since {HHMM}"


@pytest.mark.parametrize("state", [s for s in JobState if s.is_final])
def test_an_end_stays_known_whoever_is_silent(state: JobState) -> None:
    word = OWN[state].word
    assert shown(word, state, "lsf", health(client=False, scheduler=False)) == word
