"""What a shown table costs: bytes that come, memory that stays, code that is fetched."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import arp_nb.widgets
from benchmarks.figures import Figure
from benchmarks.grid.kinds import LARGE, OURS, PEERS
from benchmarks.grid.words import mb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.grid.kinds import Kind
    from benchmarks.grid.laboratory import Laboratory

_BUNDLE_BYTES = 80_000


def costs(lab: Laboratory, kinds: Sequence[Kind]) -> list[Figure]:
    """Weigh what a shown table of a million rows holds and what it took to bring it."""
    rows = LARGE
    lab.rows(rows)
    wire: dict[str, int] = {}
    held: dict[str, int] = {}
    for kind in kinds:
        lab.fresh()
        bytes_before, held_before = lab.wire_bytes(), lab.memory_bytes()
        if lab.show(kind) is None:
            continue
        wire[kind.name] = lab.wire_bytes() - bytes_before
        held[kind.name] = lab.memory_bytes() - held_before
        lab.clear()
    ours = OURS.name
    figures = [
        Figure(
            what=f"memory of a page for {rows:,} rows",
            baseline="bytes that came for it",
            ratio=held[ours] / wire[ours],
            side="<=",
            bar=1.2,
            detail=f"{mb(held[ours])} against {mb(wire[ours])}",
        )
    ]
    figures += [
        Figure(
            what=f"{what} for {rows:,} rows",
            baseline=kind.name,
            ratio=values[ours] / values[kind.name],
            detail=f"{mb(values[ours])} against {mb(values[kind.name])}",
        )
        for what, values in (("bytes", wire), ("memory of a page", held))
        for kind in PEERS
        if kind.name in values
    ]
    return figures


def bundle() -> Figure:
    """Weigh the widget's code as a page fetches it."""
    folder = Path(arp_nb.widgets.__file__).with_name("static")
    size = len(gzip.compress((folder / "grid.whole.js").read_bytes(), mtime=0))
    return Figure(
        what="code of Grid, gzipped",
        baseline="80 kB",
        ratio=size / _BUNDLE_BYTES,
        side="<=",
        bar=1,
        detail=f"{size / 1000:.1f} kB",
    )
