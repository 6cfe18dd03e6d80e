"""Deleting softly, forgetting what was deleted long ago, and small named values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.dialects import sqlite

from arp_nb.store.among import among, listed
from arp_nb.store.many import Many
from arp_nb.store.records import to_us_or_none
from arp_nb.store.schema import (
    apply_batch,
    counter_point,
    definition,
    definition_version,
    job,
    job_start,
    kept_text,
    ledger,
    meta,
    scheduler_job,
    transition,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from arp_nb.store.transaction import Transaction

#: how many jobs are done before others have their turn
_SLICE = 500

_GET_META = select(meta.c.value).where(meta.c.name == bindparam("name"))
_SET_META = sqlite.insert(meta)
_PUT_META = _SET_META.on_conflict_do_update(
    index_elements=["name"], set_={"value": _SET_META.excluded.value}
)
_AMONG = among(job.c.id, "ids")
_NOT_DELETED = select(job.c.id).where(_AMONG, job.c.deleted_at.is_(None))
_DELETED = select(job.c.id).where(_AMONG, job.c.deleted_at.is_not(None))
_WRITE = Many(
    update(job).where(job.c.id == bindparam("b_id")), ("deleted_at", "deleted_by", "revision")
)
_FORGET_TEXTS = delete(kept_text).where(
    *(
        ~select(job_start.c.spool_id).where(column == kept_text.c.id).exists()
        for column in (job_start.c.script_id, job_start.c.login_id)
    )
)


class SetDeleted:
    """Bulk work: deletes jobs softly, or restores them."""

    def __init__(self, job_ids: Collection[int], by: str, at: datetime | None) -> None:
        ids = sorted(set(job_ids))
        self._todo = [ids[start : start + _SLICE] for start in range(0, len(ids), _SLICE)]
        self._values = {
            "deleted_at": to_us_or_none(at),
            "deleted_by": None if at is None else by,
        }
        self._changed = 0

    def slice(self, tx: Transaction) -> bool:
        """Do the next jobs; those that are so already stay untouched."""
        if self._todo:
            some = self._todo.pop()
            which = _DELETED if self._values["deleted_at"] is None else _NOT_DELETED
            ids = tx.db.execute(which, {"ids": listed(some)}).scalars().all()
            revision = tx.revisions(len(ids))
            rows = [
                {"b_id": job_id, "revision": revision + number, **self._values}
                for number, job_id in enumerate(ids)
            ]
            _WRITE.execute(tx.db, rows)
            self._changed += len(ids)
        return not self._todo

    def answer(self) -> int:
        """How many jobs changed."""
        return self._changed


class Purge:
    """Bulk work: forgets rows that were deleted before a time."""

    def __init__(self, before_us: int) -> None:
        self._before_us = before_us
        self._forgotten = 0

    def slice(self, tx: Transaction) -> bool:
        """Forget some jobs, or at last the definitions that no job needs any more."""
        old_jobs = select(job.c.id, job.c.revision).where(job.c.deleted_at < self._before_us)
        found = tx.db.execute(old_jobs.limit(_SLICE)).all()
        if found:
            self._forget(tx, job, found, (scheduler_job, transition, counter_point, job_start))
            return False
        needed = or_(
            select(job.c.id).where(job.c.definition_id == definition.c.id).exists(),
            select(apply_batch.c.id)
            .where(
                apply_batch.c.definition_id == definition.c.id, apply_batch.c.content.is_not(None)
            )
            .exists(),
        )
        old_definitions = select(definition.c.id, definition.c.revision).where(
            definition.c.deleted_at < self._before_us, ~needed
        )
        found = tx.db.execute(old_definitions).all()
        self._forget(tx, definition, found, (definition_version, apply_batch, ledger))
        # nobody repeats a request that is so old
        finished = apply_batch.c.content.is_(None)
        tx.db.execute(delete(apply_batch).where(finished, apply_batch.c.at < self._before_us))
        tx.db.execute(_FORGET_TEXTS)
        return True

    def answer(self) -> int:
        """How many jobs and definitions were forgotten."""
        return self._forgotten

    def _forget(
        self, tx: Transaction, table: Table, found: Sequence[Any], children: Sequence[Table]
    ) -> None:
        ids = {"ids": listed([one_id for one_id, _ in found])}
        for child in children:
            parent = child.c.job_id if table is job else child.c.definition_id
            tx.db.execute(delete(child).where(among(parent, "ids")), ids)
        tx.db.execute(delete(table).where(among(table.c.id, "ids")), ids)
        tx.forget_until(max((revision for _, revision in found), default=0))
        self._forgotten += len(found)


def get_meta(db: Connection, name: str) -> str | None:
    """Read a small named value."""
    return db.execute(_GET_META, {"name": name}).scalar()


def set_meta(tx: Transaction, name: str, value: str) -> None:
    """Keep a small named value."""
    tx.db.execute(_PUT_META, {"name": name, "value": value})
