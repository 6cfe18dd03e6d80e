"""``Grid(df)`` in JupyterLab beside other grids of the same DataFrame: see `measuring`."""

from __future__ import annotations

from benchmarks.grid.measuring import measure

__all__ = ["measure"]
