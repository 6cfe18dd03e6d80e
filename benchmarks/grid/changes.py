"""How soon changed rows are seen: from the call in Python, and from the message in the page."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.figures import Figure
from benchmarks.grid.kinds import IPYDATAGRID, MIDDLE, OURS, PEERS
from benchmarks.grid.words import ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.grid.kinds import Kind
    from benchmarks.grid.laboratory import Change, Laboratory


def changes(lab: Laboratory, kinds: Sequence[Kind], tries: int) -> list[Figure]:
    """Time one row and 1,000 rows that change while 100,000 are shown."""
    lab.rows(MIDDLE)
    found: dict[tuple[str, int], list[Change]] = {}
    for kind in kinds:
        lab.fresh()
        if lab.show(kind, live=True) is None:
            continue
        lab.wire_bytes()
        for rows in (1, 1000):
            if kind is IPYDATAGRID and rows > 1:
                continue  # it changes one cell a call: this would measure its users' patience
            seen = [lab.change(kind, rows) for _ in range(tries)]
            found[kind.name, rows] = [one for one in seen if one is not None]
        lab.clear()
    return _change_figures(found)


def _change_figures(found: dict[tuple[str, int], list[Change]]) -> list[Figure]:
    figures = []
    for rows in (1, 1000):
        mine = found[OURS.name, rows]
        word = "a changed row" if rows == 1 else f"{rows:,} changed rows"
        frames = statistics.median(one.frames for one in mine if one.frames is not None)
        within_ms = statistics.median(
            one.from_message_ms for one in mine if one.from_message_ms is not None
        )
        figures.append(
            Figure(
                what=f"{word}: from the message to the picture",
                baseline="a frame",
                ratio=frames,
                side="<=",
                bar=3,
                detail=f"{within_ms:.1f} ms",
            )
        )
        ours_ms = statistics.median(one.from_call_ms for one in mine)
        for kind in PEERS:
            if theirs := found.get((kind.name, rows)):
                its_ms = statistics.median(one.from_call_ms for one in theirs)
                figures.append(
                    Figure(
                        what=f"{word}: from the call in Python to the picture",
                        baseline=kind.name,
                        ratio=ours_ms / its_ms,
                        detail=f"{ms(ours_ms)} against {ms(its_ms)}",
                    )
                )
    return figures
