"""A full disk, a store that may not be written, a lock: told in words, and survived."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from arp_nb.errors import StoreBusy, StoreError
from arp_nb.model import Run
from arp_nb.store import open_store
from arp_nb.store.base import JobFilter, Store
from arp_nb.store.deciding import RunFacts
from arp_nb.store.failures import cause, explain
from tests.contract.stores import NOW, World, make_world, post, wanted

pytestmark = pytest.mark.anyio
LARGE = "x" * 50_000


@pytest.fixture
async def world(tmp_path: Path, anyio_backend: str) -> AsyncIterator[World]:
    store = open_store(tmp_path / "store")
    yield await make_world(store)
    store.close()


def _pragma(store: Store, pragma: str) -> None:
    """Set something on the writer's own connection, which is idle."""
    store._writer._db.connection.driver_connection.execute(f"PRAGMA {pragma}").close()  # type: ignore[attr-defined]


async def test_full_disk_fails_the_write_and_spoils_nothing(world: World) -> None:
    store = world.store
    (job_id,) = await world.jobs()
    before = await store.job(job_id)
    _pragma(store, "max_page_count = 1")  # SQLite takes the present size instead
    puts = (
        store.put_run(world.experiment.id, RunFacts(number=number, parameters={"a": LARGE}))
        for number in range(100)
    )
    with pytest.raises(StoreError, match=r"is full.*saved before stays.*Free some space"):
        await asyncio.gather(*puts)
    await store.set_meta("the writer", "has come past all of them")
    runs = await store.runs(world.experiment.id)
    with pytest.raises(StoreError):
        await store.merge_reports([post(job_id, {"text": LARGE})])
    assert await store.job(job_id) == before
    _pragma(store, "max_page_count = 1000000")
    await store.merge_reports([post(job_id, {"text": LARGE})])
    assert (await store.job(job_id)).report == {"text": LARGE}
    assert await store.runs(world.experiment.id) == runs


async def test_of_a_group_that_does_not_fit_the_small_ones_are_kept(world: World) -> None:
    store = world.store
    ids = await world.jobs(20)
    _pragma(store, "max_page_count = 1")
    posts = [store.merge_reports([post(job_id, {"n": 1})]) for job_id in ids[:10]]
    large = [store.merge_reports([post(job_id, {"text": LARGE * 4})]) for job_id in ids[10:]]
    answers = await asyncio.gather(*posts, *large, return_exceptions=True)
    for job_id, answer in zip(ids, answers, strict=True):
        kept = (await store.job(job_id)).report
        assert isinstance(answer, StoreError) == (kept == {})
    assert answers[:10] == [None] * 10
    assert any(isinstance(answer, StoreError) for answer in answers[10:])


async def test_apply_that_met_a_full_disk_is_finished_later(world: World) -> None:
    store = world.store
    _pragma(store, "max_page_count = 200")
    request = wanted(world.definition, range(3000), idempotency_key="k", fingerprint="f")
    with pytest.raises(StoreError, match="is full"):
        await store.add_jobs(request)
    assert len(await store.jobs(JobFilter())) < 3000
    _pragma(store, "max_page_count = 1000000")
    made = await store.add_jobs(request)
    assert len(made.job_ids) == 3000
    assert len(await store.jobs(JobFilter())) == 3000
    assert await store.resume_applies() == 0


async def test_unfinished_apply_counts_as_existing_and_is_finished_by_the_next(
    world: World,
) -> None:
    store = world.store
    _pragma(store, "max_page_count = 200")
    with pytest.raises(StoreError, match="is full"):
        await store.add_jobs(wanted(world.definition, range(3000)))
    _pragma(store, "max_page_count = 1000000")
    made = await store.add_jobs(wanted(world.definition, range(2999, 3001), skip=True))
    assert made.skipped_runs == (2999,)
    jobs = await store.jobs(JobFilter(oldest_first=True))
    assert sorted(job.run for job in jobs) == list(range(3001))


async def test_store_that_may_not_be_written_can_still_be_read(world: World) -> None:
    _pragma(world.store, "query_only = ON")
    with pytest.raises(StoreError, match=r"cannot be written.*stays"):
        await world.store.create_experiment("mfxl1", "MFX", NOW)
    assert await world.store.experiments() == [world.experiment]
    _pragma(world.store, "query_only = OFF")
    await world.store.create_experiment("mfxl1", "MFX", NOW)
    assert len(await world.store.experiments()) == 2


async def test_lock_of_another_program_is_named_and_survived(world: World, tmp_path: Path) -> None:
    _pragma(world.store, "busy_timeout = 20")
    path = tmp_path / "store" / "arp.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match="Another program"):
            await world.store.set_meta("a", "b")
        other.execute("ROLLBACK")
    await world.store.set_meta("a", "b")


async def test_error_of_ours_reaches_its_caller_and_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_tx: object) -> None:
        raise ZeroDivisionError

    answers = await asyncio.gather(
        world.store.put_run(world.experiment.id, RunFacts(number=1)),
        world.store._writer.call(broken),  # type: ignore[attr-defined]
        world.store.put_run(world.experiment.id, RunFacts(number=2)),
        return_exceptions=True,
    )
    assert isinstance(answers[1], ZeroDivisionError)
    assert [run.number for run in await world.store.runs(world.experiment.id)] == [1, 2]
    assert "an error of ours" in caplog.text


async def test_broken_connection_is_replaced(world: World) -> None:
    world.store._writer._db.connection.driver_connection.close()  # type: ignore[attr-defined]
    answers = await asyncio.gather(
        *(
            world.store.put_run(world.experiment.id, RunFacts(number=number))
            for number in range(5)
        ),
        return_exceptions=True,
    )
    assert {type(one) for one in answers} <= {StoreError, Run}
    run = await world.store.put_run(world.experiment.id, RunFacts(number=9))
    kept = [run for run in answers if isinstance(run, Run)] + [run]
    assert await world.store.runs(world.experiment.id) == kept


def test_first_error_is_the_one_that_is_told() -> None:
    full = sqlite3.OperationalError("database or disk is full")
    undoing = sqlite3.OperationalError("no such savepoint")
    undoing.__context__ = OperationalError("INSERT", {}, full)
    assert cause(OperationalError("ROLLBACK", {}, undoing)) is undoing
    wrapped = OperationalError("ROLLBACK", {}, undoing)
    wrapped.__context__ = undoing
    assert cause(wrapped) is full
    assert isinstance(cause(ValueError()), ValueError)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SQLITE_FULL", "is full"),
        ("SQLITE_IOERR_WRITE", "quota"),
        ("SQLITE_READONLY_DIRECTORY", "writable to you"),
        ("SQLITE_CANTOPEN", "writable to you"),
        ("SQLITE_BUSY_SNAPSHOT", "Another program"),
        ("SQLITE_CORRUPT_VTAB", "backups/"),
        ("SQLITE_MISUSE", "could not do this: why"),
        ("", "could not do this: why"),
    ],
)
def test_every_error_says_what_happened_and_where(name: str, words: str) -> None:
    error = sqlite3.OperationalError("why")
    error.sqlite_errorname = name
    text = str(explain(error, Path("/disk/{store}")))
    assert words in text
    assert "/disk/{store}" in text


async def _fill(folder: Path) -> None:
    """Write past a limit on the size of files, then below it again."""
    store = open_store(folder)
    world = await make_world(store)
    limit_bytes = (folder / "arp.sqlite-wal").stat().st_size + 400_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
    kept = 0
    try:
        while kept < 100:
            await store.put_run(
                world.experiment.id, RunFacts(number=kept, parameters={"a": LARGE})
            )
            kept += 1
    except StoreError as error:
        sys.stdout.write(f"{kept} {error}\n")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    await store.put_run(world.experiment.id, RunFacts(number=1000))
    store.close()


async def test_limit_of_the_operating_system_is_survived(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", __name__, str(tmp_path / "store")]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=60, check=True
    )
    kept = int(done.stdout.split()[0])
    assert 0 < kept < 100
    assert "so this was not saved" in done.stdout
    store = open_store(tmp_path / "store")
    try:
        (experiment,) = await store.experiments()
        numbers = [run.number for run in await store.runs(experiment.id)]
        assert numbers == [*range(kept), 1000]
    finally:
        store.close()


if __name__ == "__main__":
    asyncio.run(_fill(Path(sys.argv[1])))
