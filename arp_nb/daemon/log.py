"""The manager's log: standard error, which its supervisor's starter sent to ``manager.log``."""

from __future__ import annotations

import copy
import logging
import re
import sys
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arp_nb.daemon.log_file import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_ADDRESS = re.compile(r"(client_status/+\d+-)[0-9A-Fa-f]+")
#: how long repetitions are only counted
_QUIET_S = 60.0


class MaskedFormatter(logging.Formatter):
    """Takes the key out of every update address, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record, then mask it."""
        return _ADDRESS.sub(r"\1…", super().format(record))


@dataclass(slots=True)
class _Place:
    """A line of code that has logged a traceback, and what it said last."""

    traceback: str
    record: logging.LogRecord
    told_s: float
    more: int = 0


class Folding:
    """Tells the same traceback of one place once; what is said again is counted."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._places: dict[tuple[str, int], _Place] = {}

    def take(self, record: logging.LogRecord) -> list[logging.LogRecord]:
        """Return what is to be written now that this was logged."""
        now_s = self._clock_s()
        due = [one for one in self._places.values() if now_s - one.told_s >= _QUIET_S]
        told = self._counted(due)
        if not record.exc_info or record.exc_info[0] is None:
            return [*told, record]
        text = "".join(traceback.format_exception(*record.exc_info))
        key = record.pathname, record.lineno
        place = self._places.get(key)
        if place is None or place.traceback != text:
            told += [] if place is None else self._counted([place])
            self._places[key] = _Place(text, record, now_s)
            return [*told, record]
        if place.record.getMessage() == record.getMessage():
            place.more += 1
            return told
        told += self._counted([place])
        place.record = record
        return [*told, _said(record, f"{record.getMessage()} (traceback as before)")]

    def rest(self) -> list[logging.LogRecord]:
        """Return what was counted and not told yet."""
        return self._counted(list(self._places.values()))

    def _counted(self, places: list[_Place]) -> list[logging.LogRecord]:
        told = []
        for one in places:
            if one.more:
                said = f"{one.record.getMessage()} (… {one.more:,} times more)"
                told.append(_said(one.record, said))
            one.more, one.told_s = 0, self._clock_s()
        return told


def _said(record: logging.LogRecord, text: str) -> logging.LogRecord:
    """Return a record with another text, and no traceback."""
    other = copy.copy(record)
    other.msg, other.args, other.exc_info, other.exc_text = text, (), None, None
    return other


class LogHandler(logging.StreamHandler):  # type: ignore[type-arg]  # generic only for mypy
    """Writes to standard error, keeps its file bounded, and folds what is repeated."""

    def __init__(self, file: LogFile, folding: Folding) -> None:
        super().__init__(sys.stderr)
        self._file = file
        self._folding = folding

    def emit(self, record: logging.LogRecord) -> None:
        """Write what is to be written; under the handler's lock."""
        self._file.rotate_if_large()
        for one in self._folding.take(record):
            super().emit(one)

    def close(self) -> None:
        """Write what was only counted."""
        for one in self._folding.rest():
            super().emit(one)
        super().close()


def begin_log(path: Path) -> None:
    """Send the log of all parts to standard error, which usually is the file ``path``."""
    handler = LogHandler(LogFile(path), Folding())
    handler.setFormatter(MaskedFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ("uvicorn", "alembic", "asyncio", "watchfiles"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # where the disk is full, a line is lost, and nothing else
    logging.raiseExceptions = False
