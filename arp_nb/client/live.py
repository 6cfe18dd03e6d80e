"""What one experiment looks like now: loaded once, then kept true by one socket in a thread.

The thread loads everything over HTTP, subscribes from that revision on, and applies each
message under a lock. When the socket breaks it says that what is shown may be old, and
connects again: from the last revision, or by loading anew if that is no longer possible.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import socket
import threading
import time
import warnings
import weakref
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import websocket

from arp_nb import errors, status
from arp_nb.client.feed_socket import next_message, shut
from arp_nb.client.tables import KEYS, Snapshot, Tables, health_of
from arp_nb.model import JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from arp_nb.client.tables import Row
    from arp_nb.client.transport import Transport

#: a connection that says nothing for so long is asked whether it is still there
PING_S = 10.0
RECONNECT_MIN_S = 0.1
RECONNECT_MAX_S = 5.0
#: how long a question waits for a reconnection that is under way
PATIENCE_S = 1.0
#: how long a wait cannot see the jobs before it says so
TELL_AFTER_S = 15.0
PAGE = 5000

_log = logging.getLogger(__name__)
#: what breaks a connection; anything else is a fault of ours, or of the manager
_EXPECTED = (errors.ArpError, OSError, websocket.WebSocketException)


class _Line:
    """What a `Live` shares with its thread, which must not keep it alive."""

    def __init__(self) -> None:
        self.closing = False
        #: set to end a pause between two attempts to connect
        self.nudge = threading.Event()
        self.feed: websocket.WebSocket | None = None

    def hang_up(self) -> None:
        """Make the thread end, wherever it waits."""
        self.closing = True
        self.nudge.set()
        if (feed := self.feed) is not None and feed.sock is not None:
            with contextlib.suppress(OSError):
                feed.sock.shutdown(socket.SHUT_RDWR)


class Live:
    """The live tables of one experiment.

    Nothing happens before `start`, which the first question calls. The thread ends with
    `close`, or when nobody holds this object any more.
    """

    def __init__(self, transport: Transport, experiment: str, experiment_id: int) -> None:
        self.experiment_id = experiment_id
        self._transport = transport
        self._experiment = experiment
        self._tables = Tables()
        self._changed = threading.Condition()
        self._serial = 0
        self._ledger_changes = 0
        self._as_of = datetime.now(UTC)
        self._why: str | None = "not connected yet"
        self._line = _Line()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        weakref.finalize(self, self._line.hang_up)

    # -- for everybody -----------------------------------------------------------------

    def start(self) -> None:
        """Load everything, then follow the changes in a thread. Twice is not an error.

        Raises
        ------
        ArpError
            The first load failed.
        """
        with self._starting:
            if self._thread is not None or self._line.closing:
                return
            self._load()
            name = f"arp live {self._experiment}"
            self._thread = threading.Thread(
                target=_run, args=(weakref.ref(self), self._line), name=name, daemon=True
            )
            self._thread.start()
        self._wait_until_fresh()

    def close(self) -> None:
        """End the thread and its socket."""
        self._line.hang_up()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5)
        with self._changed:
            self._why = "the board was closed"
            self._tell()

    def snapshot(self) -> Snapshot:
        """Return everything known now; waits for a moment if a reconnection is under way."""
        self.start()
        if self._why is not None:
            self._line.nudge.set()
            self._wait_until_fresh()
        with self._changed:
            return self._snapshot()

    def peek(self) -> Snapshot:
        """Return everything known now, without waiting for anything."""
        with self._changed:
            return self._snapshot()

    def job(self, job_id: int) -> Row | None:
        """Return a job's row as far as it is known; None for a deleted or unknown one."""
        self.start()
        with self._changed:
            return self._tables.rows["jobs"].get(job_id)

    def peek_status(self, row: Row) -> str:
        """Return the word to show for a job now."""
        with self._changed:
            health = self._tables.health
        return status.shown(row["status"], JobState(row["state"]), row["location"], health)

    def wait(
        self, is_so: Callable[[Mapping[int, Row]], bool], timeout_s: float | None = None
    ) -> bool:
        """Wait until something is so of the jobs; False if it was not in time.

        ``is_so`` is called under the lock, with the live table: it must be quick. A wait
        that cannot see the jobs for long warns, and goes on.
        """
        self.start()
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        tell_at = time.monotonic() + TELL_AFTER_S
        with self._changed:
            while not is_so(self._tables.rows["jobs"]):
                if self._why is None:
                    tell_at = time.monotonic() + TELL_AFTER_S
                elif time.monotonic() >= tell_at:
                    tell_at = math.inf  # once, until it is well again
                    text = f"This waits for jobs, but cannot see them: {self._why} Trying again."
                    warnings.warn(f"{text} `jupyter arp doctor` says why.", stacklevel=4)
                # a second at most, so that Ctrl-C and a closed board are seen
                left_s = 1.0 if deadline is None else min(1.0, deadline - time.monotonic())
                if left_s <= 0 or self._line.closing:
                    return False
                self._changed.wait(left_s)
            return True

    def wait_change(self, seen: int, timeout_s: float) -> int:
        """Return a number that differs from ``seen`` once anything changed, or at timeout."""
        with self._changed:
            if self._serial == seen:
                self._changed.wait(timeout_s)
            return self._serial

    @property
    def is_stale(self) -> bool:
        """Whether what is known may be old."""
        return self._why is not None

    @property
    def ledger_changes(self) -> int:
        """A number that differs once the ledger of autorun has changed, or may have."""
        return self._ledger_changes

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._line.closing

    def learn(self, kind: str, rows: Iterable[Row]) -> None:
        """Take rows that a request answered, so that its sender sees them at once."""
        with self._changed:
            self._tables.take(kind, rows)
            self._tell()

    def forget(self, kind: str, ids: Iterable[int]) -> None:
        """Drop rows that a request deleted, so that its sender sees it at once."""
        with self._changed:
            self._tables.drop(kind, ids)
            self._tell()

    def learn_stop(self, stopped: Row | None) -> None:
        """Take who stopped all autorun, as a request answered it."""
        with self._changed:
            self._tables.autorun = {**self._tables.autorun, "stopped": stopped}
            self._tell()

    # -- inside ------------------------------------------------------------------------

    def _snapshot(self) -> Snapshot:
        tables = self._tables
        fresh = self._why is None
        return Snapshot(
            jobs=dict(tables.rows["jobs"]),
            definitions=dict(tables.rows["definitions"]),
            runs=dict(tables.rows["runs"]),
            health=tables.health,
            epoch=tables.epoch,
            revision=tables.revision,
            as_of=datetime.now(UTC) if fresh else self._as_of,
            stale=not fresh,
            why=self._why or "",
            autorun=tables.autorun,
        )

    def _tell(self) -> None:
        self._serial += 1
        self._changed.notify_all()

    def _wait_until_fresh(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while (
                self._why
                and not self._line.closing
                and (left_s := deadline - time.monotonic()) > 0
            ):
                self._changed.wait(left_s)

    def _load(self) -> None:
        """Read all rows; the first page's revision is where the subscription begins."""
        root = f"/experiments/{quote(self._experiment, safe='')}"
        tables = Tables()
        params: dict[str, Any] = {"limit": PAGE}
        while True:
            page = self._transport.call("GET", f"{root}/jobs", params=params)
            if not tables.epoch:
                tables.epoch, tables.revision = page["epoch"], page["revision"]
            tables.take("jobs", page["jobs"])
            if page.get("next_before") is None:
                break
            params["before"] = page["next_before"]
        for kind in ("definitions", "runs"):
            tables.take(kind, self._transport.call("GET", f"{root}/{kind}")[kind])
        answer = self._transport.call("GET", "/status")
        if answer.get("health"):
            tables.health = health_of(answer["health"])
        tables.autorun = answer.get("autorun") or {}
        with self._changed:
            self._tables = tables
            self._ledger_changes += 1
            self._as_of = datetime.now(UTC)
            self._tell()

    # -- for the thread ----------------------------------------------------------------

    def reload(self) -> None:
        """Load everything anew."""
        try:
            self._load()
        except (errors.ArpError, OSError) as error:
            self.tell_stale(str(error))

    def tell_stale(self, why: str) -> None:
        """Say that what is known may be old from now on."""
        with self._changed:
            if self._why is None:
                self._as_of = datetime.now(UTC)
            if self._line.closing:
                return
            self._why = why
            self._tell()

    def open_feed(self) -> websocket.WebSocket:
        """Connect, and subscribe from what is known on."""
        feed = self._transport.open_feed()
        try:
            for word in (self._experiment, "system"):
                since = {"since": self._tables.revision, "epoch": self._tables.epoch}
                feed.send(json.dumps({"subscribe": word, **since}))
        except BaseException:
            shut(feed)
            raise
        feed.settimeout(PING_S)
        return feed

    def apply(self, message: dict[str, Any]) -> None:
        """Apply a message of the change feed; `Gone` if it does not follow on what is known."""
        if "error" in message:
            refusal = errors.BY_NAME.get(message["error"], errors.ManagerError)
            raise refusal(str(message.get("message", "")))
        ours = message["subscription"] != "system"
        with self._changed:
            tables = self._tables
            if message["epoch"] != tables.epoch:
                raise errors.Gone("The store was replaced by another.")
            if ours and message["from"] > tables.revision:
                raise errors.Gone("Messages are missing in between.")
            for kind in KEYS:
                tables.take(kind, message["upserts"].get(kind, ()) if ours else ())
            if ours:
                self._ledger_changes += bool(message["upserts"].get("ledger"))
                for kind in ("definitions", "jobs"):
                    tables.drop(kind, message["deleted"][kind])
                tables.revision = max(tables.revision, message["to"])
            if message["upserts"].get("health"):
                tables.health = health_of(message["upserts"]["health"])
            if message["upserts"].get("autorun"):
                tables.autorun = message["upserts"]["autorun"]
            if ours and not message["more"]:
                self._why = None
            self._tell()


def _run(known: weakref.ref[Live], line: _Line) -> None:
    """Follow the changes until the line is hung up, or nobody wants to know any more."""
    pause_s = RECONNECT_MIN_S
    while not line.closing:
        try:
            _follow(known, line)
        except errors.Gone:
            if (live := known()) is not None:
                live.reload()
        except Exception as error:  # noqa: BLE001 - the loop's top: say it, and go on
            if not isinstance(error, _EXPECTED):
                _log.warning("The change feed could not be read.", exc_info=True)
            if (live := known()) is not None:
                pause_s = min(2 * pause_s, RECONNECT_MAX_S) if live.is_stale else RECONNECT_MIN_S
                live.tell_stale(_why(error))
        live = None
        if known() is None:
            return
        line.nudge.wait(pause_s)
        if not line.closing:
            line.nudge.clear()


def _follow(known: weakref.ref[Live], line: _Line) -> None:
    """Subscribe, and apply messages until the connection ends."""
    if (live := known()) is None:
        return
    line.feed = feed = live.open_feed()
    del live
    try:
        while not line.closing:
            message = next_message(feed)
            if (live := known()) is None:
                return
            if message is not None:
                live.apply(json.loads(message))
            del live
    finally:
        line.feed = None
        shut(feed)


def _why(error: Exception) -> str:
    """Say in words why the connection is down."""
    if isinstance(error, errors.ArpError):
        return str(error)
    if isinstance(error, websocket.WebSocketBadStatusException):
        return f"The change feed was refused with status {error.status_code}."
    if isinstance(error, _EXPECTED):
        return "The batch manager cannot be reached."
    return f"{type(error).__name__}: {error}"
