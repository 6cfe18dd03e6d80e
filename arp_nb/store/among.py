"""``column IN (…)`` for any number of values, as one parameter and one compiled statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Text, bindparam, func, select

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Column, ColumnElement


def among(column: Column[Any], parameter: str) -> ColumnElement[bool]:
    """Return the condition that a column is one of the values that `listed` made."""
    values = func.json_each(bindparam(parameter, type_=Text)).table_valued("value")
    return column.in_(select(values.c.value))


def listed(values: Collection[Any]) -> str:
    """Return values as the parameter of `among`."""
    return orjson.dumps(list(values)).decode()
