"""How LSF writes moments: in the zone of the command that prints them, and often without a year.

`IN_UTC` stands in the environment of every command whose moments are read: a login environment
may set any zone, and so may a submit host, and twice a year an hour there is two hours or none.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from functools import lru_cache

#: needs no time-zone files (POSIX.1, "Environment Variables", TZ)
IN_UTC = {"TZ": "UTC0"}

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
#: "Nov 22 18:47", "Sun Nov 22 18:47:57 2026"; the mark says that it is LSF's estimate
_WORDS = re.compile(
    r"(?:\w{3} )?(\w{3}) +(\d{1,2}) +(\d{1,2}):(\d{2})(?::(\d{2}))?(?: +(\d{4}))?(?: +[LEX])?",
    re.ASCII,
)
#: "11/22-18:48:00", "2026/11/22-18:48:00"
_DIGITS = re.compile(
    r"(?:(\d{4})/)?(\d{1,2})/(\d{1,2})-(\d{1,2}):(\d{2})(?::(\d{2}))?(?: +[LEX])?", re.ASCII
)
_DIGITS_LENGTH = len("11/22-18:48:00")
#: how far the cluster's clock may be ahead of ours before a day is taken for last year's
_AHEAD_S = 86400.0
#: 29 February may be eight years back
_YEARS_BACK = 9


def moment(text: str, now: datetime) -> datetime | None:
    """Read a moment; None where it is none.

    A missing year is the latest in which the moment is not in the future by more than a day.
    """
    return moment_on(text, day_of(now)) if text else None


def day_of(now: datetime) -> int:
    """Return the number of a day since 1970: all day, a missing year means the same."""
    return int(now.timestamp()) // 86400


def moment_on(text: str, today: int) -> datetime | None:
    """Read a moment as `moment` does, given the number of the day."""
    if len(text) != _DIGITS_LENGTH or text[-3] != ":":
        return _read(text, today)
    # thousands of jobs share their minutes, and only few their seconds
    minute, second = _read(text[:-3], today), text[-2:]
    if minute is None or not second.isdigit() or second > "59":
        return _read(text, today)
    return minute.replace(second=int(second))


@lru_cache(maxsize=1 << 16)
def _read(text: str, today: int) -> datetime | None:
    if match := _WORDS.fullmatch(text):
        name, day, hour, minute, second, year = match.groups()
        month = str(_MONTHS.get(name, 0))
    elif match := _DIGITS.fullmatch(text):
        year, month, day, hour, minute, second = match.groups()
    else:
        return None
    clock = [int(part or 0) for part in (month, day, hour, minute, second)]
    if year:
        return _at(int(year), clock)
    # the end of today, so that the answer is the same all day
    latest_s = (today + 1) * 86400 + _AHEAD_S
    this_year = time.gmtime(latest_s).tm_year
    for candidate in range(this_year, this_year - _YEARS_BACK, -1):
        at = _at(candidate, clock)
        if at is not None and at.timestamp() <= latest_s:
            return at
    return None


def _at(year: int, clock: list[int]) -> datetime | None:
    month, day, hour, minute, second = clock
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
