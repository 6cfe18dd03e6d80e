"""One record says who answers; nobody's row is rewritten for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from arp_nb.manager import Manager
from arp_nb.manager.health import HealthRecord
from arp_nb.ports import Health, SchedulerHealth
from arp_nb.settings import Settings
from arp_nb.store import open_store
from tests.manager_play import Clock, FakeClient, Play, playing

SECOND = timedelta(seconds=1)
pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


def record() -> tuple[HealthRecord, Clock, list[int]]:
    clock = Clock()
    made = HealthRecord(clock, silent_s=15)
    told: list[int] = []
    made.on_change(lambda: told.append(made.version))
    return made, clock, told


def test_nobody_is_there_until_somebody_gives_a_sign() -> None:
    made, _, told = record()
    assert made.now.client_ok is False
    made.sign_of_life()
    assert (made.now.client_ok, told) == (True, [1])


def test_a_silent_client_is_absent_since_its_last_sign() -> None:
    made, clock, _ = record()
    made.sign_of_life()
    since = clock.now
    clock.now += 14 * SECOND
    made.look()
    assert made.now.client_ok is True
    clock.now += SECOND
    made.look()
    assert made.now == Health(client_ok=False, client_since=since)


def test_a_client_that_waits_for_work_is_not_absent() -> None:
    made, clock, _ = record()
    with made.waiting():
        clock.now += 1000 * SECOND
        made.look()
        assert made.now.client_ok is True


def test_a_client_that_comes_back_is_told_with_the_time() -> None:
    made, clock, told = record()
    made.sign_of_life()
    clock.now += 60 * SECOND
    made.look()
    clock.now += SECOND
    made.sign_of_life()
    assert (made.now.client_ok, made.now.client_since) == (True, clock.now)
    assert told == [1, 2, 3]


def test_how_long_an_answer_took_is_kept_and_wakes_nobody() -> None:
    made, clock, told = record()
    made.sign_of_life()
    lsf = SchedulerHealth(location="lsf", ok=True, since=clock.now, answer_s=0.1)
    health = Health(client_ok=True, client_since=clock.now, schedulers={"lsf": lsf})
    made.told(health)
    made.told(replace(health, schedulers={"lsf": replace(lsf, answer_s=0.2)}))
    assert made.now.schedulers["lsf"].answer_s == 0.2
    assert told == [1, 2]


async def test_health_rewrites_no_row(play: Play) -> None:
    job_id = await play.submitted()
    before = await play.job(job_id)
    down = SchedulerHealth(location="lsf", ok=False, since=play.now, said="no answer")
    await play.manager.port.health(
        Health(client_ok=True, client_since=play.now, schedulers={"lsf": down})
    )
    assert await play.job(job_id) == before
    (row,) = await play.batches_status()
    assert row["status"].startswith("Unknown since ")


async def test_a_client_that_leaves_is_told_in_the_status(play: Play) -> None:
    assert (await play.manager.feed.status())["notices"] == []
    play.manager.attach(None)
    status = await play.manager.feed.status()
    assert status["health"]["client"]["ok"] is False
    assert "batch client is not there" in status["notices"][0]


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"])
async def test_an_address_that_no_node_can_reach_is_told(tmp_path: Path, base: str) -> None:
    store = open_store(tmp_path / "store")
    manager = Manager(store, Settings(), user="dana", host="here", update_base=base)
    try:
        manager.attach(FakeClient())
        (notice,) = (await manager.feed.status())["notices"]
        assert "Jobs on LSF cannot report" in notice
        assert "update_listen" in notice
    finally:
        await manager.close()
        store.close()


async def test_a_manager_is_busy_while_a_job_is_not_over(play: Play) -> None:
    assert await play.manager.is_busy() is False
    job_id = await play.submitted()
    await play.manager.jobs.delete([job_id], "dana")
    assert await play.manager.is_busy() is True
    await play.read(job_id, "DONE")
    assert await play.manager.is_busy() is False


async def test_waiting_for_work_ends_with_work_or_in_time(play: Play) -> None:
    wait = play.manager.port.wait_for_work
    seen = await wait(0, 10)
    assert await wait(seen, 0.01) == seen
    waiting = asyncio.create_task(wait(seen, 10))
    await asyncio.sleep(0)
    await play.apply("1")
    assert await waiting != seen
