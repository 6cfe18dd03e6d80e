"""What the kernel says of processes, boots and locks.

Linux is read through ``/proc``. Elsewhere a boot cannot be told, and only the process group
of a job is found, not the groups that its processes opened themselves: best effort.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

HAS_PROC = os.path.isdir("/proc/self")
#: names another file to read the boot's id from, for tests
BOOT_VARIABLE = "ARP_LOCAL_BOOT_ID_FILE"


def boot_id() -> str:
    """Return what differs after a restart of the machine; empty where nobody can tell."""
    path = os.environ.get(BOOT_VARIABLE, "/proc/sys/kernel/random/boot_id")
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except (OSError, ValueError):
        return ""


def _stat(pid: int) -> list[bytes]:
    """Return the fields of ``/proc/<pid>/stat`` from the third on; [] if there is no such."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # the second field is the program's name, which may hold spaces and parentheses
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []


def start_time(pid: int) -> str:
    """Return when a process started, in the kernel's ticks: its name together with the pid."""
    fields = _stat(pid)
    return fields[19].decode() if len(fields) > 19 else ""


def is_same(pid: int | None, started: str | None) -> bool:
    """Whether the process with this id is still the one that started then."""
    if not pid:
        return False
    if HAS_PROC:
        fields = _stat(pid)
        return len(fields) > 19 and fields[0] not in b"ZX" and fields[19].decode() == started
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def is_gone(pid: int) -> bool:
    """Whether a process has ended, though nobody may have asked for its exit code yet."""
    fields = _stat(pid)
    return not fields or fields[0] in b"ZX"


def is_stopped(pid: int | None) -> bool:
    """Whether a process is stopped: by a terminal's Ctrl-Z, or a signal."""
    return pid is not None and _stat(pid)[:1] == [b"T"]


def open_streams() -> None:
    """Open the standard streams where they are closed, before anything else gets their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - the library takes it so
    os.close(descriptor)


def close_from(first: int) -> None:
    """Close all descriptors from this one on, whatever their limit: it may be a billion."""
    if not HAS_PROC:
        return os.closerange(first, min(os.sysconf("SC_OPEN_MAX"), 1 << 16))
    for name in os.listdir("/proc/self/fd"):
        if int(name) >= first:
            with contextlib.suppress(OSError):  # one of them was the listing itself
                os.close(int(name))
    return None


def has_variables(pid: int, pairs: Collection[bytes]) -> bool:
    """Whether a process was started with each ``NAME=value`` in its environment."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return set(pairs) <= set(file.read().split(b"\0"))
    except OSError:
        return False


class Kin(NamedTuple):
    """Whose child a living process is, and in which session."""

    pid: int
    parent: int
    session: int
    #: in the kernel's ticks, see `start_time`
    started: str


def living() -> Iterator[Kin]:
    """Go through all processes that live, stopped ones too; none where there is no ``/proc``."""
    names = os.listdir("/proc") if HAS_PROC else []
    for name in names:
        fields = _stat(int(name)) if name.isdigit() else []
        # state, parent, group, session
        if len(fields) > 19 and fields[0] not in b"ZX":
            yield Kin(int(name), int(fields[1]), int(fields[3]), fields[19].decode())


def hold(path: str) -> int | None:
    """Lock a file for the life of this process; None if another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            return None
        raise
    return descriptor


def is_held(path: str) -> bool:
    """Whether a living process holds the lock on a file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # shared, so that two who look at the same time do not take each other for a holder
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
