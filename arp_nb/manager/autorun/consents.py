"""Consent binds to what was seen: the definition's version, and the script's text."""

from __future__ import annotations

import asyncio
import difflib
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from arp_nb.errors import ArpError, Conflict
from arp_nb.store.deciding import Consent, Pause

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from arp_nb.manager.context import Context
    from arp_nb.manager.seat import Seat
    from arp_nb.model import Definition, DefinitionDraft, ScriptCheck
    from arp_nb.store.base import Store

#: changing these changes neither what runs nor when
_HARMLESS = frozenset({"name", "most_at_once", "most_per_hour"})
#: of a definition: whether, and as whom, it may start anything
_GIVEN = (
    "autorun", "autorun_by", "autorun_at", "paused_why", "paused_by", "paused_at", "paused_said"
)  # fmt: skip
_MOST_DIFF_LINES = 2000
_NOT_WHOLE = (
    f"The script is another one, and only its first 64 kB and {_MOST_DIFF_LINES:,} lines are "
    "compared here: look at the script itself."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What differs between what was consented to and what there is."""

    definition: Definition
    #: field, value then, value now
    changes: Sequence[tuple[str, Any, Any]] = ()
    #: unified; empty: the same text, or it is not known
    script_diff: str = ""
    #: why the script's text cannot be compared, in words
    script_missing: str = ""
    #: of the script as it is now; None: it could not be read
    script_sha256: str | None = None


async def read(seat: Seat, executable: str, seen_sha256: str | None = None) -> Consent:
    """Read the script as whoever consents would see it.

    Parameters
    ----------
    seen_sha256
        Of the script that they were shown; None: they were shown none.

    Raises
    ------
    ClientAbsent
        Nobody can read it now.
    Conflict
        There is no script that a consent could bind to, or it is not the one that was shown.
    """
    script = await (await seat.client()).script(executable)
    if script.sha256 is None:
        raise Conflict(
            f"Autorun is given to a script as it is now, and {executable} cannot be read: "
            f"{script.missing}"
        )
    if seen_sha256 not in {None, script.sha256}:
        raise Conflict(
            f"{executable} was changed since you looked at it. Look again at what changed, then "
            "check autorun."
        )
    return Consent(sha256=script.sha256, text=script.text)


def lapsed(old: Definition, draft: DefinitionDraft, by: str, at: datetime) -> Pause | None:
    """Return the pause that an edit means; None: the consent holds on."""
    changed = changes(old.draft, draft)
    if not old.autorun or not changed or by == old.autorun_by:
        return None
    names = ", ".join(name.replace("_", " ") for name, _, _ in changed)
    return Pause(why="edit", by=by, at=at, said=f"{by} changed {names}.")


def changes(old: DefinitionDraft, new: DefinitionDraft) -> list[tuple[str, Any, Any]]:
    """Return what differs of what consent is given to: field, value then, value now."""
    return [
        (one.name, getattr(old, one.name), getattr(new, one.name))
        for one in fields(new)
        if one.name not in _HARMLESS and getattr(old, one.name) != getattr(new, one.name)
    ]


def under(then: Definition, now: Definition) -> Definition:
    """Return a definition of a moment ago under the consent of now.

    One that waits for something else by now: what it waited for has happened all the same.
    """
    if now.deleted_at is not None or now.draft.starts_on == then.draft.starts_on:
        return now
    return replace(then, **{name: getattr(now, name) for name in _GIVEN})


async def renewed(
    store: Store, seat: Seat, old: Definition, draft: DefinitionDraft
) -> Consent | None:
    """Return what an edit of the consenter's own consents to; None: it changes nothing of that."""
    if not old.autorun or old.paused_why in {"edit", "script"}:
        return None
    if draft.executable != old.draft.executable:
        return await read(seat, draft.executable)
    return Consent(sha256=old.consent_sha256, text=await store.consent_text(old.id))


async def check_script(context: Context, definition: Definition) -> Definition:
    """Pause a definition whose script is not the one that was consented to.

    What cannot be looked at now is looked at again just before each start.
    """
    if not definition.autorun or definition.paused_why in {"edit", "script"}:
        return definition
    check = await context.seat.check(definition.draft.executable)
    return await hold_against(context, definition, check)


async def hold_against(context: Context, definition: Definition, check: ScriptCheck) -> Definition:
    """Pause a definition if what was found of its script is another text."""
    consented = definition.consent_sha256
    if check.sha256 is None or consented is None or check.sha256 == consented:
        return definition
    said = f"The script {definition.draft.executable} was changed since."
    wanted = Pause(
        why="script",
        by="the script",
        at=context.clock(),
        said=said,
        consent_version=definition.consent_version,
    )
    return await context.store.pause(definition.id, wanted)


async def difference(context: Context, definition: Definition) -> Difference:
    """Compare what was consented to with what there is now."""
    store = context.store
    if not definition.autorun or definition.consent_version is None:
        return Difference(definition=definition)
    then = await store.definition(definition.id, definition.consent_version)
    found = changes(then.draft, definition.draft)
    text = await store.consent_text(definition.id)
    try:
        script = await (await context.seat.client()).script(definition.draft.executable)
    except ArpError as error:
        return Difference(definition=definition, changes=found, script_missing=str(error))
    if script.sha256 == definition.consent_sha256:
        return Difference(definition=definition, changes=found, script_sha256=script.sha256)
    diff, is_whole = await asyncio.to_thread(_diff, text, script.text)  # it may take a second
    return Difference(
        definition=definition,
        changes=found,
        script_diff=diff,
        script_missing=script.missing or ("" if is_whole and not script.cut else _NOT_WHOLE),
        script_sha256=script.sha256,
    )


def _diff(then: str, now: str) -> tuple[str, bool]:
    """Return what differs, and whether that is all of it."""
    texts = [then.splitlines(), now.splitlines()]
    was, is_now = (lines[:_MOST_DIFF_LINES] for lines in texts)
    lines = difflib.unified_diff(
        was, is_now, "as it was consented to", "as it is now", lineterm=""
    )
    diff = "\n".join(lines)
    # the same lines, and another script: it differs in what is no line, or further on
    return diff, bool(diff) and max(map(len, texts)) <= _MOST_DIFF_LINES
