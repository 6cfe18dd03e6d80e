"""The seed's addresses: the status of all jobs of an experiment, for scripts of today."""

# ruff: noqa: TC001 - FastAPI reads annotations at run time, and `exp` in a dependency
from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter
from starlette.responses import StreamingResponse

from arp_nb.web import answers
from arp_nb.web.caller import InExperiment, Managed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

router = APIRouter(tags=["legacy"])
_TAIL = "/batch_manager/ws/logbook/batches_status/{exp}"


@router.get("/arp" + _TAIL, response_model=answers.LegacyStatus)
@router.get("/arp/ws-kerb" + _TAIL, response_model=answers.LegacyStatus)
async def batches_status(manager: Managed, experiment: InExperiment) -> StreamingResponse:
    """Every stored value of each job, under the names that scripts know."""
    pages = manager.updates.batches_status(experiment)
    first = await anext(pages)  # what there is to say against it is said before the headers
    return StreamingResponse(_written(first, pages), media_type="application/json")


async def _written(
    first: list[dict[str, Any]], pages: AsyncGenerator[list[dict[str, Any]]]
) -> AsyncIterator[bytes]:
    """Write the answer page by page: it may have a million jobs."""
    async with aclosing(pages):
        yield b'{"success":true,"value":[' + _rows(first)
        async for page in pages:
            if page:  # not where the rest was deleted meanwhile
                yield b"," + _rows(page)
        yield b"]}"


def _rows(page: list[dict[str, Any]]) -> bytes:
    return orjson.dumps(page, option=orjson.OPT_NON_STR_KEYS)[1:-1]
