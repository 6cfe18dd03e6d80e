"""What a store must keep when its process is killed at any moment."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from arp_nb.model import JobState
from arp_nb.store.base import JobFilter, Store
from tests.contract.killed import run_and_kill
from tests.contract.stores import OPENERS, make_world, post, wanted

RUNS = 20_000


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def _write(kind: str, folder: Path) -> None:
    """Write without end, and say on stdout what was acknowledged; killed from outside."""
    store = OPENERS[kind](folder)
    world = await make_world(store)
    ids = await world.jobs(20)
    posted = asyncio.Event()

    async def report(job_id: int) -> None:
        for number in range(1_000_000):
            await store.merge_reports([post(job_id, {"counters": {"n": number}}, number)])
            _say("post", job_id, number)
            posted.set()

    async def apply() -> None:
        await posted.wait()
        request = wanted(
            world.definition, range(100, 100 + RUNS), idempotency_key="k", fingerprint="f"
        )
        _say("applying")
        await store.add_jobs(request)
        _say("applied")

    async def watch() -> None:
        while not await store.jobs(JobFilter(runs=[100])):
            await asyncio.sleep(0)
        _say("begun")

    await asyncio.gather(apply(), watch(), *(report(job_id) for job_id in ids))


def _acknowledged(lines: list[str]) -> dict[int, int]:
    posts = [line.split() for line in lines if line.startswith("post ")]
    return {int(job_id): int(number) for _, job_id, number in (one for one in posts)}


@pytest.mark.parametrize(
    ("line", "wait_s"), [("begun", 0.0), ("applying", 0.0), ("applying", 0.04)]
)
def test_nothing_acknowledged_is_lost_and_half_an_apply_is_finished(
    request: pytest.FixtureRequest,
    open_here: Callable[[], Store],
    tmp_path: Path,
    line: str,
    wait_s: float,
) -> None:
    kind = request.node.callspec.params["open_here"]
    lines = run_and_kill(__spec__.name, kind, tmp_path / "store", line, wait_s)
    acknowledged = _acknowledged(lines)
    assert acknowledged

    async def look(store: Store) -> None:
        for job_id, number in acknowledged.items():
            report = (await store.job(job_id)).report
            assert report["counters"]["n"] >= number
        made_before = await store.jobs(JobFilter(runs=range(100, 100 + RUNS)))
        resumed = await store.resume_applies()
        jobs = await store.jobs(JobFilter(runs=range(100, 100 + RUNS), oldest_first=True))
        if "applied\n" in lines:
            assert len(made_before) == RUNS
        if jobs:  # the record was durable, whether or not anybody heard of it
            assert [job.run for job in jobs] == list(range(100, 100 + RUNS))
            assert len(made_before) + resumed == RUNS
        if line == "begun":
            assert 0 < resumed < RUNS
        assert all(job.state is JobState.REQUESTED for job in jobs)
        assert await store.resume_applies() == 0
        changes = await store.changes(0)
        assert changes.to <= await store.revision()

    store = open_here()
    try:
        asyncio.run(look(store))
    finally:
        store.close()


if __name__ == "__main__":
    asyncio.run(_write(sys.argv[1], Path(sys.argv[2])))
