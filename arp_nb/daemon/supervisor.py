"""Keeping a manager alive: one loop, one child, no threads, standard library only.

The manager process ends with status 0 when it means to (idle, or told to stop): then the
supervisor ends too. Any other end is a crash, and it is started again, a little later each
time. After `refuse_after_s` without a manager that serves, requests are answered 503 with
the reason (see `arp_nb.daemon.refusal`), and the trying goes on.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING

from arp_nb.daemon import child, record
from arp_nb.daemon.host import Host, process
from arp_nb.daemon.log_file import LogFile
from arp_nb.daemon.refusal import Refusal
from arp_nb.discovery import LOG_NAME, NOT_READY

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from arp_nb.daemon.listeners import Listeners

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 60.0
#: for one that served: whoever killed it, posts wait for the next one
_LONGEST_PAUSE_AFTER_SERVICE_S = 1.0
#: a manager that lived so long has not crashed for the same reason as the one before it
_PROVEN_S = 10.0
#: crashes in a row before callers are told instead of left waiting
_TOLD_AFTER = 3
_STOP_S = 20.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def say(text: str) -> None:
    """Write a line to the log; a full disk is no reason to end."""
    with contextlib.suppress(OSError):
        now = datetime.now().astimezone().isoformat(timespec="milliseconds")
        sys.stderr.write(f"{now} supervisor: {text}\n")
        sys.stderr.flush()


class Supervisor:
    """Holds lock and listeners, and keeps one manager process running.

    Parameters
    ----------
    lock
        Descriptor that holds the store's lock.
    refuse_after_s
        After so long without a manager that serves, requests are refused in words.
    """

    def __init__(
        self, store: Path, host: Host, lock: int, listeners: Listeners, refuse_after_s: float
    ) -> None:
        self._store = store
        self._host = host
        self._lock = lock
        self._listeners = listeners
        self._refuse_after_s = refuse_after_s
        self._selector = selectors.DefaultSelector()
        self._refusal = Refusal(self._selector, (listeners.api, listeners.updates))
        self._child: child.Child | None = None
        self._crashes = 0
        self._reason = ""
        self._crashed = False
        self._away_since = time.monotonic()
        self._start_at: float | None = self._away_since
        self._kill_at: float | None = None
        self._stopping = False
        self._log_file = LogFile(store / LOG_NAME)

    def run(self) -> int:
        """Run until the manager ends on purpose, or a signal asks for the end."""
        wake = self._catch_signals()
        try:
            while self._child is not None or not self._stopping:
                self._start_if_due()
                self._stop_child()
                for key, _ in self._selector.select(self._pause_s()):
                    key.data(key)
                self._stop_child()
                self._do_what_is_due()
        finally:
            self._release_signals(wake)
            self._selector.close()
        self._say("ends")
        return 0

    # -- signals -----------------------------------------------------------------------

    def _catch_signals(self) -> tuple[int, int]:
        read_end, write_end = os.pipe()
        for descriptor in (read_end, write_end):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for number in _SIGNALS:
            signal.signal(number, self._stop)
        self._selector.register(
            read_end, selectors.EVENT_READ, lambda _key: self._on_wake(read_end)
        )
        return read_end, write_end

    @staticmethod
    def _release_signals(wake: tuple[int, int]) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, *_SIGNALS):
            signal.signal(number, signal.SIG_DFL)
        for descriptor in wake:
            os.close(descriptor)

    @staticmethod
    def _on_wake(read_end: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(read_end, 4096)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self._stopping:
            return
        self._stopping = True
        self._start_at = None
        self._say(f"stops, told by {signal.Signals(number).name}")

    def _stop_child(self) -> None:
        """Tell the child once; it may have been started at the moment that the signal came."""
        one = self._child
        if one is None or not self._stopping or one.stop_told:
            return
        one.stop_told = True
        self._kill_at = time.monotonic() + _STOP_S
        with contextlib.suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGTERM)

    # -- the child ---------------------------------------------------------------------

    def _start_if_due(self) -> None:
        if self._start_at is None or time.monotonic() < self._start_at:
            return
        self._start_at = None
        # now that no manager runs, which does it otherwise
        self._log_file.follow()
        self._log_file.rotate_if_large()
        try:
            self._child = child.start(self._store, self._lock, self._listeners, time.monotonic())
        except OSError as error:  # no memory, no process, no descriptor left
            text = f"The batch manager could not be started: {error}"
            self._after_crash(text, told=True, served=False)
            return
        self._selector.register(
            self._child.status, selectors.EVENT_READ, lambda _key: self._on_status()
        )
        self._write_record()

    def _on_status(self) -> None:
        one = self._child
        if one is None:
            return
        if not one.hear():
            self._selector.unregister(one.status)
        if one.is_ready and one.ready_at is None:
            one.ready_at = time.monotonic()
            self._reason = ""
            self._refusal.stop()
            self._say(f"manager {one.pid} serves")
            self._write_record()

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        self._reap()
        if self._kill_at is not None and now >= self._kill_at and self._child is not None:
            self._say(f"manager {self._child.pid} does not end; killed")
            os.kill(self._child.pid, signal.SIGKILL)
            self._kill_at = None
        if not self._serves and now - self._away_since >= self._refuse_after_s:
            self._refusal.reason = self._reason or NOT_READY
            self._refusal.start()
        self._refusal.drop_late()

    def _reap(self) -> None:
        one = self._child
        if one is None:
            return
        pid, status = os.waitpid(one.pid, os.WNOHANG)
        if not pid:
            return
        one.hear()
        with contextlib.suppress(KeyError):
            self._selector.unregister(one.status)
        one.close()
        self._child = None
        if one.ready_at is not None:
            self._away_since = time.monotonic()
            if self._away_since - one.ready_at >= _PROVEN_S:
                self._crashes = 0
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            self._stopping = True
        elif not self._stopping:
            how = f"by signal {-code}" if code < 0 else f"with exit status {code}"
            self._after_crash(
                one.failure or f"The batch manager ended {how}.",
                told=one.failure != "",
                served=one.ready_at is not None,
            )

    def _after_crash(self, reason: str, *, told: bool, served: bool) -> None:
        self._crashes += 1
        longest_s = _LONGEST_PAUSE_AFTER_SERVICE_S if served else _LONGEST_PAUSE_S
        pause_s = min(_FIRST_PAUSE_S * 2 ** min(self._crashes - 1, 16), longest_s)
        self._say(f"{reason} Next attempt in {pause_s:g} s.")
        self._start_at = time.monotonic() + pause_s
        tells = told or (self._crashes >= _TOLD_AFTER and not served)
        self._reason = reason if tells else ""
        self._crashed = not told
        self._write_record()

    # -- small -------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        self._log_file.follow()
        say(text)

    @property
    def _serves(self) -> bool:
        return self._child is not None and self._child.ready_at is not None

    def _pause_s(self) -> float | None:
        """How long nothing is due; None: until something happens."""
        now = time.monotonic()
        due = [at for at in (self._start_at, self._kill_at) if at is not None]
        if not self._serves and not self._refusal.on:
            due.append(self._away_since + self._refuse_after_s)
        if self._refusal.on:
            due.append(now + 1.0)
        return max(0.0, min(due) - now) if due else None

    def _write_record(self) -> None:
        ourselves = process(os.getpid())
        assert ourselves is not None
        record.Record(
            host=self._host.name,
            update_port=self._listeners.update_port,
            supervisor=ourselves,
            manager=None if self._child is None else process(self._child.pid),
            reason=self._reason,
            crashed=self._crashed,
        ).write(self._store)
