"""Any news, in any order, late or twice: what the books may never do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from arp_nb.manager.verdicts import (
    after_found,
    after_readings,
    after_submission,
    combined,
    is_current,
)
from arp_nb.model import Job, JobState, Phase, Reading, Role, SchedulerJob, may_change
from arp_nb.parts import counted
from arp_nb.ports import FoundJob, JobReading, Submission, Submitted
from arp_nb.store.base import JobChange
from tests.manager_play import STATES

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
IDS = ("1", "2", "3")
#: found by their marks, beside those that the spool names
OTHERS = ("8", "9")
LIVE = {JobState.PENDING, JobState.RUNNING, JobState.SUSPENDED}


def starting_job() -> Job:
    return Job(
        id=7, experiment_id=1, run=1, definition_id=1, hash="peaks", version=1, parameters="",
        argv=("/x",), user="dana", location="lsf", state=JobState.STARTING, spool_id="7-spool",
        requested_at=START, changed_at=START,
    )  # fmt: skip


class Books(RuleBasedStateMachine):
    """One job in STARTING, and whatever its spool, its scheduler and its user may say of it."""

    def __init__(self) -> None:
        super().__init__()
        self.job = starting_job()
        self.natives: dict[str, SchedulerJob] = {}
        self.now = START
        self.wish: tuple[int, str] | None = None  # (attempt, who)

    def apply(self, change: JobChange | None) -> None:
        """Do what the store does, and check what holds for every change."""
        if change is None:
            return
        old, new = self.job, change.state or self.job.state
        assert old.state in change.expect
        assert may_change(old.state, new), (old.state, new)
        assert change.state or change.set or change.scheduler_jobs, "an empty change"
        values: dict[str, Any] = dict(change.set)
        self.job = replace(old, state=new, changed_at=change.at, **values)
        self.natives |= {one.native_id: one for one in change.scheduler_jobs}

    @property
    def siblings(self) -> dict[str, SchedulerJob]:
        return {key: one for key, one in self.natives.items() if one.role is Role.SIBLING}

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    @rule(
        state=st.sampled_from(
            [JobState.STARTING, JobState.UNCERTAIN, JobState.SUBMIT_FAILED, JobState.PENDING]
        ),
        ids=st.sets(st.sampled_from(IDS)),
        phase=st.sampled_from(Phase),
    )
    def the_spool_says(self, state: JobState, ids: set[str], phase: Phase) -> None:
        told = Submission(
            job_id=7,
            spool_id="7-spool",
            state=state,
            phase=phase,
            native_ids=tuple(
                Submitted(one, "wrapper", "n") for one in sorted(ids | self.siblings.keys())
            ),
        )
        if is_current(self.job, told):
            self.apply(after_submission(self.job, list(self.natives.values()), told, self.tick()))
            again = after_submission(self.job, list(self.natives.values()), told, self.tick())
            assert again is None, "the same news changed something"

    @rule(
        native_id=st.sampled_from(OTHERS),
        tag=st.sampled_from(["arp-7-spool.j5-5", "arp-7-spool.cn", "arp-7-abc.c1-1", "mine"]),
    )
    def a_sweep_finds(self, native_id: str, tag: str) -> None:
        state = self.job.state
        found = [FoundJob(job_id=7, native_id=native_id, tag=tag, at=self.tick())]
        self.apply(after_found(self.job, list(self.natives.values()), found))
        assert self.job.state is state, "a subjob changed its parent's state"

    @precondition(lambda self: self.siblings)
    @rule(
        words=st.dictionaries(
            st.sampled_from(IDS + OTHERS), st.sampled_from([*STATES, None]), min_size=1
        ),
        late_s=st.sampled_from([0, 0, 0, 2, 30]),
    )
    def the_scheduler_says(self, words: dict[str, str | None], late_s: int) -> None:
        at = self.tick() - timedelta(seconds=late_s)
        old = self.job
        readings = [
            JobReading(
                job_id=7,
                native_id=native_id,
                reading=None if word is None else Reading(state=STATES[word], native_state=word),
                at=at,
            )
            for native_id, word in words.items()
        ]
        lost = {key for key, one in self.natives.items() if one.state is JobState.LOST}
        self.apply(after_readings(self.job, list(self.natives.values()), readings))
        if old.state.is_final and at <= old.changed_at:
            assert self.job == old, "late news undid an end"
        if old.state.is_final and self.job.state in LIVE:
            # any live word will do for one that was only lost
            live = {words.get(one) for one in self.siblings} & {"PEND", "RUN", "USUSP"}
            assert live or lost & words.keys()
        again = after_readings(self.job, list(self.natives.values()), readings)
        assert again is None, "the same reading changed something"

    @rule(who=st.sampled_from(["dana", "robin"]))
    def somebody_kills(self, who: str) -> None:
        if not self.job.state.is_final and self.job.kill_by is None:
            self.job = replace(self.job, kill_by=who, kill_at=self.tick(), changed_at=self.now)
            self.wish = (self.job.attempt, who)

    @invariant()
    def no_kill_is_lost(self) -> None:
        if self.wish is not None and self.job.attempt == self.wish[0]:
            assert self.job.kill_by == self.wish[1]
            states = {one.state for one in self.siblings.values()}
            if JobState.FAILED not in states or JobState.KILLED in states:
                assert self.job.state is not JobState.FAILED
            assert self.job.state is not JobState.SUBMIT_FAILED

    @invariant()
    def state_is_that_of_the_scheduler_jobs(self) -> None:
        assert self.job.parts == counted(self.natives.values())
        if self.siblings:
            states = [one.state for one in self.siblings.values()]
            asked = self.job.kill_by is not None
            assert self.job.state is combined(states, kill_asked=asked)
            assert self.job.native_id in self.siblings
        else:
            assert not self.job.state.is_submitted

    @invariant()
    def an_end_has_its_time_and_nothing_else_has(self) -> None:
        assert (self.job.ended_at is not None) is self.job.state.is_final


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
