"""The three grids as their users would write them: shown, changed by one row and by many.

The code runs in a kernel that has ``df`` (`FRAME`); the grid is ``g``.
"""

from __future__ import annotations

from dataclasses import dataclass

#: the same table for all: whole numbers, fractions, words, hosts and times
FRAME = """
import asyncio, time
import numpy as np, pandas as pd

def words(random, rows, these):
    return np.array(these, dtype=object)[random.integers(0, len(these), rows)]

def frame(rows):
    random = np.random.default_rng(1)
    return pd.DataFrame({
        "id": np.arange(rows, dtype="int32"),
        "run": (np.arange(rows) // 3).astype("int32"),
        "hash": words(random, rows, [f"hash_{at}" for at in range(8)]),
        "status": words(random, rows, ["DONE", "RUN", "PEND", "EXIT"]),
        "host": words(random, rows, [f"psana{at}" for at in range(1000)]),
        "user": words(random, rows, ["ada", "ben", "cleo"]),
        "events": random.integers(0, 10**6, rows),
        "rate": random.random(rows),
        "memory_mb": random.random(rows) * 4096,
        "submitted": pd.Timestamp("2026-11-01")
        + pd.to_timedelta(random.integers(0, 10**6, rows), unit="s"),
    })
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One grid: Python code of its users."""

    name: str
    imports: str
    #: shows ``df``
    show: str
    #: shows ``df`` so that rows can be changed
    live: str
    #: function of rows (rising) and a word: sets their status, the first row last
    change: str
    #: function of a row and a number: sets its rate
    tick: str
    #: it can be shown again in a page that has its code
    again: bool = True


OURS = Kind(
    name="ours",
    imports="from arp_nb.widgets import Grid",
    show="g = Grid(df)\ng",
    live="g = Grid(df)\ng",
    change="lambda rows, word: g.update(pd.DataFrame({'status': [word] * len(rows)}, index=rows))",
    tick="lambda row, number: g.update(pd.DataFrame({'rate': [number]}, index=[row]))",
)
IPYDATAGRID = Kind(
    name="ipydatagrid",
    imports="from ipydatagrid import DataGrid",
    show="g = DataGrid(df)\ng",
    live="g = DataGrid(df)\ng",
    # of many rows it can only be given the whole table again: one row is measured
    change="lambda rows, word: g.set_cell_value_by_index('status', rows[0], word)",
    tick="lambda row, number: g.set_cell_value_by_index('rate', row, number)",
)
PERSPECTIVE = Kind(
    name="perspective",
    imports="from perspective.widget import PerspectiveWidget",
    show="g = PerspectiveWidget(df)\ng",
    live="g = PerspectiveWidget(df, index='id')\ng",
    change="lambda rows, word: g.table.update({'id': list(rows), 'status': [word] * len(rows)})",
    tick="lambda row, number: g.table.update({'id': [row], 'rate': [number]})",
    again=False,  # 5.6.1 defines its elements twice then, which browsers refuse
)
PEERS = (IPYDATAGRID, PERSPECTIVE)
#: rows of the tables
SMALL, MIDDLE, LARGE = SIZES = 1_000, 100_000, 1_000_000
