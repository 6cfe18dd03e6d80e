"""Which machine this is, and whether a process noted down earlier still runs on it."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Host:
    """A machine: its name, and the id of its present boot (empty where there is none)."""

    name: str
    boot_id: str

    def is_same_machine(self, other: Host) -> bool:
        """Whether both are one machine; a renamed one is known by its boot id."""
        return self.name == other.name or bool(self.boot_id and self.boot_id == other.boot_id)


@dataclass(frozen=True, slots=True)
class Process:
    """A process that cannot be mistaken for a later one with the same pid."""

    pid: int
    #: ticks between boot and its start; 0 where the system does not say
    started_ticks: int
    boot_id: str

    def runs(self) -> bool:
        """Whether it is still there."""
        return self.pid > 0 and self == process(self.pid)


def this_host() -> Host:
    """Name this machine. The variable ARP_HOST decides alone where hostnames change."""
    given = os.environ.get("ARP_HOST")
    if given:
        return Host(given, "")
    return Host(socket.gethostname(), boot_id())


def boot_id() -> str:
    """Return the id of the kernel's present boot."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


def process(pid: int) -> Process | None:
    """Describe a running process; None if there is none of that pid."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass  # it runs, as somebody else
    return Process(pid, _started_ticks(pid), boot_id())


def _started_ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return 0
    # the command's name, in parentheses, may hold anything; field 22 is counted from its end
    return int(stat.rpartition(")")[2].split()[19])
