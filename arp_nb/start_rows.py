"""The JSON of what a job was started with; for its snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from arp_nb.rows import iso

if TYPE_CHECKING:
    from arp_nb.starts import Start


class ScriptRow(TypedDict):
    """A script as it was when a job started it."""

    #: its first 64 kB
    text: str
    #: why there is no text, in words; empty where there is one
    missing: str
    #: the script is longer than the text
    cut: bool
    sha256: str | None
    size_bytes: int | None
    #: permissions as ``chmod`` takes them: ``0755``
    mode: str | None
    read_at: str | None
    #: of the script when somebody last saved or checked the definition
    checked_sha256: str | None
    #: null: not known
    changed_since_check: bool | None


class EnvironmentRow(TypedDict):
    """What a script found in its environment, as far as it is kept."""

    #: what we gave it; the key in its update address is masked
    ours: dict[str, str]
    #: of the login environment: paths, locale and the like
    login: dict[str, str]
    #: variables of the login environment whose values are not kept
    names: list[str]
    #: how many more there were
    others: int


def script_row(start: Start) -> ScriptRow:
    """Make the row of a script as it was started."""
    script = start.script
    return {
        "text": script.text,
        "missing": script.missing,
        "cut": script.cut,
        "sha256": script.sha256,
        "size_bytes": script.size_bytes,
        "mode": None if script.mode is None else f"{script.mode:04o}",
        "read_at": iso(start.read_at),
        "checked_sha256": start.checked_sha256,
        "changed_since_check": start.changed_since_check,
    }


def environment_row(start: Start) -> EnvironmentRow:
    """Make the row of the environment of a start."""
    login = start.login
    return {
        "ours": dict(start.variables),
        "login": dict(login.values),
        "names": list(login.names),
        "others": login.others,
    }
