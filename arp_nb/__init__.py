"""Run batch jobs on experiment runs from a notebook, and watch them live.

>>> import arp_nb
>>> board = arp_nb.connect("xppi0915")  # doctest: +SKIP
>>> board.apply("smalldata", runs="12, 20-32")  # doctest: +SKIP

The names below are loaded when first used, so that importing this package stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arp_nb import widgets
    from arp_nb.client.board import Board
    from arp_nb.client.entry import connect
    from arp_nb.client.job import Job, JobList

__version__ = "0.1.0"

__all__ = ["Board", "Job", "JobList", "__version__", "connect", "widgets"]

_HOME = {
    "Board": "arp_nb.client.board",
    "Job": "arp_nb.client.job",
    "JobList": "arp_nb.client.job",
    "connect": "arp_nb.client.entry",
}


def __getattr__(name: str) -> Any:
    if name == "widgets":
        return importlib.import_module("arp_nb.widgets")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, "widgets"})
