"""How far the store had counted, kept outside of it: tells that an older copy was put back.

Readers say "I know everything up to revision R". In an older copy of the same store R comes a
second time, for other changes; so such a copy gets a new epoch when it is opened, and every
reader loads anew. The mark is a hint, not a promise: it is written without waiting for the
disk, so it may lag behind the store, and never runs ahead of it.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: name of the file in the store's folder
FILE = "revision"
_EVERY_S = 1.0


class Mark:
    """The file ``revision`` beside the store: epoch and newest revision."""

    def __init__(
        self, path: Path, epoch: str, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._epoch = epoch
        self._clock_s = clock_s
        self._next_s = 0.0

    def note(self, revision: int) -> None:
        """Keep the revision, at most once a second."""
        now_s = self._clock_s()
        if now_s >= self._next_s:
            self._next_s = now_s + _EVERY_S
            self.write(revision)

    def write(self, revision: int) -> None:
        """Keep the revision now. What goes wrong here is no reason to refuse anything."""
        with suppress(OSError):
            new = self._path.with_name(self._path.name + ".new")
            new.write_text(f"{self._epoch} {revision}\n", "ascii")
            new.replace(self._path)


def newest_seen(path: Path, epoch: str) -> int:
    """Return the newest revision that a store of this epoch was seen to have; 0 if unknown."""
    try:
        seen, revision = path.read_text("ascii").split()
        return int(revision) if seen == epoch else 0
    except (OSError, ValueError):
        return 0
