"""What scripts were started with, as SQL: what many have in common is kept once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, insert, select
from sqlalchemy.dialects import sqlite

from arp_nb.errors import NotFound
from arp_nb.starts import ScriptText, Start, Surroundings
from arp_nb.store.records import from_us_or_none, to_json, to_us_or_none
from arp_nb.store.schema import job, job_start, kept_text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from arp_nb.store.transaction import Transaction

_JOB = select(job.c.id).where(job.c.id == bindparam("id"))
_KNOWN = select(kept_text.c.id).where(kept_text.c.sha256 == bindparam("sha256"))
_ADD_TEXT = insert(kept_text).returning(kept_text.c.id)
_ADD = sqlite.insert(job_start).on_conflict_do_nothing(index_elements=["spool_id"])
_SCRIPT, _LOGIN = kept_text.alias("script"), kept_text.alias("login")
_ONE = (
    select(job_start.c.content, _SCRIPT.c.text.label("script"), _LOGIN.c.text.label("login"))
    .join_from(job_start, _SCRIPT, job_start.c.script_id == _SCRIPT.c.id)
    .join(_LOGIN, job_start.c.login_id == _LOGIN.c.id)
    .where(job_start.c.spool_id == bindparam("spool_id"))
)


def keep(tx: Transaction, job_id: int, spool_id: str, start: Start) -> None:
    """Keep a start; one that is kept already stays as it is. `NotFound`."""
    if tx.db.execute(_JOB, {"id": job_id}).scalar() is None:
        raise NotFound(f"There is no job {job_id}.")
    login = {
        "values": start.login.values,
        "names": start.login.names,
        "others": start.login.others,
    }
    values = {
        "spool_id": spool_id,
        "job_id": job_id,
        "script_id": _text_id(tx, start.script.text),
        "login_id": _text_id(tx, to_json(login)),
        "content": to_json(_content(start)),
    }
    tx.db.execute(_ADD, values)


def one(db: Connection, spool_id: str) -> Start | None:
    """Return a start; None if it was not kept."""
    row = db.execute(_ONE, {"spool_id": spool_id}).first()
    return None if row is None else _start_of(row)


def _text_id(tx: Transaction, text: str) -> int:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    known: int | None = tx.db.execute(_KNOWN, {"sha256": sha256}).scalar()
    if known is not None:
        return known
    made: int = tx.db.execute(_ADD_TEXT, {"sha256": sha256, "text": text}).scalar_one()
    return made


def _content(start: Start) -> dict[str, Any]:
    script = start.script
    return {
        "missing": script.missing,
        "cut": script.cut,
        "sha256": script.sha256,
        "size_bytes": script.size_bytes,
        "mode": script.mode,
        "variables": start.variables,
        "host": start.host,
        "folder": start.folder,
        "user": start.user,
        "umask": start.umask,
        "read_at": to_us_or_none(start.read_at),
        "checked_sha256": start.checked_sha256,
    }


def _start_of(row: Any) -> Start:
    kept, login = orjson.loads(row.content), orjson.loads(row.login)
    names = ("missing", "cut", "sha256", "size_bytes", "mode")
    return Start(
        script=ScriptText(text=row.script, **{name: kept[name] for name in names}),
        variables=kept["variables"],
        login=Surroundings(
            values=login["values"], names=tuple(login["names"]), others=login["others"]
        ),
        host=kept["host"],
        folder=kept["folder"],
        user=kept["user"],
        umask=kept["umask"],
        read_at=from_us_or_none(kept["read_at"]),
        checked_sha256=kept["checked_sha256"],
    )
