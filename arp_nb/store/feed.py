"""What changed after a revision: the rows, of all kinds, in the order of their revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, Select, bindparam, select, union_all

from arp_nb.errors import Gone
from arp_nb.store.base import Changes
from arp_nb.store.definitions import CURRENT
from arp_nb.store.jobs import up_to
from arp_nb.store.ledger import entry_of
from arp_nb.store.records import definition_of, experiment_of, run_of
from arp_nb.store.schema import definition, experiment, job, ledger, run
from arp_nb.store.transaction import read_counts

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

#: an answer ends early, as if its limit were reached, once its jobs' reports are so long together
_MOST_CHARS = 2_000_000

_SINCE = bindparam("since", type_=Integer)
_TO = bindparam("to", type_=Integer)
_LIMIT = bindparam("limit", type_=Integer)
_EXPERIMENT = bindparam("experiment_id", type_=Integer)
_KINDS = (experiment, definition, run, job, ledger)


def _belongs(table: Table) -> Any:
    column = table.c.id if table is experiment else table.c.experiment_id
    return column == _EXPERIMENT


def _next_revisions(*, of_one: bool) -> Select[Any]:
    """Return the statement for the next revisions of all kinds: each from its own index."""
    parts = []
    for table in _KINDS:
        part = select(table.c.revision.label("revision")).where(table.c.revision > _SINCE)
        if of_one:
            part = part.where(_belongs(table))
        parts.append(select(part.order_by(table.c.revision).limit(_LIMIT).subquery().c.revision))
    every = union_all(*parts).subquery()
    return select(every.c.revision).order_by(every.c.revision).limit(_LIMIT)


def _rows(table: Table, *, of_one: bool) -> Select[Any]:
    statement = CURRENT if table is definition else select(table)
    statement = statement.where(table.c.revision > _SINCE, table.c.revision <= _TO)
    if of_one:
        statement = statement.where(_belongs(table))
    return statement.order_by(table.c.revision)


_NEXT = {of_one: _next_revisions(of_one=of_one) for of_one in (False, True)}
_ROWS = {
    of_one: {table: _rows(table, of_one=of_one) for table in _KINDS} for of_one in (False, True)
}


def changes(db: Connection, since: int, experiment_id: int | None, limit: int) -> Changes:
    """Read what changed after ``since``: at most ``limit`` rows, of all kinds together.

    Where reports are very long, fewer: a reader asks for the next ones as it always does.
    """
    counts = read_counts(db)
    if since > counts.revision or 0 < since < counts.horizon:
        raise Gone(
            f"Changes since revision {since} are not known here any more "
            f"(kept: {counts.horizon} to {counts.revision}). Load everything anew."
        )
    of_one = experiment_id is not None
    parameters = {"since": since, "experiment_id": experiment_id} if of_one else {"since": since}
    found = db.execute(_NEXT[of_one], {**parameters, "limit": limit + 1}).scalars().all()
    more = len(found) > limit
    to = found[limit - 1] if more else counts.revision
    if not found:
        return Changes(since=since, to=to, more=False)
    statements = _ROWS[of_one]
    jobs, is_cut = up_to(db.execute(statements[job], {**parameters, "to": to}), _MOST_CHARS)
    if is_cut:
        to, more = jobs[-1].revision, True
    rows = {
        table: db.execute(statement, {**parameters, "to": to}).all()
        for table, statement in statements.items()
        if table is not job
    }
    return Changes(
        since=since,
        to=to,
        more=more,
        experiments=[experiment_of(row) for row in rows[experiment]],
        definitions=[definition_of(row) for row in rows[definition]],
        runs=[run_of(row) for row in rows[run]],
        jobs=jobs,
        ledger=[entry_of(row) for row in rows[ledger]],
    )
