"""What is known of a run once more is told of it. Pure: a row before, a row after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from arp_nb.errors import TooLarge
from arp_nb.reports import patched
from arp_nb.store.records import to_json, to_us_or_none

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arp_nb.store.deciding import RunFacts

#: as whom people tell of runs
API = "api"
#: all parameters of a run, as JSON
MOST_BYTES = 256 * 1024
#: a source's clock may be read a little differently each time
_SAME_END_US = 1_000_000
_TIMES = ("started_at", "ended_at", "first_file_at", "all_files_at", "nonrec_files_at")
#: of these the first counts, of the others the last
_EARLIEST = frozenset({"started_at", "first_file_at"})
#: what whoever reads a run can see
SHOWN = (*_TIMES, "type", "parameters", "parameters_since", "reopened")
#: … and what tells news from repetition
COLUMNS = (*SHOWN, "told")
_NEW: Mapping[str, Any] = {
    **dict.fromkeys(_TIMES), "type": "", "parameters": "{}", "parameters_since": "{}",
    "reopened": 0, "told": "{}",
}  # fmt: skip


def merged(before: Mapping[str, Any] | None, told: RunFacts, source: str) -> dict[str, Any]:
    """Return what is known of a run now.

    A source that was started again may know less than before: only a person takes a start to
    a later time, or an end to an earlier one.

    Parameters
    ----------
    before
        Its `COLUMNS`; None: nobody has told of it.

    Raises
    ------
    TooLarge
        It would have more parameters than are kept.
    InvalidValue
        Parameters that are no JSON.
    """
    now = dict(before or _NEW)
    by_source = orjson.loads(now["told"])
    is_first = before is None or (source != API and source not in by_source)
    told_before = by_source.get(source, {})
    by_source[source] = _take_times(now, told, told_before, corrects=source == API)
    if by_source[source] != told_before or is_first:
        now["told"] = to_json(by_source)
    if told.type:
        now["type"] = told.type
    if told.parameters:
        _take_parameters(now, told, is_first=is_first)
    return now


def _take_times(
    now: dict[str, Any], told: RunFacts, before: Mapping[str, int], *, corrects: bool
) -> dict[str, int]:
    """Take in the times of a telling; return what its source has told of times by now.

    That is kept as it was told: a time that lies ahead of the clock counts as when it was told,
    and is no news when it is told again. With it goes how often the source told a later end.
    """
    told_us = to_us_or_none(told.told_at)
    by_now = dict(before)
    for name in _TIMES:
        us, earlier = to_us_or_none(getattr(told, name)), before.get(name)
        if us is None:
            continue
        is_ahead = told_us is not None and us > told_us
        if (us == earlier and is_ahead) if corrects else not _is_beyond(us, earlier, name):
            continue
        by_now[name] = us
        if name == "ended_at" and earlier is not None and us - earlier > _SAME_END_US:
            # both of two sources may tell of the same one
            by_now["reopened"] = before.get("reopened", 0) + 1
            now["reopened"] = max(now["reopened"], by_now["reopened"])
        counts = told_us if is_ahead else us
        if corrects or _is_beyond(counts, now[name], name):
            now[name] = counts
    return by_now


def _is_beyond(us: int | None, known: int | None, name: str) -> bool:
    """Whether a time takes the place of the one that is known."""
    if us is None or known is None:
        return us is not None
    return us < known if name in _EARLIEST else us > known


def _take_parameters(now: dict[str, Any], told: RunFacts, *, is_first: bool) -> None:
    kept = orjson.loads(now["parameters"])
    new = patched(kept, told.parameters or {})
    if new == kept:
        return
    text = to_json(new)
    size_bytes = len(text.encode())
    if size_bytes > MOST_BYTES:
        raise TooLarge(
            f"The run's parameters would have {size_bytes:,} bytes; {MOST_BYTES:,} are kept."
        )
    changed = [name for name, value in new.items() if name not in kept or kept[name] != value]
    since = orjson.loads(now["parameters_since"])
    since = {name: us for name, us in since.items() if name in new}
    for name in changed:
        since.pop(name, None)
    since_us = _since(told, is_first=is_first)
    if since_us is not None:
        since |= dict.fromkeys(changed, since_us)
    now["parameters"], now["parameters_since"] = text, to_json(since)


def _since(told: RunFacts, *, is_first: bool) -> int | None:
    """Return since when the parameters of a telling have their values; None: not known.

    A source tells a run that is over with all that is known of it, be it for an outage: what
    comes with the run was so at its end. What comes later is news of that moment.
    """
    told_us, ended_us = to_us_or_none(told.told_at), to_us_or_none(told.ended_at)
    if is_first and ended_us is not None:
        return ended_us if told_us is None else min(ended_us, told_us)
    return told_us
