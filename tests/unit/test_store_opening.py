"""How a store's folder is made, checked, migrated and recognised."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from arp_nb.errors import StoreError, StoreRefused
from arp_nb.model import ScriptCheck
from arp_nb.store import mark, open_store, opening
from arp_nb.store.engines import writer_engine
from arp_nb.store.records import check_to_json
from arp_nb.store.schema import HEAD, metadata

NOW = datetime(2026, 11, 22, tzinfo=UTC)
#: a format that is not there yet
NEXT = f"{int(HEAD) + 1:04}"
LOCAL = "22 1 8:1 / / rw - ext4 /dev/sda1 rw"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "store"


def _make(folder: Path) -> None:
    open_store(folder, mountinfo=LOCAL).close()


def _execute(folder: Path, statement: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(folder / opening.DATABASE)) as db, db:
        return db.execute(statement, values).fetchall()


def _set_format(folder: Path, version: str) -> None:
    _execute(folder, "UPDATE alembic_version SET version_num = ?", version)


def test_nobody_else_can_look_into_a_store(folder: Path) -> None:
    store = open_store(folder, mountinfo=LOCAL)
    try:
        assert folder.stat().st_mode & 0o777 == 0o700
        files = [one for one in folder.iterdir() if one.is_file()]
        assert {one.name for one in files} > {"arp.sqlite", "arp.sqlite-wal"}
        assert {one.stat().st_mode & 0o077 for one in files if "sqlite" in one.name} == {0}
    finally:
        store.close()


def test_open_folder_of_an_earlier_time_is_closed_to_others(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)
    _make(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_network_file_system_is_refused_with_what_to_set(folder: Path) -> None:
    mounts = f"{LOCAL}\n30 22 0:50 / {folder.parent} rw - nfs4 server:/home rw"
    with pytest.raises(StoreRefused, match=r"nfs4.*export ARP_STORE="):
        open_store(folder, mountinfo=mounts)
    assert not folder.exists()


def test_link_to_a_network_file_system_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home")
    mounts = f"{LOCAL}\n30 22 0:50 / {tmp_path}/home rw - lustre mds:/home rw"
    with pytest.raises(StoreRefused, match="lustre"):
        open_store(tmp_path / "link" / "store", mountinfo=mounts)


def test_newer_store_is_refused_and_both_formats_are_named(folder: Path) -> None:
    _make(folder)
    _set_format(folder, "0099")
    with pytest.raises(StoreRefused, match=rf"0099.*{HEAD}.*Upgrade arp-nb"):
        open_store(folder, mountinfo=LOCAL)
    assert not (folder / opening.BACKUPS).exists()


def test_database_of_something_else_is_refused(folder: Path) -> None:
    folder.mkdir(parents=True)
    _execute(folder, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreRefused, match="something else"):
        open_store(folder, mountinfo=LOCAL)
    assert _execute(folder, "SELECT name FROM sqlite_master") == [("recipes",)]


def test_file_that_is_no_database_is_called_damaged(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / opening.DATABASE).write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match=r"damaged.*backups"):
        open_store(folder, mountinfo=LOCAL)


def test_folder_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="ARP_STORE"):
        open_store(tmp_path / "file" / "store", mountinfo=LOCAL)


def _open_as_nobody(folder: Path) -> None:
    """Open as a user whom permissions bind: root may write everything."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        open_store(folder, mountinfo=LOCAL).close()
    except StoreError as error:
        sys.stdout.write(str(error))


def test_file_that_may_not_be_written_is_refused_in_words(short_tmp: Path) -> None:
    folder = short_tmp / "store"
    _make(folder)
    path = folder / opening.DATABASE
    path.chmod(0o400)
    if os.geteuid() == 0:
        for one in (short_tmp, folder, path):
            os.chown(one, 65534, 65534)
    command = [sys.executable, "-m", __name__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "Permission denied" in done.stdout
    assert "ARP_STORE" in done.stdout
    path.chmod(0o600)
    _make(folder)


@pytest.mark.anyio
async def test_copy_is_kept_before_a_migration(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(folder, mountinfo=LOCAL)
    made = await store.create_experiment("xppi0915", "XPP", NOW)
    store.close()
    _add_migration(tmp_path, monkeypatch, "CREATE TABLE added_later (id INTEGER)")
    migrated = open_store(folder, mountinfo=LOCAL)
    try:
        assert await migrated.experiments() == [made]
    finally:
        migrated.close()
    assert _execute(folder, "SELECT version_num FROM alembic_version") == [(NEXT,)]
    assert _execute(folder, "SELECT * FROM added_later") == []
    (copy,) = (folder / opening.BACKUPS).iterdir()
    assert copy.name.startswith(f"arp-format-{HEAD}-")
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT name FROM experiment").fetchall() == [("xppi0915",)]


def test_new_store_needs_no_copy(folder: Path) -> None:
    _make(folder)
    _make(folder)
    assert not (folder / opening.BACKUPS).exists()


def test_failed_migration_leaves_the_store_as_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make(folder)
    _add_migration(
        tmp_path, monkeypatch, "CREATE TABLE added_later (id INTEGER)", "DROP TABLE nowhere"
    )
    with pytest.raises(StoreError, match="no such table: nowhere"):
        open_store(folder, mountinfo=LOCAL)
    assert _execute(folder, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert not _execute(folder, "SELECT 1 FROM sqlite_master WHERE name = 'added_later'")


def _add_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *statements: str) -> None:
    migrations = tmp_path / "migrations"
    shutil.copytree(opening.MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    lines = "".join(f"    op.execute({one!r})\n" for one in statements)
    (migrations / "versions" / f"v{NEXT}_next.py").write_text(
        "from alembic import op\n"
        f"revision, down_revision = '{NEXT}', '{HEAD}'\n"
        f"def upgrade():\n{lines}"
    )
    monkeypatch.setattr(opening, "MIGRATIONS", migrations)
    monkeypatch.setattr(opening, "HEAD", NEXT)


@pytest.mark.anyio
async def test_consent_of_the_first_format_is_kept_with_its_version(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        _only_first_migration(tmp_path, before)
        _make(folder)
    _execute(folder, "INSERT INTO experiment VALUES (1, 'xppi0915', 'XPP', 1, 0, 1)")
    for number, version, consent in ((1, 2, (1, "ada", 5_000_000)), (2, 1, (0, None, None))):
        _execute(
            folder,
            "INSERT INTO definition VALUES (?, 1, ?, ?, ?, ?, ?, NULL, NULL, ?)",
            *(number, f"d{number}", version, *consent, number),
        )
        for one in range(1, version + 1):
            _execute(
                folder,
                "INSERT INTO definition_version VALUES (?, ?, ?, '/s.sh', '', 0, "
                "'parameters only', 'END_OF_RUN', '', ?, 'ada', 0)",
                *(number, one, f"d{number}", check_to_json(ScriptCheck())),
            )
    store = open_store(folder, mountinfo=LOCAL)
    try:
        consented, other = await store.definitions(1)
        assert (consented.autorun, consented.autorun_by) == (True, "ada")
        assert consented.autorun_at == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
        assert (other.autorun, other.autorun_by, other.autorun_at) == (False, None, None)
        assert not (await store.definition(1, 1)).autorun
        await store.set_preference("ada", "theme", "dark", 9)
        assert await store.get_preference("ada", "theme") == "dark"
    finally:
        store.close()
    (copy,) = (folder / opening.BACKUPS).iterdir()
    assert copy.name.startswith("arp-format-0001-")


def test_what_was_known_of_a_script_is_what_was_checked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        _only_first_migration(tmp_path, before)
        _make(folder)
    _execute(folder, "INSERT INTO experiment VALUES (1, 'xppi0915', 'XPP', 1, 0, 1)")
    _execute(
        folder,
        "INSERT INTO definition VALUES (1, 1, 'd', 1, 0, NULL, NULL, NULL, NULL, 1)",
    )
    _execute(
        folder,
        "INSERT INTO definition_version VALUES (1, 1, 'd', '/s.sh', '', 0, "
        "'parameters only', 'MANUAL', '', ?, 'ada', 0)",
        check_to_json(ScriptCheck(problem="ok", sha256="ab")),
    )
    _make(folder)
    kept = _execute(folder, "SELECT checked_sha256 FROM definition_version")
    assert kept == [("ab",)]
    assert _execute(folder, "SELECT count(*) FROM job_start") == [(0,)]


def _only_first_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    migrations = tmp_path / "first"
    shutil.copytree(opening.MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (migrations / "versions").glob("v*.py"):
        if not path.name.startswith("v0001"):
            path.unlink()
    monkeypatch.setattr(opening, "MIGRATIONS", migrations)
    monkeypatch.setattr(opening, "HEAD", "0001")


def test_migrations_make_the_tables_of_the_schema(folder: Path) -> None:
    _make(folder)
    engine = writer_engine(folder / opening.DATABASE)
    with engine.connect() as db:
        context = MigrationContext.configure(
            db, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_head_is_the_last_migration() -> None:
    assert ScriptDirectory(str(opening.MIGRATIONS)).get_heads() == [HEAD]


# -- epochs ----------------------------------------------------------------------------


@pytest.mark.anyio
async def test_older_copy_put_back_gets_a_new_epoch(folder: Path) -> None:
    _make(folder)
    copy = folder.with_name("copy.sqlite")
    shutil.copy(folder / opening.DATABASE, copy)
    store = open_store(folder, mountinfo=LOCAL)
    epoch, key = store.epoch, store.key
    await store.create_experiment("xppi0915", "XPP", NOW)
    store.close()
    shutil.copy(copy, folder / opening.DATABASE)
    again = open_store(folder, mountinfo=LOCAL)
    again.close()
    assert again.epoch != epoch
    assert again.key == key
    third = open_store(folder, mountinfo=LOCAL)
    third.close()
    assert third.epoch == again.epoch


def test_other_stores_are_other_epochs_with_other_keys(tmp_path: Path) -> None:
    stores = [open_store(tmp_path / name, mountinfo=LOCAL) for name in "ab"]
    for store in stores:
        store.close()
    assert stores[0].epoch != stores[1].epoch
    assert stores[0].key != stores[1].key


@pytest.mark.parametrize("text", ["", "nonsense", "epoch x", "other 7", "\xff"])
def test_unreadable_mark_is_no_mark(tmp_path: Path, text: str) -> None:
    path = tmp_path / mark.FILE
    assert mark.newest_seen(path, "epoch") == 0
    path.write_text(text, "latin-1")
    assert mark.newest_seen(path, "epoch") == 0


def test_mark_is_written_once_a_second(tmp_path: Path) -> None:
    now_s = 100.0
    one = mark.Mark(tmp_path / mark.FILE, "epoch", lambda: now_s)
    one.note(1)
    one.note(2)
    assert mark.newest_seen(tmp_path / mark.FILE, "epoch") == 1
    now_s = 101.0
    one.note(3)
    assert mark.newest_seen(tmp_path / mark.FILE, "epoch") == 3
    mark.Mark(tmp_path / "missing" / "folder", "epoch").write(4)


if __name__ == "__main__":
    _open_as_nobody(Path(sys.argv[1]))
