"""What SQLite's errors mean to the person who has to act on them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from arp_nb.errors import StoreBusy, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_STAYS = "What was saved before stays."
_GOES_ON = "Nothing needs to be restarted: try again afterwards."

#: by the beginning of SQLite's name for the error: its class, and what happened and what to do
_WORDS: Mapping[str, tuple[type[StoreError], str]] = {
    "SQLITE_FULL": (
        StoreError,
        (
            "The disk that holds {folder} is full, so this was not saved. {stays} "
            "Free some space there. {goes_on}"
        ),
    ),
    "SQLITE_IOERR": (
        StoreError,
        (
            "The disk that holds {folder} did not take it ({name}: a full disk, a quota, or a "
            "failing disk), so this was not saved. {stays} Look at `df` and `quota` for that "
            "folder. {goes_on}"
        ),
    ),
    **dict.fromkeys(
        ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN"),
        (
            StoreError,
            (
                "The store in {folder} cannot be written, so this was not saved. {stays} "
                "Make the folder and its files writable to you. {goes_on}"
            ),
        ),
    ),
    **dict.fromkeys(
        ("SQLITE_BUSY", "SQLITE_LOCKED"),
        (
            StoreBusy,
            (
                "Another program has locked the store in {folder}, so this was not saved. {stays} "
                "End that program (a backup, or a database browser). {goes_on}"
            ),
        ),
    ),
    **dict.fromkeys(
        ("SQLITE_CORRUPT", "SQLITE_NOTADB"),
        (
            StoreError,
            (
                "The database in {folder} is damaged ({error}). Stop the manager, keep a copy of "
                "the folder, and put the newest file of its backups/ in the place of arp.sqlite."
            ),
        ),
    ),
}
_OTHER = (StoreError, "The store in {folder} could not do this: {error}. {stays}")


def explain(error: BaseException, folder: Path) -> StoreError:
    """Return the `StoreError` for an error of the database, in words."""
    name = getattr(error, "sqlite_errorname", "")
    found = (words for start, words in _WORDS.items() if name.startswith(start))
    kind, words = next(found, _OTHER)
    return kind(
        words.format(folder=folder, name=name, error=error, stays=_STAYS, goes_on=_GOES_ON)
    )


def cause(error: BaseException) -> BaseException:
    """Return SQLite's first error behind this one: undoing it may have failed, too."""
    found = error
    one: BaseException | None = error
    while one is not None:
        inner = getattr(one, "orig", None) or one  # SQLAlchemy wraps it
        if isinstance(inner, sqlite3.Error):
            found = inner
        one = one.__context__
    return found
