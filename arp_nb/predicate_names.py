"""How predicates name values: as a person writes them, and as the ledger shows them."""

from __future__ import annotations

import keyword
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: of the run itself
OWN_NAMES = ("run", "type", "duration_s")
#: by name, how each is used
EXAMPLES: Mapping[str, str] = {
    "abs": "abs(delay)",
    "counter": "counter('smalldata', 'Events')",
    "has": "has('beam')",
    "len": "len(mode)",
    "lower": "lower(mode)",
    "max": "max(a, b)",
    "min": "min(a, b)",
    "param": "param('x-ray energy')",
    "round": "round(energy, 1)",
    "status": "status('smalldata')",
}
FUNCTIONS = tuple(EXAMPLES)
#: what people bring from JSON and other languages, and how it is written here
OTHER_WORDS: Mapping[str, str] = {"true": "True", "false": "False", "null": "None"}
_LISTED_CHARS = 60
#: among so many names, and of so much of each, near ones are looked for
_NEAR_NAMES, _NEAR_CHARS = 300, 40
#: how much of two names is the same, of 1, if they are near
_NEAR = 0.4
_MOST_NEAR = 3


def known_names(parameters: Iterable[str], jobs: Mapping[str, Iterable[str]]) -> list[str]:
    """Return what a predicate may name, as it is written: for completion."""
    names = {*OWN_NAMES, *FUNCTIONS, *(written_param(one) for one in parameters)}
    for job, counters in jobs.items():
        names.add(f"status({job!r})")
        names.update(written_counter(job, one) for one in counters)
    return sorted(names, key=lambda one: (one.lower(), one))


def is_word(name: str) -> bool:
    """Whether a name can stand in a predicate as it is."""
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        # Python reads other forms of a letter as the letter
        and unicodedata.normalize("NFKC", name) == name
    )


def written_param(name: str) -> str:
    """Return how a run parameter is written."""
    taken = name in OWN_NAMES or name in FUNCTIONS or name in OTHER_WORDS
    return name if is_word(name) and not taken else f"param[{name!r}]"


def written_counter(job: str, name: str) -> str:
    """Return how a counter is written."""
    plain = is_word(job) and is_word(name)
    return f"{job}.{name}" if plain else f"counter({job!r}, {name!r})"


def shown(function: str, *names: str) -> str:
    """Return how a value is called where it is shown: no two values alike."""
    match function:
        case "counter":
            return ".".join(names)
        case "param":
            clear = names[0] not in OWN_NAMES and not any(one in names[0] for one in ".()[]")
            return names[0] if clear else f"param[{names[0]!r}]"
        case _:
            return f"{function}({names[0]!r})"


def there_is(name: str, known: Iterable[str]) -> str:
    """Return which names there are instead of one, for a sentence: near ones first."""
    names = [str(one) for one in islice(known, _NEAR_NAMES)]
    wanted = _pairs(name)
    nearness = {one: _nearness(wanted, _pairs(one)) for one in names}
    near = sorted((one for one in names if nearness[one] >= _NEAR), key=lambda one: -nearness[one])
    ordered = dict.fromkeys([*near[:_MOST_NEAR], *names])
    return f" It has: {listed(ordered)}." if names else " It has none."


def _pairs(name: str) -> set[tuple[str, str]]:
    """Return which letters follow each other, with the ends; `difflib` takes a hundred times more.

    A run without a parameter is judged as often as one that has it.
    """
    letters = name[:_NEAR_CHARS].lower()
    return {*zip(f" {letters}", f"{letters} ", strict=True)}


def _nearness(some: set[tuple[str, str]], others: set[tuple[str, str]]) -> float:
    return 2 * len(some & others) / (len(some) + len(others))


def listed(names: Iterable[str], most: int = 10) -> str:
    """Return names for a sentence, not more than can be read."""
    there = [
        one if len(one) <= _LISTED_CHARS else f"{one[:_LISTED_CHARS]}…"
        for one in map(str, islice(names, most + 1))
    ]
    return f"{', '.join(there[:most])}{', …' if len(there) > most else ''}"
