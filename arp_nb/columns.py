"""Tables by column, as they travel to the pages: a small JSON header and typed buffers.

A frame is ``u32 header length, JSON header, zeros up to a multiple of 8``, then its buffers,
each with zeros up to a multiple of 8. Numbers are little-endian.

====== ========================================== ====================
type   buffers                                    null
====== ========================================== ====================
bool   u8: 0, 1                                   2
i32    i32                                        -2^31
f64    f64                                        NaN
i64    i64                                        -2^63
time   f64, ms since 1970 UTC                     NaN
dict   codes (u8, u16 or u32), u32 offsets, UTF-8 the codes' highest
text   u32 offsets (rows + 1), UTF-8, u8 valid?   valid[row] = 0
remote none: asked for the rows in view
====== ========================================== ====================

The same table stands in ``labextension/src/grid/types.ts``, which reads what is made here.
Half of a surrogate pair travels as U+FFFD: UTF-8 has no other way.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from array import array
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: a buffer of a column
Buffer: TypeAlias = "bytes | array[Any]"

NULL_I32 = -(2**31)
NULL_I64 = -(2**63)
NULL_BOOL = 2
_NAN = math.nan
_ALIGNED = 8
#: bytes of a code → its type in `array`, and the code of a null
_CODES = {1: ("B", 2**8 - 1), 2: ("H", 2**16 - 1), 4: ("I", 2**32 - 1)}


@dataclass(frozen=True, slots=True)
class Column:
    """One column, ready to travel."""

    name: str
    type: str
    rows: int
    buffers: tuple[Buffer, ...]
    #: what else its head says: ``code_bytes``, ``integer``, ``was``
    more: Mapping[str, Any]


def whole(name: str, values: Sequence[int | None]) -> Column:
    """Make a column of whole numbers: i32 where all fit, else f64.

    Beyond 2^53 f64 holds the nearest number only.
    """
    known = [one for one in values if one is not None]
    if known and not NULL_I32 < min(known) <= max(known) < 2**31:
        return floats(name, values, integer=True)
    if len(known) < len(values):
        known = [NULL_I32 if one is None else one for one in values]
    return Column(name, "i32", len(known), (array("i", known),), {})


def floats(name: str, values: Sequence[float | None], *, integer: bool = False) -> Column:
    """Make a column of numbers; ``integer`` says that all of them are whole."""
    more = {"integer": True} if integer else {}
    return Column(name, "f64", len(values), (_doubles(values),), more)


def times(name: str, values_ms: Sequence[float | None]) -> Column:
    """Make a column of times, in ms since 1970 UTC."""
    return Column(name, "time", len(values_ms), (_doubles(values_ms),), {})


def texts(name: str, values: Sequence[str | None]) -> Column:
    """Make a column of texts that are mostly different; see `Words` for others."""
    ends, utf8 = _packed(["" if one is None else one for one in values])
    if None in values:
        valid = array("B", [one is not None for one in values])
        return Column(name, "text", len(values), (ends, utf8, valid), {})
    return Column(name, "text", len(values), (ends, utf8), {})


class Words:
    """A growing column of texts, each different one kept once.

    Parameters
    ----------
    name
        Of the column.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._codes = array("I")
        self._code = _Codes()

    def extend(self, values: Iterable[str | None]) -> None:
        """Add rows."""
        self._codes.extend(map(self._code.__getitem__, values))

    @property
    def chars(self) -> int:
        """Characters of all different texts so far."""
        return self._code.chars

    def column(self) -> Column:
        """Return the column of all rows so far."""
        known = list(self._code)
        kept = [word for word in known if word is not None]
        if _is_plain("".join(kept)):
            final = kept
            places: Iterable[int] = range(len(kept))
        else:  # words that differ in halves of characters only become one
            place: dict[str, int] = {}
            places = [place.setdefault(_plain(word), len(place)) for word in kept]
            final = list(place)
        code_bytes = next(size for size, (_, null) in _CODES.items() if len(final) <= null)
        kind, null = _CODES[code_bytes]
        if known == final:  # no null, and none that became one
            codes = array(kind, self._codes)
        else:
            following = iter(places)
            table = [null if word is None else next(following) for word in known]
            codes = array(kind, map(table.__getitem__, self._codes))
        more = {"code_bytes": code_bytes}
        return Column(self._name, "dict", len(codes), (codes, *_packed(final)), more)


class _Codes(dict["str | None", int]):
    """The code of each text; a new one gets the next."""

    chars = 0

    def __missing__(self, word: str | None) -> int:
        self.chars += len(word or "")
        code = self[word] = len(self)
        return code


def frame(
    made: Sequence[Column], *, total: int, **more: Any
) -> tuple[dict[str, Any], list[Buffer]]:
    """Return head and buffers of a frame.

    Parameters
    ----------
    made
        Its columns, all with the same number of rows.
    total
        Rows of the whole table.
    more
        What else the head says: ``epoch``, ``revision``, ``next_before``, ``seq``.

    Raises
    ------
    ValueError
        The columns differ in length.
    """
    if len({one.rows for one in made}) > 1:
        raise ValueError("The columns of a frame have equally many rows.")
    buffers: list[Buffer] = []
    heads = []
    for one in made:
        indexes = list(range(len(buffers), len(buffers) + len(one.buffers)))
        heads.append({"name": one.name, "type": one.type, "buffers": indexes, **one.more})
        buffers.extend(one.buffers)
    head = {
        "rows": made[0].rows if made else 0,
        "total": total,
        "columns": heads,
        "sizes": [_size_bytes(one) for one in buffers],
        **more,
    }
    return head, [_little_endian(one) for one in buffers]


def encode(head: Mapping[str, Any], buffers: Sequence[Buffer]) -> bytes:
    """Return a frame as one stretch of bytes, for HTTP."""
    text = json.dumps(head, separators=(",", ":"), allow_nan=False).encode()
    parts: list[bytes | memoryview] = [struct.pack("<I", len(text)), text, _pad(4 + len(text))]
    for one in buffers:
        view = memoryview(one).cast("B") if len(one) else memoryview(b"")
        parts += (view, _pad(len(view)))
    return b"".join(parts)


def _doubles(values: Sequence[float | None]) -> array[float]:
    return array("d", [_NAN if one is None else one for one in values])


def _packed(kept: Sequence[str]) -> tuple[array[int], bytes]:
    """Return offsets (one more than texts) and the texts in UTF-8."""
    whole = "".join(kept)
    if whole.isascii():  # a character is a byte
        return array("I", accumulate(map(len, kept), initial=0)), whole.encode()
    encoded = [_plain(one).encode() for one in kept]
    return array("I", accumulate(map(len, encoded), initial=0)), b"".join(encoded)


def _plain(text: str) -> str:
    """Return a text that UTF-8 can hold: pairs of surrogates joined, halves replaced."""
    if _is_plain(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_plain(text: str) -> bool:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return False
    return True


def _size_bytes(one: Buffer) -> int:
    return len(one) if isinstance(one, bytes) else len(one) * one.itemsize


def _little_endian(one: Buffer) -> Buffer:
    if sys.byteorder == "little" or isinstance(one, bytes):
        return one
    swapped = array(one.typecode, one)
    swapped.byteswap()
    return swapped


def _pad(size_bytes: int) -> bytes:
    return bytes(-size_bytes % _ALIGNED)
