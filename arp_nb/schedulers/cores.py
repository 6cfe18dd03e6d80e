"""How many slots or CPUs a scheduler says that a job was given."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1 << 10)
def cores(text: str) -> int | None:
    """Read a number; None where it is none, or zero: nothing was given yet."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 7
    return int(text) or None if is_number else None
