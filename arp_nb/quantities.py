"""How people write memory and time: "16G", "500 MB", "2h", "1:30:00". Pure."""

from __future__ import annotations

import re

from arp_nb.errors import InvalidValue

#: a unit is of 10^3, as on the pages; GiB of 2^10
_MB = {
    "": 1.0, "K": 1e-3, "M": 1.0, "G": 1e3, "T": 1e6,
    "KI": 2**10 / 1e6, "MI": 2**20 / 1e6, "GI": 2**30 / 1e6, "TI": 2**40 / 1e6,
}  # fmt: skip
_SECONDS = {"S": 1.0, "MIN": 60.0, "M": 60.0, "H": 3600.0, "D": 86400.0}
_MEMORY = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) *([KMGT]I?)?B?", re.ASCII | re.IGNORECASE)
_TIME = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) *(S|MIN|M|H|D)", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{1,4})-)?(\d{1,4}):(\d{2})(?::(\d{2}))?", re.ASCII)
#: 100 TB, and ten years: more is a typing error
MOST_MEMORY_MB, MOST_TIME_S = 1e8, 3.2e8


def memory_mb(text: str | float) -> float:
    """Read an amount of memory into megabytes (10^6 bytes); a bare number is megabytes.

    Raises
    ------
    InvalidValue
        It is no amount, or one that no machine has.
    """
    match = _MEMORY.fullmatch(str(text).strip())
    number = float(match[1]) * _MB[(match[2] or "").upper()] if match else 0.0
    if not 1.0 <= number <= MOST_MEMORY_MB:
        raise InvalidValue(
            f"{str(text)[:40]!r} is no amount of memory. Write it as 16G, 500M, or in MB."
        )
    return number


def time_s(text: str | float) -> float:
    """Read a time limit into seconds; a bare number is seconds.

    ``1:30`` is hours and minutes, as people say it.

    Raises
    ------
    InvalidValue
        It is no time, or one that no job takes.
    """
    text = str(text).strip()
    number = 0.0
    if match := _TIME.fullmatch(text):
        number = float(match[1]) * _SECONDS[match[2].upper()]
    elif match := _CLOCK.fullmatch(text):
        days, hours, minutes, seconds = (int(one or 0) for one in match.groups())
        number = float(days * 86400 + hours * 3600 + minutes * 60 + seconds)
    elif re.fullmatch(r"\d{1,9}(?:\.\d{1,3})?", text, re.ASCII):
        number = float(text)
    if not 1.0 <= number <= MOST_TIME_S:
        raise InvalidValue(
            f"{text[:40]!r} is no time. Write it as 2h, 90min, 1:30:00, or in seconds."
        )
    return number
