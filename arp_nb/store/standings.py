"""Where jobs stand, as little of each as polling needs: read at every poll, so read narrowly."""

from __future__ import annotations

import sys
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from arp_nb.model import SUBMITTED, JobState
from arp_nb.store.records import from_us, from_us_or_none
from arp_nb.store.schema import IS_LIVE, head, job, scheduler_job
from arp_nb.store.standing import Standing, Standings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import ColumnElement, Connection, Row, Select

_LIVE = frozenset(state for state in SUBMITTED if not state.is_final)
_ENDED = SUBMITTED - _LIVE
_LIVE_WORDS = frozenset(state.value for state in _LIVE)


def _values(states: Collection[JobState]) -> list[str]:
    return sorted(state.value for state in states)


#: the state, so that its index is not used: most jobs of an old store have ended, and the
#: newest changes are found by the index of revisions
_STATE: ColumnElement[str] = job.c.state + ""
_COLUMNS = (
    job.c.id, job.c.location, job.c.state, job.c.submitted_at, job.c.ended_at, job.c.changed_at,
    scheduler_job.c.native_id, scheduler_job.c.state.label("part_state"),
)  # fmt: skip
_REVISION = select(head.c.revision)


def _with_native_ids(
    which: ColumnElement[bool], order: ColumnElement[int] = job.c.id
) -> Select[Any]:
    return (
        select(*_COLUMNS)
        .select_from(job.outerjoin(scheduler_job, scheduler_job.c.job_id == job.c.id))
        .where(which)
        .order_by(order, scheduler_job.c.id)
    )


#: by its own index: few of very many are live. Its condition is the index's, word for word
_HAS_LIVE = job.c.id.in_(select(scheduler_job.c.job_id).where(IS_LIVE))
_ALL_LIVE = _with_native_ids(job.c.state.in_(_values(_LIVE)) | _HAS_LIVE)
_NEWEST_ENDED = _with_native_ids(
    job.c.id.in_(
        select(job.c.id)
        .where(_STATE.in_(_values(_ENDED)), ~_HAS_LIVE)
        .order_by(job.c.revision.desc())
        .limit(bindparam("limit"))
    )
)
_CHANGED = _with_native_ids(
    (job.c.revision > bindparam("since")) & _STATE.in_(_values(SUBMITTED)),
    job.c.revision,  # in the order of ids, all jobs that there are would be gone through
)


def whole(db: Connection, ended: int) -> Standings:
    """Return all live jobs, and as many of those that ended, the last to change first."""
    live = _jobs_of(db.execute(_ALL_LIVE))
    newest_ended = _jobs_of(db.execute(_NEWEST_ENDED, {"limit": ended}))
    return Standings(revision=db.execute(_REVISION).scalar_one(), jobs=[*live, *newest_ended])


def changed(db: Connection, since: int) -> Standings:
    """Return the submitted jobs that changed after a revision."""
    jobs = list(_jobs_of(db.execute(_CHANGED, {"since": since})))
    return Standings(revision=db.execute(_REVISION).scalar_one(), jobs=jobs)


def _jobs_of(rows: Iterable[Row[Any]]) -> Iterator[Standing]:
    """Yield a job for each run of rows that differ in the scheduler job only."""
    for _, group in groupby(rows, key=attrgetter("id")):
        row, *more = group
        parts = (row, *more)
        native_ids = (one.native_id for one in parts)
        yield Standing(
            job_id=row.id,
            location=sys.intern(row.location),  # few, of very many jobs
            native_ids=tuple(one for one in native_ids if one is not None),
            state=JobState(row.state),
            submitted_at=from_us_or_none(row.submitted_at),
            ended_at=from_us(row.changed_at if row.ended_at is None else row.ended_at),
            has_live=any(one.part_state in _LIVE_WORDS for one in parts),
        )
