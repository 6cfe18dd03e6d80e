"""What every store must do for readers that follow it: revisions, pages, forgetting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb.errors import Gone, NotFound
from arp_nb.ledger import Outcome
from arp_nb.model import JobState, ScriptCheck
from arp_nb.store.base import JobFilter, Store
from arp_nb.store.deciding import RunFacts
from tests.contract.ledgers import again, decision, lines
from tests.contract.stores import DRAFT, NOW, World, after, change, make_world, post, wanted

pytestmark = pytest.mark.anyio


async def _page(
    store: Store, since: int, limit: int, seen: dict[Any, Any], **which: Any
) -> tuple[int, bool]:
    """Read one page as a reader does; return up to where it knows now, and whether to go on."""
    page = await store.changes(since, limit=limit, **which)
    kinds: dict[str, Sequence[Any]] = {
        "experiment": page.experiments, "definition": page.definitions, "run": page.runs,
        "job": page.jobs, "line": page.ledger,
    }  # fmt: skip
    read = [row for found in kinds.values() for row in found]
    assert page.since == since
    assert len(read) <= limit
    assert all(since < row.revision <= page.to for row in read)
    for found in kinds.values():
        assert [row.revision for row in found] == sorted({row.revision for row in found})
    seen.update({(kind, row.id): row for kind, found in kinds.items() for row in found})
    return page.to, page.more


async def _follow(store: Store, limit: int, **which: Any) -> dict[Any, Any]:
    """Read everything in pages."""
    seen: dict[Any, Any] = {}
    since, more = 0, True
    while more:
        since, more = await _page(store, since, limit, seen, **which)
    return seen


async def _everything(store: Store, experiment_id: int) -> dict[Any, Any]:
    experiments = [one for one in await store.experiments() if one.id == experiment_id]
    kinds: dict[str, Sequence[Any]] = {
        "experiment": experiments,
        "definition": await store.definitions(experiment_id, deleted=True),
        "run": await store.runs(experiment_id),
        "job": await store.jobs(JobFilter(experiment_id=experiment_id, deleted=True)),
        "line": await lines(store, experiment_id=experiment_id),
    }
    return {(kind, row.id): row for kind, rows in kinds.items() for row in rows}


async def test_each_changed_row_has_a_revision_of_its_own(world: World) -> None:
    ids = await world.jobs(5)
    await world.store.put_run(world.experiment.id, RunFacts(number=1))
    await world.store.merge_reports([post(job_id, {"a": 1}) for job_id in ids])
    changes = await world.store.changes(0)
    rows: list[Any] = [*changes.experiments, *changes.definitions, *changes.runs, *changes.jobs]
    assert len({row.revision for row in rows}) == len(rows) == 8
    assert max(row.revision for row in rows) == changes.to == await world.store.revision()


async def test_long_reports_are_told_in_several_steps(world: World) -> None:
    ids = await world.jobs(40)
    for job_id in ids:
        await world.store.merge_reports([post(job_id, {"text": "x" * 200_000})])
    await world.store.put_run(world.experiment.id, RunFacts(number=1))
    first = await world.store.changes(0)
    assert first.more
    assert 0 < len(first.jobs) < len(ids) / 2
    assert not first.runs
    seen = await _follow(world.store, 2000, experiment_id=world.experiment.id)
    assert seen == await _everything(world.store, world.experiment.id)


async def test_reader_that_knows_all_is_told_nothing(world: World) -> None:
    revision = await world.store.revision()
    nothing = await world.store.changes(revision)
    assert (nothing.since, nothing.to, nothing.more) == (revision, revision, False)
    assert not [*nothing.experiments, *nothing.definitions, *nothing.runs, *nothing.jobs]


async def test_reader_of_one_experiment_hears_of_no_other(world: World) -> None:
    other = await make_world(world.store, "mfxl1")
    await other.jobs(3)
    await world.jobs(2)
    rows = await _follow(world.store, 2, experiment_id=world.experiment.id)
    assert rows == await _everything(world.store, world.experiment.id)
    page = await world.store.changes(0, experiment_id=other.experiment.id)
    assert page.to == await world.store.revision()


async def test_deletion_travels_like_a_change(world: World) -> None:
    (job_id,) = await world.jobs()
    revision = await world.store.revision()
    await world.store.set_deleted([job_id], "bob", NOW)
    await world.store.delete_definition(world.definition.id, "bob", NOW)
    changes = await world.store.changes(revision)
    assert [job.deleted_by for job in changes.jobs] == ["bob"]
    assert [one.deleted_by for one in changes.definitions] == ["bob"]


async def test_revision_from_the_future_is_gone(world: World) -> None:
    with pytest.raises(Gone, match="Load everything anew"):
        await world.store.changes(await world.store.revision() + 1)


async def test_forgotten_deletions_are_gone_for_readers_that_missed_them(world: World) -> None:
    first, second, kept = await world.jobs(3)
    missed = await world.store.revision()
    await world.store.merge_reports([post(first, {"counters": {"a": 1}})])
    await world.store.set_deleted([first], "bob", NOW)
    await world.store.set_deleted([second], "bob", after(10))
    knows = await world.store.revision()
    assert await world.store.purge(after(5)) == 1
    with pytest.raises(NotFound):
        await world.store.job(first)
    assert await world.store.counter_points([first]) == []
    with pytest.raises(Gone):
        await world.store.changes(missed)
    assert not (await world.store.changes(knows)).jobs
    assert [job.id for job in (await world.store.changes(0)).jobs] == [kept, second]


async def test_forgotten_ids_are_never_used_again(open_here: Callable[[], Store]) -> None:
    store = open_here()
    world = await make_world(store)
    ids = await world.jobs(3)
    await store.set_deleted(ids, "bob", NOW)
    await store.delete_definition(world.definition.id, "bob", NOW)
    assert await store.purge(after(1)) == 4
    store.close()
    store = open_here()
    try:
        with pytest.raises(NotFound):
            await store.definition(world.definition.id)
        new = await store.add_definition(world.experiment.id, DRAFT, ScriptCheck(), "ada", NOW)
        made = await store.add_jobs(wanted(new, [1]))
        assert new.id > world.definition.id
        assert made.job_ids[0] > max(ids)
    finally:
        store.close()


async def test_definition_that_jobs_still_name_is_not_forgotten(world: World) -> None:
    await world.jobs()
    await world.store.delete_definition(world.definition.id, "bob", NOW)
    assert await world.store.purge(after(1)) == 0
    assert (await world.store.definition(world.definition.id)).deleted_by == "bob"


STEPS = st.lists(
    st.sampled_from(
        ["apply", "lease", "report", "run", "delete", "restore", "edit", "decide", "page"]
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, data=st.data())
def test_reader_in_any_pages_ends_with_what_a_full_read_gives(
    store: Store, steps: list[str], data: st.DataObject
) -> None:
    """Whatever is written between its pages."""

    async def go() -> None:
        world = await make_world(store, f"xpp{await store.revision()}")
        mine = {"experiment_id": world.experiment.id}
        seen: dict[Any, Any] = {}
        since, more = 0, True
        for step in steps:
            if step == "page":
                limit = data.draw(st.integers(1, 7))
                since, more = await _page(store, since, limit, seen, **mine)
            else:
                await _do(world, step, data)
                more = True
        while more:
            since, more = await _page(store, since, data.draw(st.integers(1, 7)), seen, **mine)
        assert seen == await _everything(store, world.experiment.id)

    asyncio.run(go())


async def _do(world: World, step: str, data: st.DataObject) -> None:
    store = world.store
    jobs = await store.jobs(JobFilter(experiment_id=world.experiment.id, deleted=True))
    some = [job.id for job in jobs if data.draw(st.booleans())]
    if step == "apply":
        runs = data.draw(st.sets(st.integers(1, 9)))
        await store.add_jobs(wanted(world.definition, runs, skip=data.draw(st.booleans())))
    elif step == "lease":
        requested, leased = JobState.REQUESTED, JobState.LEASED
        await store.change_jobs([change(job_id, requested, state=leased) for job_id in some])
    elif step == "report":
        await store.merge_reports([post(job_id, {"n": len(some)}) for job_id in some])
    elif step == "run":
        await store.put_run(
            world.experiment.id, RunFacts(number=data.draw(st.integers(1, 5)), ended_at=NOW)
        )
    elif step == "decide":
        why = data.draw(st.sampled_from(["", "limit", "predicate"]))
        waits = await lines(store, experiment_id=world.experiment.id, outcomes=[Outcome.WAITING])
        new = [
            decision(world.definition, run, why) for run in data.draw(st.sets(st.integers(1, 9)))
        ]
        await store.decide([*map(again, waits), *new])
    elif step == "edit":
        await store.change_definition(world.definition.id, DRAFT, ScriptCheck(), None, "ada", NOW)
    else:
        await store.set_deleted(some, "bob", NOW if step == "delete" else None)
