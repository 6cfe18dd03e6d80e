"""How figures are said."""

from __future__ import annotations


def ms(value: float | None) -> str:
    """Say a time in ms; None: it took longer than anybody waited."""
    return "not within 60 s" if value is None else f"{value:,.0f} ms"


def mb(size: int) -> str:
    """Say a size in bytes."""
    return f"{size / 1e6:,.0f} MB"
