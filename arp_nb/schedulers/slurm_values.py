"""How Slurm writes single values: times, durations, sizes, indices. Pure; nonsense is None."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

_EPOCH_S = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
#: squeue(1), "%l": days-hours:minutes:seconds, from the right
_DURATION = re.compile(r"(?:([0-9]{1,6})-)?([0-9]{1,4})(?::([0-9]{2}))?(?::([0-9]{2}))?", re.ASCII)
#: sacct(1), "ReqMem", "MaxRSS"; before 21.08 with a "c" (of each core) or "n" (of each node)
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)([KMGTP]?)([cn]?)", re.ASCII)
_MB = {"": 1.0, "K": 1024 / 1e6, "M": 2**20 / 1e6, "G": 2**30 / 1e6, "T": 2**40 / 1e6,
       "P": 2**50 / 1e6}  # fmt: skip
_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9})(?::([0-9]{1,9}))?)?", re.ASCII)
#: more than Slurm itself allows (MaxArraySize is below 4 million)
_MOST_INDICES = 4_000_000


@lru_cache(maxsize=1 << 14)
def moment(text: str) -> datetime | None:
    """Read seconds since 1970, which ``SLURM_TIME_FORMAT=%s`` asks for (squeue(1))."""
    if _EPOCH_S.fullmatch(text) is None:
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None


@lru_cache(maxsize=1 << 10)
def duration_s(text: str) -> float | None:
    """Read ``5:00`` (minutes), ``2:00:00`` or ``1-00:00:00`` into seconds; None if unlimited.

    Its scheduler counts no limit as a year, which 22.05 shows at times.
    """
    match = _DURATION.fullmatch(text)
    if match is None or text == "365-00:00:00":
        return None
    days, first, second, third = match.groups()
    if days is not None:  # hours, minutes, seconds
        hours, minutes, seconds = first, second or "0", third or "0"
    elif third is not None:
        hours, minutes, seconds = first, second, third
    else:
        hours, minutes, seconds = "0", first, second or "0"
    return float(int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + int(seconds))


def minutes_s(text: str) -> float | None:
    """Read a limit in minutes (sacct(1), "TimelimitRaw") into seconds; a year is none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 9
    return 60.0 * int(text) if is_number and text != "525600" else None


@lru_cache(maxsize=1 << 12)
def memory_mb(text: str, cores: str = "", nodes: str = "") -> float | None:
    """Read a size into megabytes of 10^6 bytes; without a unit it is bytes.

    ``4000Mc`` is of each core, ``4000Mn`` of each node: multiplied where their number is known.
    ``0`` stands for "all there is", which is no number.
    """
    match = _SIZE.fullmatch(text)
    if match is None or not float(match[1]):
        return None
    number = float(match[1]) * (_MB[match[2]] if match[2] else 1e-6)
    each = {"c": cores, "n": nodes}.get(match[3], "1")
    return round(number * int(each), 1) if each.isdigit() and each.isascii() else None


def exit_of(text: str) -> tuple[int | None, int | None]:
    """Read ``code:signal`` (sacct(1), "ExitCode") into both; a signal of 0 is none."""
    code, colon, signal = text.partition(":")
    if not colon or not (code.isdigit() and signal.isdigit() and text.isascii()):
        return None, None
    if len(code) > 6 or len(signal) > 3:
        return None, None
    number = int(code)
    if number > 255:  # a raw wait status: exit code in the upper byte, signal below
        return number >> 8 & 0xFF, (number & 0x7F) or None
    return number, int(signal) or None


def indices(text: str) -> range | tuple[int, ...] | None:
    """Read the indices of waiting elements: ``4-100%2``, ``1,3,5-9:2``; None of nonsense."""
    found: list[int] = []
    for part in text.partition("%")[0].split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            return None
        first, last, step = (int(one) if one else None for one in match.groups())
        assert first is not None  # the pattern
        some = range(first, (first if last is None else last) + 1, step or 1)
        if len(found) + len(some) > _MOST_INDICES:
            return None
        if "," not in text:
            return some
        found += some
    return tuple(found)
