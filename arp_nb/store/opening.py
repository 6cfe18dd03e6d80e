"""Opening a store: the folder, the checks, the copy before a migration, the migration."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from arp_nb import mounts
from arp_nb.errors import StoreError, StoreRefused
from arp_nb.store import mark
from arp_nb.store.engines import reader_engine, writer_engine
from arp_nb.store.failures import cause, explain
from arp_nb.store.schema import HEAD, head
from arp_nb.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

DATABASE = "arp.sqlite"
BACKUPS = "backups"
MIGRATIONS = Path(__file__).with_name("migrations")
_KEY_BYTES = 32


def open_store(folder: Path, *, mountinfo: str | None = None) -> SqliteStore:
    """Open the store in a folder; make it if there is none.

    Parameters
    ----------
    folder
        Holds the database and what belongs to it; only the user can look into it.
    mountinfo
        Text of ``/proc/self/mountinfo``; by default this machine's.

    Raises
    ------
    StoreRefused
        The folder is on a network file system, or the store is newer than this code.
    StoreError
        The folder or the database cannot be read or written.
    """
    folder = folder.expanduser().absolute()
    _refuse_network(folder, mounts.read_mountinfo() if mountinfo is None else mountinfo)
    path = folder / DATABASE
    _make(folder, path)
    engine = writer_engine(path)
    try:
        _migrate(engine, folder, path)
        epoch, key = _identify(engine, folder)
        return SqliteStore(folder, engine, reader_engine(path), epoch=epoch, key=key)
    except (DBAPIError, sqlite3.Error) as error:
        engine.dispose()
        raise explain(cause(error), folder) from error
    except OSError as error:
        engine.dispose()
        raise _unusable(folder, error) from error
    except BaseException:
        engine.dispose()
        raise


def _refuse_network(folder: Path, mountinfo: str) -> None:
    mount = mounts.mount_of(folder.resolve(), mountinfo)
    if mount is not None and mount.is_network:
        raise StoreRefused(
            f"The store must be on a local disk, and {folder} is on {mount.point}, a network "
            f"file system ({mount.type}): two machines could spoil it for each other. "
            "Set ARP_STORE to a folder on a disk of this machine that is yours and is kept, "
            "for example: export ARP_STORE=/scratch/$USER/arp-nb"
        )


def _make(folder: Path, path: Path) -> None:
    """Make folder and file so that nobody else can read them, whatever the umask."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        # SQLite gives the files that it makes beside it the same permissions
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The store in {folder} cannot be made or written: {error.strerror}. Make it writable "
        "to you, free some space, or set ARP_STORE to another folder on a local disk."
    )


# -- migrations ------------------------------------------------------------------------


def _migrate(engine: Engine, folder: Path, path: Path) -> None:
    with engine.connect() as db:
        version = _version(db, folder)
    if version == HEAD:
        return
    # alembic takes a third of a second to import, and is needed once in months
    from alembic import command, config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    alembic = config.Config()
    alembic.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    alembic.set_main_option("path_separator", "os")
    if version is not None:
        known = {
            script.revision for script in ScriptDirectory.from_config(alembic).walk_revisions()
        }
        if version not in known:
            raise StoreRefused(
                f"The store in {folder} has format {version}, and this arp-nb knows formats up "
                f"to {HEAD}: a newer arp-nb has used it. Upgrade arp-nb, or set ARP_STORE to "
                f"another folder. Copies from before each upgrade are in {folder / BACKUPS}."
            )
        _back_up(path, folder / BACKUPS, version)
    with engine.connect() as db:
        # a table that is made anew must not take with it the rows that point to it
        db.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        with db.begin():
            alembic.attributes["connection"] = db
            command.upgrade(alembic, "head")


def _version(db: Connection, folder: Path) -> str | None:
    """Return the number of the last migration; None for an empty file."""
    tables = inspect(db).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise StoreRefused(
            f"{folder / DATABASE} is a database of something else. "
            "Set ARP_STORE to another folder."
        )
    version: str = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return version


def _back_up(path: Path, folder: Path, version: str) -> None:
    """Keep a whole copy, on disk, before anything is altered."""
    folder.mkdir(mode=0o700, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    target = folder / f"arp-format-{version}-{stamp}.sqlite"
    unfinished = target.with_suffix(".part")
    os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    try:
        with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(unfinished)) as new:
            old.backup(new)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


# -- who the store is ------------------------------------------------------------------


def _identify(engine: Engine, folder: Path) -> tuple[str, bytes]:
    """Return epoch and key: new ones for a new store, a new epoch for an older copy."""
    with engine.begin() as db:
        row = db.execute(select(head)).first()
        if row is None:
            made = {
                "id": 1,
                "epoch": _new_epoch(),
                "key": secrets.token_bytes(_KEY_BYTES),
                "revision": 0,
                "next_job_id": 1,
                "horizon": 0,
            }
            row = db.execute(insert(head).returning(head), made).one()
        elif mark.newest_seen(folder / mark.FILE, row.epoch) > row.revision:
            row = db.execute(update(head).values(epoch=_new_epoch()).returning(head)).one()
    return row.epoch, row.key


def _new_epoch() -> str:
    return secrets.token_hex(8)
