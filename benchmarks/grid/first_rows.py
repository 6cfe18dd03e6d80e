"""How soon the first rows of a table are seen, in a page with the grid's code and without."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.figures import Figure
from benchmarks.grid.kinds import IPYDATAGRID, LARGE, OURS, PERSPECTIVE, SIZES, SMALL
from benchmarks.grid.words import ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.grid.kinds import Kind
    from benchmarks.grid.laboratory import Laboratory


@dataclass(frozen=True, slots=True)
class _Times:
    """First rows on screen, ms; None where the limit was passed."""

    #: in a page that must fetch the grid's code too
    fresh: float | None
    #: in a page that has it
    again: float | None


def first_rows(lab: Laboratory, kinds: Sequence[Kind], *, quick: bool) -> list[Figure]:
    """Time how soon the first rows are seen, of tables of three sizes.

    In CI the peers show the largest only, which is the one that has bars.
    """
    tries = 3 if quick else 5
    times: dict[tuple[str, int], _Times] = {}
    for rows in SIZES:
        lab.rows(rows)
        for kind in kinds if rows == LARGE or not quick else (OURS,):
            times[kind.name, rows] = _first(lab, kind, tries if kind is OURS else 2)
    return [_growth(times), *_against_peers(times)]


def _first(lab: Laboratory, kind: Kind, tries: int) -> _Times:
    fresh, again = [], []
    for _ in range(2 if kind.again else tries):
        lab.fresh()
        fresh.append(_shown_ms(lab, kind))
    if kind.again:
        again = [_shown_ms(lab, kind) for _ in range(tries)]
    return _Times(_median(fresh), _median(again))


def _shown_ms(lab: Laboratory, kind: Kind) -> float | None:
    took_ms = lab.show(kind)
    lab.wire_bytes()  # wait until all rows are there: what follows is not slowed by them
    lab.clear()
    return took_ms


def _median(values: Sequence[float | None]) -> float | None:
    seen = [value for value in values if value is not None]
    return statistics.median(seen) if seen and len(seen) == len(values) else None


def _growth(times: dict[tuple[str, int], _Times]) -> Figure:
    small, large = times[OURS.name, SMALL].again, times[OURS.name, LARGE].again
    assert small is not None
    return Figure(
        what="first rows of 1,000,000",
        baseline="first rows of 1,000",
        ratio=float("inf") if large is None else large / small,
        side="<=",
        bar=1.5,
        detail=f"{ms(large)} against {ms(small)}",
    )


def _against_peers(times: dict[tuple[str, int], _Times]) -> list[Figure]:
    found = []
    for (name, rows), theirs in times.items():
        if name == OURS.name:
            continue
        ours = times[OURS.name, rows]
        bar = {IPYDATAGRID.name: 1 / 5, PERSPECTIVE.name: 1 / 15}[name] if rows == LARGE else 0
        for how, mine, its in (
            ("fresh page", ours.fresh, theirs.fresh),
            ("page that has the code", ours.again, theirs.again),
        ):
            if mine is None or its is None:
                continue
            found.append(
                Figure(
                    what=f"first rows of {rows:,}, {how}",
                    baseline=name,
                    ratio=mine / its,
                    side="<=" if bar else "",
                    bar=round(bar, 3),
                    detail=f"{ms(mine)} against {ms(its)}",
                )
            )
    return found
