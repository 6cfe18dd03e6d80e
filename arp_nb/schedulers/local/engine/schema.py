"""The book's tables, and how they came from older ones.

What was asked for is kept once, however many elements an array has; what becomes of each job
or element is a row of its own.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

VERSION = 2
_TABLES = """
CREATE TABLE submissions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, project TEXT NOT NULL,
    user TEXT NOT NULL, host TEXT NOT NULL,
    command BLOB NOT NULL, cwd BLOB NOT NULL,
    input BLOB NOT NULL, output BLOB NOT NULL, output_new INTEGER NOT NULL,
    error BLOB NOT NULL, error_new INTEGER NOT NULL,
    slots INTEGER NOT NULL, run_limit_s REAL, memory_limit_mb REAL, umask INTEGER NOT NULL,
    array TEXT NOT NULL DEFAULT '', array_limit INTEGER NOT NULL DEFAULT 0,
    array_step INTEGER NOT NULL DEFAULT 0, array_end INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0, interactive INTEGER NOT NULL DEFAULT 0,
    submitted_at REAL NOT NULL, environment BLOB, script BLOB
);
CREATE INDEX submissions_by_description ON submissions (description);
CREATE TABLE jobs (
    id INTEGER NOT NULL, element INTEGER NOT NULL, state TEXT NOT NULL,
    started_at REAL, ended_at REAL,
    exit_code INTEGER, signal INTEGER, reason TEXT NOT NULL DEFAULT '', peak_memory_mb REAL,
    boot_id TEXT, supervisor_pid INTEGER, supervisor_start TEXT,
    session INTEGER, session_start TEXT, kill_at REAL, forced INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (id, element)
) WITHOUT ROWID;
CREATE INDEX jobs_by_state ON jobs (state, id, element);
CREATE INDEX jobs_by_end ON jobs (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_with_supervisor ON jobs (id, element)
    WHERE supervisor_pid IS NOT NULL AND ended_at IS NULL;
CREATE TABLE events (id INTEGER NOT NULL, element INTEGER NOT NULL, at REAL NOT NULL,
    what TEXT NOT NULL);
CREATE INDEX events_by_job ON events (id, element);
"""
_SETTINGS = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_ASKED = (
    "id, queue, name, description, project, user, host, command, cwd, input, output, output_new,"
    " error, error_new, slots, run_limit_s, umask, submitted_at, environment, script"
)
_BECAME = (
    "state, started_at, ended_at, exit_code, signal, reason, peak_memory_mb, boot_id,"
    " supervisor_pid, supervisor_start, session, session_start, kill_at"
)
#: format 1 had one table, and no arrays
_FROM_1 = f"""
DROP INDEX jobs_by_state;
ALTER TABLE jobs RENAME TO jobs_1;
{_TABLES}
INSERT INTO submissions ({_ASKED}) SELECT {_ASKED} FROM jobs_1;
INSERT INTO jobs (id, element, {_BECAME}) SELECT id, 0, {_BECAME} FROM jobs_1;
DELETE FROM sqlite_sequence WHERE name = 'submissions';
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'submissions', seq FROM sqlite_sequence WHERE name = 'jobs_1';
DROP TABLE jobs_1;
"""  # noqa: S608 - ours
#: what brings a book of each format to this one
_STEPS = {0: _TABLES + _SETTINGS, 1: _FROM_1}


def version(database: sqlite3.Connection) -> int:
    """Return the format of a book; 0: it is empty."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def bring_up(database: sqlite3.Connection, folder: str) -> None:
    """Make an empty or an older book one of this format.

    Raises
    ------
    RuntimeError
        It is of a newer one.
    """
    lock = os.open(
        os.path.join(folder, "setup.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = version(database)
        if found == 0:
            # cannot be changed within a transaction, nor while others are reading
            database.execute("PRAGMA journal_mode = WAL")
        if found in _STEPS:
            database.executescript(
                f"BEGIN IMMEDIATE; {_STEPS[found]} PRAGMA user_version = {VERSION}; COMMIT;"
            )
    finally:
        os.close(lock)
    if version(database) > VERSION:
        raise RuntimeError(
            f"{folder} was written by a newer ARP (format {version(database)}, this one "
            f"knows {VERSION}): use that version, or another folder"
        )
