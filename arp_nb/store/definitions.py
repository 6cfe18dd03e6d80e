"""Definitions and their versions, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, and_, bindparam, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from arp_nb.errors import Conflict, EditConflict, NotFound
from arp_nb.store import experiments
from arp_nb.store.records import check_to_json, definition_of, to_us, to_us_or_none
from arp_nb.store.schema import definition, definition_version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from arp_nb.model import Definition, DefinitionDraft, ScriptCheck
    from arp_nb.store.deciding import Consent, Pause
    from arp_nb.store.transaction import Transaction

_COLUMNS = (
    *(column for column in definition.c if column.name not in {"name", "version", "consent_text"}),
    *(column for column in definition_version.c if column.name != "definition_id"),
)
_JOINED = select(*_COLUMNS).select_from(
    definition.join(definition_version, definition_version.c.definition_id == definition.c.id)
)
CURRENT = _JOINED.where(definition_version.c.version == definition.c.version)
_ONE = CURRENT.where(definition.c.id == bindparam("id"))
_ONE_VERSION = _JOINED.where(
    definition.c.id == bindparam("id"), definition_version.c.version == bindparam("version")
)
_ALL = CURRENT.where(definition.c.experiment_id == bindparam("experiment_id")).order_by(
    definition.c.id
)
_IN_USE = _ALL.where(definition.c.deleted_at.is_(None))
_SINCE = CURRENT.where(definition.c.revision > bindparam("since")).order_by(definition.c.revision)
_TEXT = select(definition.c.consent_text).where(definition.c.id == bindparam("id"))
_NO_CONSENT: Mapping[str, Any] = {"autorun": False, "autorun_by": None, "autorun_at": None}
_NOTHING_SEEN: Mapping[str, Any] = {
    "consent_version": None,
    "consent_sha256": None,
    "consent_text": "",
}
_NOT_PAUSED: Mapping[str, Any] = {
    "paused_why": "",
    "paused_by": None,
    "paused_at": None,
    "paused_said": "",
}
_SAME_VERSION = and_(
    definition.c.id == bindparam("b_id"), definition.c.version == bindparam("b_version")
)


def one(db: Connection, definition_id: int, version: int | None = None) -> Definition:
    """Return one definition, deleted or not. `NotFound`."""
    if version is None:
        row = db.execute(_ONE, {"id": definition_id}).first()
    else:
        row = db.execute(_ONE_VERSION, {"id": definition_id, "version": version}).first()
    if row is None:
        which = f"{definition_id}" if version is None else f"{definition_id}, version {version}"
        raise NotFound(f"There is no batch def {which}.")
    return definition_of(row)


def every(db: Connection, experiment_id: int, *, deleted: bool) -> list[Definition]:
    """Return current versions, by id; with ``deleted`` also the deleted ones."""
    statement = _ALL if deleted else _IN_USE
    return [definition_of(row) for row in db.execute(statement, {"experiment_id": experiment_id})]


def add(
    tx: Transaction,
    experiment_id: int,
    draft: DefinitionDraft,
    check: ScriptCheck,
    *,
    by: str,
    at: datetime,
) -> Definition:
    """Add version 1. `Conflict` if the name is in use."""
    experiments.one(tx.db, experiment_id)
    values = {
        "experiment_id": experiment_id,
        "name": draft.name,
        "version": 1,
        "revision": tx.revisions(1),
    }
    try:
        made = tx.db.execute(insert(definition).returning(definition.c.id), values).scalar_one()
    except IntegrityError as error:
        raise _taken(draft.name) from error
    _add_version(tx, made, 1, draft, check, consent=_NO_CONSENT, by=by, at=at)
    return one(tx.db, made)


def change(
    tx: Transaction,
    definition_id: int,
    draft: DefinitionDraft,
    check: ScriptCheck,
    expected_version: int | None,
    *,
    by: str,
    at: datetime,
    autorun: bool | None = None,
    consent: Consent | None = None,
    pause: Pause | None = None,
) -> Definition:
    """Add the next version. `EditConflict` if the current one is not the expected one."""
    old = one(tx.db, definition_id)
    if expected_version is not None and old.version != expected_version:
        raise EditConflict(
            f"{old.changed_by} changed {old.name} to version {old.version} since you read "
            f"version {expected_version}. Both are kept: look at the new one, then save again."
        )
    if old.deleted_at is not None:
        raise Conflict(f"The batch def {old.name} was deleted: restore it before you change it.")
    version = old.version + 1
    values = {"name": draft.name, "version": version, "revision": tx.revisions(1)}
    if autorun is not None:
        values |= {**_NOTHING_SEEN, **_NOT_PAUSED}
    if consent is not None:
        values |= {
            "consent_version": version,
            "consent_sha256": consent.sha256,
            "consent_text": consent.text,
        }
    if pause is not None:
        values |= _paused(pause)
    _update(tx, definition_id, values, draft.name)
    kept = _consent(old) if autorun is None else _NO_CONSENT
    if consent is not None and draft.starts_on != old.draft.starts_on:
        kept = {**kept, "autorun_at": to_us(at)}  # what happened before was not meant
    if autorun:
        kept = {"autorun": True, "autorun_by": by, "autorun_at": to_us(at)}
    _add_version(tx, definition_id, version, draft, check, consent=kept, by=by, at=at)
    return one(tx.db, definition_id)


def pause(tx: Transaction, definition_id: int, wanted: Pause | None) -> Definition:
    """Let the autorun of a definition wait; with None no more, where it was a person's pause."""
    old = one(tx.db, definition_id)
    if wanted is None:
        values = dict(_NOT_PAUSED) if old.paused_why == "user" else {}
    else:
        # what a person would end by themselves gives way to what needs a new consent
        stays = old.paused_why and (wanted.why == "user" or old.paused_why != "user")
        is_past = wanted.consent_version not in {None, old.consent_version}
        values = {} if stays or is_past else _paused(wanted)
    if values:
        _update(tx, definition_id, {**values, "revision": tx.revisions(1)}, old.name)
    return one(tx.db, definition_id)


def since(db: Connection, revision: int) -> list[Definition]:
    """Return definitions of all experiments that changed after a revision, by revision."""
    return [definition_of(row) for row in db.execute(_SINCE, {"since": revision})]


def consent_text(db: Connection, definition_id: int) -> str:
    """Return the script's text that was consented to."""
    return db.execute(_TEXT, {"id": definition_id}).scalar() or ""


def set_check(
    tx: Transaction, definition_id: int, version: int, check: ScriptCheck, *, by_hand: bool
) -> None:
    """Keep what the batch client found, if the version is still current."""
    current = {"b_id": definition_id, "b_version": version}
    touched = update(definition).where(_SAME_VERSION)
    if tx.db.execute(touched, {**current, "revision": tx.counts.revision + 1}).rowcount:
        tx.revisions(1)
        kept = update(definition_version).where(
            definition_version.c.definition_id == definition_id,
            definition_version.c.version == version,
        )
        before, found = definition_version.c.checked_sha256, literal(check.sha256, Text)
        first = (found, before) if by_hand else (before, found)
        tx.db.execute(
            kept.values(checked_sha256=func.coalesce(*first)),
            {"script_check": check_to_json(check)},
        )


def delete(tx: Transaction, definition_id: int, by: str, at: datetime) -> Definition:
    """Delete softly; the name is free at once."""
    old = one(tx.db, definition_id)
    if old.deleted_at is not None:
        return old
    values = {"deleted_at": to_us(at), "deleted_by": by, "revision": tx.revisions(1)}
    _update(tx, definition_id, values, old.name)
    return one(tx.db, definition_id)


def restore(tx: Transaction, definition_id: int) -> Definition:
    """Undo a deletion. `Conflict` if the name has been taken meanwhile."""
    old = one(tx.db, definition_id)
    if old.deleted_at is None:
        return old
    values = {"deleted_at": None, "deleted_by": None, "revision": tx.revisions(1)}
    _update(tx, definition_id, values, old.name)
    return one(tx.db, definition_id)


def _paused(wanted: Pause) -> dict[str, Any]:
    return {
        "paused_why": wanted.why,
        "paused_by": wanted.by,
        "paused_at": to_us(wanted.at),
        "paused_said": wanted.said,
    }


def _update(tx: Transaction, definition_id: int, values: dict[str, Any], name: str) -> None:
    try:
        tx.db.execute(update(definition).where(definition.c.id == definition_id), values)
    except IntegrityError as error:
        raise _taken(name) from error


def _add_version(
    tx: Transaction,
    definition_id: int,
    version: int,
    draft: DefinitionDraft,
    check: ScriptCheck,
    *,
    consent: Mapping[str, Any],
    by: str,
    at: datetime,
) -> None:
    values = {
        "definition_id": definition_id,
        "version": version,
        "name": draft.name,
        "executable": draft.executable,
        "parameters": draft.parameters,
        "quoted_parameters": draft.quoted_parameters,
        "arguments": draft.arguments.value,
        "trigger": draft.trigger.value,
        "location": draft.location,
        "predicate": draft.predicate,
        "run_types": draft.run_types,
        "after": draft.after,
        "run_param": draft.run_param,
        "run_value": draft.run_value,
        "most_at_once": draft.most_at_once,
        "most_per_hour": draft.most_per_hour,
        "script_check": check_to_json(check),
        "checked_sha256": check.sha256,
        "changed_by": by,
        "changed_at": to_us(at),
        **consent,
    }
    tx.db.execute(insert(definition_version), values)


def _consent(old: Definition) -> dict[str, Any]:
    return {
        "autorun": old.autorun,
        "autorun_by": old.autorun_by,
        "autorun_at": to_us_or_none(old.autorun_at),
    }


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a batch def {name} in this experiment already.")
