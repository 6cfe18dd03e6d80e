"""The ledger of autorun, as SQL: a decision and its job are one change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, func, insert, literal_column, select, update

from arp_nb.ledger import Entry, Outcome, Why
from arp_nb.model import FINAL, UNSTARTED, JobState, Trigger
from arp_nb.store import applies, definitions
from arp_nb.store.among import among, listed
from arp_nb.store.deciding import Tally
from arp_nb.store.many import Many
from arp_nb.store.records import from_us, from_us_or_none, to_json, to_us, to_us_or_none
from arp_nb.store.schema import definition, job, ledger

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect

    from arp_nb.store.deciding import Decision, DecisionKey, LedgerFilter
    from arp_nb.store.transaction import Transaction

_CHANGING = (
    "version", "outcome", "why", "said", "seen", "job_id", "user", "decided_at", "revision",
)  # fmt: skip
_NEW = (
    "experiment_id", "definition_id", "hash", "run", "trigger", "cause", "event_at", *_CHANGING,
)  # fmt: skip
_ADD_JOBS = Many(
    insert(job),
    (
        "id", "revision", "experiment_id", "definition_id", "hash", "version", "run", "argv",
        "parameters", "location", "user", "trigger", "state", "requested_at", "changed_at",
    ),
)  # fmt: skip
_ADD = Many(insert(ledger), _NEW)
_CHANGE = Many(update(ledger).where(ledger.c.id == bindparam("b_id")), _CHANGING)
_KEYS = select(ledger.c.definition_id, ledger.c.run, ledger.c.trigger, ledger.c.cause)
_DECIDED = _KEYS.where(
    ledger.c.experiment_id == bindparam("experiment_id"), among(ledger.c.run, "runs")
)
#: written out: the index of what waits is found by no parameter
_WAITS = ledger.c.outcome == literal_column(f"'{Outcome.WAITING.value}'")
_STILL_WAITING = select(ledger.c.id).where(_WAITS, among(ledger.c.id, "ids"))
_SINCE = select(ledger).where(ledger.c.revision >= bindparam("since")).order_by(ledger.c.revision)
_IN_USE = select(definition.c.id).where(definition.c.deleted_at.is_(None))
_OF_EXPERIMENT = _IN_USE.where(definition.c.experiment_id == bindparam("experiment_id"))
_WAITING = select(func.count()).select_from(ledger).where(_WAITS)
_COUNT = _WAITING.where(ledger.c.definition_id.in_(_IN_USE))
_COUNT_OF_EXPERIMENT = _WAITING.where(ledger.c.definition_id.in_(_OF_EXPERIMENT))
_FIRED = ledger.c.outcome == Outcome.FIRED.value


def _of_each(what: ColumnElement[Any], *which: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Return what there is of the lines of each definition, read off one index alone."""
    mine = select(what).where(ledger.c.definition_id == definition.c.id, *which)
    return mine.correlate(definition).scalar_subquery()


_TALLIES = select(
    definition.c.id,
    _of_each(func.count(), _WAITS),
    _of_each(func.count(), _FIRED),
    _of_each(func.count(), _FIRED, ledger.c.decided_at > bindparam("since")),
    _of_each(func.max(ledger.c.decided_at), _FIRED),
).where(definition.c.experiment_id == bindparam("experiment_id"))
_JOBS = (
    select(job.c.definition_id, func.count())
    .where(job.c.trigger != Trigger.MANUAL.value)
    .group_by(job.c.definition_id)
)
# by state: few jobs are going, and an experiment has very many
_IN_EXPERIMENT = job.c.experiment_id + 0 == bindparam("experiment_id")
_ACTIVE = _JOBS.where(
    job.c.state.in_([state.value for state in JobState if state not in FINAL]),
    _IN_EXPERIMENT,
    job.c.deleted_at.is_(None),
)
_UNSTARTED = _JOBS.where(job.c.state.in_(sorted(state.value for state in UNSTARTED)))
_UNSTARTED_IN = _UNSTARTED.where(_IN_EXPERIMENT)


def entry_of(row: Row[Any]) -> Entry:
    """Make a line of its row."""
    return Entry(
        id=row.id,
        experiment_id=row.experiment_id,
        definition_id=row.definition_id,
        hash=row.hash,
        version=row.version,
        run=row.run,
        trigger=Trigger(row.trigger),
        cause=row.cause,
        outcome=Outcome(row.outcome),
        why=Why(row.why),
        said=row.said,
        seen=orjson.loads(row.seen),
        job_id=row.job_id,
        user=row.user,
        event_at=from_us_or_none(row.event_at),
        decided_at=from_us(row.decided_at),
        revision=row.revision,
    )


def decide(tx: Transaction, decisions: Sequence[Decision]) -> list[Entry]:
    """Keep decisions and make their jobs, in one transaction; return the lines."""
    left = list(_undecided(tx.db, decisions))
    if not left:
        return []
    left, same = _without_duplicates(tx.db, left)
    made = _made(tx, [one for one in left if one.firing is not None])
    made.update((id(one), made[id(first)]) for one, first in same)
    first = tx.revisions(len(left))
    rows = [_values(one.entry, made.get(id(one)), first + index) for index, one in enumerate(left)]
    _ADD.execute(tx.db, [row for row in rows if row["b_id"] is None])
    _CHANGE.execute(tx.db, [row for row in rows if row["b_id"] is not None])
    return [entry_of(row) for row in tx.db.execute(_SINCE, {"since": first})]


def _undecided(db: Connection, decisions: Sequence[Decision]) -> Iterator[Decision]:
    """Leave out what was decided before, and what does not wait any more."""
    known = [one.entry.id for one in decisions if one.entry.id is not None]
    waiting = set(db.execute(_STILL_WAITING, {"ids": listed(known)}).scalars())
    taken: set[DecisionKey] = set()
    for experiment_id in {one.entry.experiment_id for one in decisions}:
        runs = {one.entry.run for one in decisions if one.entry.experiment_id == experiment_id}
        taken |= decided(db, experiment_id, runs)
    for one in decisions:
        entry = one.entry
        if entry.id is not None:
            if entry.id in waiting:
                waiting.remove(entry.id)
                yield one
            continue
        key = (entry.definition_id, entry.run, entry.trigger.value, entry.cause)
        if key not in taken:
            taken.add(key)
            yield one


def _without_duplicates(
    db: Connection, decisions: Sequence[Decision]
) -> tuple[list[Decision], list[tuple[Decision, Decision]]]:
    """Turn those whose run has a job already into lines that say so.

    Return also which of these lines are about the job of which other decision.
    """
    runs: dict[int, set[int]] = {}
    for one in decisions:
        if one.firing is not None and one.firing.once_per_run:
            runs.setdefault(one.entry.definition_id, set()).add(one.entry.run)
    there = {
        definition_id: applies.existing(db, definition_id, numbers)
        for definition_id, numbers in runs.items()
    }
    first: dict[tuple[int, int], Decision] = {}
    kept: list[Decision] = []
    same: list[tuple[Decision, Decision]] = []
    for one in decisions:
        key = (one.entry.definition_id, one.entry.run)
        if one.firing is None or not one.firing.once_per_run:
            kept.append(one)
        elif (job_id := there[key[0]].get(key[1])) is not None:
            kept.append(_duplicate(one, job_id))
        elif key in first:
            kept.append(_duplicate(one, None))
            same.append((kept[-1], first[key]))
        else:
            kept.append(one)
        if kept[-1].firing is not None:
            first.setdefault(key, one)
    return kept, same


def _duplicate(one: Decision, job_id: int | None) -> Decision:
    which = "{job}" if job_id is None else f"job {job_id}"
    entry = replace(
        one.entry,
        outcome=Outcome.SKIPPED,
        why=Why.DUPLICATE,
        said=f"Run {one.entry.run} has {which} of this batch def already.",
        job_id=job_id,
    )
    return replace(one, entry=entry, firing=None)


def _made(tx: Transaction, fired: Sequence[Decision]) -> dict[int, int]:
    """Make the jobs of decisions, in their order; return whose is which."""
    for definition_id, version in {(one.entry.definition_id, one.entry.version) for one in fired}:
        definitions.one(tx.db, definition_id, version)
    first_id, first_revision = tx.job_ids(len(fired)), tx.revisions(len(fired))
    rows = [
        {"id": first_id + index, "revision": first_revision + index, **_job(one)}
        for index, one in enumerate(fired)
    ]
    _ADD_JOBS.execute(tx.db, rows)
    return {id(one): first_id + index for index, one in enumerate(fired)}


def _job(one: Decision) -> dict[str, Any]:
    entry, firing = one.entry, one.firing
    assert firing is not None
    assert entry.decided_at is not None
    at_us = to_us(entry.decided_at)
    return {
        "experiment_id": entry.experiment_id,
        "definition_id": entry.definition_id,
        "hash": entry.hash,
        "version": entry.version,
        "run": entry.run,
        "argv": to_json(firing.argv),
        "parameters": firing.parameters,
        "location": firing.location,
        "user": entry.user,
        "trigger": entry.trigger.value,
        "state": JobState.REQUESTED.value,
        "requested_at": at_us,
        "changed_at": at_us,
    }


def _values(entry: Entry, job_id: int | None, revision: int) -> dict[str, Any]:
    assert entry.decided_at is not None
    return {
        "b_id": entry.id,
        "experiment_id": entry.experiment_id,
        "definition_id": entry.definition_id,
        "hash": entry.hash,
        "version": entry.version,
        "run": entry.run,
        "trigger": entry.trigger.value,
        "cause": entry.cause,
        "outcome": entry.outcome.value,
        "why": entry.why.value,
        "said": entry.said if job_id is None else entry.said.replace("{job}", f"job {job_id}"),
        "seen": to_json(entry.seen),
        "job_id": entry.job_id if job_id is None else job_id,
        "user": entry.user,
        "event_at": to_us_or_none(entry.event_at),
        "decided_at": to_us(entry.decided_at),
        "revision": revision,
    }


def decided(db: Connection, experiment_id: int, runs: Collection[int]) -> set[DecisionKey]:
    """Return for which definition, run, trigger and cause there is a line."""
    wanted = {"experiment_id": experiment_id, "runs": listed(runs)}
    return {tuple(row) for row in db.execute(_DECIDED, wanted)}


def matching(db: Connection, which: LedgerFilter) -> tuple[list[Entry], bool]:
    """Lines that match, and whether there are more."""
    statement = select(ledger).where(*_conditions(which))
    order = ledger.c.id.asc() if which.oldest_first else ledger.c.id.desc()
    rows = db.execute(statement.order_by(order).limit(which.limit + 1)).all()
    return [entry_of(row) for row in rows[: which.limit]], len(rows) > which.limit


def _conditions(which: LedgerFilter) -> Iterator[ColumnElement[bool]]:
    for name in ("experiment_id", "definition_id", "hash", "run", "why"):
        value = getattr(which, name)
        if value is not None:
            yield ledger.c[name] == value
    if which.ids is not None:
        yield ledger.c.id.in_(which.ids)
    if which.outcomes is not None and set(which.outcomes) == {Outcome.WAITING}:
        yield _WAITS
    elif which.outcomes is not None:
        yield ledger.c.outcome.in_([one.value for one in which.outcomes])
    if which.before_id is not None:
        yield ledger.c.id < which.before_id
    if which.after_id is not None:
        yield ledger.c.id > which.after_id


def waiting(db: Connection, experiment_id: int | None) -> int:
    """Return how many lines wait."""
    if experiment_id is None:
        return db.execute(_COUNT).scalar_one()
    return db.execute(_COUNT_OF_EXPERIMENT, {"experiment_id": experiment_id}).scalar_one()


def unstarted(db: Connection, experiment_id: int | None) -> Mapping[int, int]:
    """Return how many jobs of autorun no script was started for, by definition."""
    statement = _UNSTARTED if experiment_id is None else _UNSTARTED_IN
    rows = db.execute(statement, {"experiment_id": experiment_id}).all()
    return {row[0]: row[1] for row in rows}


def tallies(db: Connection, experiment_id: int, since: datetime) -> Mapping[int, Tally]:
    """How much there is of each definition, by its id."""
    rows = db.execute(_ACTIVE, {"experiment_id": experiment_id}).all()
    active = {row[0]: row[1] for row in rows}
    found = {definition_id: Tally(active=count) for definition_id, count in active.items()}
    wanted = {"experiment_id": experiment_id, "since": to_us(since)}
    for definition_id, waits, fired, lately, last in db.execute(_TALLIES, wanted):
        found[definition_id] = Tally(
            active=active.get(definition_id, 0),
            waiting=waits,
            fired=fired,
            fired_since=lately,
            last_fired_at=from_us_or_none(last),
        )
    return found
