"""The thread of a source that may block."""

from __future__ import annotations

import asyncio
import threading

import pytest

from arp_nb.run_sources.worker import Worker

pytestmark = pytest.mark.anyio


async def test_a_call_s_result_and_its_error_come_back() -> None:
    worker = Worker("arp-test")
    assert await worker.run(lambda: 7, 5) == 7
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0, 5)
    worker.close()


async def test_a_call_that_hangs_is_given_up_and_so_is_the_next_until_it_returns() -> None:
    worker = Worker("arp-test")
    released = threading.Event()
    made: list[int] = []

    def hang() -> None:
        made.append(1)
        released.wait(20)

    for _ in range(2):
        with pytest.raises(TimeoutError):
            await worker.run(hang, 0.05)
    released.set()
    assert await worker.run(lambda: 7, 5) == 7
    # what nobody waited for any longer was not begun
    assert made == [1]
    worker.close()


async def test_a_call_that_was_cancelled_before_its_turn_is_not_made() -> None:
    worker = Worker("arp-test")
    released = threading.Event()
    first = asyncio.ensure_future(worker.run(lambda: released.wait(20), 20))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(worker.run(lambda: pytest.fail("it was made"), 20))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    released.set()
    assert await first
    worker.close()
