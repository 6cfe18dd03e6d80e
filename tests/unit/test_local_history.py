"""What the local scheduler's bhist tells of a job."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.schedulers.local.engine.history import durations, story
from arp_nb.schedulers.local.engine.records import CONT, KILL, STOP, Event, Job

WORDS = ["PEND", "PSUSP", "RUN", "USUSP", "SSUSP", "UNKWN"]


def job(**values: Any) -> Job:
    nothing: dict[str, Any] = dict.fromkeys(Job._fields)
    texts = dict.fromkeys(("queue", "name", "project", "host", "reason"), "")
    given: dict[str, Any] = {
        "id": 5, "element": 0, "state": "RUN", "user": "alice", "command": b"sleep 300",
        "cwd": b"/home/alice", "output": b"%J.log", "held": False, "submitted_at": 100.0,
    }  # fmt: skip
    return Job(**nothing | texts | given | values)


def words(told: Job, *events: Event) -> list[str]:
    return [one.state for one in story(told, events) if one.state]


def test_a_job_that_ran_waited_before() -> None:
    told = job(started_at=110.0, ended_at=130.0, state="EXIT", exit_code=3)
    assert words(told) == ["PEND", "RUN", "EXIT"]
    assert story(told, [])[-1].said == "Exited with exit code 3;"


def test_a_stop_before_the_start_holds_and_one_after_it_stops() -> None:
    told = job(started_at=130.0, state="USUSP")
    events = [Event(110.0, STOP), Event(120.0, CONT), Event(140.0, STOP)]
    assert words(told, *events) == ["PEND", "PSUSP", "PEND", "RUN", "USUSP"]


def test_a_held_job_is_held_from_the_beginning() -> None:
    assert words(job(held=True, state="PSUSP")) == ["PSUSP"]


def test_a_kill_is_told_with_who_asked() -> None:
    told = job(
        started_at=110.0, ended_at=130.0, state="EXIT", exit_code=143, reason="TERM_OWNER: job"
    )
    said = [one.said for one in story(told, [Event(129.0, KILL)])]
    assert said[-3:] == [
        "Signal <KILL> requested by user or administrator <alice>;",
        "Exited with exit code 143;",
        "Completed <exit>; TERM_OWNER: job;",
    ]


def test_time_is_counted_state_by_state() -> None:
    told = job(started_at=110.0, state="USUSP")
    happened = story(told, [Event(115.0, STOP)])
    assert durations(happened, 118.0) == dict.fromkeys(WORDS, 0.0) | {
        "PEND": 10.0, "RUN": 5.0, "USUSP": 3.0,
    }  # fmt: skip


@given(st.lists(st.tuples(st.floats(100, 200), st.sampled_from([STOP, CONT, KILL]))))
def test_a_story_is_in_order_and_its_durations_add_up(asked: list[tuple[float, str]]) -> None:
    told = job(started_at=150.0, ended_at=200.0, state="DONE", exit_code=0)
    happened = story(told, [Event(*one) for one in sorted(asked)])
    moments = [one.at for one in happened]
    assert moments == sorted(moments)
    assert sum(durations(happened, 200.0).values()) == pytest.approx(100.0)
