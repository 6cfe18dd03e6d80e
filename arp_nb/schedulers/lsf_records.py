"""The records of ``bjobs -json``: all of them at once, or the text of each by itself.

A poll of ten thousand jobs is megabytes, and most of its records are, to the letter, those of
the poll before. Apart, they need not be read again; and reading what is left may stop for
others between any two records, which one call for the whole text cannot.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import orjson

from arp_nb.errors import UnreadableOutput

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

#: columns of the whole answer, up to its first record
_HEAD = re.compile(r'\{\s*(?:"[A-Z_]{1,30}"\s*:\s*(?:"[^"\\]*"|\d+)\s*,\s*)*"RECORDS"\s*:\s*\[')
_END = re.compile(r"\s*\}\s*")
_SOME_CHARS = 100_000
#: records that are read at a time: some milliseconds, if all of them are new
SLICE = 500


def records(stdout: str) -> list[Any]:
    """Return the records of ``bjobs -json``.

    Raises
    ------
    UnreadableOutput
        There is no whole answer in the text.
    """
    # a site's wrapper may print a line of its own before; IBM leaves control characters in
    start = stdout.find("{")
    try:
        answer, _ = json.JSONDecoder(strict=False).raw_decode(stdout, max(start, 0))
        found = answer["RECORDS"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableOutput(f"bjobs answered what cannot be read: {_short(stdout)}") from error
    if not isinstance(found, list):
        raise UnreadableOutput(f"bjobs answered without a list of jobs: {_short(stdout)}")
    return found


def in_steps(
    stdout: str, take: Callable[[Any], None], begin: Callable[[], None]
) -> Generator[None, None, None]:
    """Hand each record to ``take``, some milliseconds' worth in each step.

    ``begin`` is called before the first, and again where all have to be taken anew.

    Raises
    ------
    UnreadableOutput
        There is no whole answer in the text.
    """
    begin()
    try:
        for number, piece in enumerate(pieces(stdout), 1):
            take(record_of(piece))
            if number % SLICE == 0:
                yield
    except NotApart:
        begin()
        for number, record in enumerate(records(stdout), 1):
            take(record)
            if number % SLICE == 0:
                yield


def _short(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= 200 else text[:200] + "…")


class NotApart(Exception):
    """The text is not what its pieces looked like: it has to be read as a whole."""


def pieces(stdout: str) -> Iterator[str]:
    """Cut an answer where one record may end and the next begins; each lacks its last brace.

    A cut may be wrong: the same letters may stand in a record's text. Then the piece before
    the cut ends within a string, or within an object, so that `record_of` refuses it. So the
    pieces are right if all are taken in order, none is refused, and the end comes without
    an error.

    Raises
    ------
    NotApart
        The text is not laid out as IBM's.
    """
    head = _HEAD.match(stdout, max(stdout.find("{"), 0))
    if head is None:
        raise NotApart
    begin = head.end()
    # some at a time: all of them are megabytes, beside those of the answer
    while (cut := stdout.find("},", begin + _SOME_CHARS)) >= 0:
        yield from stdout[begin:cut].split("},")
        begin = cut + 2
    *found, last = stdout[begin:].split("},")
    yield from found
    last, _, end = last.rpartition("]")
    last = last.rstrip()
    if _END.fullmatch(end) is None:
        raise NotApart
    if not last and not found and begin == head.end():
        return
    if not last.endswith("}"):
        raise NotApart
    yield last[:-1]


def record_of(piece: str) -> dict[str, Any]:
    """Read one of `pieces`.

    Raises
    ------
    NotApart
        It is no record by itself.
    """
    text = piece + "}"
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            record = json.loads(text, strict=False)
        except (ValueError, RecursionError) as error:
            raise NotApart from error
    if not isinstance(record, dict):
        raise NotApart
    return record
