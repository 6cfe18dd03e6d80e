"""What one experiment looks like now: loaded once, then kept true by one socket in a thread.

The thread loads everything over HTTP, subscribes from that revision on, and applies each
message under a lock. When the socket breaks it says that what is shown may be old, and
connects again: from the last revision, or by loading anew if that is no longer possible.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import websocket

from arp_nb import errors, status
from arp_nb.model import JobState
from arp_nb.ports import Health, SchedulerHealth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from arp_nb.client.transport import Transport

Row = dict[str, Any]

#: a connection that says nothing for so long is asked whether it is still there
PING_S = 10.0
RECONNECT_MIN_S = 0.1
RECONNECT_MAX_S = 5.0
#: how long a question waits for a reconnection that is under way
PATIENCE_S = 1.0
PAGE = 5000

#: what is kept, and by which field of a row it is found
_KEYS = {"definitions": "id", "runs": "run", "jobs": "id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything known at one moment; rows are shared and must not be changed."""

    jobs: Mapping[int, Row]
    definitions: Mapping[int, Row]
    runs: Mapping[int, Row]
    health: Health | None
    epoch: str
    revision: int
    #: until when the above is known to be true
    as_of: datetime
    #: the connection is down: it may be old by now
    stale: bool
    why: str = ""

    def status(self, job: Row) -> str:
        """Return the word to show for a job now: the stored one, unless nobody answers."""
        return status.shown(job["status"], JobState(job["state"]), job["location"], self.health)

    @property
    def attrs(self) -> dict[str, Any]:
        """What a DataFrame made of this says of itself."""
        return {"revision": self.revision, "as_of": self.as_of, "stale": self.stale}


@dataclass(slots=True)
class _Tables:
    """The rows by kind and key, and how far they are known."""

    epoch: str = ""
    revision: int = 0
    rows: dict[str, dict[int, Row]] = field(default_factory=lambda: {kind: {} for kind in _KEYS})
    health: Health | None = None

    def take(self, kind: str, rows: Iterable[Row]) -> None:
        table, key = self.rows[kind], _KEYS[kind]
        for row in rows:
            known = table.get(row[key])
            if known is None or known["revision"] <= row["revision"]:
                table[row[key]] = row

    def drop(self, kind: str, ids: Iterable[int]) -> None:
        for one in ids:
            self.rows[kind].pop(one, None)


class Live:
    """The live tables of one experiment.

    Nothing happens before `start`, which the first question calls.
    """

    def __init__(self, transport: Transport, experiment: str) -> None:
        self._transport = transport
        self._experiment = experiment
        self._tables = _Tables()
        self._changed = threading.Condition()
        self._serial = 0
        self._as_of = datetime.now(UTC)
        self._why: str | None = "not connected yet"
        #: set to end a pause between two attempts to connect
        self._nudge = threading.Event()
        self._closing = False
        self._socket: websocket.WebSocket | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    # -- for everybody -----------------------------------------------------------------

    def start(self) -> None:
        """Load everything, then follow the changes in a thread. Twice is not an error.

        Raises
        ------
        ArpError
            The first load failed.
        """
        with self._starting:
            if self._thread is not None or self._closing:
                return
            self._load()
            name = f"arp live {self._experiment}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()
        self._wait_until_fresh()

    def close(self) -> None:
        """End the thread and its socket."""
        self._closing = True
        self._nudge.set()
        # shutting the socket down wakes the thread, which then closes it
        if (socket := self._socket) is not None and socket.sock is not None:
            with contextlib.suppress(OSError):
                socket.sock.shutdown(2)
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
            self._nudge.set()
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

        ``is_so`` is called under the lock, with the live table: it must be quick.
        """
        self.start()
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while not is_so(self._tables.rows["jobs"]):
                # a second at most, so that Ctrl-C and a closed board are seen
                left_s = 1.0 if deadline is None else min(1.0, deadline - time.monotonic())
                if left_s <= 0 or self._closing:
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
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closing

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
        )

    def _tell(self) -> None:
        self._serial += 1
        self._changed.notify_all()

    def _wait_until_fresh(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while self._why and not self._closing and (left_s := deadline - time.monotonic()) > 0:
                self._changed.wait(left_s)

    def _load(self) -> None:
        """Read all rows; the first page's revision is where the subscription begins."""
        root = f"/experiments/{quote(self._experiment, safe='')}"
        tables = _Tables()
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
        with self._changed:
            self._tables = tables
            self._as_of = datetime.now(UTC)
            self._tell()

    def _run(self) -> None:
        pause_s = RECONNECT_MIN_S
        while not self._closing:
            try:
                self._follow()
            except errors.Gone:
                self._reload()
            except (errors.ArpError, OSError, websocket.WebSocketException) as error:
                was_fresh = self._why is None
                self._stale(str(error) or type(error).__name__)
                pause_s = RECONNECT_MIN_S if was_fresh else min(2 * pause_s, RECONNECT_MAX_S)
            except Exception as error:  # noqa: BLE001 - the loop's top: say it, and go on
                self._stale(f"{type(error).__name__}: {error}")
                pause_s = RECONNECT_MAX_S
            self._nudge.wait(pause_s)
            if not self._closing:
                self._nudge.clear()

    def _reload(self) -> None:
        try:
            self._load()
        except (errors.ArpError, OSError) as error:
            self._stale(str(error))

    def _stale(self, why: str) -> None:
        with self._changed:
            if self._why is None:
                self._as_of = datetime.now(UTC)
            if self._closing:
                return
            self._why = why
            self._tell()

    def _follow(self) -> None:
        """Subscribe, and apply messages until the connection ends."""
        feed = self._transport.open_feed()
        self._socket = feed
        try:
            for word in (self._experiment, "system"):
                since = {"since": self._tables.revision, "epoch": self._tables.epoch}
                feed.send(json.dumps({"subscribe": word, **since}))
            feed.settimeout(PING_S)
            while not self._closing:
                text = _next_text(feed)
                if text is not None:
                    self._apply(json.loads(text))
        finally:
            self._socket = None
            with contextlib.suppress(OSError, websocket.WebSocketException):
                feed.close(timeout=0)
            feed.shutdown()  # type: ignore[no-untyped-call] # it has no types

    def _apply(self, message: dict[str, Any]) -> None:
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
            for kind in _KEYS:
                tables.take(kind, message["upserts"].get(kind, ()) if ours else ())
            if ours:
                for kind in ("definitions", "jobs"):
                    tables.drop(kind, message["deleted"][kind])
                tables.revision = max(tables.revision, message["to"])
            if message["upserts"].get("health"):
                tables.health = health_of(message["upserts"]["health"])
            if ours and not message["more"]:
                self._why = None
            self._tell()


def _next_text(feed: websocket.WebSocket) -> bytes | None:
    """Return the next message, or None after anything else that shows the other end alive."""
    try:
        opcode, data = feed.recv_data(control_frame=True)
    except websocket.WebSocketTimeoutException:
        feed.ping()
        opcode, data = feed.recv_data(control_frame=True)  # silent again: it raises
    if opcode == websocket.ABNF.OPCODE_CLOSE:
        raise websocket.WebSocketConnectionClosedException("the other side closed the connection")
    if opcode == websocket.ABNF.OPCODE_PING:
        return None
    return bytes(data) if opcode in {websocket.ABNF.OPCODE_TEXT, 2} else None


def health_of(row: Mapping[str, Any]) -> Health:
    """Read `arp_nb.rows.health_row` back."""
    return Health(
        client_ok=row["client"]["ok"],
        client_since=datetime.fromisoformat(row["client"]["since"]),
        schedulers={
            name: SchedulerHealth(
                location=name,
                ok=one["ok"],
                since=datetime.fromisoformat(one["since"]),
                said=one.get("said", ""),
                answer_s=one.get("answer_s"),
            )
            for name, one in row["schedulers"].items()
        },
    )
