"""Update addresses: what is kept, what is refused, and that nothing else answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from arp_nb.daemon.log import MaskedFormatter
from arp_nb.reports import MAX_BYTES, MAX_COUNTERS, MAX_DEPTH
from tests.integration.faces import Face, face

pytestmark = pytest.mark.anyio
PATH = "//ws/logbook/client_status/"
KEPT = {"counters": {"Events": [1, "red"]}}


@pytest.fixture
async def arp(short_tmp: Path) -> AsyncIterator[Face]:
    async with face(short_tmp) as made:
        await made.with_job()
        yield made


def address(arp: Face, job_id: int = 1, root: str = PATH) -> str:
    return f"http://arp{root}{arp.manager.capabilities.token(job_id)}"


async def report(arp: Face) -> Any:
    return (await arp.store.job(1)).report


@pytest.mark.parametrize(
    "root", [PATH, "/ws/logbook/client_status/", "//ws//logbook//client_status//"]
)
async def test_a_post_is_kept_however_many_slashes_it_has(arp: Face, root: str) -> None:
    async with arp.poster() as poster:
        answer = await poster.post(address(arp, root=root), json=KEPT)
    assert answer.status_code == 200
    assert answer.json() == {"success": True}
    assert await report(arp) == KEPT


BAD: list[tuple[bytes, int]] = [
    (b"not json", 422),
    (b"", 422),
    (b"3", 422),
    (b'"text"', 422),
    (b"null", 422),
    (b"\xff\xfe\x00", 422),
    (b'{"counters": {"Rate": NaN}}', 422),
    (b'{"counters": {"Rate": Infinity}}', 422),
    (b'{"note": "a\\u0000b"}', 422),
    (b'{"a":' * 2000 + b"1" + b"}" * 2000, 422),
    (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), 422),
    (b'[{"no_key": 1}]', 422),
    (b'{"x": "' + b"y" * MAX_BYTES + b'"}', 413),
    (b"[" * 100_000, 422),
]


@pytest.mark.parametrize(("body", "status"), BAD, ids=range(len(BAD)))
async def test_a_bad_post_is_refused_and_changes_nothing(
    arp: Face, body: bytes, status: int
) -> None:
    async with arp.poster() as poster:
        await poster.post(address(arp), json=KEPT)
        before = await arp.store.revision()
        answer = await poster.post(address(arp), content=body)
    # too deep may be told as one or the other
    assert answer.status_code in {status, 413}, answer.text
    assert answer.status_code != 200
    assert answer.json()["success"] is False
    assert answer.json()["message"]
    assert await report(arp) == KEPT
    assert await arp.store.revision() == before


async def test_too_many_counters_are_refused(arp: Face) -> None:
    many = {"counters": {f"c{i}": i for i in range(MAX_COUNTERS + 1)}}
    async with arp.poster() as poster:
        answer = await poster.post(address(arp), json=many)
    assert answer.status_code == 413
    assert await report(arp) == {}


async def test_a_wrong_key_is_forbidden_and_a_bare_id_too(arp: Face) -> None:
    token = arp.manager.capabilities.token(1)
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    other = f"2-{token.partition('-')[2]}"
    async with arp.poster() as poster:
        for bad in ("1", wrong, other, "-", "1-", "x" * 5000, "1-é", "%00", token + "%00"):
            answer = await poster.post(f"http://arp{PATH}{bad}", json=KEPT)
            assert answer.status_code == 403, bad
            assert "BATCH_UPDATE_URL" in answer.json()["message"]
    assert await report(arp) == {}


async def test_an_unknown_job_is_not_found(arp: Face) -> None:
    async with arp.poster() as poster:
        answer = await poster.post(address(arp, job_id=99), json=KEPT)
    assert answer.status_code == 404


async def test_nothing_but_posts_to_update_addresses_is_answered(arp: Face) -> None:
    async with arp.poster() as poster:
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = await poster.request(method, address(arp))
            assert answer.status_code == 404, method
        for path in (
            "/",
            "/arp/api/status",
            "/arp/api/jobs/1",
            "/docs",
            PATH,
            f"{PATH}a/b",
            f"/x{PATH}1-a",
            "/ws/logbook/client_status/../../../arp/api/status",
        ):
            answer = await poster.post(f"http://arp{path}")
            assert answer.status_code in {403, 404}, path
    assert await report(arp) == {}


async def test_posts_at_once_lose_no_last_value(arp: Face) -> None:
    async with arp.poster() as poster:
        answers = await asyncio.gather(
            *(
                poster.post(address(arp), json={"counters": {f"rank {rank}": rank}})
                for rank in range(150)
            )
        )
    assert {answer.status_code for answer in answers} == {200}
    assert (await report(arp))["counters"] == {f"rank {rank}": rank for rank in range(150)}


async def test_an_endless_body_is_refused_while_it_is_read(arp: Face) -> None:
    read_bytes = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read_bytes
        while read_bytes < 50_000_000:
            read_bytes += 50_000
            yield b" " * 50_000

    async with arp.poster() as poster:
        answer = await poster.post(address(arp), content=endless())
    assert answer.status_code == 413
    assert read_bytes < 4 * MAX_BYTES


async def test_a_failure_is_told_without_the_key(
    arp: Face, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = arp.manager.capabilities.token(1)

    async def fail(*_: object) -> None:
        raise RuntimeError(f"bug at http://here/ws/logbook/client_status/{token}")

    monkeypatch.setattr(arp.manager.updates, "post", fail)
    with caplog.at_level(logging.INFO):
        async with arp.poster() as poster:
            answer = await poster.post(address(arp), json=KEPT)
    assert answer.status_code == 500
    assert token not in answer.text
    logged = "\n".join(MaskedFormatter("%(message)s").format(one) for one in caplog.records)
    assert "bug at" in logged
    assert token.partition("-")[2] not in logged
