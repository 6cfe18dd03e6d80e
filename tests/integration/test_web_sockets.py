"""What only real sockets show: the change feed, slow readers, oversized requests."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed

from arp_nb.web import serving, updates
from tests.integration.sockets import Served, served

pytestmark = pytest.mark.anyio
CHANGES = "ws://arp/arp/api/changes"
DEADLINE_S = 30


@pytest.fixture
async def arp(short_tmp: Path) -> AsyncIterator[Served]:
    async with served(short_tmp) as made:
        await made.face.with_job()
        yield made


def client(arp: Served) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=str(arp.api))
    return httpx.AsyncClient(transport=transport, base_url="http://arp", timeout=DEADLINE_S)


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def heard(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(DEADLINE_S):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def test_the_kernel_tells_who_connects(arp: Served) -> None:
    async with client(arp) as caller:
        assert (await caller.get("/arp/api/status")).status_code == 200
    async with httpx.AsyncClient() as stranger:  # over TCP nobody is known
        answer = await stranger.get(f"http://127.0.0.1:{arp.update_port}/arp/api/status")
    assert answer.status_code == 404


async def test_a_subscriber_hears_of_each_change(arp: Served) -> None:
    async with unix_connect(str(arp.api), CHANGES) as socket:
        await say(socket, subscribe="xpptest", since=0)
        first = await heard(socket)
        assert first["subscription"] == "xpptest"
        assert [job["id"] for job in first["upserts"]["jobs"]] == [1]
        path = f"http://127.0.0.1:{arp.update_port}{arp.update_path()}"
        async with httpx.AsyncClient() as job:
            await job.post(path, json={"counters": {"Step": 3}})
        news = await heard(socket)
        assert news["from"] == first["to"]
        assert news["upserts"]["jobs"][0]["report"] == {"counters": {"Step": 3}}


async def test_one_socket_carries_several_subscriptions(arp: Served) -> None:
    async with unix_connect(str(arp.api), CHANGES) as socket:
        for subject in ("system", "mine", "xpptest"):
            await say(socket, subscribe=subject, since=0)
        told = [await heard(socket) for _ in range(3)]
        assert {message["subscription"] for message in told} == {"system", "mine", "xpptest"}
        (system,) = [message for message in told if message["subscription"] == "system"]
        assert "client" in system["upserts"]["health"]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("{", "InvalidValue"),
        ("[]", "InvalidValue"),
        ('{"subscribe": ""}', "InvalidValue"),
        ('{"subscribe": "xpptest", "sincee": 1}', "InvalidValue"),
        ('{"subscribe": "xpptest", "since": -1}', "InvalidValue"),
        ('{"subscribe": "nowhere"}', "NotFound"),
        ('{"subscribe": "xpptest", "since": 1, "epoch": "another"}', "Gone"),
        ('{"subscribe": "xpptest", "since": 999999}', "Gone"),
    ],
)
async def test_a_bad_subscription_is_told_and_the_socket_stays(
    arp: Served, message: str, error: str
) -> None:
    async with unix_connect(str(arp.api), CHANGES) as socket:
        await socket.send(message)
        told = await heard(socket)
        assert told["error"] == error
        assert told["message"]
        await say(socket, subscribe="xpptest", since=0)
        assert (await heard(socket))["subscription"] == "xpptest"


async def test_a_message_too_long_ends_the_socket(arp: Served) -> None:
    async with unix_connect(str(arp.api), CHANGES) as socket:
        await socket.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            await heard(socket)


async def test_readers_that_leave_leave_nothing_behind(arp: Served) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(5):
        async with unix_connect(str(arp.api), CHANGES) as socket:
            await say(socket, subscribe="xpptest", since=0)
            await heard(socket)
    async with asyncio.timeout(DEADLINE_S):
        while len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.01)


async def test_a_slow_reader_costs_no_memory_and_then_hears_the_latest(arp: Served) -> None:
    posts, text = 300, "x" * 20_000  # 6 MB of messages, if each were kept
    url = f"http://127.0.0.1:{arp.update_port}{arp.update_path()}"
    async with unix_connect(str(arp.api), CHANGES, max_queue=1) as slow:
        await say(slow, subscribe="xpptest", since=0)
        await heard(slow)
        slow.transport.pause_reading()
        tracemalloc.start()
        try:
            async with httpx.AsyncClient(timeout=DEADLINE_S) as job:
                for step in range(posts):
                    body = {"note": text, "counters": {"Step": step}}
                    assert (await job.post(url, json=body)).status_code == 200
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak_bytes < 4_000_000
        slow.transport.resume_reading()
        read = 0
        async with asyncio.timeout(DEADLINE_S):
            while True:
                read += 1
                (job_row,) = (await heard(slow))["upserts"]["jobs"]
                if job_row["report"]["counters"]["Step"] == posts - 1:
                    break
        assert read < posts


async def test_ten_megabytes_are_refused_without_being_held(arp: Served) -> None:
    url = f"http://127.0.0.1:{arp.update_port}{arp.update_path()}"
    piece = b"x" * 100_000

    async def body() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield piece

    tracemalloc.start()
    try:
        async with httpx.AsyncClient(timeout=DEADLINE_S) as job:
            for headers in ({}, {"Content-Length": "10000000"}):
                refused = await job.post(url, content=body(), headers=headers)
                assert refused.status_code == 413
                assert "262,144 bytes" in refused.json()["message"]
            # the connection is good for the next post
            assert (await job.post(url, json={"a": 1})).status_code == 200
            _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 4_000_000  # of caller and listener together


async def test_headers_without_end_are_cut_off(arp: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", arp.update_port)
    writer.write(b"POST / HTTP/1.1\r\n" + b"X-Long: " + b"x" * 200_000)
    async with asyncio.timeout(DEADLINE_S):
        told = await reader.read()
    assert told.startswith(b"HTTP/1.1 400 ")
    writer.close()


SILENT = [
    pytest.param(b"", id="says-nothing"),
    pytest.param(b"POST /ws HTTP/1.1\r\nHost", id="half-a-header"),
    pytest.param(
        b"POST /ws/logbook/client_status/1-0 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
        id="half-a-post",
    ),
]


@pytest.mark.parametrize("said", SILENT)
async def test_who_falls_silent_in_a_request_is_let_go(
    arp: Served, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_HEADERS_S", 0.2)
    monkeypatch.setattr(updates, "_BODY_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", arp.update_port)
    try:
        writer.write(said)
        async with asyncio.timeout(DEADLINE_S):
            answer = await reader.read()
        assert not answer or b" 408 " in answer
    finally:
        writer.close()
        await writer.wait_closed()
