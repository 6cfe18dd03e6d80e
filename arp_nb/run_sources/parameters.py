"""What is kept of the parameters that a source tells of a run: JSON, and not without end."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

#: as many bytes of JSON a run may have, with room for what others tell
MOST_BYTES = 48 * 1024
MOST = 1_000
_MOST_NAME = 200
_MOST_DEPTH = 8
_MOST_NUMBER = 2**63


class NotKept(ValueError):
    """A value that is left out."""


def bounded(told: Mapping[Any, Any]) -> tuple[dict[str, Any], int]:
    """Return the parameters that can be kept, and how many were left out.

    Values stay as they are, null too, which drops a parameter. Left out are: NaN and infinite
    numbers, those beyond 64 bits, what is nested too deep, and what goes beyond `MOST_BYTES`.
    """
    kept: dict[str, Any] = {}
    room = MOST_BYTES
    for name, value in told.items():
        try:
            called, clean = _name(name), _clean(value, 0)
        except NotKept:
            continue
        size = len(json.dumps({called: clean}))
        if size <= room and len(kept) < MOST:
            room -= size
            kept[called] = clean
    return kept, len(told) - len(kept)


def _name(name: object) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= _MOST_NAME:
        raise NotKept
    return _text(name)


def _clean(value: object, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < _MOST_NUMBER:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, str):
        return _text(value)
    if depth >= _MOST_DEPTH:
        raise NotKept
    if isinstance(value, list | tuple):
        return [_clean(one, depth + 1) for one in value]
    if isinstance(value, Mapping):
        return {_text(str(name)): _clean(one, depth + 1) for name, one in value.items()}
    raise NotKept


def _text(text: str) -> str:
    """Return a text that can be written: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
