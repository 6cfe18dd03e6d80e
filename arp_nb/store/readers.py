"""Reads, each in a thread of a small pool and in a snapshot of its own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import DBAPIError

from arp_nb.errors import StoreError
from arp_nb.store.engines import READERS, WIDE_READERS
from arp_nb.store.failures import cause, explain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection, Engine

T = TypeVar("T")


class Readers:
    """Never waits for the writer, and the writer never waits for it."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._closed = False
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="arp-store-reader")
        self._wide = ThreadPoolExecutor(WIDE_READERS, thread_name_prefix="arp-store-wide-reader")

    async def read(self, read: Callable[[Connection], T], *, wide: bool = False) -> T:
        """Return what ``read`` makes of the rows; ``wide`` if these may be very many."""
        if self._closed:
            raise StoreError("The store is closed: the batch manager is ending.")
        loop = asyncio.get_running_loop()
        threads = self._wide if wide else self._threads
        return await loop.run_in_executor(threads, self._read, read)

    def _read(self, read: Callable[[Connection], T]) -> T:
        try:
            with self._engine.begin() as db:
                return read(db)
        except DBAPIError as error:
            raise explain(cause(error), self._folder) from error

    def close(self) -> None:
        """Finish reads that have begun."""
        self._closed = True
        self._threads.shutdown(wait=True)
        self._wide.shutdown(wait=True)
