"""What a benchmark hands back: a ratio against a baseline that was measured in the same run.

The machines are noisy and never the same, so an absolute figure is shown and never judged;
only the ratio has a bar.
"""

from __future__ import annotations

import os
import platform
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Missing(Exception):
    """What a benchmark needs is not on this machine: it is left out, in CI it fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured ratio, and the bar that it is held to."""

    what: str
    #: what stands below the line of the ratio
    baseline: str
    ratio: float
    #: "<=" or ">=": on which side of `bar` a good ratio lies; "" for a figure without a bar
    side: str = ""
    bar: float = 0.0
    #: the absolute values behind the ratio, for people
    detail: str = ""
    #: a neighbour on the same host can make it many times worse, so no machine judges it
    for_people: bool = False

    def holds(self, slack: float = 1.0) -> bool:
        """Whether the bar is kept, with the bar widened by the factor ``slack``."""
        if self.side == "<=":
            return self.ratio <= self.bar * slack
        if self.side == ">=":
            return self.ratio >= self.bar / slack
        return True


def machine() -> str:
    """Name the machine in words that say nothing of whose it is."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of the values lie."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=1000, method="inclusive")[
        min(998, max(0, round(share * 1000) - 1))
    ]


def table(figures: Sequence[Figure]) -> str:
    """Lay the figures out as a Markdown table."""
    lines = [
        "| what | against | ratio | bar | held | measured |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in figures:
        bar = f"{one.side} {one.bar:g}" if one.side else "none"
        held = ("yes" if one.holds() else "**no**") if one.side else ""
        lines.append(
            f"| {one.what} | {one.baseline} | {one.ratio:.2f} | {bar} | {held} | {one.detail} |"
        )
    return "\n".join(lines)
