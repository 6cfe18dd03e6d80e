"""Starting the manager process with what it inherits, and hearing from it.

``os.posix_spawn`` instead of `subprocess`: the supervisor stays small, and only descriptors
made inheritable on purpose are passed on.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from arp_nb.daemon.listeners import Listeners

MODULE = "arp_nb.daemon.manager_process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What a manager process is given, on its command line, by its supervisor."""

    store: str
    #: descriptors
    lock: int
    api: int
    updates: int
    #: where it tells that it is ready, or why it never will be
    status: int
    notices: tuple[str, ...] = ()

    def to_argument(self) -> str:
        """Write it as one argument."""
        names = ("store", "lock", "api", "updates", "status", "notices")
        return json.dumps({name: getattr(self, name) for name in names})

    @classmethod
    def from_argument(cls, text: str) -> Inherited:
        """Read what `to_argument` wrote."""
        given: dict[str, Any] = json.loads(text)
        return cls(**{**given, "notices": tuple(given["notices"])})


@dataclass(slots=True)
class Child:
    """A started manager process."""

    pid: int
    #: read end of its status pipe
    status: int
    started_at: float
    ready_at: float | None = None
    heard: bytes = b""
    #: it was asked to end
    stop_told: bool = False

    def hear(self) -> bool:
        """Read what it told; False once it has closed the pipe."""
        try:
            piece = os.read(self.status, 65536)
        except BlockingIOError:
            return True
        self.heard += piece
        return bool(piece)

    @property
    def is_ready(self) -> bool:
        """Whether it said that it serves."""
        return self.heard.startswith(b"ready\n")

    @property
    def failure(self) -> str:
        """Why it says that it cannot serve; empty if it said nothing."""
        return "" if self.is_ready else self.heard.decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Give up the pipe."""
        os.close(self.status)


def start(store: Path, lock: int, listeners: Listeners, now: float) -> Child:
    """Start a manager process."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    inherited = Inherited(
        store=str(store),
        lock=lock,
        api=listeners.api.fileno(),
        updates=listeners.updates.fileno(),
        status=write_end,
        notices=listeners.notices,
    )
    try:
        for descriptor in (inherited.lock, inherited.api, inherited.updates, write_end):
            os.set_inheritable(descriptor, True)  # noqa: FBT003 - as the library has it
        argv = [sys.executable, "-P", "-m", MODULE, inherited.to_argument()]
        pid = os.posix_spawn(sys.executable, argv, os.environ)
    except BaseException:
        os.close(read_end)
        raise
    finally:
        os.close(write_end)
    return Child(pid, read_end, now)
