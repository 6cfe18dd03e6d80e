"""Several as one reading: an array, or a heterogeneous job, with its states counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from arp_nb.model import JobState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arp_nb.model import Reading

#: what of an array's elements says most of the whole; all others are ends
_ORDER = (
    JobState.RUNNING,
    JobState.SUSPENDED,
    JobState.PENDING,
    JobState.FAILED,
    JobState.KILLED,
    JobState.DONE,
)
WEIGHT = {state: len(_ORDER) - place for place, state in enumerate(_ORDER)}


def fold(readings: Iterable[tuple[Reading, int]], *, together: bool = False) -> Reading:
    """Make one reading of those of an array's elements, or of a heterogeneous job's parts.

    The first of the weightiest speaks for all: while one runs, the array runs; it has failed
    once all have ended and one has failed. Times span all of them, and peaks are the highest.
    Cores are those of all parts that run together; how many of an array's elements do is not
    known, so that an array has none.

    Parameters
    ----------
    readings
        With how many elements each stands for: those that wait are told together.
    together
        Whether all of them run at the same time, as the parts of a job do.
    """
    told = list(readings)
    ones: Sequence[Reading] = [one for one, _ in told]
    speaker = max(ones, key=lambda one: WEIGHT.get(one.state, 0))
    numbers: Counter[str] = Counter()
    for one, number in told:
        numbers[one.native_state] += number
    weights = {one.native_state: WEIGHT.get(one.state, 0) for one in ones}
    by_weight = sorted(numbers.items(), key=lambda item: (-weights[item[0]], item[0]))
    is_over = speaker.state.is_final
    return replace(
        speaker,
        submitted_at=min((one.submitted_at for one in ones if one.submitted_at), default=None),
        started_at=min((one.started_at for one in ones if one.started_at), default=None),
        ended_at=max((one.ended_at for one in ones if one.ended_at), default=None)
        if is_over
        else None,
        peak_memory_mb=max(
            (one.peak_memory_mb for one in ones if one.peak_memory_mb is not None), default=None
        ),
        cores=_sum(one.cores for one in ones) if together else None,
        elements=tuple(by_weight),
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = list(numbers)
    return None if None in known else sum(one for one in known if one is not None)
