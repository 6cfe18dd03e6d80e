"""Finding a place in a log of any length, in bounded pieces and bounded time.

Only what is shown can be found: the pieces come with their keys masked.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from arp_nb import error_lines
from arp_nb.manager import logs
from arp_nb.manager.capabilities import DIGITS, MASK

if TYPE_CHECKING:
    from arp_nb.manager.context import Context
    from arp_nb.model import Job
    from arp_nb.ports import LogChunk

#: of one piece, which is looked through in some milliseconds: others have their turn after each
_PIECE_BYTES = 250_000
#: one request looks through so much, for so long; the reader goes on from where it got to
_MOST_BYTES = 64_000_000
_MOST_S = 2.0
_LINE_CHARS = 300
#: of a line without end: more than the longest word of an error, which may lie across pieces
_REACH_CHARS = 32


@dataclass(frozen=True, slots=True)
class Found:
    """A place in a log."""

    #: in bytes; of a text where it begins, of an error where its line begins
    offset: int
    #: the line, or the part of it around the place
    line: str


@dataclass(frozen=True, slots=True)
class Search:
    """What came of a search."""

    found: Found | None
    #: where to go on: for the next place, or because time was up
    reached: int
    #: of the log; when `reached` is as much, all of it was searched
    size_bytes: int
    #: why there is no log; empty if there is one
    missing: str = ""


class _Look(Protocol):
    """What is looked for."""

    def first(self, text: str, *, is_end: bool) -> tuple[int, int] | None:
        """Return where it begins and ends in a piece, the first time."""

    def again(self, text: str) -> int:
        """Return how many characters at the end of a piece the next one must begin with."""


class _Text:
    """Looks for a text, in upper or lower case."""

    def __init__(self, wanted: str) -> None:
        self._wanted = _lower(wanted)

    def first(self, text: str, *, is_end: bool) -> tuple[int, int] | None:
        """Return where it begins and ends."""
        del is_end
        # no regular expression: "=====" in a log of such lines would hold up everybody
        begin = _lower(text).find(self._wanted)
        return None if begin < 0 else (begin, begin + len(self._wanted))

    def again(self, text: str) -> int:
        """Return what may be its beginning."""
        return min(len(text), len(self._wanted) - 1)


class _Errors:
    """Looks for lines that tell of an error, among those that begin where it looks.

    Parameters
    ----------
    begins_line
        The first piece begins with a line, and not within one.
    """

    def __init__(self, *, begins_line: bool) -> None:
        self._begins_line = begins_line

    def first(self, text: str, *, is_end: bool) -> tuple[int, int] | None:
        """Return where the line begins and ends."""
        begin = 0 if self._begins_line else text.find("\n") + 1
        if not self._begins_line and not begin:
            return None  # still within the line that it began in
        end = len(text) if is_end else text.rfind("\n") + 1
        if end <= begin and self._begins_line:
            end = len(text)  # a line longer than a piece
        for start in error_lines.error_starts(text[begin:end]):
            stop = text.find("\n", begin + start)
            return begin + start, len(text) if stop < 0 else stop + 1
        return None

    def again(self, text: str) -> int:
        """Return the line that is not whole yet; of one without end a little."""
        last = text.rfind("\n") + 1
        if last:
            self._begins_line = True
            return len(text) - last
        return min(len(text), _REACH_CHARS)


async def find_text(context: Context, job: Job, text: str, offset: int) -> Search:
    """Find the first place at or after an offset that holds a text, in upper or lower case."""
    return await _find(context, job, _Text(text), offset)


async def find_error(context: Context, job: Job, offset: int) -> Search:
    """Find the first line that begins at or after an offset and tells of an error."""
    begins_line = offset == 0
    if offset > 0:
        before = await logs.read(context, job, offset - 1, 1)
        begins_line = before.offset == offset - 1 and before.text.startswith("\n")
    return await _find(context, job, _Errors(begins_line=begins_line), offset)


async def _find(context: Context, job: Job, look: _Look, offset: int) -> Search:
    until_s = time.monotonic() + _MOST_S
    at = offset
    while True:
        chunk = await logs.read(context, job, at, _PIECE_BYTES)
        is_end = chunk.next_offset >= chunk.size_bytes or chunk.next_offset <= at
        async with context.look:
            place = look.first(chunk.text, is_end=is_end)
            await asyncio.sleep(0)  # all who wait have their turn before the next look
        if place is not None:
            begin = await _byte_of(context, job, chunk, place[0])
            reached = await _byte_of(context, job, chunk, place[1])
            text = chunk.text
            if "\n" not in text[place[0] :] and not is_end:  # the line goes on in the next piece
                rest = await logs.read(context, job, begin, 4 * _LINE_CHARS)
                text = text[: place[0]] + rest.text
            found = Found(begin, _line(text, *place))
            return Search(found, max(reached, begin + 1), chunk.size_bytes)
        if is_end:
            return Search(None, chunk.next_offset, chunk.size_bytes, chunk.missing)
        left = look.again(chunk.text)
        back = len(chunk.text[len(chunk.text) - left :].encode())
        # what is no text is longer here than in the log: never go back to where we were
        at = chunk.next_offset - back if chunk.next_offset - back > at else chunk.next_offset
        if at - offset >= _MOST_BYTES or time.monotonic() > until_s:
            return Search(None, at, chunk.size_bytes)


async def _byte_of(context: Context, job: Job, chunk: LogChunk, at: int) -> int:
    """Return where in the log a character of a piece stands."""
    size_bytes = chunk.next_offset - chunk.offset
    guess = chunk.offset + _told_bytes(chunk.text[:at])
    if _told_bytes(chunk.text) == size_bytes:
        return guess
    # some bytes are no UTF-8, in a way that does not tell how many: read ever better pieces
    low, high, best = logs.MIN_BYTES, size_bytes, 0
    while low <= high:
        middle = (low + high) // 2
        piece = await logs.read(context, job, chunk.offset, middle)
        if len(piece.text) <= at:
            best = piece.next_offset - chunk.offset
            low = middle + 1
        else:
            high = middle - 1
    return chunk.offset + best if best else min(guess, chunk.next_offset)


def _lower(text: str) -> str:
    """Return a text in lower case, in which every character keeps its place."""
    if text.isascii():
        return text.lower()
    # the one character that becomes two, and the one that depends on those around it
    return text.replace("\u0130", "i").lower().replace("\u03c2", "\u03c3")


def _told_bytes(text: str) -> int:
    """Return how many bytes a piece seems to be of: a masked key, and a byte that is no text."""
    seems = text.replace(f"-{MASK}", "-" + DIGITS * "0").replace("\ufffd", "?")
    return len(seems.encode())


def _line(text: str, begin: int, end: int) -> str:
    """Return the line around a place; of a long one the part that holds it."""
    first = max(text.rfind("\n", 0, begin) + 1, end - _LINE_CHARS, begin - _LINE_CHARS // 2, 0)
    first = min(first, begin)
    last = text.find("\n", begin)
    return text[first : len(text) if last < 0 else last][:_LINE_CHARS]
