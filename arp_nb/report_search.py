"""Finding text in what jobs posted, and in what is said about them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from arp_nb import reports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def holding(text: str) -> Callable[[str, str, str], bool]:
    """Return a function of reason, notes and report (both JSON): does one of them hold the text.

    Upper and lower case are alike. What shows of a counter is searched: its name, value and
    unit, and not the words around them, as "color".
    """
    needle = text.casefold()
    in_json = json.dumps(needle, ensure_ascii=False)[1:-1]

    def holds(reason: str, notes: str, report: str) -> bool:
        if needle in reason.casefold():
            return True
        # what does not stand in the JSON stands in no text of it: most rows end here
        if in_json in notes.casefold() and any(
            needle in one.casefold() for one in json.loads(notes)
        ):
            return True
        return in_json in report.casefold() and any(
            needle in one.casefold() for one in _shown_texts(json.loads(report))
        )

    return holds


def _shown_texts(report: Mapping[str, Any]) -> Iterator[str]:
    shown = reports.counters(report)
    for one in shown:
        yield one.key
        yield _text(one.value)
        yield one.unit or ""
    for name, value in report.items():
        if not (shown and name == "counters"):
            yield name
            yield _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
