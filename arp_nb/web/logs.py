"""``/arp/api/jobs/{id}/log``: a piece of it, a place in it, the whole of it as a file."""

# ruff: noqa: TC001, TC002 - FastAPI reads annotations at run time
from __future__ import annotations

import re
from contextlib import aclosing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from arp_nb.errors import InvalidValue
from arp_nb.web import answers
from arp_nb.web.answers import Json
from arp_nb.web.caller import Id, Managed
from arp_nb.web.presence import while_there

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from arp_nb.model import Job

router = APIRouter(tags=["jobs"])
_MAX_LOG_BYTES = 4_000_000
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)
Offset = Annotated[int, Query(ge=0, lt=2**63)]
#: one of the job's scheduler jobs, or an element of its array; None: the job's own log
NativeId = Annotated[str | None, Query(min_length=1, max_length=64)]


@router.get("/jobs/{job_id:int}/log", response_model=answers.Log)
async def get_log(
    manager: Managed,
    job_id: Id,
    offset: Annotated[int, Query(gt=-(2**63), lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=_MAX_LOG_BYTES)] = 1_000_000,
    native_id: NativeId = None,
) -> Json:
    """Read a piece of the job's log; a negative offset counts bytes from its end.

    ``native_id`` names one of its scheduler jobs, or an element of its array; so it does below.
    """
    chunk = asdict(await manager.jobs.log(job_id, offset, limit, native_id))
    del chunk["path"]
    return Json(chunk)


@router.get("/jobs/{job_id:int}/log/find", response_model=answers.LogSearch)
async def find_in_log(
    *,
    request: Request,
    manager: Managed,
    job_id: Id,
    text: Annotated[str | None, Query(min_length=1, max_length=1000)] = None,
    errors: bool = False,
    offset: Offset = 0,
    native_id: NativeId = None,
) -> Json:
    """Find the next place in the log that holds a text, or the next line of an error.

    A request looks through 64 MB or for 2 s. The next one goes on from ``reached``: for the
    next place, or, where nothing was found and ``reached`` is below ``size_bytes``, for the first.
    """
    if (text is None) is not errors:
        raise InvalidValue("Say either which text to find (text=…), or errors=true.")
    search = await while_there(request, manager.jobs.find_in_log(job_id, text, offset, native_id))
    return Json(None if search is None else asdict(search))


@router.get(
    "/jobs/{job_id:int}/log/download",
    response_class=StreamingResponse,
    responses={200: {"description": "the log", "content": {"text/plain": {}}}},
)
async def download_log(
    manager: Managed, job_id: Id, native_id: NativeId = None
) -> StreamingResponse:
    """Send the whole log as a file, as it is at this moment, with keys masked."""
    job = await manager.jobs.get(job_id)
    pieces = manager.jobs.whole_log(job_id, native_id)
    first = await anext(pieces)  # what there is to say against it is said before the headers
    headers = {
        "Content-Disposition": f'attachment; filename="{_file_name(job)}"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(
        _encoded(first, pieces), media_type="text/plain; charset=utf-8", headers=headers
    )


async def _encoded(first: str, pieces: AsyncGenerator[str]) -> AsyncIterator[bytes]:
    async with aclosing(pieces):
        yield first.encode()
        async for piece in pieces:
            yield piece.encode()


def _file_name(job: Job) -> str:
    """Return a name that every file system takes."""
    return f"run{job.run}_{_UNSAFE.sub('_', job.hash)}_job{job.id}.log"
