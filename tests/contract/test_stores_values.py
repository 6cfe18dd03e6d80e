"""What every store does: jobs by column, search, series, consent and preferences."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from arp_nb.errors import EditConflict, TooLarge
from arp_nb.model import JobState, ScriptCheck, Trigger
from arp_nb.store.base import JobFilter, Store
from tests.contract.stores import DRAFT, NOW, World, after, change, make_world, post, wanted

pytestmark = pytest.mark.anyio


def whole(pieces: Iterator[Sequence[Sequence[Any]]]) -> list[tuple[Any, ...]]:
    return [tuple(row) for piece in pieces for row in piece]


# -- jobs by column --------------------------------------------------------------------


async def test_values_are_those_of_the_jobs(world: World) -> None:
    first, second = await world.jobs(2)
    await world.bring(second, JobState.LEASED, JobState.STARTING)
    moved = change(second, JobState.STARTING, set={"reason": "x", "started_at": after(1.5)})
    assert await world.store.change_jobs([moved]) == [True]
    names = ("id", "run", "state", "reason", "started_at", "requested_at", "report", "notes")
    which = JobFilter(experiment_id=world.experiment.id)
    rows = await world.store.job_values(which, names, whole)
    now_ms = NOW.timestamp() * 1000
    assert rows == [
        (second, 2, "starting", "x", now_ms + 1500, now_ms, "{}", "[]"),
        (first, 1, "requested", "", None, now_ms, "{}", "[]"),
    ]


async def test_reader_of_values_may_stop_early(world: World) -> None:
    ids = await world.jobs(1000)
    which = JobFilter(experiment_id=world.experiment.id)
    piece = await world.store.job_values(which, ("id",), next)
    assert 0 < len(piece) < 1000
    assert piece[0][0] == ids[-1]
    assert len(await world.store.job_values(which, ("id",), whole)) == 1000


async def test_who_reads_very_many_jobs_keeps_nobody_else_waiting(world: World) -> None:
    (job_id,) = await world.jobs(1)
    every = JobFilter(experiment_id=world.experiment.id)
    released = threading.Event()
    async with asyncio.TaskGroup() as many, asyncio.timeout(30):
        for _ in range(20):
            many.create_task(world.store.job_values(every, ("id",), lambda _: released.wait(60)))
        try:
            async with asyncio.timeout(10):
                assert (await world.store.job(job_id)).id == job_id
                some = JobFilter(experiment_id=world.experiment.id, limit=512)
                assert await world.store.job_values(some, ("id",), whole) == [(job_id,)]
        finally:
            released.set()


async def test_values_are_filtered_and_bounded_as_jobs_are(world: World) -> None:
    ids = await world.jobs(5)
    await world.store.set_deleted([ids[3]], "ada", NOW)
    which = JobFilter(experiment_id=world.experiment.id, before_id=ids[4], limit=2)
    assert await world.store.job_values(which, ("id",), whole) == [(ids[2],), (ids[1],)]


async def test_counted_are_the_jobs_of_one_experiment_that_are_not_deleted(world: World) -> None:
    ids = await world.jobs(5)
    other = await make_world(world.store, "amox1")
    await world.store.set_deleted(await other.jobs(3), "ada", NOW)
    await world.store.set_deleted(ids[:2], "ada", NOW)
    assert await world.store.count_jobs(world.experiment.id) == 3
    assert await world.store.count_jobs(other.experiment.id) == 0


# -- search ----------------------------------------------------------------------------


async def test_text_is_found_in_reason_notes_and_report_in_either_case(world: World) -> None:
    ids = await world.jobs(5)
    sets: list[dict[str, Any]] = [{"reason": "TERM_memlimit"}, {"notes": ("Über Memlimit",)}]
    changes = [change(ids[at], JobState.REQUESTED, set=one) for at, one in enumerate(sets)]
    await world.store.change_jobs(changes)
    await world.store.merge_reports(
        [
            post(ids[2], {"counters": {"MemLimit": 3}}),
            post(ids[3], {"counters": {"Events": [7, "red"]}, "said": 'a "memlimit\\" b'}),
        ]
    )
    await world.store.set_deleted([ids[1]], "ada", NOW)
    search = world.store.jobs_holding
    experiment_id = world.experiment.id
    assert await search(experiment_id, "memLIMIT", 9) == [ids[3], ids[2], ids[0]]
    assert await search(experiment_id, "memLIMIT", 2) == [ids[3], ids[2]]
    assert await search(experiment_id, 'A "memlimit\\"', 9) == [ids[3]]
    assert await search(experiment_id, "red", 9) == []
    assert await search(experiment_id, "counters", 9) == []
    other = await make_world(world.store, "amox1")
    assert await search(other.experiment.id, "memlimit", 9) == []


# -- series ----------------------------------------------------------------------------


async def test_series_are_thinned_each_by_itself(world: World) -> None:
    first, second = await world.jobs(2)
    await world.store.merge_reports(
        [post(first, {"counters": {"a": n, "b": -n}}, seconds=n) for n in range(100)]
    )
    asked = {(first, "a"), (first, "b"), (second, "a"), (99, "a")}
    found = await world.store.counter_series(asked, 24)
    assert found.keys() == asked
    assert found[second, "a"] == found[99, "a"] == []
    assert 2 < len(found[first, "a"]) <= 24
    assert found[first, "a"][0] == pytest.approx((NOW.timestamp(), 0.0))
    assert found[first, "b"][-1] == pytest.approx((after(99).timestamp(), -99.0))


# -- consent ---------------------------------------------------------------------------


async def test_each_version_tells_the_consent_it_was_saved_with(world: World) -> None:
    store, first = world.store, world.definition
    checked = await store.change_definition(
        first.id, DRAFT, ScriptCheck(), 1, "bob", after(1), autorun=True
    )
    consent = (checked.autorun, checked.autorun_by, checked.autorun_at)
    assert consent == (True, "bob", after(1))
    draft = replace(DRAFT, trigger=Trigger.END_OF_RUN)
    edited = await store.change_definition(first.id, draft, ScriptCheck(), 2, "eve", after(2))
    assert (edited.autorun, edited.autorun_by, edited.autorun_at) == consent
    cleared = await store.change_definition(
        first.id, draft, ScriptCheck(), 3, "eve", after(3), autorun=False
    )
    assert (cleared.autorun, cleared.autorun_by, cleared.autorun_at) == (False, None, None)
    assert [(await store.definition(first.id, one)).autorun for one in (1, 2, 3, 4)] == [
        *(False, True, True, False)
    ]
    with pytest.raises(EditConflict):
        await store.change_definition(
            first.id, draft, ScriptCheck(), 3, "bob", after(4), autorun=True
        )
    made = await store.add_jobs(wanted(first, [1]))
    assert len(made.job_ids) == 1


# -- preferences -----------------------------------------------------------------------


async def test_preference_is_kept_for_each_user_and_dropped(
    open_here: Callable[[], Store],
) -> None:
    store = open_here()
    value = {"columns": [{"id": "run", "width": 80.5}], "é": None, "on": True}
    before = await store.revision()
    await store.set_preference("ada", "jobs.columns", value, 9)
    await store.set_preference("bob", "jobs.columns", [1], 9)
    assert await store.revision() == before
    store.close()
    store = open_here()
    try:
        assert await store.get_preference("ada", "jobs.columns") == value
        await store.set_preference("ada", "jobs.columns", 7, 9)
        assert await store.get_preference("ada", "jobs.columns") == 7
        await store.set_preference("ada", "jobs.columns", None, 9)
        assert await store.get_preference("ada", "jobs.columns") is None
        assert await store.get_preference("bob", "jobs.columns") == [1]
        assert await store.get_preference("bob", "other") is None
    finally:
        store.close()


async def test_preferences_of_a_user_are_bounded(store: Store) -> None:
    for name in "ab":
        await store.set_preference("ada", name, name, 2)
    with pytest.raises(TooLarge, match="2 preferences"):
        await store.set_preference("ada", "c", 1, 2)
    await store.set_preference("ada", "a", 3, 2)
    await store.set_preference("bob", "c", 1, 2)
    assert await store.get_preference("ada", "a") == 3
