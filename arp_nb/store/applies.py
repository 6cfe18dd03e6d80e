"""Making the jobs of an *apply*: first one durable record, then the jobs in slices.

The record says exactly which jobs are to be made, and holds the ids that they get, so that
going on after a crash needs to know nothing but how many are made. Requests for the same
definition count each other's unmade jobs as existing: each job is made once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Integer, Text, bindparam, func, insert, select, update

from arp_nb.errors import Conflict
from arp_nb.model import JobState
from arp_nb.store import definitions
from arp_nb.store.among import among, listed
from arp_nb.store.base import JobsMade
from arp_nb.store.records import to_json, to_us
from arp_nb.store.schema import apply_batch, job

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from arp_nb.store.base import JobsWanted
    from arp_nb.store.transaction import Transaction

#: what a slice should take: others wait so long
_SLICE_S = 0.015
_FIRST_SLICE = 500
_MOST_IN_A_SLICE = 5000
_OTHER = (
    "This request repeats the key of an earlier one and asks for something else. "
    "Send it again with a key of its own."
)

_BY_ID = select(apply_batch).where(apply_batch.c.id == bindparam("id"))
_BY_KEY = select(apply_batch).where(
    apply_batch.c.experiment_id == bindparam("experiment_id"),
    apply_batch.c.idempotency_key == bindparam("key"),
)
_MADE = select(apply_batch.c.made).where(apply_batch.c.id == bindparam("id"))
_UNFINISHED = apply_batch.c.content.is_not(None)
_UNFINISHED_IDS = select(apply_batch.c.id).where(_UNFINISHED).order_by(apply_batch.c.id)
_UNFINISHED_OF_DEFINITION = select(apply_batch.c.first_job_id, apply_batch.c.content).where(
    _UNFINISHED, apply_batch.c.definition_id == bindparam("definition_id")
)
_RUNS_WITH_JOBS = (
    select(job.c.run, func.max(job.c.id))
    .where(
        job.c.definition_id == bindparam("definition_id"),
        among(job.c.run, "runs"),
        job.c.deleted_at.is_(None),
    )
    .group_by(job.c.run)
)
#: columns that the jobs of one request share
_SHARED = (
    "experiment_id", "definition_id", "hash", "version", "parameters", "user", "location",
    "trigger", "state", "requested_at", "changed_at", "override_memory_mb", "override_time_s",
)  # fmt: skip
#: columns that a record made by an older version lacks
_LATER: Mapping[str, Any] = {"override_memory_mb": None, "override_time_s": None}
#: a slice is one statement: SQLite takes the rows out of JSON without holding up other threads
_EACH = func.json_each(bindparam("own", type_=Text)).table_valued("key", "value")
_NEW: Mapping[str, Any] = {
    **{name: bindparam(name, type_=job.c[name].type) for name in _SHARED},
    "id": bindparam("first_id", type_=Integer) + _EACH.c.key,
    "revision": bindparam("first_revision", type_=Integer) + _EACH.c.key,
    "run": func.json_extract(_EACH.c.value, "$[0]"),
    "argv": func.json_extract(_EACH.c.value, "$[1]"),  # a list within is given as JSON
    "rerun_of": func.json_extract(_EACH.c.value, "$[2]"),
    "root_id": func.json_extract(_EACH.c.value, "$[3]"),
}
_ADD_JOBS = insert(job).from_select(list(_NEW), select(*_NEW.values()))


def register(tx: Transaction, wanted: JobsWanted) -> tuple[int, bool]:
    """Store the request as one record; return its id, and whether it was there before."""
    if wanted.idempotency_key is not None:
        key = {"experiment_id": wanted.experiment_id, "key": wanted.idempotency_key}
        earlier = tx.db.execute(_BY_KEY, key).first()
        if earlier is not None:
            if earlier.definition_id != wanted.definition_id:
                raise Conflict(_OTHER)
            return _repeated(earlier, wanted.fingerprint), True
    definitions.one(tx.db, wanted.definition_id, wanted.version)
    skipped: Collection[int] = ()
    if wanted.skip_existing:
        skipped = existing(tx.db, wanted.definition_id, wanted.argv_by_run)
    runs = [run for run in sorted(wanted.argv_by_run) if run not in skipped]
    values = {
        "experiment_id": wanted.experiment_id,
        "definition_id": wanted.definition_id,
        "idempotency_key": wanted.idempotency_key,
        "fingerprint": wanted.fingerprint,
        "at": to_us(wanted.at),
        "first_job_id": tx.job_ids(len(runs)),
        "jobs": len(runs),
        "made": 0,
        "skipped_runs": to_json(sorted(skipped)),
        "content": to_json(_content(wanted, runs)) if runs else None,
    }
    made = tx.db.execute(insert(apply_batch).returning(apply_batch.c.id), values)
    return made.scalar_one(), False


def registered(db: Connection, experiment_id: int, key: str, fingerprint: str) -> int | None:
    """Return the id of the record that was stored under a key; None if there is none."""
    earlier = db.execute(_BY_KEY, {"experiment_id": experiment_id, "key": key}).first()
    return None if earlier is None else _repeated(earlier, fingerprint)


def _repeated(earlier: Row[Any], fingerprint: str) -> int:
    if earlier.fingerprint != fingerprint:
        raise Conflict(_OTHER)
    batch_id: int = earlier.id
    return batch_id


def existing(db: Connection, definition_id: int, runs: Collection[int]) -> dict[int, int]:
    """Return the runs that have a job of the definition, or get one, and the newest one's id."""
    definition = {"definition_id": definition_id}
    rows = db.execute(_RUNS_WITH_JOBS, {**definition, "runs": listed(runs)})
    found = {run: job_id for run, job_id in rows}  # noqa: C416 - rows are no pairs
    for first_id, content in db.execute(_UNFINISHED_OF_DEFINITION, definition):
        jobs = enumerate(orjson.loads(content)["jobs"], first_id)
        found.update((run, job_id) for job_id, (run, *_) in jobs if run in runs)
    return found


def _content(wanted: JobsWanted, runs: Sequence[int]) -> dict[str, Any]:
    """Return what the jobs are made of: the columns that they share, and their own."""
    at_us = to_us(wanted.at)
    shared = {
        "experiment_id": wanted.experiment_id,
        "definition_id": wanted.definition_id,
        "hash": wanted.hash,
        "version": wanted.version,
        "parameters": wanted.parameters,
        "user": wanted.user,
        "location": wanted.location,
        "trigger": wanted.trigger.value,
        "state": JobState.REQUESTED.value,
        "requested_at": at_us,
        "changed_at": at_us,
        "override_memory_mb": wanted.override_memory_mb,
        "override_time_s": wanted.override_time_s,
    }
    own = [
        (run, wanted.argv_by_run[run], wanted.rerun_of.get(run), wanted.root_of.get(run))
        for run in runs
    ]
    return {"shared": shared, "jobs": own}


def unfinished(db: Connection) -> list[int]:
    """Return the ids of requests of which jobs are still to be made."""
    return list(db.execute(_UNFINISHED_IDS).scalars())


class MakeJobs:
    """Bulk work: makes the jobs of one record that are not made yet."""

    def __init__(self, batch_id: int, *, repeated: bool = False) -> None:
        self._batch_id = batch_id
        self._repeated = repeated
        self._rows_in_slice = _FIRST_SLICE
        self._is_read = False
        self._jobs: Sequence[Sequence[Any]] = ()
        self._shared: dict[str, Any] = {}
        self._first_job_id = self._count = self._made = self.made_now = 0
        self._skipped: tuple[int, ...] = ()

    def slice(self, tx: Transaction) -> bool:
        """Make some of the jobs."""
        started_s = time.perf_counter()
        self._read(tx)
        if self._made == self._count:
            return True
        some = self._jobs[self._made : self._made + self._rows_in_slice]
        self._make(tx, some)
        values: dict[str, Any] = {"made": self._made}
        if self._made == self._count:
            values["content"] = None
        tx.db.execute(update(apply_batch).where(apply_batch.c.id == self._batch_id), values)
        took_s = max(time.perf_counter() - started_s, 1e-4)
        self._rows_in_slice = min(int(len(some) * _SLICE_S / took_s) + 1, _MOST_IN_A_SLICE)
        return self._made == self._count

    def answer(self) -> JobsMade:
        """Return which jobs were made, now or earlier, and which runs were left out."""
        ids = range(self._first_job_id, self._first_job_id + self._count)
        return JobsMade(job_ids=tuple(ids), skipped_runs=self._skipped, repeated=self._repeated)

    def _read(self, tx: Transaction) -> None:
        """Look at the record: another caller may be at work on it, too."""
        batch = {"id": self._batch_id}
        if self._is_read:
            self._made = tx.db.execute(_MADE, batch).scalar_one()
            return
        record = tx.db.execute(_BY_ID, batch).one()
        content = orjson.loads(record.content or '{"shared": {}, "jobs": []}')
        self._shared, self._jobs = content["shared"], content["jobs"]
        self._first_job_id, self._count, self._made = (
            record.first_job_id,
            record.jobs,
            record.made,
        )
        self._skipped = tuple(orjson.loads(record.skipped_runs))
        self._is_read = True

    def _make(self, tx: Transaction, some: Sequence[Sequence[Any]]) -> None:
        values = {
            **_LATER,
            **self._shared,
            "first_id": self._first_job_id + self._made,
            "first_revision": tx.revisions(len(some)),
            "own": to_json(some),
        }
        tx.db.execute(_ADD_JOBS, values)
        self._made += len(some)
        self.made_now += len(some)
