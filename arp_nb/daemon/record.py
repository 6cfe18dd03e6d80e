"""``manager.json``: what runs, for people and for the next caller. It informs, never decides."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from arp_nb.daemon.host import Process
from arp_nb.discovery import RECORD_NAME

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a supervisor tells of itself and of its manager."""

    host: str
    update_port: int
    supervisor: Process
    #: None while there is none
    manager: Process | None = None
    #: why the manager does not come up; empty while it does
    reason: str = ""
    #: it gave no reason, so that only its log can tell more
    crashed: bool = False

    def write(self, store: Path) -> None:
        """Write it; a full disk is no reason to stop working."""
        path = store / RECORD_NAME
        draft = path.with_name(f"{RECORD_NAME}.{os.getpid()}")
        with contextlib.suppress(OSError):
            try:
                draft.touch(mode=0o600)
                draft.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)


def remove(store: Path) -> None:
    """Take the record away, as nothing runs any more."""
    with contextlib.suppress(OSError):
        (store / RECORD_NAME).unlink(missing_ok=True)


def read(store: Path) -> Record | None:
    """Read the record; None if there is none that can be read."""
    try:
        given = json.loads((store / RECORD_NAME).read_bytes())
        return Record(
            host=str(given["host"]),
            update_port=int(given["update_port"]),
            supervisor=_process(given["supervisor"]),
            manager=None if given["manager"] is None else _process(given["manager"]),
            reason=str(given["reason"]),
            crashed=bool(given["crashed"]),
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _process(given: dict[str, Any]) -> Process:
    return Process(int(given["pid"]), int(given["started_ticks"]), str(given["boot_id"]))
