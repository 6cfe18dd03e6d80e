"""What ``bhist -l`` tells of limits and of memory, below a job's events. Pure.

It is laid out as ``bjobs -l`` has it, of which there are recordings: ``MAX MEM: 5 Mbytes;``. In
published answers of IBM's ``bhist -l`` 10.1 that stands above the summary, and limits too: the
names of those that are set in one line, such as ``CORELIMIT MEMLIMIT``, and their values in the
next, such as ``0 M     3.9 G`` (``prtResourceLimit`` of LSF's free relatives).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from arp_nb.schedulers.lsf_parse import memory_mb, run_limit_s

_PEAK = re.compile(r" *MAX MEM: ([\d.]{1,20} [KMGT]?bytes);", re.ASCII)
_NAMES = re.compile(r" *[A-Z]{3,10}LIMIT(?: +[A-Z]{3,10}LIMIT){0,15} *", re.ASCII)
_SIZE = re.compile(r"(?<![\w.])(\d[\d.]{0,19} [KMGT])(?!\S)", re.ASCII)
_MINUTES = re.compile(r"(?<![\w.])(\d[\d.]{0,19}) min(?:utes)?\b", re.ASCII)


class Usage(NamedTuple):
    """What was used, and what was asked for, in the units of `Reading`."""

    peak_memory_mb: float | None = None
    asked_memory_mb: float | None = None
    asked_time_s: float | None = None


class UsageReader:
    """Reads the lines of one job that are no events."""

    def __init__(self) -> None:
        self._now = Usage()
        self._names: list[str] = []

    @property
    def usage(self) -> Usage:
        """What has been read so far."""
        return self._now

    def add(self, line: str) -> None:
        """Take in one line."""
        names, self._names = self._names, []
        if names:
            self._limits(names, line)
        elif peak := _PEAK.match(line):
            self._now = self._now._replace(peak_memory_mb=memory_mb(peak[1]))
        elif _NAMES.fullmatch(line):
            self._names = line.split()

    def _limits(self, names: list[str], line: str) -> None:
        """Read values only where there is one for each name: else nobody knows whose is whose."""
        for name, values in (("MEMLIMIT", _SIZE), ("RUNLIMIT", _MINUTES)):
            told = values.findall(line)
            if name not in names or len(told) != len(names):
                continue
            value = told[names.index(name)]
            if name == "MEMLIMIT":
                self._now = self._now._replace(asked_memory_mb=memory_mb(value))
            else:
                self._now = self._now._replace(asked_time_s=run_limit_s(value))
