"""What every store must do with who told what of a run, and when."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb.errors import TooLarge
from arp_nb.model import Run
from arp_nb.store.base import Store
from arp_nb.store.deciding import RunFacts
from arp_nb.store.records import from_us
from tests.contract.stores import NOW, World, after, make_world

pytestmark = pytest.mark.anyio

TIMES = ("started_at", "ended_at", "first_file_at", "all_files_at", "nonrec_files_at")
LARGE = "x" * 60_000


async def tell(world: World, number: int, source: str = "logbook", **facts: Any) -> Run:
    """Tell of a run; return what is known of it."""
    told = RunFacts(number=number, **facts)
    await world.store.put_runs(world.experiment.id, [told], source)
    return (await world.store.some_runs(world.experiment.id, [number]))[0]


def since(run: Run) -> dict[str, datetime]:
    """Return since when each parameter has its value."""
    return {name: from_us(us) for name, us in run.parameters_since_us.items()}


# -- who told ----------------------------------------------------------------------------


async def test_two_sources_that_differ_about_an_end_do_not_open_the_run_again(
    world: World,
) -> None:
    await tell(world, 1, "logbook", ended_at=NOW)
    run = await tell(world, 1, "ffb", ended_at=after(35))
    assert (run.ended_at, run.reopened) == (after(35), 0)
    run = await tell(world, 1, "logbook", ended_at=after(90))
    assert (run.ended_at, run.reopened) == (after(90), 1)
    run = await tell(world, 1, "ffb", ended_at=after(125))
    assert (run.ended_at, run.reopened) == (after(125), 1), "both tell of the same"
    assert (await tell(world, 1, "logbook", ended_at=after(180))).reopened == 2


async def test_what_another_source_tells_too_takes_no_revision_and_is_remembered(
    world: World,
) -> None:
    await tell(world, 1, "logbook", ended_at=NOW)
    before = await world.store.revision()
    run = await tell(world, 1, "ffb", ended_at=NOW)
    assert (await world.store.revision(), run.source) == (before, "logbook")
    assert (await tell(world, 1, "ffb", ended_at=after(60))).reopened == 1


async def test_a_source_that_repeats_itself_does_not_undo_what_a_person_corrected(
    world: World,
) -> None:
    await tell(world, 1, ended_at=after(100))
    await tell(world, 1, "api", ended_at=after(50))
    run = await tell(world, 1, ended_at=after(100))
    assert (run.ended_at, run.reopened) == (after(50), 0)
    run = await tell(world, 1, ended_at=after(200))
    assert (run.ended_at, run.reopened) == (after(200), 1)


async def test_a_person_that_tells_a_later_end_twice_opens_it_again_once(world: World) -> None:
    await tell(world, 1, "logbook", ended_at=NOW)
    assert (await tell(world, 1, "api", ended_at=after(60))).reopened == 0, "a correction"
    assert (await tell(world, 1, "api", ended_at=after(120))).reopened == 1


# -- when --------------------------------------------------------------------------------


async def test_no_time_is_later_than_when_it_was_told(world: World) -> None:
    ahead = dict.fromkeys(TIMES, after(10**6))
    for number, source in ((1, "logbook"), (2, "api")):
        run = await tell(world, number, source, told_at=NOW, **ahead)
        assert {getattr(run, name) for name in TIMES} == {NOW}
        revision = run.revision
        again = await tell(world, number, source, told_at=after(60), **ahead)
        assert (again.revision, again.reopened) == (revision, 0), "what is told again is no news"


async def test_an_end_ahead_of_the_clock_that_moves_on_opens_the_run_again(world: World) -> None:
    await tell(world, 1, told_at=NOW, ended_at=after(300))
    run = await tell(world, 1, told_at=after(30), ended_at=after(330))
    assert (run.ended_at, run.reopened) == (after(30), 1)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    tellings=st.lists(
        st.tuples(
            st.sampled_from(["logbook", "ffb"]),
            st.dictionaries(st.sampled_from(TIMES), st.integers(0, 9), max_size=3),
            st.dictionaries(st.sampled_from("ab"), st.none() | st.integers(0, 2), max_size=2),
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_whoever_tells_what_it_told_before_changes_nothing(
    store: Store, tellings: list[tuple[str, dict[str, int], dict[str, int | None]]]
) -> None:
    async def go() -> None:
        world = await make_world(store, f"xpp{await store.revision()}")
        for at, (source, times, parameters) in enumerate(tellings):
            facts: dict[str, Any] = {name: after(s) for name, s in times.items()}
            run = await tell(
                world, 1, source, told_at=after(at), parameters=parameters or None, **facts
            )
            again = await tell(
                world, 1, source, told_at=after(99), parameters=parameters or None, **facts
            )
            assert again == run
            assert set(run.parameters_since_us) == set(run.parameters)
            known = [getattr(run, name) for name in TIMES]
            assert all(one is None or one <= after(at) for one in known)

    asyncio.run(go())


# -- parameters --------------------------------------------------------------------------


async def test_a_parameter_has_its_value_since_it_was_told(world: World) -> None:
    await tell(world, 1, told_at=NOW, parameters={"beam": 1, "deep": {"a": 1}})
    run = await tell(world, 1, told_at=after(60), parameters={"beam": 2, "deep": {"a": 1}})
    assert since(run) == {"beam": after(60), "deep": NOW}
    run = await tell(world, 1, told_at=after(90), parameters={"beam": 2, "deep": {"b": 1}})
    assert since(run) == {"beam": after(60), "deep": after(90)}
    assert since(await tell(world, 1, told_at=after(99), parameters={"beam": None})) == {
        "deep": after(90)
    }


async def test_what_comes_with_a_run_that_has_ended_was_so_at_its_end(world: World) -> None:
    """An outage is over, and a source tells all at once: nobody knows when it was set."""
    for number, source in ((1, "logbook"), (2, "api")):
        facts: dict[str, Any] = {"ended_at": NOW, "parameters": {"good": "yes"}}
        run = await tell(world, number, source, told_at=after(3600), **facts)
        assert since(run) == {"good": NOW}
        facts["parameters"] = {"good": "no"}
        run = await tell(world, number, source, told_at=after(3700), **facts)
        assert since(run) == {"good": after(3700)}


async def test_a_source_that_tells_of_a_run_second_may_catch_up_too(world: World) -> None:
    await tell(world, 1, "ffb", told_at=after(3600), ended_at=NOW)
    run = await tell(
        world, 1, "logbook", told_at=after(3601), ended_at=NOW, parameters={"good": "yes"}
    )
    assert since(run) == {"good": NOW}
    run = await tell(world, 1, "api", told_at=after(3700), ended_at=NOW, parameters={"a": 1})
    assert since(run) == {"good": NOW, "a": after(3700)}, "a person tells it now"


async def test_parameters_without_end_cost_neither_their_run_nor_another(world: World) -> None:
    kept = {f"p{index}": LARGE for index in range(4)}
    await tell(world, 1, parameters=kept)
    facts = [
        RunFacts(number=1, ended_at=NOW, type="DATA", parameters={"p4": LARGE}),
        RunFacts(number=2, ended_at=NOW, parameters={"beam": 1}),
    ]
    answer = await world.store.put_runs(world.experiment.id, facts, "logbook")
    assert answer.changed == 2
    assert {number: str(why) for number, why in answer.without_parameters.items()} == {
        1: "The run's parameters would have 300,041 bytes; 262,144 are kept."
    }
    one, two = await world.store.runs(world.experiment.id)
    assert (one.ended_at, one.type, one.parameters) == (NOW, "DATA", kept)
    assert (two.ended_at, two.parameters) == (NOW, {"beam": 1})


async def test_a_person_is_told_of_parameters_without_end_and_nothing_changes(
    world: World,
) -> None:
    for index in range(4):
        await tell(world, 1, parameters={f"p{index}": LARGE})
    told = RunFacts(number=1, ended_at=NOW, parameters={"p4": LARGE})
    with pytest.raises(TooLarge, match="The run's parameters would have"):
        await world.store.put_run(world.experiment.id, told)
    assert (await world.store.runs(world.experiment.id))[0].ended_at is None


async def test_a_parameter_named_counters_is_one_as_others(world: World) -> None:
    many = {f"c{index}": index for index in range(500)}
    assert (await tell(world, 1, parameters={"counters": many})).parameters == {"counters": many}
