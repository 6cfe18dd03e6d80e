"""What the kernel says of processes, boots and locks.

Linux is read through ``/proc``. Elsewhere a boot cannot be told, and only the process group
of a job is found, not the groups that its processes opened themselves: best effort.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

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


def _has_variables(pid: int, pairs: Collection[bytes]) -> bool:
    """Whether a process was started with each ``NAME=value`` in its environment."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return set(pairs) <= set(file.read().split(b"\0"))
    except OSError:
        return False


def session_members(session: int) -> list[int]:
    """Return the living processes of a session: a job's, also in groups of their own."""
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                fields = _stat(int(name))
                # state, parent, group, session
                if len(fields) > 3 and fields[3] == b"%d" % session and fields[0] not in b"ZX":
                    found.append(int(name))
    return found


def signal_session(session: int, number: int) -> int:
    """Send a signal to every process of a session; return how many there were."""
    members = session_members(session)
    for pid in members:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    if not HAS_PROC:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(session, number)
    return len(members)


def kill_session(session: int, *, deadline_s: float = 2.0) -> None:
    """SIGKILL a session until nothing of it is left: members may fork meanwhile."""
    deadline = time.monotonic() + deadline_s
    while signal_session(session, signal.SIGKILL) and time.monotonic() < deadline:
        time.sleep(0.01)


def kill_rest(session: int, started: str | None, marks: Collection[bytes]) -> None:
    """SIGKILL what is left of a session, if it is still the one that started then.

    Without its first process, it is told from another one by what its processes were given.
    """
    if is_same(session, started) or (
        is_gone(session) and any(_has_variables(pid, marks) for pid in session_members(session))
    ):
        kill_session(session)


def stop_session(session: int, *, deadline_s: float = 2.0) -> None:
    """SIGSTOP a session until all of it stands still: members may fork meanwhile."""
    deadline = time.monotonic() + deadline_s
    while moving := [pid for pid in session_members(session) if not is_stopped(pid)]:
        for pid in moving:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGSTOP)
        if time.monotonic() >= deadline:  # one that waits for a disk stops when it wakes
            break
        time.sleep(0.01)
    if not HAS_PROC:
        signal_session(session, signal.SIGSTOP)


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
