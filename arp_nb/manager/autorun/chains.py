"""What runs after what: a chain that comes back to its beginning would never end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arp_nb.model import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arp_nb.model import Definition


def endless(definitions: Iterable[Definition]) -> Mapping[int, str]:
    """Return of each definition of an experiment that runs after itself how, in words, by its id.

    Names are free to be given away at any time, so this is looked at whenever it matters.
    """
    afters = {
        one.draft.name: one
        for one in definitions
        if one.draft.trigger is Trigger.AFTER and one.deleted_at is None
    }
    found: dict[int, str] = {}
    for name, one in afters.items():
        steps = _circle(name, afters)
        if steps:
            first, *others = (f"{this} after {that}" for this, that in steps)
            words = ", ".join([first.replace(" after ", " runs after ", 1), *others])
            found[one.id] = f"It would never end: {words}."
    return found


def _circle(name: str, afters: Mapping[str, Definition]) -> list[tuple[str, str]]:
    """Return who runs after whom from a name back to itself; empty: it does not come back."""
    steps: list[tuple[str, str]] = []
    at, seen = name, set[str]()
    while at in afters and at not in seen:
        seen.add(at)
        steps.append((at, afters[at].draft.after))
        at = afters[at].draft.after
    return steps if at == name else []
