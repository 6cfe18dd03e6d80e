"""How the writer folds, takes turns, and ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import StoreError
from arp_nb.store import open_store
from arp_nb.store.base import JobFilter
from arp_nb.store.deciding import RunFacts
from arp_nb.store.sqlite import SqliteStore
from arp_nb.store.transaction import Transaction
from arp_nb.store.writer import Writer
from tests.contract.stores import NOW, make_world, post, wanted

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(tmp_path: Path, anyio_backend: str) -> AsyncIterator[SqliteStore]:
    store = open_store(tmp_path / "store")
    yield store
    store.close()


class _Held:
    """Keeps the writer busy until it is let go, so that a known group gathers."""

    def __init__(self, writer: Writer) -> None:
        self._began = threading.Event()
        self._go = threading.Event()
        self._task = asyncio.create_task(writer.call(self._wait))

    def _wait(self, _tx: Transaction) -> None:
        self._began.set()
        assert self._go.wait(10)

    async def let_go(self) -> None:
        self._go.set()
        await self._task

    @classmethod
    async def now(cls, writer: Writer) -> _Held:
        held = cls(writer)
        assert await asyncio.to_thread(held._began.wait, 10)
        return held


class _Steps:
    """Bulk work that says when each slice is done."""

    def __init__(self, count: int, log: list[str], name: str = "slice") -> None:
        self._left = count
        self._log = log
        self._name = name

    def slice(self, tx: Transaction) -> bool:
        self._log.append(self._name)
        self._left -= 1
        return not self._left

    def answer(self) -> str:
        return "done"


def _fold_into(folds: list[list[Any]]) -> Any:
    def fold(_tx: Transaction, items: Sequence[Any]) -> list[Any]:
        folds.append(list(items))
        return list(items)

    return fold


async def test_what_waits_together_is_folded_together(store: SqliteStore) -> None:
    writer = store._writer
    held = await _Held.now(writer)
    folds: list[list[Any]] = []
    fold = _fold_into(folds)
    waiting = [asyncio.create_task(writer.fold(fold, number)) for number in range(10)]
    await asyncio.sleep(0)
    await held.let_go()
    assert await asyncio.gather(*waiting) == list(range(10))
    assert folds == [list(range(10))]


async def test_neighbours_of_other_kinds_keep_their_order(store: SqliteStore) -> None:
    writer = store._writer
    held = await _Held.now(writer)
    folds: list[list[Any]] = []
    one, other = _fold_into(folds), _fold_into(folds)
    kinds = (one, one, other, one)
    waiting = [asyncio.create_task(writer.fold(kind, n)) for n, kind in enumerate(kinds)]
    await asyncio.sleep(0)
    await held.let_go()
    await asyncio.gather(*waiting)
    assert folds == [[0, 1], [2], [3]]


async def test_one_commit_serves_a_whole_group(store: SqliteStore) -> None:
    world = await make_world(store)
    ids = await world.jobs(50)
    heard: list[int] = []
    store.on_commit(heard.append)
    held = await _Held.now(store._writer)
    waiting = [
        asyncio.create_task(store.merge_reports([post(job_id, {"n": n})]))
        for n in range(4)
        for job_id in ids
    ]
    await asyncio.sleep(0)
    before = await store.revision()
    await held.let_go()
    await asyncio.gather(*waiting)
    assert heard == [before + len(ids)]  # one row written for each job, of four posts


async def test_interactive_write_goes_before_the_next_slice(store: SqliteStore) -> None:
    writer = store._writer
    log: list[str] = []
    held = await _Held.now(writer)
    bulk = asyncio.create_task(writer.bulk(_Steps(3, log)))
    await asyncio.sleep(0)
    quick = asyncio.create_task(writer.call(lambda _tx: log.append("quick")))
    await asyncio.sleep(0)
    await held.let_go()
    assert await bulk == "done"
    await quick
    assert log == ["quick", "slice", "slice", "slice"]


async def test_bulk_works_take_turns(store: SqliteStore) -> None:
    writer = store._writer
    log: list[str] = []
    held = await _Held.now(writer)
    both = [asyncio.create_task(writer.bulk(_Steps(3, log, name))) for name in "ab"]
    await asyncio.sleep(0)
    await held.let_go()
    await asyncio.gather(*both)
    assert log == ["a", "b"] * 3


async def test_bulk_work_is_not_starved(store: SqliteStore) -> None:
    writer = store._writer
    log: list[str] = []
    bulk = asyncio.create_task(writer.bulk(_Steps(5, log)))
    async with asyncio.timeout(10):
        while not bulk.done():
            await asyncio.gather(*(writer.call(lambda _tx: None) for _ in range(20)))
    assert await bulk == "done"


async def test_error_of_bulk_work_reaches_its_caller(store: SqliteStore) -> None:
    class Broken(_Steps):
        def slice(self, tx: Transaction) -> bool:
            raise StoreError("no")

    with pytest.raises(StoreError, match="no"):
        await store._writer.bulk(Broken(1, []))
    await store.set_meta("a", "b")


async def test_closing_finishes_what_was_accepted(tmp_path: Path) -> None:
    store = open_store(tmp_path / "closing")
    world = await make_world(store)
    apply = asyncio.create_task(store.add_jobs(wanted(world.definition, range(3000))))
    while not await store.jobs(JobFilter(limit=1)):
        await asyncio.sleep(0)
    write = asyncio.create_task(store.put_run(world.experiment.id, RunFacts(number=5)))
    await asyncio.sleep(0)
    await asyncio.to_thread(store.close)
    assert len((await apply).job_ids) == 3000
    assert (await write).number == 5


async def test_caller_whose_loop_has_ended_harms_nobody(store: SqliteStore) -> None:
    gone = asyncio.new_event_loop()
    held = await _Held.now(store._writer)

    def start_and_end() -> None:
        task = gone.create_task(store.set_meta("from", "a loop that ends"))
        gone.run_until_complete(asyncio.sleep(0))
        task.cancel()
        gone.run_until_complete(asyncio.gather(task, return_exceptions=True))
        gone.close()

    await asyncio.to_thread(start_and_end)
    await held.let_go()
    await store.set_meta("after", "it")
    assert await store.get_meta("from") == "a loop that ends"


async def test_failed_call_takes_no_revision(store: SqliteStore) -> None:
    await store.create_experiment("xppi0915", "XPP", NOW)
    before = await store.revision()
    answers = await asyncio.gather(
        *(store.create_experiment("xppi0915", "XPP", NOW) for _ in range(3)),
        store.create_experiment("mfxl1", "MFX", NOW),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Exception) for one in answers) == 3
    assert await store.revision() == before + 1
