"""What a logbook answers about the runs of an experiment, read without trust."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from arp_nb.errors import SourceDown
from arp_nb.run_sources.news import RunNews
from arp_nb.run_sources.parameters import bounded
from arp_nb.run_sources.times import instant

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

MOST_NUMBER = 10**9
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
_MOST_TYPE = 40
_MOST_SAID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The runs of one experiment, and how much could not be read."""

    news: tuple[RunNews, ...] = ()
    records: int = 0
    #: records without a readable number
    odd: int = 0
    #: records of which a time could not be read, or whose end lies before their beginning
    odd_times: int = 0
    #: types of runs that cannot be kept
    odd_types: int = 0
    #: parameters that cannot be kept
    odd_parameters: int = 0

    @property
    def caveat(self) -> str:
        """What could not be read, in words; empty: nothing."""
        said = []
        if self.odd:
            said.append(f"{self.odd:,} of {self.records:,} records could not be read.")
        if self.odd_times:
            said.append(f"{self.odd_times:,} records have times that cannot be right.")
        if self.odd_types:
            said.append(
                f"{self.odd_types:,} types of runs are left out: they have a comma, or more than "
                f"{_MOST_TYPE} letters."
            )
        if self.odd_parameters:
            said.append(f"{self.odd_parameters:,} parameters are too large, or no JSON.")
        return " ".join(said)


def read(body: bytes, experiment: str, zone: tzinfo, logbook: str) -> Answer:
    """Read an answer.

    Parameters
    ----------
    zone
        Where the clocks of times stand that say no zone.
    logbook
        How an error calls the logbook: "The logbook at HOST".

    Raises
    ------
    SourceDown
        It is not the answer of a logbook about runs, or says that it failed.
    """
    records = _records(body, experiment, logbook)
    found: dict[int, RunNews] = {}
    odd: Counter[str] = Counter()
    for record in records:
        number = _number(record.get("num")) if isinstance(record, dict) else None
        if number is None:
            odd["records"] += 1
            continue
        one = _run(record, number, experiment, zone, odd)
        found[number] = _joined(found[number], one) if number in found else one
    news = [found[number] for number in sorted(found)]
    backwards = {one.number for one in news if _is_backwards(one)}
    return Answer(
        news=tuple(
            replace(one, ended_at=None) if one.number in backwards else one for one in news
        ),
        records=len(records),
        odd=odd["records"],
        odd_times=odd["times"] + len(backwards),
        odd_types=odd["types"],
        odd_parameters=odd["parameters"],
    )


def _run(
    record: Mapping[str, Any], number: int, experiment: str, zone: tzinfo, odd: Counter[str]
) -> RunNews:
    """Read one record, and count what of it could not be read."""
    times = {
        "started_at": _time(record, "begin_time", zone),
        "ended_at": _time(record, "end_time", zone),
    }
    odd["times"] += _UNREADABLE in times.values()
    kind, odd_types = _type(record.get("type"))
    odd["types"] += odd_types
    parameters, left_out = _parameters(record)
    odd["parameters"] += left_out
    return RunNews(
        experiment=experiment,
        number=number,
        type=kind,
        parameters=parameters,
        **{name: time for name, time in times.items() if not isinstance(time, str)},
    )


def _records(body: bytes, experiment: str, logbook: str) -> list[Any]:
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise SourceDown(
            f"{logbook} answered a web page instead of JSON: its login may have run out."
        )
    try:
        answer = json.loads(body, parse_int=_int)
    except (ValueError, RecursionError) as error:
        raise SourceDown(f"{logbook} answered what is no JSON.") from error
    if not isinstance(answer, dict):
        raise SourceDown(f"{logbook} answered JSON that is not about runs.")
    if answer.get("success") is not True:
        told = answer.get("errormsg")
        because = f": {_said(told)}" if isinstance(told, str) and told.strip() else "."
        raise SourceDown(f"{logbook} could not tell the runs of {experiment}{because}")
    value = answer.get("value")
    if value is None:  # of an experiment without runs
        return []
    if not isinstance(value, list):
        raise SourceDown(f"{logbook} answered JSON without a list of runs.")
    return value


def _int(text: str) -> float:
    """Read a whole number; Python refuses very long ones."""
    return int(text) if len(text) <= 20 else float(text)


def _number(told: object) -> int | None:
    if isinstance(told, str) and _NUMBER.fullmatch(told.strip()):
        told = int(told)
    if isinstance(told, float) and told.is_integer():
        told = int(told)
    if isinstance(told, bool) or not isinstance(told, int):
        return None
    return told if 0 <= told <= MOST_NUMBER else None


#: stands for a time that is there, and is none
_UNREADABLE = "unreadable"


def _time(record: Mapping[str, Any], name: str, zone: tzinfo) -> datetime | str | None:
    told = record.get(name)
    return None if told is None or told == "" else instant(told, zone) or _UNREADABLE


def _type(told: object) -> tuple[str, int]:
    """Return the type, and whether it was left out; batch defs name several with commas."""
    if told is None:
        return "", 0
    text = told.strip() if isinstance(told, str) else ","
    fits = text.isprintable() and len(text) <= _MOST_TYPE and "," not in text
    return (text, 0) if fits else ("", 1)


def _parameters(record: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    told = record.get("params")
    if isinstance(told, Mapping):
        return bounded(told)
    return {}, 0 if told is None else 1


def _joined(first: RunNews, second: RunNews) -> RunNews:
    """Join two records of one run; what the later one says holds."""
    known = {
        name: value
        for name in ("type", "started_at", "ended_at")
        if (value := getattr(second, name))
    }
    return replace(first, **known, parameters={**first.parameters, **second.parameters})


def _is_backwards(one: RunNews) -> bool:
    return (
        one.started_at is not None and one.ended_at is not None and one.ended_at < one.started_at
    )


def _said(text: str) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _MOST_SAID else f"{line[:_MOST_SAID]}…"
