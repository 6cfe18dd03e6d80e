"""Many ranks of many jobs report at once, and no last value is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.real.product import Product, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOBS = 20
CONNECTIONS = 480
POSTS = 10

#: a job that tells us its address, waits for the word to go, then posts with plain `requests`
SUBMIT_PY = """
import os, pathlib, sys, time, requests
folder = pathlib.Path(sys.argv[1])
job = os.environ["ARP_JOB_ID"]
(folder / (job + ".new")).write_text(os.environ["BATCH_UPDATE_URL"])
(folder / (job + ".new")).rename(folder / (job + ".url"))
while not (folder / "go").exists():
    time.sleep(0.05)
for step in range(1, 11):
    requests.post(os.environ["BATCH_UPDATE_URL"],
                  json={"counters": {"own": [step, "red"]}}).raise_for_status()
while not (folder / "stop").exists():
    time.sleep(0.05)
"""


@pytest.fixture
def product(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    product = Product(short_tmp, f"local_slots = {JOBS}\npoll_min_s = 1\n")
    monkeypatch.setenv("ARP_STORE", str(product.store))
    product.start()
    yield product
    product.close()


async def rank(url: str, number: int) -> None:
    """One rank: its own connection, its own counter, values 1 to POSTS."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    with contextlib.closing(writer):
        for value in range(1, POSTS + 1):
            body = json.dumps({"counters": {f"rank {number}": value}}).encode()
            head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in answer.split(b"\r\n", 1)[0], answer
            length = next(
                int(line.split(b":")[1])
                for line in answer.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            await reader.readexactly(length)


async def all_ranks(urls: list[str]) -> None:
    async with asyncio.TaskGroup() as ranks:
        for number in range(CONNECTIONS):
            ranks.create_task(rank(urls[number % len(urls)], number))


def test_no_last_value_is_lost_when_500_post_at_once(product: Product) -> None:
    meeting = product.folder / "meeting"
    meeting.mkdir()
    submit = product.scripts / "submit.py"
    submit.write_text(SUBMIT_PY)
    script = product.script(
        "submit.sh", f"#!/bin/sh\nbsub -q any -o /dev/null python {submit} {meeting}\n"
    )
    with contextlib.closing(product.board()) as board:
        board.definitions.add("ranks", executable=str(script))
        for run in range(1, JOBS + 1):
            board.runs.start(run)
        jobs = board.apply("ranks", runs="all")
        wait_until(lambda: len(list(meeting.glob("*.url"))) == JOBS, "all jobs run")
        urls = {int(path.stem): path.read_text() for path in meeting.glob("*.url")}
        (meeting / "go").touch()
        asyncio.run(all_ranks([urls[job.id] for job in jobs]))
        own = lambda: all(job.counters.get("own") == 10 for job in jobs)  # noqa: E731
        wait_until(own, "each job's own last value")
        for place, job in enumerate(jobs):
            ranks = range(place, CONNECTIONS, JOBS)
            expected = {f"rank {number}": POSTS for number in ranks} | {"own": 10}
            assert {key: job.counters.get(key) for key in expected} == expected
        (meeting / "stop").touch()
        board.jobs.wait(timeout_s=60)
