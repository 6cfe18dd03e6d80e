"""The processes of one job, which are stopped, let go on and ended together.

A job is its session, whatever groups it has, and what descends from it in sessions of their own
(``setsid``, launchers of parallel programs): LSF follows "the relationship among all processes",
too (LSF_PROCESS_TRACKING and LSF_REPLACE_PIM_WITH_LINUX_CGROUP in IBM Spectrum LSF 10.1,
lsf.conf). A daemon, in another session and without a parent before it was seen, is not found.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

from . import processes

if TYPE_CHECKING:
    from collections.abc import Collection


class Family:
    """The processes of a job, told from others each time anew, for they come and go.

    Parameters
    ----------
    session
        Its first process, which leads its session, or will as soon as it has made one.
    """

    def __init__(self, session: int) -> None:
        self._session = session
        self._first = (session, processes.start_time(session))
        #: seen in other sessions: process → when it started. A parent that ends leaves them alone
        self._elsewhere: dict[int, str] = {}

    def members(self) -> list[int]:
        """Return those that live."""
        known = {pid for pid, at in self._elsewhere.items() if processes.is_same(pid, at)}
        children: dict[int, list[processes.Kin]] = {}
        found: dict[int, processes.Kin] = {}
        for one in processes.living():
            children.setdefault(one.parent, []).append(one)
            is_first = (one.pid, one.started) == self._first
            if is_first or one.session == self._session or one.pid in known:
                found[one.pid] = one
        rest = list(found)
        while rest:
            for child in children.get(rest.pop(), ()):
                if child.pid not in found:
                    found[child.pid] = child
                    rest.append(child.pid)
        self._elsewhere = {
            pid: one.started for pid, one in found.items() if one.session != self._session
        }
        return list(found)

    def signal(self, number: int) -> int:
        """Send a signal to each of them; return how many there were."""
        members = self.members()
        _send(members, number)
        if not processes.HAS_PROC:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._session, number)
        return len(members)

    def stop(self, *, deadline_s: float = 2.0) -> None:
        """SIGSTOP them until all stand still: they may fork meanwhile."""
        deadline = time.monotonic() + deadline_s
        while moving := [pid for pid in self.members() if not processes.is_stopped(pid)]:
            _send(moving, signal.SIGSTOP)
            if time.monotonic() >= deadline:  # one that waits for a disk stops when it wakes
                break
            time.sleep(0.01)
        if not processes.HAS_PROC:
            self.signal(signal.SIGSTOP)

    def kill(self, *, deadline_s: float = 2.0) -> None:
        """SIGKILL them until nothing is left: they may fork meanwhile."""
        deadline = time.monotonic() + deadline_s
        while self.signal(signal.SIGKILL) and time.monotonic() < deadline:
            time.sleep(0.01)


def kill_rest(session: int, started: str | None, marks: Collection[bytes]) -> None:
    """SIGKILL what is left of a job, if its session is still the one that started then.

    Without its first process, it is told from another one by what its processes were given.
    """
    family = Family(session)
    if processes.is_same(session, started) or (
        processes.is_gone(session)
        and any(processes.has_variables(pid, marks) for pid in family.members())
    ):
        family.kill()


def _send(pids: Collection[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
