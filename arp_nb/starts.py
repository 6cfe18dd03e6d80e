"""What a job's script was started with, as it is kept: text, environment, place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptText:
    """A script as it was read: the beginning of its text, and figures of the whole."""

    #: its first 64 kB (65,536 bytes) read as UTF-8, with replacement characters
    text: str = ""
    #: why there is no text, in words; empty where there is one
    missing: str = ""
    #: the script is longer than the text
    cut: bool = False
    sha256: str | None = None
    size_bytes: int | None = None
    #: its permission bits
    mode: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A login environment as it is kept: values that can be no secret, and names."""

    values: Mapping[str, str] = field(default_factory=dict)
    #: variables whose values are not kept
    names: tuple[str, ...] = ()
    #: how many more there are, whose names are not kept either
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a script is started with: told before it runs, and kept as it was then."""

    script: ScriptText
    #: what we gave it, without the key of its update address
    variables: Mapping[str, str]
    login: Surroundings
    host: str
    #: where it starts
    folder: str
    user: str
    umask: int | None = None
    #: when the script was read
    read_at: datetime | None = None
    #: what the script's text was when somebody last saved or checked its definition
    checked_sha256: str | None = None

    @property
    def changed_since_check(self) -> bool | None:
        """Whether the script differs from the one that was checked; None: not known."""
        if self.script.sha256 is None or self.checked_sha256 is None:
            return None
        return self.script.sha256 != self.checked_sha256
