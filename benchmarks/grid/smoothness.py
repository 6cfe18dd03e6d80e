"""How smooth a page stays while rows change and while people scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.figures import Figure
from benchmarks.grid.kinds import MIDDLE, OURS
from benchmarks.grid.words import ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.grid.kinds import Kind
    from benchmarks.grid.laboratory import Laboratory

_RATE_HZ = 200
#: the best of these counts: a neighbour on the host holds up a frame now and then, of any page
_TRIES = 3
_TICKS = f"""
async def tick_for(seconds, tick):
    global ticks
    begun, ticks = time.time(), 0
    while time.time() < begun + seconds:  # the peers do not come to {_RATE_HZ} a second
        tick(ticks % 25, float(ticks))
        ticks += 1
        await asyncio.sleep(max(0.0, begun + ticks / {_RATE_HZ} - time.time()))
"""


def smoothness(lab: Laboratory, kinds: Sequence[Kind], seconds: float) -> list[Figure]:
    """Watch frames while the kernel changes 200 rows a second, and while people scroll."""
    lab.run(_TICKS)
    lab.rows(MIDDLE)
    lab.fresh()
    empty_ms = min(_longest(lab.frames_ms(None, seconds)) for _ in range(_TRIES))
    ticked: dict[str, float] = {}
    scrolled: dict[str, float] = {}
    for kind in kinds:
        lab.fresh()
        if lab.show(kind, live=True) is None:
            continue
        lab.wire_bytes()
        lab.run(f"tick = {kind.tick}")
        # each change keeps ipydatagrid busy for a third of a second: of more than a second's
        # changes it would work off the last ones after minutes
        ticking_s, tries = (seconds, _TRIES) if kind is OURS else (1, 1)
        ticks = f"await tick_for({ticking_s}, tick)"
        ticked[kind.name] = min(
            _longest(lab.frames_ms(ticks, ticking_s), settled=kind is OURS) for _ in range(tries)
        )
        scrolled[kind.name] = min(
            _longest(lab.scrolled_ms(seconds), settled=True) for _ in range(tries)
        )
        lab.clear()
    figures = []
    for what, longest in (("200 changes a second", ticked), ("scrolling", scrolled)):
        for name, value in longest.items():
            said = f" (best of {_TRIES})" if name == OURS.name else ""
            bar = 2.0 if name == OURS.name and longest is ticked else 0.0
            figures.append(
                Figure(
                    what=f"longest frame: {what}, {name}{said}",
                    baseline="longest frame of the page without a grid",
                    ratio=value / empty_ms,
                    side="<=" if bar else "",
                    bar=bar,
                    detail=f"{ms(value)} against {ms(empty_ms)}",
                )
            )
    return figures


def _longest(frames_ms: Sequence[float], *, settled: bool = False) -> float:
    """Return the longest time between frames; settled: without the first tenth."""
    return max(frames_ms[len(frames_ms) // 10 if settled else 0 :], default=0.0)
