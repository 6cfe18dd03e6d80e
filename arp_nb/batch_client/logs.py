"""Reads logs as the user, in bounded pieces, from paths that only the scheduler names."""

from __future__ import annotations

import math
import os
import re
import stat
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from arp_nb.batch_client.blocking import BoundedThreads
from arp_nb.error_lines import first_error
from arp_nb.errors import SchedulerError
from arp_nb.ports import LogChunk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arp_nb.batch_client.spool import Spool
    from arp_nb.ports import LogQuery
    from arp_nb.schedulers.base import Scheduler

_THREADS = 8
_TIMEOUT_S = 10.0
_MOST_BYTES = 4_000_000
_TAIL_BYTES = 64_000
#: remembered places of logs
_MOST_PATHS = 10_000
#: a log that is read piece by piece does not cost a command of the scheduler for each piece
_SAME_PATH_S = 30.0
#: the key of an update address; masked at the same length, so that offsets stay true
_KEY = re.compile(rb"(client_status/\d{1,18}-)([0-9a-f]{32,64})")
_KEY_REACH_BYTES = 128


class LogReader:
    """Answers for pieces of logs, and for the line that says what went wrong."""

    def __init__(self, schedulers: Mapping[str, Scheduler], spool: Spool) -> None:
        self._schedulers = schedulers
        self._spool = spool
        self._threads = BoundedThreads(_THREADS)
        #: … and when the scheduler said so
        self._paths: dict[tuple[str, str], tuple[Path, float]] = {}

    async def read(self, query: LogQuery) -> LogChunk:
        """Read a piece of a job's log, or say in words why there is none."""
        limit_bytes = max(0, min(query.limit_bytes, _MOST_BYTES))
        scheduler = self._schedulers.get(query.location)
        if query.native_id is None:
            return await self._of_script(query, limit_bytes)
        if scheduler is None:
            return _nothing(f"This batch client does not know the location {query.location!r}.")
        try:
            path = await self._path(scheduler, query.native_id)
        except SchedulerError as error:
            if not query.remembered_path:
                return _nothing(f"{scheduler.title} did not say where the log is: {error}")
            path = None
        if path is None and query.remembered_path:
            path = Path(query.remembered_path)
        if path is not None:
            chunk = await self._of_files((path,), query.offset, limit_bytes, str(path))
            if not chunk.missing or chunk.size_bytes or chunk.source:
                return replace(chunk, path=str(path))
            # it may be elsewhere by now: ask again next time
            self._paths[scheduler.location, query.native_id] = (path, -math.inf)
        return await self._peek(scheduler, query, limit_bytes, path)

    def known_path(self, scheduler: Scheduler, native_id: str) -> str:
        """Return where a log is, as the scheduler said when it was asked; "" if it was not."""
        known = self._paths.get((scheduler.location, native_id))
        return "" if known is None else str(known[0])

    async def error_line(self, scheduler: Scheduler, native_id: str) -> str:
        """Return the first line of the log's tail that tells of an error; "" if none does."""
        try:
            path = await self._path(scheduler, native_id)
            if path is None:
                return ""
            tail = await self._threads.run(
                lambda: read_piece((path,), -_TAIL_BYTES, _TAIL_BYTES), _TIMEOUT_S
            )
        except (SchedulerError, OSError, TimeoutError):
            return ""
        return first_error(tail.text)

    async def _path(self, scheduler: Scheduler, native_id: str) -> Path | None:
        """Return where a job's log is: what the scheduler says, or said if it forgot the job."""
        key = (scheduler.location, native_id)
        known = self._paths.get(key)
        if known is not None and time.monotonic() - known[1] < _SAME_PATH_S:
            return known[0]
        try:
            path = await scheduler.log_path(native_id)
        except SchedulerError:
            if known is None:
                raise
            return known[0]
        if path is not None:
            self._paths[key] = (path, time.monotonic())
            if len(self._paths) > _MOST_PATHS:
                del self._paths[next(iter(self._paths))]
        return path

    async def _of_script(self, query: LogQuery, limit_bytes: int) -> LogChunk:
        """Read what the submission script printed: all there is of a job without an id."""
        if query.spool_id is None:
            return _nothing("No log yet: the job has not started.")
        try:
            folder = self._spool.folder(query.spool_id)
        except ValueError:
            return _nothing("No log: the submission is not one of this batch client's.")
        source = "output of the submission script"
        files = (folder / "out", folder / "err")
        chunk = await self._of_files(files, query.offset, limit_bytes, source)
        if chunk.missing and not chunk.source:
            return _nothing("No log: the submission script has printed nothing.")
        return chunk

    async def _of_files(
        self, paths: tuple[Path, ...], offset: int, limit_bytes: int, source: str
    ) -> LogChunk:
        try:
            chunk = await self._threads.run(
                lambda: read_piece(paths, offset, limit_bytes, source), _TIMEOUT_S
            )
        except FileNotFoundError:
            return _nothing(f"No file at {source}: moved, deleted, or on a disk not seen here.")
        except TimeoutError:
            return _nothing(f"{source} cannot be read now: its disk does not answer.", source)
        except OSError as error:
            return _nothing(f"{source} cannot be read: {error.strerror}.", source)
        return chunk

    async def _peek(
        self, scheduler: Scheduler, query: LogQuery, limit_bytes: int, path: Path | None
    ) -> LogChunk:
        assert query.native_id is not None  # the caller looked
        try:
            text = await scheduler.peek(query.native_id)
        except SchedulerError:
            text = ""
        if text:
            whole = text.encode(errors="replace")
            return _piece(whole, query.offset, limit_bytes, f"{scheduler.title}, so far")
        if path is None:
            return _nothing(f"{scheduler.title} does not say where this job's output goes.")
        return _nothing(
            f"No file at {path}: not written yet, moved, deleted, or on a disk not seen here."
        )


def read_piece(
    paths: tuple[Path, ...], offset: int, limit_bytes: int, source: str = ""
) -> LogChunk:
    """Read a piece of files as if they were one. At least one must be there.

    Raises
    ------
    FileNotFoundError
        None of them is there.
    OSError
        One cannot be read, or is no regular file.
    """
    descriptors: list[int] = []
    try:
        for path in paths:
            try:
                # never wait for the other end of a pipe that somebody named as a log
                flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
                descriptors.append(os.open(path, flags))
            except FileNotFoundError:
                continue
        if not descriptors:
            raise FileNotFoundError(str(paths[0]))
        sizes = [_size(descriptor) for descriptor in descriptors]
        size = sum(sizes)
        begin = max(0, size + offset) if offset < 0 else min(offset, size)
        low = max(0, begin - _KEY_REACH_BYTES)
        high = min(size, begin + limit_bytes + _KEY_REACH_BYTES)
        around = b"".join(_between(descriptors, sizes, low, high))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return _cut(_Around(mask(around), low, size), begin, limit_bytes, source)


def mask(text: bytes) -> bytes:
    """Hide the keys of update addresses, at the same length."""
    return _KEY.sub(lambda found: found[1] + b"*" * len(found[2]), text)


def _piece(whole: bytes, offset: int, limit_bytes: int, source: str) -> LogChunk:
    size = len(whole)
    begin = max(0, size + offset) if offset < 0 else min(offset, size)
    return _cut(_Around(mask(whole), 0, size), begin, limit_bytes, source)


class _Around(NamedTuple):
    """A stretch of a log that holds the wanted piece, already masked."""

    text: bytes
    #: where in the log it begins
    low: int
    #: of the whole log
    size: int


def _cut(around: _Around, begin: int, limit_bytes: int, source: str) -> LogChunk:
    """Cut the wanted piece out, never through the middle of a character."""
    text, low, size = around
    start = begin - low
    stop = min(start + limit_bytes, len(text))
    while begin > 0 and start < stop and _continues(text, start):
        start += 1
    whole = stop
    while low + whole < size and whole > start and _continues(text, whole):
        whole -= 1
    stop = whole if whole > start else stop  # bytes that are no text at all still move on
    return LogChunk(
        text=text[start:stop].decode(errors="replace"),
        offset=low + start,
        next_offset=low + stop,
        size_bytes=size,
        missing="" if size else "The log file is empty.",
        source=source,
    )


def _continues(text: bytes, at: int) -> bool:
    """Whether a byte is the second or later one of a character in UTF-8."""
    return at < len(text) and text[at] & 0xC0 == 0x80


def _size(descriptor: int) -> int:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "not a regular file")
    return status.st_size


def _between(descriptors: list[int], sizes: list[int], low: int, high: int) -> list[bytes]:
    pieces: list[bytes] = []
    base = 0
    for descriptor, size in zip(descriptors, sizes, strict=True):
        begin, end = max(low, base), min(high, base + size)
        if begin < end:
            pieces.append(os.pread(descriptor, end - begin, begin - base))
        base += size
    return pieces


def _nothing(why: str, source: str = "") -> LogChunk:
    return LogChunk(text="", offset=0, next_offset=0, size_bytes=0, missing=why, source=source)
