"""Calls that a hung mount may block for ever, kept away from everything else.

A thread that waits for a dead file server cannot be ended. So there are only a few, they do
not hold up the end of the process, and when all of them hang the next caller is told at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
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
        done = _in_thread(call, self._free.release)
        async with asyncio.timeout(timeout_s):
            return await done


class HangLimitedThreads:
    """Runs blocking calls, each in a thread and for a place, and counts those that hang.

    Other than with `BoundedThreads`, a call that timed out takes no turn of another place's
    calls. New calls for a place where some hang already fail at once; so do all while very
    many hang, for their threads cannot be ended.

    Parameters
    ----------
    at_once
        Calls at once that have not timed out; more wait.
    hanging
        Calls that may hang before any new one is refused.
    hanging_in_a_place
        Calls that may hang in one place before a new one there is refused.
    """

    def __init__(self, at_once: int, hanging: int, hanging_in_a_place: int) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._most = hanging
        self._most_in_a_place = hanging_in_a_place
        self._hanging: Counter[str] = Counter()

    async def run(self, place: str, call: Callable[[], T], timeout_s: float) -> T:
        """Return what the call returns, or raise what it raises.

        Raises
        ------
        TimeoutError
            It did not return in time, or too many hang.
        """
        async with self._turns:
            if self._hanging[place] >= self._most_in_a_place:
                raise TimeoutError(f"the disk of {place} does not answer")
            if self._hanging.total() >= self._most:
                raise TimeoutError("many disks do not answer, and no more can be asked")
            ended = hangs = False

            def end() -> None:
                nonlocal ended
                ended = True
                if hangs:
                    self._returned(place)

            done = _in_thread(call, end)
            try:
                async with asyncio.timeout(timeout_s):
                    return await done
            finally:
                if not ended:
                    hangs = True
                    self._hanging[place] += 1

    def _returned(self, place: str) -> None:
        self._hanging[place] -= 1
        self._hanging += Counter()  # drops the places where none hangs


def _in_thread(call: Callable[[], T], end: Callable[[], None]) -> asyncio.Future[T]:
    """Start a call in a thread; ``end`` is called in the loop's thread once it has returned."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(result: T | None, error: BaseException | None) -> None:
        end()
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
    return done
