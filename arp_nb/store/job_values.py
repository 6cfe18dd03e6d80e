"""Jobs by column: single values of many jobs, without making a `Job` of each.

For readers of whole pages of jobs, to whom the JSON in a row would be most of the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Float, bindparam, func, literal, select

from arp_nb import report_search, reports
from arp_nb.store.jobs import filtered
from arp_nb.store.schema import counter_point, job

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, Connection

    from arp_nb.store.base import JobFilter

T = TypeVar("T")
#: rows that are held at a time: a row may have 32 kB of parameters, and its report 256 kB
_PIECE, _PIECE_WITH_REPORTS = 256, 32
#: more rows than that are many
_WIDE_ROWS = 2_000
_MS = literal(1000.0, Float)

_IN_EXPERIMENT = job.c.experiment_id == bindparam("experiment_id")
_ALL = select(func.count()).select_from(job).where(_IN_EXPERIMENT)
# "+ 0" keeps SQLite from walking all jobs of the experiment instead of the few deleted ones
_DELETED = (
    select(func.count())
    .select_from(job)
    .where(job.c.deleted_at.is_not(None), job.c.experiment_id + 0 == bindparam("experiment_id"))
)
_TEXTS = (
    select(job.c.id, job.c.reason, job.c.notes, job.c.report)
    .where(_IN_EXPERIMENT, job.c.deleted_at.is_(None))
    .order_by(job.c.id.desc())
)
_SERIES = (
    select(counter_point.c.at / _MS / 1000.0, counter_point.c.value)
    .where(counter_point.c.job_id == bindparam("job_id"), counter_point.c.key == bindparam("key"))
    .order_by(counter_point.c.at)
)


def is_wide(which: JobFilter) -> bool:
    """Whether it may be very many jobs, so that reading them takes its time."""
    return which.ids is None and (which.limit is None or which.limit > _WIDE_ROWS)


def read(
    db: Connection,
    which: JobFilter,
    names: Sequence[str],
    make: Callable[[Iterator[Sequence[Sequence[Any]]]], T],
) -> T:
    """Return what ``make`` makes of the columns, given in pieces."""
    statement, parameters = filtered(select(*map(_column, names)), which)
    order = job.c.id.asc() if which.oldest_first else job.c.id.desc()
    found = db.execute(statement.order_by(order).limit(which.limit), parameters)
    try:
        return make(found.partitions(_PIECE_WITH_REPORTS if "report" in names else _PIECE))
    finally:
        found.close()


def _column(name: str) -> ColumnElement[Any]:
    column: Column[Any] = job.c[name]
    return (column / _MS).label(name) if name.endswith("_at") else column


def total(db: Connection, experiment_id: int) -> int:
    """Count the jobs of an experiment that are not deleted; reads no row of a job."""
    which = {"experiment_id": experiment_id}
    return int(db.execute(_ALL, which).scalar_one() - db.execute(_DELETED, which).scalar_one())


def holding(db: Connection, experiment_id: int, text: str, limit: int) -> list[int]:
    """Return ids of jobs whose reason, notes or report hold a text, newest first."""
    holds = report_search.holding(text)
    found: list[int] = []
    rows = db.execute(_TEXTS, {"experiment_id": experiment_id})
    try:
        for piece in rows.partitions(_PIECE_WITH_REPORTS):
            found += (
                job_id for job_id, reason, notes, report in piece if holds(reason, notes, report)
            )
            if len(found) >= limit:
                break
    finally:
        rows.close()
    return found[:limit]


def series(
    db: Connection, wanted: Collection[tuple[int, str]], limit: int
) -> Mapping[tuple[int, str], Sequence[tuple[float, float]]]:
    """Return at most ``limit`` points of each series, thinned."""
    return {
        (job_id, key): reports.thin(
            [(at, value) for at, value in db.execute(_SERIES, {"job_id": job_id, "key": key})],
            limit,
        )
        for job_id, key in wanted
    }
