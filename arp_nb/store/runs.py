"""Runs, as SQL: what is told again changes nothing, and takes no revision."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update

from arp_nb.errors import ArpError, NotFound
from arp_nb.store import experiments
from arp_nb.store.among import among, listed
from arp_nb.store.deciding import RunsKept
from arp_nb.store.many import Many
from arp_nb.store.records import run_of, to_us
from arp_nb.store.run_merges import API, COLUMNS, SHOWN, merged
from arp_nb.store.schema import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from arp_nb.model import Run
    from arp_nb.store.deciding import RunFacts
    from arp_nb.store.transaction import Transaction

#: how many runs are done before others have their turn
_SLICE = 500
_shown = itemgetter(*SHOWN)

_OF_EXPERIMENT = run.c.experiment_id == bindparam("experiment_id")
_ALL = select(run).where(_OF_EXPERIMENT).order_by(run.c.number)
_SOME = select(run).where(_OF_EXPERIMENT, among(run.c.number, "numbers"))
_SINCE = (
    select(run)
    .where(run.c.revision > bindparam("since"))
    .order_by(run.c.revision)
    .limit(bindparam("limit"))
)
_NEWEST = select(run).where(_OF_EXPERIMENT).order_by(run.c.number.desc()).limit(bindparam("limit"))
_ADD = Many(insert(run), ("experiment_id", "number", *COLUMNS, "source", "revision"))
_THIS = run.c.id == bindparam("b_id")
_CHANGE = Many(update(run).where(_THIS), (*COLUMNS, "source", "revision"))
_NOTE = Many(update(run).where(_THIS), ("told",))


def every(db: Connection, experiment_id: int) -> list[Run]:
    """All runs of an experiment by number."""
    return [run_of(row) for row in db.execute(_ALL, {"experiment_id": experiment_id})]


def some(db: Connection, experiment_id: int, numbers: Iterable[int]) -> list[Run]:
    """Return those of some numbers that there are, by number."""
    found = {row.number: run_of(row) for row in _rows(db, experiment_id, list(numbers))}
    return [found[number] for number in sorted(found)]


def newest(db: Connection, experiment_id: int, limit: int) -> list[Run]:
    """Return the runs with the highest numbers, the highest first."""
    wanted = {"experiment_id": experiment_id, "limit": limit}
    return [run_of(row) for row in db.execute(_NEWEST, wanted)]


def since(db: Connection, revision: int, limit: int) -> list[Run]:
    """Return runs of all experiments that changed after a revision, by revision."""
    return [run_of(row) for row in db.execute(_SINCE, {"since": revision, "limit": limit})]


class PutRuns:
    """Bulk work: adds runs, or changes what is new of them."""

    def __init__(self, experiment_id: int, facts: Sequence[RunFacts], source: str) -> None:
        self._experiment_id = experiment_id
        self._source = source
        self._todo = [facts[at : at + _SLICE] for at in range(0, len(facts), _SLICE)][::-1]
        self._changed = 0
        self._without: dict[int, ArpError] = {}

    def slice(self, tx: Transaction) -> bool:
        """Do the next runs."""
        if self._todo:
            kept = put(tx, self._experiment_id, self._todo.pop(), self._source)
            self._changed += kept.changed
            self._without |= kept.without_parameters
        return not self._todo

    def answer(self) -> RunsKept:
        """How many runs are new or changed, and what of them was left out."""
        return RunsKept(changed=self._changed, without_parameters=self._without)


def put_one(tx: Transaction, experiment_id: int, facts: RunFacts) -> Run:
    """Do `put` for one run that the API tells of, and return it; raise what is left out."""
    kept = put(tx, experiment_id, [facts], API)
    for why in kept.without_parameters.values():
        raise why
    return some(tx.db, experiment_id, [facts.number])[0]


def put(tx: Transaction, experiment_id: int, facts: Iterable[RunFacts], source: str) -> RunsKept:
    """Add runs, or change what is new of them. `NotFound`."""
    experiments.one(tx.db, experiment_id)
    facts = list(facts)
    rows = _rows(tx.db, experiment_id, [one.number for one in facts])
    before = {row.number: _kept(row) for row in rows}
    now = dict(before)
    without: dict[int, ArpError] = {}
    for one in facts:
        known = now.get(one.number)
        try:
            now[one.number] = merged(known, one, source)
        except ArpError as error:  # of one run it costs neither the run nor another
            without[one.number] = error
            now[one.number] = merged(known, replace(one, parameters=None), source)
    ids = {row.number: row.id for row in rows}
    changed = [
        number
        for number, row in now.items()
        if number not in before or _shown(row) != _shown(before[number])
    ]
    # who told what is of no interest to anybody else: it takes no revision
    noted = {number for number in ids if now[number] != before[number]} - {*changed}
    _NOTE.execute(tx.db, [{"b_id": ids[number], **now[number]} for number in noted])
    revision = tx.revisions(len(changed))
    values = {
        number: {**now[number], "source": source, "revision": revision + index}
        for index, number in enumerate(changed)
    }
    _ADD.execute(
        tx.db,
        [
            {"experiment_id": experiment_id, "number": number, **row}
            for number, row in values.items()
            if number not in ids
        ],
    )
    _CHANGE.execute(
        tx.db, [{"b_id": ids[number], **row} for number, row in values.items() if number in ids]
    )
    return RunsKept(changed=len(changed), without_parameters=without)


def exclude(
    tx: Transaction, experiment_id: int, number: int, *, by: str | None, at: datetime, why: str
) -> Run:
    """Take a run out of autorun, or with ``by=None`` in again. `NotFound`."""
    found = _rows(tx.db, experiment_id, [number])
    if not found:
        raise NotFound(f"There is no run {number}.")
    values = {
        "excluded_at": None if by is None else to_us(at),
        "excluded_by": by,
        "excluded_why": "" if by is None else why,
        "revision": tx.revisions(1),
    }
    changed = update(run).where(run.c.id == found[0].id).values(**values)
    return run_of(tx.db.execute(changed.returning(run)).one())


def _rows(db: Connection, experiment_id: int, numbers: Sequence[int]) -> Sequence[Row[Any]]:
    wanted = {"experiment_id": experiment_id, "numbers": listed(numbers)}
    return db.execute(_SOME, wanted).all()


def _kept(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in COLUMNS}
