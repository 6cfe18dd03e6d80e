"""Reads frames as the pages do: the other side of `arp_nb.columns`."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

_CODES = {1: ("B", 255), 2: ("H", 65_535), 4: ("I", 2**32 - 1)}
_NULLS = {"bool": ("B", 2), "i32": ("i", -(2**31)), "i64": ("q", -(2**63))}


def decode(body: bytes) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return head, and the values of each column."""
    (length,) = struct.unpack_from("<I", body)
    head: dict[str, Any] = json.loads(body[4 : 4 + length])
    at = 4 + length
    buffers = []
    for size in head["sizes"]:
        assert not any(body[at : at + -at % 8]), "what pads is zero"
        at += -at % 8
        buffers.append(body[at : at + size])
        at += size
    assert len(body) == at + -at % 8
    return head, columns(head, buffers)


def columns(head: dict[str, Any], buffers: Sequence[bytes]) -> dict[str, list[Any]]:
    """Return the values of each column."""
    return {
        one["name"]: _values(one, [buffers[at] for at in one["buffers"]], head["rows"])
        for one in head["columns"]
    }


def _values(column: dict[str, Any], buffers: Sequence[bytes], rows: int) -> list[Any]:
    kind = column["type"]
    if kind == "remote":
        return []
    if kind in {"f64", "time"}:
        numbers = _array("d", buffers[0], rows)
        return [None if math.isnan(one) else one for one in numbers]
    if kind == "text":
        found: list[Any] = _texts(buffers[0], buffers[1])
        valid = buffers[2] if len(buffers) > 2 else b"\1" * rows
        return [text if is_there else None for text, is_there in zip(found, valid, strict=True)]
    if kind == "dict":
        code, null = _CODES[column["code_bytes"]]
        words = _texts(buffers[1], buffers[2])
        assert len(set(words)) == len(words)
        codes = _array(code, buffers[0], rows)
        return [None if one == null else words[one] for one in codes]
    code, null = _NULLS[kind]
    kept = [None if one == null else one for one in _array(code, buffers[0], rows)]
    return [None if one is None else bool(one) for one in kept] if kind == "bool" else kept


def _texts(offsets: bytes, utf8: bytes) -> list[str]:
    ends = _array("I", offsets, len(offsets) // 4)
    return [utf8[begin:end].decode() for begin, end in pairwise(ends)]


def _array(code: str, buffer: bytes, count: int) -> list[Any]:
    assert len(buffer) == count * struct.calcsize(f"<{code}")
    return list(struct.unpack(f"<{count}{code}", buffer))
