"""What every store must do with what scripts were started with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb.errors import NotFound
from arp_nb.model import ScriptCheck
from arp_nb.starts import ScriptText, Start, Surroundings
from arp_nb.store.base import Store
from tests.contract.stores import NOW, World, after, make_world

pytestmark = pytest.mark.anyio

START = Start(
    script=ScriptText(text="#!/bin/sh\nbsub x\n", sha256="ab", size_bytes=17, mode=0o755),
    variables={"EXPERIMENT": "xppi0915", "RUN_NUM": "1"},
    login=Surroundings(values={"PATH": "/usr/bin:/bin"}, names=("EDITOR", "TOKEN"), others=2),
    host="psana101",
    folder="/sdf",
    user="ada",
    umask=0o027,
    read_at=NOW,
    checked_sha256="cd",
)


async def test_a_start_is_read_back_as_it_was_kept(world: World) -> None:
    (job_id,) = await world.jobs()
    await world.store.keep_start(job_id, "1-a", START)
    assert await world.store.start("1-a") == START
    assert await world.store.start("1-b") is None


async def test_what_is_not_known_of_a_start_stays_unknown(world: World) -> None:
    (job_id,) = await world.jobs()
    bare = Start(
        script=ScriptText(missing="Is a compiled program."),
        variables={},
        login=Surroundings(),
        host="",
        folder="/",
        user="ada",
    )
    await world.store.keep_start(job_id, "1-a", bare)
    assert await world.store.start("1-a") == bare


async def test_a_start_that_is_kept_is_never_rewritten(world: World) -> None:
    (job_id,) = await world.jobs()
    await world.store.keep_start(job_id, "1-a", START)
    await world.store.keep_start(job_id, "1-a", replace(START, host="elsewhere"))
    assert await world.store.start("1-a") == START


async def test_each_start_has_its_own_though_they_share_a_script(world: World) -> None:
    ids = await world.jobs(3)
    starts = {f"{one}-a": replace(START, variables={"ARP_JOB_ID": str(one)}) for one in ids}
    for one in ids:
        await world.store.keep_start(one, f"{one}-a", starts[f"{one}-a"])
    assert {name: await world.store.start(name) for name in starts} == starts


async def test_a_start_of_a_job_that_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="99"):
        await world.store.keep_start(99, "99-a", START)


async def test_keeping_a_start_is_no_change_of_a_job(world: World) -> None:
    (job_id,) = await world.jobs()
    before = await world.store.revision()
    await world.store.keep_start(job_id, "1-a", START)
    assert await world.store.revision() == before


async def test_a_start_outlives_the_process(open_here: Callable[[], Store]) -> None:
    store = open_here()
    world = await make_world(store)
    (job_id,) = await world.jobs()
    await store.keep_start(job_id, "1-a", START)
    store.close()
    store = open_here()
    try:
        assert await store.start("1-a") == START
    finally:
        store.close()


async def test_a_start_is_forgotten_with_its_job_and_no_other_with_it(world: World) -> None:
    gone, kept = await world.jobs(2)
    await world.store.keep_start(gone, "1-a", START)
    await world.store.keep_start(kept, "2-a", START)
    await world.store.set_deleted([gone], "ada", NOW)
    assert await world.store.purge(after(1)) == 1
    assert await world.store.start("1-a") is None
    assert await world.store.start("2-a") == START


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"])),
    value=st.text(st.characters(exclude_categories=["Cs"])),
)
async def test_any_text_is_read_back_as_it_was(world: World, text: str, value: str) -> None:
    (job_id, *_) = await world.jobs()
    start = replace(START, script=ScriptText(text=text), variables={"A": value})
    await world.store.keep_start(job_id, f"{job_id}-a", start)
    assert await world.store.start(f"{job_id}-a") == start


# -- what later starts are held against --------------------------------------------------


async def _checked(world: World) -> str | None:
    return (await world.store.definition(world.definition.id)).checked_sha256


async def test_a_start_does_not_change_what_was_checked(world: World) -> None:
    """Else the first job of a changed script would be marked, and none after it."""
    looked = [ScriptCheck(problem="ok", sha256=one) for one in ("1", "2", "3")]
    await world.store.set_check(world.definition.id, 1, looked[0])
    assert await _checked(world) == "1"  # nobody had looked before
    await world.store.set_check(world.definition.id, 1, looked[1])
    assert await _checked(world) == "1"
    await world.store.set_check(world.definition.id, 1, looked[2], by_hand=True)
    assert await _checked(world) == "3"


async def test_a_check_that_found_no_script_leaves_what_was_checked(world: World) -> None:
    await world.store.set_check(world.definition.id, 1, ScriptCheck(problem="ok", sha256="1"))
    gone = ScriptCheck(problem="No such file.")
    await world.store.set_check(world.definition.id, 1, gone, by_hand=True)
    assert await _checked(world) == "1"


async def test_a_version_is_checked_by_being_saved(world: World) -> None:
    check = ScriptCheck(problem="ok", sha256="7")
    draft = world.definition.draft
    await world.store.change_definition(world.definition.id, draft, check, 1, "bob", NOW)
    assert await _checked(world) == "7"
    first = await world.store.definition(world.definition.id, 1)
    assert first.checked_sha256 is None
