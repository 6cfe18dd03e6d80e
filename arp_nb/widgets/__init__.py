"""Widgets for notebooks and Voila: a grid of any DataFrame, and the pages of a board.

The names below are loaded when first used: a control page needs no pandas.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arp_nb.widgets.board import BatchDefs, ControlPage, JobDrawer, RunTable
    from arp_nb.widgets.grid import Grid
    from arp_nb.widgets.layout import Column

__all__ = ["BatchDefs", "Column", "ControlPage", "Grid", "JobDrawer", "RunTable"]

_HOME = {
    "BatchDefs": "arp_nb.widgets.board",
    "ControlPage": "arp_nb.widgets.board",
    "JobDrawer": "arp_nb.widgets.board",
    "RunTable": "arp_nb.widgets.board",
    "Column": "arp_nb.widgets.layout",
    "Grid": "arp_nb.widgets.grid",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
