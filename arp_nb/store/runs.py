"""Runs, as SQL: what is told again changes nothing, and takes no revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, insert, select, update

from arp_nb.errors import NotFound
from arp_nb.reports import merge
from arp_nb.store import experiments
from arp_nb.store.among import among, listed
from arp_nb.store.many import Many
from arp_nb.store.records import run_of, to_json, to_us, to_us_or_none
from arp_nb.store.schema import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from arp_nb.model import Run
    from arp_nb.store.deciding import RunFacts
    from arp_nb.store.transaction import Transaction

#: as whom people tell of runs
API = "api"
#: how many runs are done before others have their turn
_SLICE = 500
#: a source's clock may be read a little differently each time
_SAME_END_US = 1_000_000
_TIMES = ("started_at", "ended_at", "first_file_at", "all_files_at", "nonrec_files_at")
#: of these the first counts, of the others the last
_EARLIEST = frozenset({"started_at", "first_file_at"})
_FACTS = (*_TIMES, "type", "parameters", "reopened")

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
_ADD = Many(insert(run), ("experiment_id", "number", *_FACTS, "source", "revision"))
_CHANGE = Many(update(run).where(run.c.id == bindparam("b_id")), (*_FACTS, "source", "revision"))


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

    def slice(self, tx: Transaction) -> bool:
        """Do the next runs."""
        if self._todo:
            self._changed += put(tx, self._experiment_id, self._todo.pop(), self._source)
        return not self._todo

    def answer(self) -> int:
        """How many runs are new or changed."""
        return self._changed


def put_one(tx: Transaction, experiment_id: int, facts: RunFacts) -> Run:
    """Do `put` for one run that the API tells of, and return it."""
    put(tx, experiment_id, [facts], API)
    return some(tx.db, experiment_id, [facts.number])[0]


def put(tx: Transaction, experiment_id: int, facts: Iterable[RunFacts], source: str) -> int:
    """Add runs, or change what is new of them; return how many. `NotFound`."""
    experiments.one(tx.db, experiment_id)
    facts = list(facts)
    rows = _rows(tx.db, experiment_id, [one.number for one in facts])
    before = {row.number: _kept(row) for row in rows}
    now = dict(before)
    for one in facts:
        now[one.number] = _merged(now.get(one.number), one, corrects=source == API)
    ids = {row.number: row.id for row in rows}
    changed = [number for number in now if now[number] != before.get(number)]
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
    return len(changed)


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
    return {name: getattr(row, name) for name in _FACTS}


def _merged(before: dict[str, Any] | None, told: RunFacts, *, corrects: bool) -> dict[str, Any]:
    """Return what is known of a run now; a later end than the first opens it again.

    A source that was started again may know less than before: only a person takes a start to
    a later time, or an end to an earlier one.
    """
    now = before or {
        **dict.fromkeys(_TIMES), "type": "", "parameters": "{}", "reopened": 0,
    }  # fmt: skip
    now = dict(now)
    for name in _TIMES:
        us, known = to_us_or_none(getattr(told, name)), now[name]
        if us is None:
            continue
        if corrects or known is None or (us < known) is (name in _EARLIEST):
            now[name] = us
    if told.type:
        now["type"] = told.type
    if told.parameters:
        kept = orjson.loads(now["parameters"])
        merged = merge(kept, told.parameters)
        if merged != kept:
            now["parameters"] = to_json(merged)
    first, last = before and before["ended_at"], now["ended_at"]
    if first is not None and last - first > _SAME_END_US:
        now["reopened"] += 1
    return now
