"""What every store must do, run against each of them: experiments, definitions, runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from arp_nb.errors import Conflict, EditConflict, NotFound, StoreError
from arp_nb.model import Arguments, ScriptCheck, Trigger
from arp_nb.store.base import Store
from arp_nb.store.deciding import RunFacts
from tests.contract.stores import DRAFT, NOW, World, after, make_world

pytestmark = pytest.mark.anyio

CHECK = ScriptCheck(
    problem="ok", warnings=("not in git",), sha256="ab", host="psana101", checked_at=NOW
)


async def test_experiment_is_read_back_as_it_was_made(store: Store) -> None:
    made = await store.create_experiment("xppi0915", "XPP", NOW)
    assert (made.name, made.instrument, made.active) == ("xppi0915", "XPP", True)
    assert made.created_at == NOW
    assert await store.experiments() == [made]


async def test_name_of_an_experiment_is_taken_once(store: Store) -> None:
    await store.create_experiment("xppi0915", "XPP", NOW)
    with pytest.raises(Conflict, match="xppi0915"):
        await store.create_experiment("xppi0915", "MFX", NOW)
    assert len(await store.experiments()) == 1


async def test_active_experiments_come_first_then_names(store: Store) -> None:
    made = [await store.create_experiment(name, "XPP", NOW) for name in ("b", "a", "c")]
    await store.set_active(made[1].id, active=False)
    assert [one.name for one in await store.experiments()] == ["b", "c", "a"]


async def test_what_does_not_exist_is_not_found(store: Store) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: store.set_active(99, active=True),
        lambda: store.add_definition(99, DRAFT, CHECK, "ada", NOW),
        lambda: store.put_run(99, RunFacts(number=1)),
        lambda: store.definition(99),
        lambda: store.change_definition(99, DRAFT, CHECK, None, "ada", NOW),
        lambda: store.delete_definition(99, "ada", NOW),
        lambda: store.restore_definition(99),
        lambda: store.job(99),
        lambda: store.history(99),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="99"):
            await call()
    assert await store.revision() == 0


# -- definitions -----------------------------------------------------------------------


async def test_definition_is_read_back_as_it_was_added(world: World) -> None:
    draft = replace(
        DRAFT,
        name="peaks",
        quoted_parameters=True,
        arguments=Arguments.PARAMETERS_ONLY,
        trigger=Trigger.END_OF_RUN,
        location="lsf",
    )
    added = await world.store.add_definition(world.experiment.id, draft, CHECK, "bob", NOW)
    assert (added.draft, added.check, added.version) == (draft, CHECK, 1)
    assert (added.changed_by, added.changed_at) == ("bob", NOW)
    assert await world.store.definition(added.id) == added
    assert await world.store.definitions(world.experiment.id) == [world.definition, added]


async def test_edit_adds_a_version_and_keeps_the_old_one(world: World) -> None:
    changed = await world.store.change_definition(
        world.definition.id, replace(DRAFT, parameters="-q all"), CHECK, 1, "bob", after(1)
    )
    assert (changed.version, changed.draft.parameters) == (2, "-q all")
    old = await world.store.definition(world.definition.id, 1)
    assert (old.draft, old.changed_by) == (DRAFT, "ada")
    with pytest.raises(NotFound, match="version 3"):
        await world.store.definition(world.definition.id, 3)


async def test_edit_of_an_old_version_is_refused_and_names_who_was_first(world: World) -> None:
    edit = world.store.change_definition
    await edit(world.definition.id, DRAFT, CHECK, 1, "bob", NOW)
    with pytest.raises(EditConflict, match="bob changed smalldata to version 2"):
        await edit(world.definition.id, DRAFT, CHECK, 1, "ada", NOW)
    assert (await edit(world.definition.id, DRAFT, CHECK, None, "ada", NOW)).version == 3


async def test_of_two_edits_at_once_one_is_refused(world: World) -> None:
    edits = [
        world.store.change_definition(world.definition.id, DRAFT, CHECK, 1, by, NOW)
        for by in ("ada", "bob")
    ]
    answers = await asyncio.gather(*edits, return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["Definition", "EditConflict"]


async def test_rename_to_a_name_in_use_is_refused(world: World) -> None:
    peaks = replace(DRAFT, name="peaks")
    await world.store.add_definition(world.experiment.id, peaks, CHECK, "ada", NOW)
    with pytest.raises(Conflict, match="peaks"):
        await world.store.change_definition(world.definition.id, peaks, CHECK, 1, "ada", NOW)
    assert (await world.store.definition(world.definition.id)) == world.definition


async def test_deleted_definition_frees_its_name_at_once(world: World) -> None:
    deleted = await world.store.delete_definition(world.definition.id, "bob", after(1))
    assert (deleted.deleted_by, deleted.deleted_at) == ("bob", after(1))
    again = await world.store.delete_definition(world.definition.id, "eve", after(2))
    assert again == deleted
    new = await world.store.add_definition(world.experiment.id, DRAFT, CHECK, "ada", NOW)
    assert await world.store.definitions(world.experiment.id) == [new]
    assert await world.store.definitions(world.experiment.id, deleted=True) == [deleted, new]


async def test_restored_definition_is_as_before(world: World) -> None:
    await world.store.delete_definition(world.definition.id, "bob", NOW)
    with pytest.raises(Conflict, match="restore it"):
        await world.store.change_definition(world.definition.id, DRAFT, CHECK, 1, "ada", NOW)
    restored = await world.store.restore_definition(world.definition.id)
    assert replace(restored, revision=0) == replace(world.definition, revision=0)
    assert await world.store.restore_definition(world.definition.id) == restored


async def test_restore_to_a_name_in_use_is_refused(world: World) -> None:
    await world.store.delete_definition(world.definition.id, "bob", NOW)
    await world.store.add_definition(world.experiment.id, DRAFT, CHECK, "ada", NOW)
    with pytest.raises(Conflict, match="smalldata"):
        await world.store.restore_definition(world.definition.id)


async def test_check_of_a_version_that_is_not_current_is_dropped(world: World) -> None:
    await world.store.set_check(world.definition.id, 1, CHECK)
    assert (await world.store.definition(world.definition.id)).check == CHECK
    draft = replace(DRAFT, executable="/sdf/new.sh")
    new = await world.store.change_definition(
        world.definition.id, draft, ScriptCheck(), 1, "ada", NOW
    )
    await world.store.set_check(world.definition.id, 1, CHECK)
    assert await world.store.definition(world.definition.id) == new
    assert await world.store.revision() == new.revision


# -- runs and named values -------------------------------------------------------------


async def test_run_keeps_what_is_not_given(world: World) -> None:
    put = world.store.put_run
    await put(
        world.experiment.id,
        RunFacts(number=12, started_at=NOW, parameters={"a": 1, "deep": {"b": 2}}),
    )
    run = await put(
        world.experiment.id,
        RunFacts(number=12, ended_at=after(60), parameters={"a": None, "deep": {"c": 3}}),
    )
    assert (run.number, run.started_at, run.ended_at) == (12, NOW, after(60))
    assert run.parameters == {"deep": {"b": 2, "c": 3}}
    await put(world.experiment.id, RunFacts(number=3))
    assert [one.number for one in await world.store.runs(world.experiment.id)] == [3, 12]
    assert (await world.store.runs(world.experiment.id))[1] == run


async def test_named_value_is_kept_until_it_is_set_anew(store: Store) -> None:
    assert await store.get_meta("update_port") is None
    await store.set_meta("update_port", "41000")
    await store.set_meta("update_port", "41001")
    assert await store.get_meta("update_port") == "41001"


# -- the store as a whole --------------------------------------------------------------


async def test_everything_is_there_after_reopening(open_here: Callable[[], Store]) -> None:
    store = open_here()
    world = await make_world(store)
    (job_id,) = await world.jobs()
    job, key, epoch, revision = (
        await store.job(job_id), store.key, store.epoch, await store.revision()
    )  # fmt: skip
    store.close()
    again = open_here()
    try:
        assert (again.key, again.epoch, await again.revision()) == (key, epoch, revision)
        assert await again.job(job_id) == job
        assert await again.definitions(world.experiment.id) == [world.definition]
    finally:
        again.close()


async def test_closed_store_says_so(open_here: Callable[[], Store]) -> None:
    store = open_here()
    store.close()
    store.close()
    for call in (store.set_meta("a", "b"), store.experiments()):
        with pytest.raises(StoreError, match="closed"):
            await call


async def test_listener_hears_of_each_commit_in_order(world: World) -> None:
    heard: list[int] = []
    world.store.on_commit(heard.append)
    await asyncio.gather(
        *(world.store.put_run(world.experiment.id, RunFacts(number=n)) for n in range(200))
    )
    assert heard == sorted(set(heard))
    assert heard[-1] == await world.store.revision()
    await world.store.set_meta("not", "a row")
    assert heard[-1] == await world.store.revision()


async def test_caller_that_gives_up_does_not_undo_the_write(world: World) -> None:
    task = asyncio.create_task(world.store.put_run(world.experiment.id, RunFacts(number=7)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await world.store.set_meta("a", "b")  # the one writer has come past it
    assert [run.number for run in await world.store.runs(world.experiment.id)] == [7]
