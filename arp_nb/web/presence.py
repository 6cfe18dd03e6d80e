"""Whether whoever asked is still there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from starlette.requests import Request

T = TypeVar("T")


async def while_there(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what the work returns; end it, and return None, once its caller has gone.

    For requests without a body: what comes of them next is their end.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_has_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _has_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
