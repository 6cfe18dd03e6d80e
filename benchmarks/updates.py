"""Report updates: how many a second, and how long one takes when 500 jobs post every second.

Our listener answers after the disk has the report; the bare Tornado handler that it is held
against does nothing. Both are measured by the same generator in the same run, in turns.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import uvloop

from benchmarks.figures import Figure, quantile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

_JOBS = 500
_CONNECTIONS = 200
_FSYNCS = 300


@dataclass(frozen=True, slots=True)
class _Server:
    """Where to post."""

    port: int
    paths: list[str]

    def request(self, job: int, step: int) -> bytes:
        """One post of a job, with a value that it never had."""
        body = json.dumps({"counters": {"Events": [step, "red"], "Rate": step / 7}}).encode()
        path = self.paths[job % len(self.paths)]
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body


class _Connection(asyncio.Protocol):
    """A kept connection: one post at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._heard = b""
        self._answer: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own transport has no common base with asyncio's
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, end, body = self._heard.partition(b"\r\n\r\n")
        if not end or self._answer is None:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            assert head.startswith(b"HTTP/1.1 200"), self._heard
            self._heard = b""
            self._answer.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("closed by the server"))

    def close(self) -> None:
        self._transport.close()

    async def post(self, request: bytes) -> None:
        """Send, and wait for the whole answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        await self._answer


def measure(*, quick: bool) -> list[Figure]:
    """Measure both figures."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="arp")))
        ours = stack.enter_context(_served("ours", folder / "store"))
        bare = stack.enter_context(_served("bare", folder))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rates = runner.run(_rates(ours, bare, rounds=3 if quick else 5, round_s=1.5))
            latencies = runner.run(_latencies(ours, bare, seconds=4 if quick else 15))
        fsync_s = _median_fsync_s(folder)
    return [_rate_figure(*rates), _latency_figure(*latencies, fsync_s)]


def _rate_figure(ours: float, bare: float) -> Figure:
    return Figure(
        what="durable report updates a second",
        baseline="bare Tornado handler that does nothing",
        ratio=ours / bare,
        side=">=",
        bar=1.0,
        detail=f"{ours:,.0f} against {bare:,.0f}",
    )


def _latency_figure(ours_s: list[float], bare_s: list[float], fsync_s: float) -> Figure:
    p99_s = quantile(ours_s, 0.99)
    empty_s = statistics.median(bare_s)
    return Figure(
        what=f"{_JOBS} jobs, one post a second each: 99th percentile",
        baseline="median of an empty handler + median fsync",
        ratio=p99_s / (empty_s + fsync_s),
        side="<=",
        bar=5.0,
        detail=f"{p99_s * 1e3:.1f} ms against {empty_s * 1e3:.1f} + {fsync_s * 1e3:.1f} ms, "
        f"median {statistics.median(ours_s) * 1e3:.1f} ms",
        for_people=True,  # one late write of a neighbour on the disk is in it, or is not
    )


@contextmanager
def _served(kind: str, folder: Path) -> Iterator[_Server]:
    argv = [sys.executable, "-m", "benchmarks.update_servers", kind, str(folder), str(_JOBS)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        yield _Server(**json.loads(server.stdout.readline()))
        # leaving closes its standard input, and waits


async def _rates(
    ours: _Server, bare: _Server, *, rounds: int, round_s: float
) -> tuple[float, float]:
    """Measure posts a second of each, median of rounds in turns."""
    found: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds):
        for rates, server in zip(found, (ours, bare), strict=True):
            rates.append(await _rate(server, round_s, first=turn * 1_000_000))
    return statistics.median(found[0]), statistics.median(found[1])


async def _rate(server: _Server, seconds: float, first: int) -> float:
    begun = time.perf_counter()
    done = 0

    async def keep_posting(job: int, connection: _Connection) -> None:
        nonlocal done
        step = first
        while time.perf_counter() - begun < seconds:
            step += 1
            await connection.post(server.request(job, step))
            done += 1

    await _on_connections(server, _CONNECTIONS, keep_posting)
    return done / (time.perf_counter() - begun)


async def _latencies(
    ours: _Server, bare: _Server, *, seconds: int
) -> tuple[list[float], list[float]]:
    return await _open_loop(ours, seconds), await _open_loop(bare, seconds)


async def _open_loop(server: _Server, seconds: int) -> list[float]:
    """Time each post from when it was due, so that a server that lags cannot hide it."""
    # not the loop's clock, which uvloop reads once a turn, in milliseconds
    begun = time.perf_counter() + 0.2
    took_s: list[float] = []

    async def post_every_second(job: int, connection: _Connection) -> None:
        for second in range(seconds):
            due = begun + second + job / _JOBS
            await asyncio.sleep(due - time.perf_counter())
            # the generator's own lateness in waking up is not the server's
            due = max(due, time.perf_counter())
            await connection.post(server.request(job, 10_000_000 + second))
            if second:  # the first second warms up
                took_s.append(time.perf_counter() - due)

    await _on_connections(server, _JOBS, post_every_second)
    return took_s


async def _on_connections(
    server: _Server, count: int, use: Callable[[int, _Connection], Awaitable[None]]
) -> None:
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(_Connection, "127.0.0.1", server.port))[1]
        for _ in range(count)
    ]
    try:
        await asyncio.gather(*(use(job, one) for job, one in enumerate(opened)))
    finally:
        for one in opened:
            one.close()


def _median_fsync_s(folder: Path) -> float:
    """Write 4 KiB and fsync, many times."""
    took_s = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(_FSYNCS):
            begun = time.perf_counter()
            file.write(os.urandom(4096))
            os.fsync(file.fileno())
            took_s.append(time.perf_counter() - begun)
    return statistics.median(took_s)
