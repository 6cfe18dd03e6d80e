"""What autorun asks of earlier jobs, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, func, select

from arp_nb.model import JobState, Phase
from arp_nb.status import status
from arp_nb.store.among import among, listed
from arp_nb.store.deciding import DoneJob, JobFacts, PastJobs
from arp_nb.store.records import from_us_or_none
from arp_nb.store.schema import definition, job

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

_US_PER_HOUR = 3600 * 1_000_000
#: joined to nothing, so that no index is taken that finds all jobs which are done
_DONE = job.c.state + "" == JobState.DONE.value
#: of an experiment, by the index of definitions and runs
_OF_EXPERIMENT = job.c.definition_id.in_(
    select(definition.c.id).where(definition.c.experiment_id == bindparam("experiment_id"))
)
_COLUMNS = (
    job.c.id, job.c.root_id, job.c.experiment_id, job.c.definition_id, job.c.hash, job.c.run,
    job.c.ended_at, job.c.revision,
)  # fmt: skip
_SINCE = (
    select(*_COLUMNS)
    .where(job.c.revision > bindparam("since"), _DONE)
    .order_by(job.c.revision)
    .limit(bindparam("limit"))
)
_OF_RUNS = (
    select(*_COLUMNS)
    .where(
        _OF_EXPERIMENT,
        job.c.hash == bindparam("hash"),
        among(job.c.run, "runs"),
        _DONE,
    )
    .order_by(job.c.id)
)
_TOOK = (
    select(job.c.started_at, job.c.ended_at, job.c.cores)
    .where(
        job.c.definition_id == bindparam("definition_id"),
        _DONE,
        job.c.started_at.is_not(None),
        job.c.ended_at >= job.c.started_at,
    )
    .order_by(job.c.id.desc())
    .limit(bindparam("limit"))
)
_NEWEST = (
    select(func.max(job.c.id))
    .where(
        _OF_EXPERIMENT,
        among(job.c.run, "runs"),
        job.c.deleted_at.is_(None),
    )
    .group_by(job.c.run, job.c.hash)
)
_FACTS = select(
    job.c.id, job.c.run, job.c.hash, job.c.state, job.c.phase, job.c.native_state,
    job.c.location, job.c.report,
)  # fmt: skip
_OF_ALL = _FACTS.where(job.c.id.in_(_NEWEST))
_OF_HASHES = _FACTS.where(job.c.id.in_(_NEWEST.where(among(job.c.hash, "hashes"))))


def done_since(db: Connection, revision: int, limit: int) -> list[DoneJob]:
    """Return jobs that are DONE and changed after a revision, by revision."""
    return [_done(row) for row in db.execute(_SINCE, {"since": revision, "limit": limit})]


def done_jobs(
    db: Connection, experiment_id: int, name: str, runs: Collection[int]
) -> list[DoneJob]:
    """Return the jobs of a hash that are DONE for some runs, oldest first."""
    wanted = {"experiment_id": experiment_id, "hash": name, "runs": listed(runs)}
    return [_done(row) for row in db.execute(_OF_RUNS, wanted)]


def took(db: Connection, definition_id: int, limit: int) -> PastJobs:
    """Return what the newest ended jobs of a definition took."""
    rows = db.execute(_TOOK, {"definition_id": definition_id, "limit": limit})
    hours = [((row.ended_at - row.started_at) / _US_PER_HOUR, row.cores) for row in rows]
    return PastJobs(tuple(hours))


def latest_reports(
    db: Connection, experiment_id: int, runs: Collection[int], hashes: Collection[str] | None
) -> Mapping[int, Mapping[str, JobFacts]]:
    """Return by run and hash what the newest job of each says; None: of all hashes."""
    wanted = {"experiment_id": experiment_id, "runs": listed(runs)}
    rows = (
        db.execute(_OF_ALL, wanted)
        if hashes is None
        else db.execute(_OF_HASHES, {**wanted, "hashes": listed(hashes)})
    )
    found: dict[int, dict[str, JobFacts]] = {}
    for row in rows:
        shown = status(JobState(row.state), Phase(row.phase), row.native_state, row.location)
        facts = JobFacts(id=row.id, status=shown, report=orjson.loads(row.report))
        found.setdefault(row.run, {})[row.hash] = facts
    return found


def _done(row: Any) -> DoneJob:
    return DoneJob(
        id=row.id,
        root_id=row.root_id or row.id,
        experiment_id=row.experiment_id,
        definition_id=row.definition_id,
        hash=row.hash,
        run=row.run,
        ended_at=from_us_or_none(row.ended_at),
        revision=row.revision,
    )
