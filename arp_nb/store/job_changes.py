"""Compare-and-set of jobs: many changes in a few statements.

All changes of a group are compared first, against what the rows hold and what the changes
before them made of it. Only then is anything written: one statement for all jobs that change
the same columns.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import sqlite

from arp_nb.model import JobState, Phase, may_change
from arp_nb.store.among import among, listed
from arp_nb.store.many import Many
from arp_nb.store.records import to_json, to_us, to_us_or_none
from arp_nb.store.schema import job, scheduler_job, transition

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from arp_nb.store.base import JobChange
    from arp_nb.store.transaction import Transaction

#: how many changes are done before others have their turn
SLICE = 500

_TIMES = ("submitted_at", "started_at", "ended_at", "kill_at")
_PLAIN = (
    "native_state", "native_id", "reason", "exit_code", "signal", "queue", "host",
    "peak_memory_mb", "cores", "asked_memory_mb", "asked_time_s", "error_line", "log_path",
    "attempt", "kill_by", "kill_subjobs", "lease_token", "spool_id", "location",
)  # fmt: skip


def _as_it_is(value: Any) -> Any:
    return value


def _phase(value: Phase) -> str:
    return value.value


#: the columns that a change may set, and how each is kept
_KEPT_AS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_PLAIN, _as_it_is),
    **dict.fromkeys(_TIMES, to_us_or_none),
    "phase": _phase,
    "notes": to_json,
    "parts": to_json,
}

_COMPARED = (job.c.state, job.c.lease_token, job.c.spool_id, job.c.native_state, job.c.reason)
_READ = select(job.c.id, *_COMPARED).where(among(job.c.id, "ids"))
_ADD_TRANSITIONS = Many(
    insert(transition), ("job_id", "at", "old", "new", "native_state", "reason", "by")
)
_PART_COLUMNS = (
    "job_id", "native_id", "source", "nonce", "native_state", "state", "role", "elements",
    "reason", "exit_code", "kill_by",
)  # fmt: skip
_BRING = sqlite.insert(scheduler_job)
_BRING_SCHEDULER_JOBS = Many(
    _BRING.on_conflict_do_update(
        index_elements=["job_id", "native_id"],
        set_={
            name: _BRING.excluded[name]
            for name in _PART_COLUMNS
            if name not in {"job_id", "native_id"}
        },
    ),
    _PART_COLUMNS,
)


@cache
def _write_of(columns: frozenset[str]) -> Many:
    """Return the statement that sets these columns of a job."""
    return Many(update(job).where(job.c.id == bindparam("b_id")), sorted(columns))


@dataclass(slots=True)
class _Seen:
    """What a job holds now, of what changes compare and the history tells."""

    state: JobState
    lease_token: str | None
    spool_id: str | None
    native_state: str
    reason: str


class _Plan:
    """What one call wants to write; joined to the group's only if all of it is allowed."""

    def __init__(self, jobs: Mapping[int, _Seen]) -> None:
        self._before = jobs
        self.jobs: dict[int, _Seen] = {}
        self.columns: list[tuple[int, dict[str, Any]]] = []
        self.transitions: list[dict[str, Any]] = []
        self.scheduler_jobs: list[dict[str, Any]] = []

    def add(self, change: JobChange) -> bool:
        """Take a change in if its expectations hold. `ValueError` if it may never be."""
        old = self.jobs.get(change.job_id) or self._before.get(change.job_id)
        if old is None or not _holds(change, old):
            return False
        state = change.state or old.state
        if not may_change(old.state, state):
            raise ValueError(f"Job {change.job_id}: {old.state.name} never becomes {state.name}.")
        values = _columns(change)
        if change.state is not None:
            values["state"] = state.value
        new = _Seen(
            state,
            values.get("lease_token", old.lease_token),
            values.get("spool_id", old.spool_id),
            values.get("native_state", old.native_state),
            values.get("reason", old.reason),
        )
        self.transitions.extend(_transitions(change, old, new, values["changed_at"]))
        self.jobs[change.job_id] = new
        self.columns.append((change.job_id, values))
        self.scheduler_jobs.extend(_scheduler_jobs(change))
        return True


def fold(tx: Transaction, calls: Sequence[Sequence[JobChange]]) -> list[Any]:
    """Do several callers' changes; give each a list of bool, or its `ValueError`."""
    jobs = _read(tx, {change.job_id for changes in calls for change in changes})
    answers: list[Any] = []
    plans: list[_Plan] = []
    for changes in calls:
        plan = _Plan(jobs)
        try:
            answers.append([plan.add(change) for change in changes])
        except (ValueError, TypeError) as error:
            answers.append(error)
            continue
        jobs.update(plan.jobs)
        plans.append(plan)
    _write(tx, plans)
    return answers


class Slices:
    """A call with very many changes, done in slices."""

    def __init__(self, changes: Sequence[JobChange]) -> None:
        self._changes = changes
        self._done: list[bool] = []

    def slice(self, tx: Transaction) -> bool:
        """Do the next changes."""
        start = len(self._done)
        (answer,) = fold(tx, [self._changes[start : start + SLICE]])
        if isinstance(answer, Exception):
            raise answer
        self._done.extend(answer)
        return len(self._done) == len(self._changes)

    def answer(self) -> list[bool]:
        """Which changes were done."""
        return self._done


def _read(tx: Transaction, ids: Collection[int]) -> dict[int, _Seen]:
    return {
        job_id: _Seen(JobState(state), *others)
        for job_id, state, *others in tx.db.execute(_READ, {"ids": listed(ids)})
    }


def _holds(change: JobChange, old: _Seen) -> bool:
    return (
        old.state in change.expect
        and change.expect_lease in {None, old.lease_token}
        and change.expect_spool in {None, old.spool_id}
    )


def _columns(change: JobChange) -> dict[str, Any]:
    unknown = change.set.keys() - _KEPT_AS.keys()
    if unknown:
        raise ValueError(f"A change of a job cannot set {', '.join(sorted(unknown))}.")
    values = {name: _KEPT_AS[name](value) for name, value in change.set.items()}
    values["changed_at"] = to_us(change.at)
    return values


def _transitions(
    change: JobChange, old: _Seen, new: _Seen, at_us: int
) -> Iterator[dict[str, Any]]:
    """Yield the lines of history that a change makes: what is past, and the change itself."""
    before = old.state
    for past in change.past:
        if past.state is not before:
            yield {
                "job_id": change.job_id,
                "at": to_us(past.at),
                "old": before.value,
                "new": past.state.value,
                "native_state": past.native_state,
                "reason": past.reason,
                "by": change.by if past.state is new.state else "",
            }
        before = past.state
    if new.state is not before:
        yield {
            "job_id": change.job_id,
            "at": at_us,
            "old": before.value,
            "new": new.state.value,
            "native_state": new.native_state,
            "reason": new.reason,
            "by": change.by,
        }


def _scheduler_jobs(change: JobChange) -> Iterable[dict[str, Any]]:
    for one in change.scheduler_jobs:
        yield {
            "job_id": change.job_id,
            "native_id": one.native_id,
            "source": one.source,
            "nonce": one.nonce,
            "native_state": one.native_state,
            "state": one.state.value,
            "role": one.role.value,
            "elements": to_json(one.elements),
            "reason": one.reason,
            "exit_code": one.exit_code,
            "kill_by": one.kill_by,
        }


def _write(tx: Transaction, plans: Sequence[_Plan]) -> None:
    by_job: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for plan in plans:
        for job_id, values in plan.columns:
            by_job[job_id].update(values)
    revision = tx.revisions(len(by_job))
    by_columns: defaultdict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
    for job_id, values in by_job.items():
        values["revision"] = revision
        columns = frozenset(values)
        values["b_id"] = job_id
        by_columns[columns].append(values)
        revision += 1
    for columns, rows in by_columns.items():
        _write_of(columns).execute(tx.db, rows)
    _ADD_TRANSITIONS.execute(tx.db, (row for plan in plans for row in plan.transitions))
    _BRING_SCHEDULER_JOBS.execute(tx.db, (row for plan in plans for row in plan.scheduler_jobs))
