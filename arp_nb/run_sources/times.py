"""Times as sources write them, made UTC. What is no time is None: nothing is guessed."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime

_EPOCH = re.compile(r"[0-9]{9,14}(?:\.[0-9]{1,9})?", re.ASCII)
_SLASHES = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})(?=[T ])", re.ASCII)
#: "Mar/05/2021 20:11:09", as logbook pages show it
_NAMED = re.compile(r"([A-Z][a-z]{2})/([0-9]{2})/([0-9]{4}) ([0-9:.]+)", re.ASCII)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MOST_TEXT = 60
#: nobody took runs before, and nothing here is planned for later: what is outside is no time
_FIRST, _LAST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
#: more seconds than that are milliseconds
_MILLISECONDS_S = 1e11


def instant(told: object, zone: tzinfo) -> datetime | None:
    """Read a time.

    Understood are ISO 8601 with time of day, the same with slashes or with the month's name
    (``Mar/05/2021 20:11:09``), RFC 2822, and seconds or milliseconds since 1970.

    Parameters
    ----------
    told
        Anything that JSON can hold.
    zone
        Where clocks stand that say no zone.
    """
    # dates at the edges of the calendar overflow when they change zone
    with contextlib.suppress(ValueError, OverflowError, OSError, TypeError):
        found: datetime | None = None
        if isinstance(told, str):
            found = _of_text(told.strip())
        elif isinstance(told, int | float) and not isinstance(told, bool):
            found = _of_number(float(told))
        if found is not None:
            found = found.replace(tzinfo=found.tzinfo or zone).astimezone(UTC)
            return found if _FIRST <= found < _LAST else None
    return None


def _of_number(told: float) -> datetime:
    return datetime.fromtimestamp(told / 1000 if told >= _MILLISECONDS_S else told, UTC)


def _of_text(text: str) -> datetime | None:
    if not text or len(text) > _MOST_TEXT:
        return None
    if _EPOCH.fullmatch(text):
        return _of_number(float(text))
    named = _NAMED.fullmatch(text)
    if named and named[1] in _MONTHS:
        text = f"{named[3]}-{_MONTHS.index(named[1]) + 1:02}-{named[2]} {named[4]}"
    text = _SLASHES.sub(r"\1-\2-\3", text)
    if text[:1].isdigit():
        # a date alone says no time of day, and midnight would be a guess
        return datetime.fromisoformat(text) if len(text) > 10 else None
    return parsedate_to_datetime(text) if text[:1].isalpha() else None
