"""Experiments and their runs, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, insert, select, update

from arp_nb.errors import Conflict, NotFound
from arp_nb.reports import merge
from arp_nb.store.records import experiment_of, run_of, to_json, to_us
from arp_nb.store.schema import experiment, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from arp_nb.model import Experiment, Run
    from arp_nb.store.transaction import Transaction

_ALL = select(experiment).order_by(experiment.c.active.desc(), experiment.c.name)
_BY_ID = select(experiment).where(experiment.c.id == bindparam("id"))
_BY_NAME = select(experiment.c.id).where(experiment.c.name == bindparam("name"))
_RUNS = select(run).where(run.c.experiment_id == bindparam("experiment_id")).order_by(run.c.number)
_RUN = select(run).where(
    run.c.experiment_id == bindparam("experiment_id"), run.c.number == bindparam("number")
)


def create(tx: Transaction, name: str, instrument: str, at: datetime) -> Experiment:
    """Add an experiment. `Conflict` if the name is taken."""
    if tx.db.execute(_BY_NAME, {"name": name}).first() is not None:
        raise Conflict(f"There is an experiment {name} already.")
    values = {
        "name": name,
        "instrument": instrument,
        "active": True,
        "created_at": to_us(at),
        "revision": tx.revisions(1),
    }
    row = tx.db.execute(insert(experiment).returning(experiment), values).one()
    return experiment_of(row)


def set_active(tx: Transaction, experiment_id: int, *, active: bool) -> Experiment:
    """Say whether an experiment is taking data."""
    one(tx.db, experiment_id)
    changed = (
        update(experiment)
        .where(experiment.c.id == experiment_id)
        .values(active=active, revision=tx.revisions(1))
        .returning(experiment)
    )
    return experiment_of(tx.db.execute(changed).one())


def every(db: Connection) -> list[Experiment]:
    """All experiments, active ones first, then by name."""
    return [experiment_of(row) for row in db.execute(_ALL)]


def one(db: Connection, experiment_id: int) -> Experiment:
    """Return an experiment by its id. `NotFound`."""
    row = db.execute(_BY_ID, {"id": experiment_id}).first()
    if row is None:
        raise NotFound(f"There is no experiment {experiment_id}.")
    return experiment_of(row)


def put_run(
    tx: Transaction,
    experiment_id: int,
    number: int,
    times: Mapping[str, datetime | None],
    parameters: Mapping[str, Any] | None,
) -> Run:
    """Add a run, or change what is given of it."""
    found = tx.db.execute(_RUN, {"experiment_id": experiment_id, "number": number}).first()
    if found is None:
        one(tx.db, experiment_id)
    values: dict[str, Any] = {name: to_us(at) for name, at in times.items() if at is not None}
    if parameters is not None:
        kept = {} if found is None else orjson.loads(found.parameters)
        values["parameters"] = to_json(merge(kept, parameters))
    values["revision"] = tx.revisions(1)
    if found is None:
        added = insert(run).values(experiment_id=experiment_id, number=number, **values)
        return run_of(tx.db.execute(added.returning(run)).one())
    changed = update(run).where(run.c.id == found.id).values(**values)
    return run_of(tx.db.execute(changed.returning(run)).one())


def runs(db: Connection, experiment_id: int) -> list[Run]:
    """All runs of an experiment by number."""
    return [run_of(row) for row in db.execute(_RUNS, {"experiment_id": experiment_id})]
