"""What users' pages remember, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects import sqlite

from arp_nb.errors import TooLarge
from arp_nb.store.records import to_json
from arp_nb.store.schema import preference

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from arp_nb.store.transaction import Transaction

_SAME = (preference.c.user == bindparam("b_user"), preference.c.name == bindparam("b_name"))
_GET = select(preference.c.value).where(*_SAME)
_DROP = delete(preference).where(*_SAME)
_OTHERS = select(func.count()).where(
    preference.c.user == bindparam("b_user"), preference.c.name != bindparam("b_name")
)
_SET = sqlite.insert(preference)
_PUT = _SET.on_conflict_do_update(
    index_elements=["user", "name"], set_={"value": _SET.excluded.value}
)


def get(db: Connection, user: str, name: str) -> Any:
    """Return what is kept under a name; None if there is nothing."""
    text = db.execute(_GET, {"b_user": user, "b_name": name}).scalar()
    return None if text is None else orjson.loads(text)


def put(tx: Transaction, user: str, name: str, value: Any, most: int) -> None:
    """Keep a value under a name; None drops it. `TooLarge` beyond ``most`` names."""
    key = {"b_user": user, "b_name": name}
    if value is None:
        tx.db.execute(_DROP, key)
        return
    if tx.db.execute(_OTHERS, key).scalar_one() >= most:
        raise TooLarge(f"{most:,} preferences are kept of a user. Drop one: set it to null.")
    tx.db.execute(_PUT, {"user": user, "name": name, "value": to_json(value)})
