"""What every store must tell of where jobs stand: enough for polling, and never too little."""

from __future__ import annotations

import pytest

from arp_nb.model import JobState, SchedulerJob
from arp_nb.store.base import JobFilter
from arp_nb.store.standing import Standing
from tests.contract.stores import NOW, World, after, change, post

pytestmark = pytest.mark.anyio

REQUESTED, LEASED, STARTING = JobState.REQUESTED, JobState.LEASED, JobState.STARTING
PENDING, RUNNING, DONE = JobState.PENDING, JobState.RUNNING, JobState.DONE


async def submitted(world: World, job_id: int, *native_ids: str) -> None:
    await world.bring(job_id, LEASED, STARTING)
    natives = [SchedulerJob(native_id=one, source="wrapper") for one in native_ids]
    last = change(
        job_id, STARTING, state=PENDING, scheduler_jobs=natives, set={"submitted_at": after(2)}
    )
    assert await world.store.change_jobs([last]) == [True]


async def test_a_standing_is_what_the_job_and_its_scheduler_jobs_say(world: World) -> None:
    _, job_id = await world.jobs(2)
    await submitted(world, job_id, "9", "10")
    found = await world.store.standings(ended=10)
    assert found.revision == await world.store.revision()
    assert found.jobs == [
        Standing(
            job_id=job_id,
            location="local",
            native_ids=("9", "10"),
            state=PENDING,
            submitted_at=after(2),
            ended_at=NOW,
            has_live=True,
        )
    ]


async def test_of_ended_jobs_the_last_to_change_are_told(world: World) -> None:
    ids = await world.jobs(4)
    for job_id in ids:
        await submitted(world, job_id, str(job_id))
    for seconds, job_id in enumerate(reversed(ids[1:])):
        over = SchedulerJob(native_id=str(job_id), source="wrapper", state=DONE)
        end = change(
            job_id, PENDING, state=DONE, set={"ended_at": after(seconds)}, scheduler_jobs=[over]
        )
        await world.store.change_jobs([end])
    found = {one.job_id: one for one in (await world.store.standings(ended=2)).jobs}
    assert found.keys() == {ids[0], ids[1], ids[2]}
    assert (found[ids[1]].state, found[ids[1]].ended_at) == (DONE, after(2))


async def test_only_what_changed_is_told_again(world: World) -> None:
    first, second, waiting = await world.jobs(3)
    for job_id in (first, second):
        await submitted(world, job_id, str(job_id))
    before = await world.store.standings(ended=10)
    assert (await world.store.standings_since(before.revision)).jobs == []
    await world.store.change_jobs([change(second, PENDING, state=DONE)])
    await world.bring(waiting, LEASED)
    changed = await world.store.standings_since(before.revision)
    assert [(one.job_id, one.state) for one in changed.jobs] == [(second, DONE)]
    assert changed.revision == await world.store.revision()
    assert (await world.store.standings_since(changed.revision)).jobs == []


async def test_deleted_jobs_are_told_and_forgotten_ones_are_not(world: World) -> None:
    (job_id,) = await world.jobs()
    await submitted(world, job_id, "9")
    await world.store.set_deleted([job_id], "ada", NOW)
    assert len((await world.store.standings(ended=0)).jobs) == 1
    await world.store.purge(after(1))
    assert (await world.store.standings(ended=0)).jobs == []


async def test_a_report_alone_changes_no_standing(world: World) -> None:
    (job_id,) = await world.jobs()
    await submitted(world, job_id, "9")
    before = await world.store.standings(ended=0)
    await world.store.merge_reports([post(job_id, {"events": 1}, 5)])
    assert (await world.store.standings(ended=0)).jobs == before.jobs
    assert (await world.store.jobs(JobFilter(ids=[job_id])))[0].report
