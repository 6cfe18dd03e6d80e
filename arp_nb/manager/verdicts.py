"""What the books say of a job after news of it: pure, and the only place that decides.

News comes late, twice, or out of order. The rules:

* A state only changes along `arp_nb.model.TRANSITIONS`.
* Only siblings count: subjobs and extra jobs are counted, and never change a job's state.
* Of several scheduler jobs, one that runs makes the job run; the job ends when all ended.
* An end that somebody asked for is KILLED, if the scheduler says that it did not end well.
  That holds for each scheduler job; and a job of which one was ended by a kill is KILLED, even
  if others had failed before, which a note then says. One that is only DONE beside those that
  failed before the kill leaves the job FAILED: the kill ended nothing.
* News that is older than an end does not undo it. A clear live word for the same id that is
  newer does: the scheduler requeued it, and a new attempt begins, which the kill of the
  attempt before does not reach.
* What the scheduler does not know any more is LOST, unless its end is known. If it turns up
  again, that is no new attempt, and a kill that was asked for still holds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from arp_nb import marks
from arp_nb.manager.context import with_notes
from arp_nb.model import (
    Job,
    JobState,
    PastChange,
    Phase,
    Reading,
    Role,
    SchedulerJob,
    may_change,
)
from arp_nb.parts import counted
from arp_nb.status import NATIVE, title
from arp_nb.store.base import JobChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from arp_nb.marks import Mark
    from arp_nb.ports import FoundJob, JobReading, Submission

_S = JobState
#: states in which the scheduler's books have no job of it
WITHOUT_ID = frozenset({_S.STARTING, _S.UNCERTAIN, _S.SUBMIT_FAILED, _S.WITHDRAWN})
#: the first of these that any scheduler job is in is the job's state
_COMBINED = (
    _S.RUNNING, _S.SUSPENDED, _S.PENDING, _S.FAILED, _S.KILLED, _S.LOST, _S.DONE,
)  # fmt: skip
#: scheduler jobs of one job that are named in its reason
_MOST_NAMED = 5
#: a scheduler's clock may differ from ours, and some give times to the minute
_CLOCK_MARGIN = timedelta(seconds=90)


def combined(states: Iterable[JobState], *, kill_asked: bool = False) -> JobState:
    """Return the state of a job whose scheduler jobs are in these states."""
    present = set(states)
    if kill_asked and _S.KILLED in present:
        present.discard(_S.FAILED)
    return next(state for state in _COMBINED if state in present)


# -- news of a submission --------------------------------------------------------------


def is_current(job: Job, told: Submission) -> bool:
    """Whether the books still follow this submission; otherwise its teller should drop it."""
    if job.spool_id != told.spool_id or job.state in {_S.REQUESTED, _S.LEASED}:
        return False
    under_way = told.state in {_S.STARTING, _S.UNCERTAIN} and not told.native_ids
    return not (under_way and job.state.is_final)


def after_submission(
    job: Job, natives: Sequence[SchedulerJob], told: Submission, at: datetime
) -> JobChange | None:
    """Return the change that the spool's news make; None if they are known."""
    whole = {one.native_id: one for one in natives}
    for one in told.native_ids:
        known = whole.get(one.native_id)
        if known is None:
            whole[one.native_id] = SchedulerJob(
                native_id=one.native_id, source=one.source, nonce=one.nonce, role=one.role
            )
        elif known.source == "tag" and known.role is not one.role:
            # its command has named another since it was found
            whole[one.native_id] = replace(known, role=one.role)
    new = [one for one in whole.values() if one not in natives]
    siblings = [one for one in whole.values() if one.role is Role.SIBLING]
    state = _submitted_state(job, siblings, told, has_new=any(one in new for one in siblings))
    values: dict[str, Any] = {
        "phase": told.phase if state is _S.STARTING else Phase.NONE,
        "notes": with_notes(job.notes, told.notes),
        "parts": counted(whole.values()),
    }
    if job.state in WITHOUT_ID:
        values["reason"] = told.reason or job.reason
    if told.native_ids and job.native_id is None:
        values["native_id"] = told.native_ids[0].native_id
    if state.is_submitted and job.submitted_at is None:
        values["submitted_at"] = at
    if state.is_final and not job.state.is_final:
        values["ended_at"] = at
    if not state.is_final and job.state.is_final:
        values |= {"ended_at": None, "exit_code": None, "signal": None, "native_state": ""}
    return change_of(job, state, values, new, at)


def _submitted_state(
    job: Job, natives: Sequence[SchedulerJob], told: Submission, *, has_new: bool
) -> JobState:
    state = job.state
    if natives and (has_new or state in WITHOUT_ID):
        state = combined((one.state for one in natives), kill_asked=job.kill_by is not None)
    elif told.state is _S.UNCERTAIN and state is _S.STARTING:
        state = _S.UNCERTAIN
    elif told.state is _S.SUBMIT_FAILED and state in {_S.STARTING, _S.UNCERTAIN}:
        # the kill came while the script ran, and then there was nothing left to kill
        state = _S.WITHDRAWN if job.kill_by else _S.SUBMIT_FAILED
    return state if may_change(job.state, state) else job.state


def after_found(
    job: Job, natives: Sequence[SchedulerJob], found: Sequence[FoundJob], extra_by: str = ""
) -> JobChange | None:
    """Return the change that scheduler jobs found by their marks make; None if all are known.

    A subjob is counted, an extra one is shown, and a sibling whose id never came is polled: the
    poll then tells of its state. ``extra_by`` is who asks for the end of extra ones, if anybody
    does; a subjob of a job that is killed with its subjobs is to end, too.
    """
    whole = list(natives)
    for one in found:
        mark = marks.parse(one.tag)
        if mark is not None and mark.spool_id == job.spool_id:
            _add_found(whole, one.native_id, mark)
    subjob_by = (job.kill_by or "") if job.kill_subjobs else ""
    asked = {Role.EXTRA: extra_by, Role.SUBJOB: subjob_by}
    new = [replace(one, kill_by=asked.get(one.role, "")) for one in whole[len(natives) :]]
    if not new or not job.state.is_submitted:
        return None
    values = {"parts": counted(whole)}
    return change_of(job, job.state, values, new, max(one.at for one in found))


def _add_found(whole: list[SchedulerJob], native_id: str, mark: Mark) -> None:
    """Add a scheduler job by what its mark says, unless it is known."""
    if any(one.native_id == native_id for one in whole):
        return
    calls = {one.nonce for one in whole if one.role is Role.SIBLING}
    if mark.inside:
        role = Role.SUBJOB
    else:
        # without a nonce nobody can tell a chain's from an extra one: it belongs
        role = Role.EXTRA if mark.call and mark.call in calls else Role.SIBLING
    whole.append(SchedulerJob(native_id=native_id, source="tag", nonce=mark.call, role=role))


# -- news from the scheduler -----------------------------------------------------------


def after_readings(
    job: Job, natives: Sequence[SchedulerJob], readings: Sequence[JobReading]
) -> JobChange | None:
    """Return the change that one poll's readings of a job make; None if they say nothing new."""
    by_id = {one.native_id: one for one in readings if is_news(job, one)}
    told = [(one, by_id[one.native_id]) for one in natives if one.native_id in by_id]
    if not told:
        return None
    new = {one.native_id: _native_after(job, one, news) for one, news in told}
    whole = [new.get(one.native_id, one) for one in natives]
    # what it submitted itself, and what was made twice, is counted and decides nothing
    siblings = [one for one in whole if one.role is Role.SIBLING]
    state = combined((one.state for one in siblings), kill_asked=job.kill_by is not None)
    if not may_change(job.state, state):
        state = job.state
    values: dict[str, Any] = {"parts": counted(whole)}
    speaker = next((one for one in siblings if one.state is state and one.native_id in new), None)
    if speaker is not None:
        values |= _values(job, state, speaker, by_id[speaker.native_id])
    if state is _S.LOST:
        values["reason"] = _forgotten(job, siblings)
    reopened = job.state.is_final and not state.is_final
    if reopened:
        values |= {"ended_at": None, "exit_code": None, "signal": None, "error_line": ""}
        if job.state.is_submitted and any(_was_requeued(one, new) for one, _ in told):
            # who asked for the end asked it of the attempt that has ended
            values |= {"attempt": job.attempt + 1, "kill_by": None, "kill_at": None}
    changed = [new[one.native_id] for one, _ in told if new[one.native_id] != one]
    at = max(news.at for _, news in told)
    by = job.kill_by if state is _S.KILLED else None
    if state.is_final and not job.state.is_final:
        values.setdefault("ended_at", at)
        values["notes"] = with_notes(job.notes, _failed_beside_a_kill(state, siblings))
    change = change_of(job, state, values, changed, at, by=by or "")
    if change is None or speaker is None or len(siblings) > 1:
        return change
    return replace(change, past=_past(job, state, by_id[speaker.native_id].reading))


def _past(job: Job, state: JobState, reading: Reading | None) -> tuple[PastChange, ...]:
    """Return what a history tells of the way to this state: later than what the books know."""
    if reading is None or state is job.state:
        return ()
    since = job.started_at or job.submitted_at or job.requested_at
    past = sorted(reading.past, key=lambda one: one.at)
    later = [one for one in past if one.at >= since - _CLOCK_MARGIN]
    if later and later[-1].state.is_final and later[-1].state is not state:
        # what we call it: an end that somebody asked for is a kill
        later[-1] = replace(later[-1], state=state)
    return tuple(later)


def _forgotten(job: Job, natives: Sequence[SchedulerJob]) -> str:
    """Say whose history lacks which scheduler jobs, and what they were."""
    lost = [one for one in natives if one.state is _S.LOST]
    said = f"not in {title(job.location)}'s history"
    if len(natives) > 1:
        which = ", ".join(one.native_id for one in lost[:_MOST_NAMED])
        which += ", …" * (len(lost) > _MOST_NAMED)
        said = f"{which} {'are' if len(lost) > 1 else 'is'} {said}"
    was = ", ".join(sorted({one.native_state for one in lost if one.native_state}))
    return f"{said}; was {was}" if was else said


def _was_requeued(native: SchedulerJob, new: Mapping[str, SchedulerJob]) -> bool:
    """Whether it had ended and lives again; one that was only lost had not."""
    had_ended = native.state.is_final and native.state is not _S.LOST
    if native.role is not Role.SIBLING:
        return False
    return had_ended and not new[native.native_id].state.is_final


def _failed_beside_a_kill(state: JobState, natives: Sequence[SchedulerJob]) -> Sequence[str]:
    """Say which scheduler jobs of a killed job had failed by themselves."""
    if state is not _S.KILLED:
        return ()
    failed = [one.native_id for one in natives if one.state is _S.FAILED]
    return [f"{native_id} had failed before the kill" for native_id in failed]


def is_news(job: Job, told: JobReading) -> bool:
    """Whether a reading was made after what the books know of the job's submission and end."""
    if job.state.is_final and job.state.is_submitted:
        return told.at > job.changed_at
    return job.submitted_at is None or told.at >= job.submitted_at


def _native_after(job: Job, native: SchedulerJob, told: JobReading) -> SchedulerJob:
    reading = told.reading
    if told.silence:
        return native if native.state.is_final else replace(native, reason=told.silence)
    if reading is None or not _is_ours(job, native, reading):
        return native if native.state.is_final else replace(native, state=_S.LOST)
    state = reading.state
    if native.state.is_final and not _may_reopen(native, reading):
        return native
    if state is _S.FAILED and _was_asked_for(job, reading):
        state = _S.KILLED
    if not state.is_submitted:  # an adapter's slip must not spoil the books
        return native
    return replace(
        native,
        state=state,
        native_state=reading.native_state,
        elements=reading.elements,
        reason=reading.reason,
        exit_code=reading.exit_code,
    )


def _may_reopen(native: SchedulerJob, reading: Reading) -> bool:
    if native.state is _S.LOST:
        return True
    look = NATIVE.get(reading.native_state)
    unclear = look is not None and look.shape == "ask"
    return not reading.state.is_final and not unclear


def _was_asked_for(job: Job, reading: Reading) -> bool:
    """Whether an end that is not DONE follows a kill; one well before the kill does not."""
    if job.kill_by is None:
        return False
    if job.kill_at is None or reading.ended_at is None:
        return True
    return reading.ended_at >= job.kill_at - _CLOCK_MARGIN


def _is_ours(job: Job, native: SchedulerJob, reading: Reading) -> bool:
    """Whether the id is still worn by our job: its tag, where it has one of ours, says so."""
    mark = marks.parse(reading.tag)
    return mark is None or mark.job_id == job.id or native.source == "user"


def _values(job: Job, state: JobState, native: SchedulerJob, told: JobReading) -> dict[str, Any]:
    reading = told.reading
    if told.silence and not state.is_final:
        return {"reason": told.silence}
    if reading is None or native.state is _S.LOST:
        return {}
    reason = "; ".join(
        part for part in (reading.reason, told.log_error if state is _S.FAILED else "") if part
    )
    values: dict[str, Any] = {
        "native_state": native.native_state,
        "reason": reason,
        "queue": reading.queue or job.queue,
        "host": reading.host or job.host,
        "exit_code": reading.exit_code,
        "signal": reading.signal,
    }
    if state is _S.FAILED and told.log_error:
        values["error_line"] = told.log_error
    if told.log_path:
        values["log_path"] = told.log_path
    for name in ("peak_memory_mb", "cores", "started_at", "asked_memory_mb", "asked_time_s"):
        if getattr(reading, name) is not None:
            values[name] = getattr(reading, name)
    if state.is_final:
        values["ended_at"] = reading.ended_at or job.ended_at or told.at
    return values


# -- one change ------------------------------------------------------------------------


def change_of(
    job: Job,
    state: JobState,
    values: Mapping[str, Any],
    scheduler_jobs: Sequence[SchedulerJob],
    at: datetime,
    *,
    by: str = "",
) -> JobChange | None:
    """Return a compare-and-set with only what differs; None if nothing does."""
    different = {name: value for name, value in values.items() if getattr(job, name) != value}
    if state is job.state and not different and not scheduler_jobs:
        return None
    return JobChange(
        job_id=job.id,
        at=at,
        expect=(job.state,),
        expect_spool=job.spool_id,
        state=None if state is job.state else state,
        set=different,
        scheduler_jobs=tuple(scheduler_jobs),
        by=by,
    )
