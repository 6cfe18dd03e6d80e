"""The one thread that writes: group commit, folding, and bulk work in between.

Callers hand in units and wait. The thread takes all that are there, does neighbours of one
kind together (a *fold*), commits once, and only then answers. Meanwhile the next group
gathers, so that the disk's slowness makes groups larger instead of callers slower.

Bulk work is done in slices of a few milliseconds, one after each group, so that nobody waits
for it longer than for a slice.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from arp_nb.errors import ArpError, StoreError
from arp_nb.store.failures import cause, explain
from arp_nb.store.transaction import Counts, Transaction, read_counts

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine

_LOG = logging.getLogger(__name__)
#: more would make the first caller of a group wait for the last one's work
_MOST_IN_A_GROUP = 512

#: does many units of one kind at once; gives the answer, or the error, of each
Fold = Callable[[Transaction, Sequence[Any]], Sequence[Any]]
#: one unit that is done by itself
Call = Callable[[Transaction], Any]


class Bulk(Protocol):
    """Much work, done in slices that are each a transaction of their own."""

    def slice(self, tx: Transaction) -> bool:
        """Do some milliseconds of it; True when that was the last of it."""

    def answer(self) -> Any:
        """Return what the caller gets after the last slice."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """Somebody who waits for an answer, and in which loop."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    answer: Any = None


@dataclass(slots=True, eq=False)
class _Unit:
    fold: Fold
    item: Any
    waiting: _Waiting


@dataclass(slots=True, eq=False)
class _BulkUnit:
    bulk: Bulk
    waiting: _Waiting


def _calls(tx: Transaction, calls: Sequence[Call]) -> list[Any]:
    """Fold of single calls: each may fail as if the others were not there."""
    answers: list[Any] = []
    for call in calls:
        try:
            with tx.apart():
                answers.append(call(tx))
        except ArpError as error:
            answers.append(error)
    return answers


class Writer:
    """Owns the writing connection.

    Parameters
    ----------
    engine
        Where the connection comes from; nobody else writes by it.
    folder
        The store's folder, for error texts.
    after_commit
        Called in the writer's thread with the new revision after each commit.
    """

    def __init__(
        self, engine: Engine, folder: Path, after_commit: Callable[[int], None] | None = None
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._after_commit = after_commit
        self._db: Connection | None = engine.connect()
        with self._db.begin():
            self._counts = read_counts(self._db)
        self._ready = threading.Condition()
        self._units: deque[_Unit] = deque()
        self._bulk: deque[_BulkUnit] = deque()
        self._told = self._counts.revision
        self._closing = False
        self._failing = False
        self._listeners: list[tuple[asyncio.AbstractEventLoop, Callable[[int], None]]] = []
        self._thread = threading.Thread(target=self._run, name="arp-store-writer", daemon=True)
        self._thread.start()

    # -- for callers, in their event loop ----------------------------------------------

    @property
    def counts(self) -> Counts:
        """How far the store has durably counted."""
        return self._counts

    def listen(self, listener: Callable[[int], None]) -> None:
        """Call this loop's listener with the revision after each commit that changed it."""
        self._listeners.append((asyncio.get_running_loop(), listener))

    async def call(self, call: Call) -> Any:
        """Do one thing in a transaction; return when it is durable."""
        return await self.fold(_calls, call)

    async def fold(self, fold: Fold, item: Any) -> Any:
        """Do one of many things of a kind; return when it is durable."""
        waiting = self._waiting()
        self._hand_in(self._units, _Unit(fold, item, waiting))
        return await waiting.future

    async def bulk(self, bulk: Bulk) -> Any:
        """Do much work between that of others; return when all of it is durable."""
        waiting = self._waiting()
        self._hand_in(self._bulk, _BulkUnit(bulk, waiting))
        return await waiting.future

    def close(self) -> None:
        """Finish what was handed in, then end the thread."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join()

    @staticmethod
    def _waiting() -> _Waiting:
        loop = asyncio.get_running_loop()
        return _Waiting(loop, loop.create_future())

    def _hand_in(self, queue: deque[Any], unit: object) -> None:
        with self._ready:
            if self._closing:
                raise StoreError("The store is closed: the batch manager is ending.")
            queue.append(unit)
            self._ready.notify()

    # -- in the writer's thread --------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._ready:
                while not (self._units or self._bulk or self._closing):
                    self._ready.wait()
                if not (self._units or self._bulk):
                    break
                take = min(len(self._units), _MOST_IN_A_GROUP)
                group = [self._units.popleft() for _ in range(take)]
                bulk = self._bulk[0] if self._bulk else None
            if group:
                self._do_group(group)
            if bulk is not None:
                self._do_slice(bulk)
        self._drop_connection()

    def _do_group(self, group: Sequence[_Unit]) -> None:
        try:
            self._commit(group)
        except Exception as error:  # noqa: BLE001 - any failure: each alone, to find whose it is
            self._mend()
            if len(group) == 1:
                group[0].waiting.answer = self._failure(error)
                self._answer([group[0].waiting])
                return
            _LOG.debug("A group of %d writes failed; doing each alone: %s", len(group), error)
            for unit in group:
                self._do_group([unit])
            return
        self._answer([unit.waiting for unit in group])

    def _commit(self, group: Sequence[_Unit]) -> None:
        with self._transaction() as tx:
            for fold, run in groupby(group, key=lambda unit: unit.fold):
                units = list(run)
                answers = fold(tx, [unit.item for unit in units])
                for unit, answer in zip(units, answers, strict=True):
                    unit.waiting.answer = answer

    def _do_slice(self, unit: _BulkUnit) -> None:
        try:
            with self._transaction() as tx:
                done = unit.bulk.slice(tx)
            if done:
                unit.waiting.answer = unit.bulk.answer()
        except Exception as error:  # noqa: BLE001 - whatever it is, its caller must hear of it
            self._mend()
            unit.waiting.answer = self._failure(error)
            done = True
        with self._ready:
            self._bulk.popleft()
            if not done:  # others that do bulk work have their turn
                self._bulk.append(unit)
        self._answer([unit.waiting] if done else [])

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        if self._db is None:
            self._db = self._engine.connect()
        with self._db.begin():
            tx = Transaction(self._db, self._counts)
            yield tx
            tx.write_counts()
        self._counts = tx.counts
        if self._failing:
            _LOG.warning("%s can be written again", self._folder)
            self._failing = False

    def _failure(self, error: Exception) -> Exception:
        """Return what the caller shall see."""
        inner = cause(error)
        if isinstance(inner, sqlite3.Error):
            if not self._failing:  # once, not for each of thousands of posts
                _LOG.error("Nothing can be written to %s: %s", self._folder, inner)
            self._failing = True
            return explain(inner, self._folder)
        if not isinstance(error, ArpError):
            _LOG.error("A write failed by an error of ours", exc_info=error)
        return error

    def _mend(self) -> None:
        """Make sure that no half transaction is left; if in doubt, by a new connection."""
        if self._db is None:
            return
        try:
            self._db.rollback()
            if not self._db.invalidated:
                return
        except (SQLAlchemyError, sqlite3.Error):
            _LOG.exception("The writer's connection is broken; it is opened anew")
        self._drop_connection()

    def _drop_connection(self) -> None:
        if self._db is not None:
            with suppress(SQLAlchemyError, sqlite3.Error):
                self._db.close()
            self._db = None

    def _answer(self, answered: Sequence[_Waiting]) -> None:
        """Hand over answers and the news, in one call for each loop."""
        revision = self._counts.revision
        changed = revision > self._told
        news = self._listeners.copy() if changed else []
        self._told = revision
        by_loop: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        for waiting in answered:
            by_loop.setdefault(waiting.loop, []).append(waiting)
        for loop in {**by_loop, **dict(news)}:
            told = [listener for other, listener in news if other is loop]
            with suppress(RuntimeError):  # that loop has ended, and nobody waits there
                loop.call_soon_threadsafe(_deliver, by_loop.get(loop, ()), told, revision)
        if changed and self._after_commit is not None:
            self._after_commit(revision)


def _deliver(
    answered: Sequence[_Waiting], listeners: Sequence[Callable[[int], None]], revision: int
) -> None:
    """Tell those who wait in this loop; listeners hear it before any of them goes on."""
    for waiting in answered:
        if waiting.future.done():  # its caller gave up; the write stands
            continue
        if isinstance(waiting.answer, Exception):
            waiting.future.set_exception(waiting.answer)
        else:
            waiting.future.set_result(waiting.answer)
    for listener in listeners:
        listener(revision)
