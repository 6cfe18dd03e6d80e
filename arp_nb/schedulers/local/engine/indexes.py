"""Ids and index lists: ``13``, ``13[4]``, ``13[1-3,7]``, and an array's ``name[1-10:2,20]%3``.

The shapes are those of "bsub -J" and "bkill" in IBM Spectrum LSF 10.1. Pure.
"""

from __future__ import annotations

from typing import NamedTuple

#: LSF's own default is 1,000 (MAX_JOB_ARRAY_SIZE)
MOST_ELEMENTS = 100_000
_DIGITS = 18


class Target(NamedTuple):
    """What a command's word names: a job, an array, or some of an array's elements."""

    id: int
    #: None: all there is by this id
    indexes: tuple[range, ...] | None = None

    def has(self, element: int) -> bool:
        """Whether it names an element of the job."""
        return self.indexes is None or any(element in some for some in self.indexes)


class Array(NamedTuple):
    """What ``-J "name[1-10:2]%3"`` asks for."""

    name: str
    #: as written, without the brackets
    text: str
    indexes: tuple[range, ...]
    #: 0: none
    limit: int


def _number(text: str) -> int:
    text = text.strip()
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        raise ValueError(f"{text!r} is no number")
    return int(text)


def ranges(text: str) -> tuple[range, ...]:
    """Read ``1-10:2,20``.

    Raises
    ------
    ValueError
        It is no such list, or one with an index below 1.
    """
    found = []
    for part in text.split(","):
        span, _, step = part.partition(":")
        first, dash, last = span.partition("-")
        start = _number(first)
        end = _number(last) if dash else start
        by = _number(step) if step else 1
        if not 1 <= start <= end or by < 1 or (step and not dash):
            raise ValueError(f"{part!r} is no range of indexes")
        found.append(range(start, end + 1, by))
    return tuple(found)


def target(word: str) -> Target:
    """Read what a command's word names.

    Raises
    ------
    ValueError
        It is no id.
    """
    head, bracket, rest = word.partition("[")
    if not bracket:
        return Target(_number(head))
    if not rest.endswith("]"):
        raise ValueError(f"{word!r} lacks its last bracket")
    return Target(_number(head), ranges(rest[:-1]))


def text(named: Target) -> str:
    """Write what a command's word named."""
    if named.indexes is None:
        return str(named.id)
    spans = (str(some[0]) if len(some) == 1 else f"{some[0]}-{some[-1]}" for some in named.indexes)
    return f"{named.id}[{','.join(spans)}]"


def array(name: str) -> Array | None:
    """Read a job's name; None where it has no index list at its end.

    Raises
    ------
    ValueError
        It has one that makes no sense.
    """
    head, percent, limit = name.rstrip().rpartition("%")
    if not percent or not head.endswith("]"):
        head, percent, limit = name.rstrip(), "", ""
    base, bracket, rest = head.rpartition("[")
    if not bracket or not rest.endswith("]"):
        return None
    most = _number(limit) if percent else 0
    if percent and most < 1:
        raise ValueError("a limit of 0 lets none of them run")
    return Array(base, rest[:-1], ranges(rest[:-1]), most)


def elements(indexes: tuple[range, ...]) -> list[int]:
    """Return each index once, in order.

    Raises
    ------
    OverflowError
        There are too many.
    """
    if sum(map(len, indexes)) > MOST_ELEMENTS:
        raise OverflowError(f"more than {MOST_ELEMENTS} elements")
    return sorted({one for some in indexes for one in some})
