"""Reading a job's log through the batch client, with the keys in it masked."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from arp_nb.errors import ClientAbsent, InvalidValue, NotFound
from arp_nb.model import JobState
from arp_nb.ports import LogChunk, LogQuery
from arp_nb.store.base import JobChange

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from arp_nb.manager.capabilities import Capabilities
    from arp_nb.manager.context import Context
    from arp_nb.model import Job

#: of one piece
MAX_BYTES = 4_000_000
#: … and a shorter one is longer than asked for
MIN_BYTES = 256
_WHOLE_PIECE_BYTES = 1_000_000
#: what may be the beginning of a key at the end of a piece; ASCII, so characters are bytes
_CUT = re.compile(r"[0-9]{1,18}-[0-9a-f]{0,31}\Z|[0-9]{1,18}\Z", re.ASCII)
#: more than that can be: a piece of many digits is not looked through for it
_CUT_CHARS = 64
#: a longer piece is masked beside the loop
_SHORT_CHARS = 20_000


def part_of(job: Job, native_id: str | None) -> Job:
    """Return a job as the one whose log is that of one of its scheduler jobs, which was checked.

    None stands for the job's own.
    """
    if native_id in {None, job.native_id}:
        return job
    return replace(job, native_id=native_id, log_path="")


async def read(context: Context, job: Job, offset: int, limit: int) -> LogChunk:
    """Read a piece of a log.

    A key must not escape by lying across two pieces: what may be the beginning of one at the
    end of a piece is left to the next piece. So a piece may be shorter than asked for, and
    where very little is asked for, it is longer: a key must fit in.
    """
    if not 0 < limit <= MAX_BYTES:
        raise InvalidValue(f"A piece of a log has 1 to {MAX_BYTES:,} bytes, not {limit:,}.")
    if never := _never(job):
        return LogChunk(text="", offset=0, next_offset=0, size_bytes=0, missing=never)
    query = LogQuery(
        job_id=job.id,
        location=job.location,
        native_id=job.native_id,
        spool_id=job.spool_id,
        offset=offset,
        limit_bytes=max(limit, MIN_BYTES),
        remembered_path=job.log_path,
    )
    client = await context.seat.client()
    chunk = await client.log(query)
    if chunk.path and chunk.path != job.log_path:
        await _remember(context, job, chunk.path)
    cut = None
    if chunk.next_offset < chunk.size_bytes:
        cut = _CUT.search(chunk.text, max(0, len(chunk.text) - _CUT_CHARS))
    if cut is not None and cut.start() > 0:
        chunk = replace(
            chunk,
            text=chunk.text[: cut.start()],
            next_offset=chunk.next_offset - len(cut[0]),
        )
    if len(chunk.text) <= _SHORT_CHARS:
        return _masked(context.capabilities, job.id, chunk)
    # it may be full of what could be keys, and each of them is looked at
    return await asyncio.to_thread(_masked, context.capabilities, job.id, chunk)


async def _remember(context: Context, job: Job, path: str) -> None:
    """Keep where the log is, for when the scheduler has forgotten the job."""
    known = await context.store.job(job.id)
    if known.native_id != job.native_id:
        return  # it is the log of a part
    at = known.changed_at  # nothing has happened to the job
    change = JobChange(job_id=job.id, at=at, expect=(known.state,), set={"log_path": path})
    await context.store.change_jobs([change])


def _masked(capabilities: Capabilities, job_id: int, chunk: LogChunk) -> LogChunk:
    """Return a piece of a job's log with the keys in it masked."""
    if chunk.offset:
        text = capabilities.mask_piece(chunk.text, job_id)
    else:
        text = capabilities.mask(chunk.text)
    return replace(chunk, text=text, missing=capabilities.mask(chunk.missing))


def _never(job: Job) -> str:
    """Say why there will be no log of a job that ended before its script was run; "" else."""
    if job.spool_id is not None or job.native_id is not None:
        return ""
    if job.state is JobState.WITHDRAWN:
        return f"{job.kill_by or 'Somebody'} withdrew it before it started: there will be no log."
    if job.state is JobState.SUBMIT_FAILED:
        return "Its script was not run: there will be no log."
    return ""


async def whole(context: Context, job: Job) -> AsyncGenerator[str]:
    """Yield a log piece by piece, up to the size that it had at the first.

    Raises
    ------
    NotFound
        There is no log, and why.
    ClientAbsent
        Nobody can read it, or not to its end.
    """
    chunk = await read(context, job, 0, _WHOLE_PIECE_BYTES)
    size_bytes = chunk.size_bytes
    if chunk.missing:
        raise NotFound(chunk.missing)
    yield chunk.text
    while chunk.next_offset < size_bytes:
        at = chunk.next_offset
        chunk = await read(context, job, at, _WHOLE_PIECE_BYTES)
        if chunk.missing or chunk.next_offset <= at:
            raise ClientAbsent(f"The log could be read to byte {at:,} only. {chunk.missing}")
        yield chunk.text
