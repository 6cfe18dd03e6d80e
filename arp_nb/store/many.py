"""One statement for many rows, compiled once.

SQLAlchemy's own ``executemany`` looks at each row's parameters anew, which costs more than
SQLite takes to write the row. Here the statement is still Core's, and the rows go to the
driver as they are; so this is for columns whose values need no conversion.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection, Delete, Insert, Update

_DIALECT = sqlite.dialect()


class Many:
    """A statement that writes rows.

    Parameters
    ----------
    statement
        Its bound parameters have the names of the rows' keys.
    columns
        Columns that it sets, where they are not in the statement itself.
    """

    def __init__(
        self, statement: Insert | Update | Delete, columns: Iterable[str] | None = None
    ) -> None:
        keys = None if columns is None else list(columns)
        compiled = statement.compile(dialect=_DIALECT, column_keys=keys)
        names = compiled.positiontup or []
        if len(names) < 2:
            raise ValueError("A statement for many rows has two parameters at least.")
        self._sql = str(compiled)
        self._in_order = itemgetter(*names)

    def execute(self, db: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write the rows, in their order; none is fine."""
        arguments = [self._in_order(row) for row in rows]
        if arguments:
            db.exec_driver_sql(self._sql, arguments)
