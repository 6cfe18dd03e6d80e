"""The same DataFrame in our grid, in ipydatagrid and in perspective, in one run and one page.

Each grid is the output of a cell in JupyterLab, in a real Chromium. The figures: how soon the
first rows are seen, how soon a change is, how smooth the page stays meanwhile, and what all
that costs in memory and bytes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.grid.changes import changes
from benchmarks.grid.costs import bundle, costs
from benchmarks.grid.first_rows import first_rows
from benchmarks.grid.kinds import OURS, PEERS
from benchmarks.grid.laboratory import laboratory
from benchmarks.grid.smoothness import smoothness

if TYPE_CHECKING:
    from benchmarks.figures import Figure


def measure(*, quick: bool) -> list[Figure]:
    """Measure ours against the peers; quick: without what takes the peers long."""
    kinds = (OURS, *PEERS)
    python = peers.python()
    imports = [one.imports for one in kinds]
    with (
        tempfile.TemporaryDirectory(prefix="arp") as folder,
        laboratory(python, Path(folder), imports) as lab,
    ):
        return [
            *first_rows(lab, kinds, quick=quick),
            *changes(lab, kinds, tries=3 if quick else 9),
            *smoothness(lab, (OURS,) if quick else kinds, seconds=3 if quick else 8),
            *costs(lab, (OURS,) if quick else kinds),
            bundle(),
        ]
