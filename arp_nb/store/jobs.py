"""Reading jobs and what belongs to them, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, bindparam, not_, or_, select

from arp_nb.errors import NotFound
from arp_nb.model import JobState, SchedulerJob, Transition, Trigger
from arp_nb.store.among import among, listed
from arp_nb.store.base import CounterPoint
from arp_nb.store.records import from_us, job_of, scheduler_job_of, transition_of
from arp_nb.store.schema import IS_LIVE, counter_point, job, scheduler_job, transition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Column, ColumnElement, Connection, CursorResult

    from arp_nb.model import Job
    from arp_nb.store.base import JobFilter

#: a page ends early once its jobs' reports are so long together
_MOST_CHARS = 8_000_000
#: rows that are held at a time: a report may have 256 kB
_PIECE = 16

_BY_ID = select(job).where(job.c.id == bindparam("id"))
_SCHEDULER_JOBS = (
    select(scheduler_job).where(among(scheduler_job.c.job_id, "ids")).order_by(scheduler_job.c.id)
)
_PART_KILLS = (
    select(scheduler_job.c.job_id).where(IS_LIVE, scheduler_job.c.kill_by != "").distinct()
)
_HISTORY = (
    select(transition).where(transition.c.job_id == bindparam("id")).order_by(transition.c.id)
)
_POINTS = (
    select(counter_point)
    .where(among(counter_point.c.job_id, "ids"))
    .order_by(counter_point.c.job_id, counter_point.c.key, counter_point.c.at)
)
_POINTS_OF_KEY = _POINTS.where(counter_point.c.key == bindparam("key"))


def one(db: Connection, job_id: int) -> Job:
    """Return one job, deleted or not. `NotFound`."""
    row = db.execute(_BY_ID, {"id": job_id}).first()
    if row is None:
        raise NotFound(f"There is no job {job_id}.")
    return job_of(row)


def matching(db: Connection, which: JobFilter) -> list[Job]:
    """Return jobs that match, newest first unless the filter says otherwise."""
    return [job_of(row) for row in _found(db, which, which.limit)]


def page(db: Connection, which: JobFilter) -> tuple[list[Job], bool]:
    """Return jobs that match, up to the limit, and whether there are more; fewer of long ones."""
    most = None if which.limit is None else which.limit + 1
    jobs, more = up_to(_found(db, which, most), _MOST_CHARS)
    if which.limit is not None and len(jobs) > which.limit:
        return jobs[: which.limit], True
    return jobs, more


def up_to(found: CursorResult[Any], most_chars: int) -> tuple[list[Job], bool]:
    """Make jobs of rows until their reports are too long together; return whether more remain."""
    jobs: list[Job] = []
    chars = 0
    try:
        for piece in found.partitions(_PIECE):
            for row in piece:
                if chars > most_chars:
                    return jobs, True
                jobs.append(job_of(row))
                chars += len(row.report)
    finally:
        found.close()
    return jobs, False


def _found(db: Connection, which: JobFilter, limit: int | None) -> CursorResult[Any]:
    statement, parameters = filtered(select(job), which)
    by = _apart(job.c.id, which)
    order = by.asc() if which.oldest_first else by.desc()
    return db.execute(statement.order_by(order).limit(limit), parameters)


def _apart(column: Column[int], which: JobFilter) -> ColumnElement[int]:
    """Keep SQLite from walking all jobs by this column where only the few deleted ones count."""
    return column + 0 if which.only_deleted else column


def filtered(statement: Select[Any], which: JobFilter) -> tuple[Select[Any], dict[str, str]]:
    """Return a statement on jobs narrowed down to those that match, and its parameters."""
    states = None if which.states is None else [state.value for state in which.states]
    equal: dict[ColumnElement[Any], Any] = {job.c.hash: which.hash, job.c.user: which.user}
    experiment = _apart(job.c.experiment_id, which)
    if states is not None and len(states) == 1 and not which.only_deleted:
        # those in one state stand in the order of their ids: no index is better, few or many
        equal[job.c.state] = states[0]
        states = None
        experiment = job.c.experiment_id + 0
    equal[experiment] = which.experiment_id
    for column, value in equal.items():
        if value is not None:
            statement = statement.where(column == value)
    parameters: dict[str, str] = {}
    for column, values in (
        (job.c.id, which.ids),
        (job.c.state, states),
        (job.c.run, which.runs),
        (job.c.location, which.locations),
    ):
        if values is not None:
            name = f"{column.name}s"
            statement = statement.where(among(column, name))
            parameters[name] = listed(values)
    if which.native_id is not None:
        siblings = select(scheduler_job.c.job_id).where(
            scheduler_job.c.native_id == which.native_id
        )
        statement = statement.where(
            or_(job.c.native_id == which.native_id, job.c.id.in_(siblings))
        )
    return statement.where(*_bounds(which)), parameters


def _bounds(which: JobFilter) -> Iterator[ColumnElement[bool]]:
    """Yield what the filter says of single columns."""
    if which.root_id is not None:
        yield or_(job.c.id == which.root_id, job.c.root_id == which.root_id)
    if which.definition_id is not None:
        yield job.c.definition_id == which.definition_id
    if which.by_autorun is not None:
        by_hand = job.c.trigger == Trigger.MANUAL.value
        yield not_(by_hand) if which.by_autorun else by_hand
    if which.kill_asked:
        yield job.c.kill_by.is_not(None)
    if which.since is not None:
        yield job.c.revision > which.since
    if which.before_id is not None:
        yield job.c.id < which.before_id
    if which.after_id is not None:
        yield job.c.id > which.after_id
    if which.only_deleted:
        yield job.c.deleted_at.is_not(None)
    elif not which.deleted:
        yield job.c.deleted_at.is_(None)


def scheduler_jobs(db: Connection, ids: Collection[int]) -> dict[int, list[SchedulerJob]]:
    """Return the scheduler jobs of each job, in order of submission."""
    found: dict[int, list[SchedulerJob]] = {one_id: [] for one_id in sorted(set(ids))}
    for row in db.execute(_SCHEDULER_JOBS, {"ids": listed(ids)}):
        found[row.job_id].append(scheduler_job_of(row))
    return found


def part_kills(db: Connection) -> list[int]:
    """Return the jobs of which a live scheduler job is to be ended by itself."""
    return list(db.execute(_PART_KILLS).scalars())


def history(db: Connection, job_id: int) -> list[Transition]:
    """Return every change of state, oldest first."""
    made = one(db, job_id)
    first = Transition(
        job_id=job_id, at=made.requested_at, old=None, new=JobState.REQUESTED, by=made.user
    )
    return [first, *(transition_of(row) for row in db.execute(_HISTORY, {"id": job_id}))]


def counter_points(db: Connection, ids: Collection[int], key: str | None) -> list[CounterPoint]:
    """Return points of the series, by job, key, time."""
    statement = _POINTS if key is None else _POINTS_OF_KEY
    parameters = {"ids": listed(ids)} | ({} if key is None else {"key": key})
    return [
        CounterPoint(job_id=row.job_id, key=row.key, at=from_us(row.at), value=row.value)
        for row in db.execute(statement, parameters)
    ]
