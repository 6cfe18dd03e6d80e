"""How SQLite is opened, for the writer and for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine

#: another program (a backup) may hold the lock for so long before a write fails
BUSY_TIMEOUT_MS = 10_000
#: reads at once; more would only wait for each other
READERS = 4
#: reads of very many rows at once, beside the others: seconds of work never keep small reads
#: waiting, however many pages ask for it
WIDE_READERS = 2

_COMMON = (f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}", "PRAGMA temp_store = MEMORY")
_WRITER = (
    *_COMMON,
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -32768",  # KiB
    "PRAGMA journal_size_limit = 67108864",
)
_READER = (*_COMMON, "PRAGMA query_only = ON", "PRAGMA cache_size = -8192")


def writer_engine(path: Path) -> Engine:
    """Return the engine of the one connection that writes."""
    engine = create_engine(_url(path), poolclass=NullPool, connect_args=_ANY_THREAD)
    _prepare(engine, _WRITER, "BEGIN IMMEDIATE")
    return engine


def reader_engine(path: Path) -> Engine:
    """Return the engine of the connections that read, each in a snapshot of its own."""
    engine = create_engine(
        _url(path),
        poolclass=QueuePool,
        pool_size=READERS + WIDE_READERS,
        max_overflow=0,
        connect_args=_ANY_THREAD,
    )
    _prepare(engine, _READER, "BEGIN")
    return engine


#: the pools see to it that no two threads use one connection at a time
_ANY_THREAD = {"check_same_thread": False}


def _url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))


def _prepare(engine: Engine, pragmas: tuple[str, ...], begin: str) -> None:
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin too late, and not for reads
        for pragma in pragmas:
            connection.execute(pragma).close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
