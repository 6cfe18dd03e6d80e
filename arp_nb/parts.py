"""What a job consists of, counted: elements of its arrays, jobs made inside it, extra ones.

``{"elements": {"RUN": 3, "PEND": 5}, "subjobs": {"DONE": 2}, "extra": 1}``: what there is
none of is left out, so that most jobs have ``{}``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from arp_nb.model import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arp_nb.model import SchedulerJob


def counted(natives: Iterable[SchedulerJob]) -> dict[str, Any]:
    """Count a job's scheduler jobs by the scheduler's words, as `Job.parts` keeps it."""
    elements: Counter[str] = Counter()
    subjobs: Counter[str] = Counter()
    extra = 0
    for one in natives:
        if one.role is Role.SUBJOB:
            for word, number in one.elements or ((_word(one), 1),):
                subjobs[word] += number
        elif one.role is Role.EXTRA:
            extra += 1
        else:
            for word, number in one.elements:
                elements[word] += number
    found: dict[str, Any] = {}
    if elements:
        found["elements"] = dict(elements)
    if subjobs:
        found["subjobs"] = dict(subjobs)
    if extra:
        found["extra"] = extra
    return found


def described(parts: Mapping[str, Any]) -> str:
    """Say it in a line: ``3 RUN, 5 PEND; 2 subjobs: 2 DONE; 1 extra``."""
    said = []
    if parts.get("elements"):
        said.append(_numbers(parts["elements"]))
    if parts.get("subjobs"):
        number = sum(parts["subjobs"].values())
        noun = "subjob" if number == 1 else "subjobs"
        said.append(f"{number} {noun}: {_numbers(parts['subjobs'])}")
    if parts.get("extra"):
        said.append(f"{parts['extra']} extra")
    return "; ".join(said)


def _numbers(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {word}" for word, number in counts.items())


def _word(one: SchedulerJob) -> str:
    return one.native_state or one.state.name
