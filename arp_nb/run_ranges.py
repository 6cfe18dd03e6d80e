"""Runs as people write them: ``12, 20-32``, ``20-``, ``all``, or a list of numbers.

The text is matched against the runs that exist, so that a wide range costs nothing, and
every message shows what was understood.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arp_nb.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

#: one run, or a range that may be open at its end; dashes as editors and mails make them
_PIECE = re.compile("([0-9]{1,18})(?:\\s*([-\u2010-\u2013]|\\.\\.)\\s*([0-9]{1,18})?)?")
_FORMS = 'Write runs as "12, 20-32", "20-" or "all".'
_MAX_CHARS = 100_000


@dataclass(frozen=True, slots=True)
class Understood:
    """Which runs were meant: numbers in rising order, and the shortest text for them."""

    runs: tuple[int, ...]
    text: str


def parse(given: str | Iterable[int], known: Collection[int]) -> Understood:
    """Read which of the ``known`` runs are meant.

    A run that is named must exist. A range takes the runs that exist within it, at least
    one, and must not end beyond the last.

    Raises
    ------
    InvalidValue
        The text cannot be read, a range runs backwards, or a run does not exist.
    """
    there = sorted(set(known))
    runs = _of_text(given, there) if isinstance(given, str) else _of_numbers(given, there)
    if not runs:
        raise InvalidValue(f"No run was named. {_FORMS}")
    return Understood(tuple(sorted(runs)), describe(runs))


def describe(runs: Collection[int]) -> str:
    """Return the shortest text for runs: ``12, 20-32``."""
    ranges: list[list[int]] = []
    for run in sorted(set(runs)):
        if ranges and run == ranges[-1][1] + 1:
            ranges[-1][1] = run
        else:
            ranges.append([run, run])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def _of_numbers(given: Iterable[int], there: Sequence[int]) -> set[int]:
    numbers = list(given)
    for one in numbers:
        if isinstance(one, bool) or not isinstance(one, int):
            raise InvalidValue(f"{str(one)[:40]!r} is not a run number. {_FORMS}")
    runs = set(numbers)
    _check_exist(runs, there)
    return runs


def _of_text(text: str, there: Sequence[int]) -> set[int]:
    if len(text) > _MAX_CHARS:
        raise InvalidValue(f"The runs are {len(text):,} characters long. {_FORMS}")
    if text.strip().lower() == "all":
        if not there:
            raise InvalidValue("The experiment has no runs yet, so 'all' means none.")
        return set(there)
    runs: set[int] = set()
    for piece in text.replace(";", ",").split(","):
        if piece.strip():
            runs |= _of_piece(piece.strip(), there)
    return runs


def _of_piece(piece: str, there: Sequence[int]) -> set[int]:
    match = _PIECE.fullmatch(piece)
    if match is None:
        raise InvalidValue(f"{piece[:40]!r} is neither a run nor a range. {_FORMS}")
    first = int(match[1])
    if match[2] is None:
        _check_exist({first}, there)
        return {first}
    last = int(match[3]) if match[3] else None
    if last is not None and last < first:
        raise InvalidValue(f"'{first}-{last}' runs backwards. Did you mean '{last}-{first}'?")
    if last is not None and there and last > there[-1]:
        raise InvalidValue(
            f"'{first}-{last}' was understood as runs {first:,} to {last:,}, but the last run is "
            f"{there[-1]}. For all runs from {first} on, write '{first}-'."
        )
    end = len(there) if last is None else bisect_right(there, last)
    within = there[bisect_left(there, first) : end]
    if not within:
        raise InvalidValue(f"'{piece}' holds no run that exists. {_they(there)}")
    return set(within)


def _check_exist(runs: set[int], there: Sequence[int]) -> None:
    missing = runs.difference(there)
    if len(missing) == 1:
        raise InvalidValue(f"Run {missing.pop()} does not exist. {_they(there)}")
    if missing:
        raise InvalidValue(f"Runs {_short(describe(missing))} do not exist. {_they(there)}")


def _they(there: Sequence[int]) -> str:
    if not there:
        return "The experiment has no runs yet."
    return f"There are: {_short(describe(there))}."


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:40]} … {text[-30:]}"
