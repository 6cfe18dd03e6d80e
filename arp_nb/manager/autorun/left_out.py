"""What of a run source's news could not be kept as it was told, in words."""

from __future__ import annotations

from enum import Enum

_MOST_SAID = 300
#: a number with more digits is none that anybody would look for
_MOST_NUMBER = 10**30


class What(Enum):
    """What was left out: how that is said of one run, and of several."""

    RUN = ("Run {run} cannot be kept", "{count:,} runs cannot be kept, such as {run}")
    TYPE = (
        "The type of run {run} cannot be kept",
        "The types of {count:,} runs cannot be kept, such as that of {run}",
    )
    PARAMETERS = (
        "The parameters of run {run} cannot be kept",
        "The parameters of {count:,} runs cannot be kept, such as those of {run}",
    )
    AHEAD = (
        "A time of run {run} lies ahead, and counts as when it was told",
        "Times of {count:,} runs lie ahead, and count as when they were told, such as of {run}",
    )


class LeftOut:
    """Counts it; of each kind the first one is named."""

    def __init__(self) -> None:
        self._counts: dict[What, int] = {}
        self._first: dict[What, tuple[str, str]] = {}

    def add(self, what: What, run: object, why: object) -> None:
        """Take note; what a source calls a run may be anything."""
        is_number = type(run) is int and abs(run) < _MOST_NUMBER
        self._counts[what] = self._counts.get(what, 0) + 1
        self._first.setdefault(what, (str(run) if is_number else "?", str(why)[:_MOST_SAID]))

    def said(self) -> list[str]:
        """Return a sentence for each kind."""
        found = []
        for what, (run, why) in self._first.items():
            count = self._counts[what]
            found.append(f"{what.value[count > 1].format(run=run, count=count)}: {why}")
        return found
