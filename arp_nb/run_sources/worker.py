"""One thread for the calls of a source that may block: a dead server holds up nobody else."""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Worker:
    """Runs calls one after the other in a thread of its own.

    A thread that waits for a dead file server cannot be ended: it never holds up the end of the
    process, and there is only one of it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, call: Callable[[], T], limit_s: float) -> T:
        """Return what the call returns, or raise what it raises.

        Raises
        ------
        TimeoutError
            It did not return in time, or one before it has not returned yet.
        """
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
                future.set_exception(error)
            else:
                future.set_result(result)

        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        self._calls.put(work)
        async with asyncio.timeout(limit_s):
            return await asyncio.wrap_future(future)

    def close(self) -> None:
        """End the thread, once it has returned from where it is."""
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
