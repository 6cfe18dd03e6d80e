"""What a call through Jupyter costs, against its two parts.

Compared in one run, call by call in turn: a call to the manager through a Jupyter server
with token login, the same call straight to the manager's Unix socket, and a handler of the
Jupyter server that only checks the login.
"""

from __future__ import annotations

import http.client
import shutil
import socket
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, quantile
from benchmarks.servers import TOKEN, jupyter, manager

CALL = "/arp/api/status"
HEADERS = {"Authorization": f"token {TOKEN}"}
HERE = Path(__file__).resolve().parent
THROUGH, STRAIGHT, EMPTY = "through Jupyter", "straight", "empty handler"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, kept open as the others are."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        """Connect to the path."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure the p95 of calls through Jupyter against that of their two parts."""
    folder = Path(tempfile.mkdtemp(prefix="arp", dir="/tmp"))
    try:
        empty = {"PYTHONPATH": str(HERE / "empty_handler")}
        extensions = ("arp_nb.extension", "arp_empty_handler")
        with (
            manager(folder) as path,
            jupyter(folder, extensions=extensions, variables=empty) as port,
        ):
            times_ms = time_calls(port, path, rounds=300 if quick else 1500)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    p95_ms = {name: quantile(one, 0.95) for name, one in times_ms.items()}
    median_ms = {name: quantile(one, 0.5) for name, one in times_ms.items()}
    return [
        Figure(
            what="p95 of GET status through Jupyter",
            baseline="empty Jupyter handler + the same call straight",
            ratio=p95_ms[THROUGH] / (p95_ms[EMPTY] + p95_ms[STRAIGHT]),
            side="<=",
            bar=1.5,
            detail=", ".join(
                f"{name} {median_ms[name]:.2f} (p95 {p95_ms[name]:.2f}) ms" for name in times_ms
            ),
        )
    ]


def time_calls(port: int, path: Path, *, rounds: int) -> dict[str, list[float]]:
    """Time each kind of call, in turn, so that all meet the same noise. Milliseconds."""
    through = http.client.HTTPConnection("127.0.0.1", port)
    straight = UnixConnection(path)
    kinds = {
        THROUGH: (through, CALL),
        STRAIGHT: (straight, CALL),
        EMPTY: (through, "/empty"),
    }
    times_ms: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(-100, rounds):
        for name, (connection, address) in kinds.items():
            start = time.perf_counter()
            connection.request("GET", address, headers=HEADERS)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"{name}: {answer.status}")
            if number >= 0:  # before that, all sides warm up
                times_ms[name].append(1000 * (time.perf_counter() - start))
    through.close()
    straight.close()
    return times_ms
