"""Experiments, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select, update

from arp_nb.errors import Conflict, NotFound
from arp_nb.store.records import experiment_of, to_us
from arp_nb.store.schema import experiment

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from arp_nb.model import Experiment
    from arp_nb.store.transaction import Transaction

_ALL = select(experiment).order_by(experiment.c.active.desc(), experiment.c.name)
_BY_ID = select(experiment).where(experiment.c.id == bindparam("id"))
_BY_NAME = select(experiment.c.id).where(experiment.c.name == bindparam("name"))


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
