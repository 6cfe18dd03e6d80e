"""Calls that a hung mount may block for ever, kept away from everything else.

A thread that waits for a dead file server cannot be ended. So there are only a few, they do
not hold up the end of the process, and when all of them hang the next caller is told at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class BoundedThreads:
    """Runs blocking calls, each in a thread, at most so many at once.

    Parameters
    ----------
    limit
        Calls at once. One that timed out still counts until it returns.
    queue_s
        How long a caller waits for a free thread.
    """

    def __init__(self, limit: int, queue_s: float = 2.0) -> None:
        self._free = asyncio.Semaphore(limit)
        self._queue_s = queue_s

    async def run(self, call: Callable[[], T], timeout_s: float) -> T:
        """Return what the call returns, or raise what it raises.

        Raises
        ------
        TimeoutError
            It did not return in time, or all threads hang.
        """
        async with asyncio.timeout(self._queue_s):
            await self._free.acquire()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def finish(result: T | None, error: BaseException | None) -> None:
            self._free.release()
            if done.done():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)  # type: ignore[arg-type]  # T may be None

        def work() -> None:
            result, error = None, None
            try:
                result = call()
            except Exception as caught:  # noqa: BLE001 - raised again where it is awaited
                error = caught
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(finish, result, error)

        threading.Thread(target=work, name="arp-blocking", daemon=True).start()
        async with asyncio.timeout(timeout_s):
            return await done
