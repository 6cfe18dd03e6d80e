"""What every store must do with decisions of autorun: each is made once, its job with it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from arp_nb.ledger import Outcome, Why
from arp_nb.model import Definition, JobState, ScriptCheck, Trigger
from arp_nb.store.base import JobFilter
from arp_nb.store.deciding import Decision, LedgerFilter, Tally
from tests.contract.ledgers import FIRING, again, decision, jobs, lines
from tests.contract.stores import DRAFT, NOW, World, after, make_world, wanted

pytestmark = pytest.mark.anyio


async def peaks(world: World) -> Definition:
    """Add a second definition."""
    draft = replace(DRAFT, name="peaks")
    return await world.store.add_definition(world.experiment.id, draft, ScriptCheck(), "bob", NOW)


def fired(definition: Definition, *runs: int) -> list[Decision]:
    return [decision(definition, run) for run in runs]


# -- a decision and its job --------------------------------------------------------------


async def test_a_decision_to_fire_makes_one_job_and_the_line_names_it(world: World) -> None:
    (line,) = await world.store.decide(fired(world.definition, 7))
    (job,) = await jobs(world.store)
    assert (line.job_id, line.said) == (job.id, f"Started job {job.id} as ada.")
    assert (job.run, job.hash, job.user, job.argv) == (7, "smalldata", "ada", ("/sdf/run.sh", "7"))
    assert (job.trigger, job.state) == (Trigger.END_OF_RUN, JobState.REQUESTED)
    assert (job.parameters, job.location, job.requested_at) == ("-q milano", "local", NOW)
    assert await lines(world.store) == [line]


async def test_a_line_is_read_back_as_it_was_decided(world: World) -> None:
    seen = {"beam": 0.2, "name": "Größe", "no": None}
    told = decision(
        world.definition, 7, "predicate", seen=seen, cause="beam=on", event_at=after(-5), version=1
    )
    (line,) = await world.store.decide([told])
    assert replace(line, id=None, revision=0) == told.entry
    assert await jobs(world.store) == []


async def test_each_line_has_a_revision_of_its_own_and_is_told_in_its_order(world: World) -> None:
    told = [*fired(world.definition, 1, 2), decision(world.definition, 3, "predicate")]
    made = await world.store.decide(told)
    assert [one.run for one in made] == [1, 2, 3]
    assert [one.revision for one in made] == sorted({one.revision for one in made})
    page = await world.store.changes(0)
    assert list(page.ledger) == list(made)


async def test_nothing_to_decide_changes_nothing(world: World) -> None:
    before = await world.store.revision()
    assert list(await world.store.decide([])) == []
    assert await world.store.revision() == before


# -- once --------------------------------------------------------------------------------


async def test_what_was_decided_is_not_decided_again(world: World) -> None:
    await world.store.decide([decision(world.definition, 1, "unchecked")])
    before = await world.store.revision()
    assert list(await world.store.decide(fired(world.definition, 1))) == []
    assert await world.store.revision() == before
    assert await jobs(world.store) == []


async def test_what_is_told_twice_in_one_call_is_decided_once(world: World) -> None:
    made = await world.store.decide(
        [*fired(world.definition, 1, 1), decision(world.definition, 1, "predicate")]
    )
    assert [one.outcome for one in made] == [Outcome.FIRED]
    assert len(await jobs(world.store)) == 1


async def test_of_two_calls_at_once_one_decides(world: World) -> None:
    calls = [world.store.decide(fired(world.definition, *range(20))) for _ in range(5)]
    answers = await asyncio.gather(*calls)
    assert sorted(len(one) for one in answers) == [0, 0, 0, 0, 20]
    assert [job.run for job in await jobs(world.store)] == list(range(20))


async def test_another_cause_trigger_run_or_definition_is_another_decision(world: World) -> None:
    second = await peaks(world)
    firing = replace(FIRING, once_per_run=False)
    told = [
        decision(world.definition, 1, firing=firing),
        decision(world.definition, 1, firing=firing, cause="job 7"),
        decision(world.definition, 1, firing=firing, trigger=Trigger.AFTER),
        decision(world.definition, 2, firing=firing),
        decision(second, 1, firing=firing),
    ]
    assert len(await world.store.decide(told)) == 5
    assert len(await jobs(world.store)) == 5
    keys = await world.store.decided(world.experiment.id, {1})
    assert keys == {
        (world.definition.id, 1, "END_OF_RUN", ""),
        (world.definition.id, 1, "END_OF_RUN", "job 7"),
        (world.definition.id, 1, "AFTER", ""),
        (second.id, 1, "END_OF_RUN", ""),
    }


async def test_the_same_run_of_another_experiment_is_another_decision(world: World) -> None:
    other = await make_world(world.store, "other")
    told = [*fired(world.definition, 1), *fired(other.definition, 1)]
    assert len(await world.store.decide(told)) == 2
    assert len(await world.store.decided(other.experiment.id, {1})) == 1


async def test_many_lines_are_made_at_once(world: World) -> None:
    made = await world.store.decide(fired(world.definition, *range(3000)))
    by_line = {one.run: one.job_id for one in made}
    assert {job.run: job.id for job in await jobs(world.store)} == by_line
    assert len(by_line) == 3000


# -- waiting -----------------------------------------------------------------------------


async def test_a_line_that_waits_changes_once(world: World) -> None:
    (waits,) = await world.store.decide([decision(world.definition, 1, "limit")])
    assert await jobs(world.store) == []
    (fires,) = await world.store.decide([again(waits), again(waits, "limit", Outcome.SKIPPED)])
    (job,) = await jobs(world.store)
    assert (fires.id, fires.outcome, fires.job_id) == (waits.id, Outcome.FIRED, job.id)
    assert fires.revision > waits.revision
    assert list(await world.store.decide([again(waits)])) == []
    assert await lines(world.store) == [fires]


async def test_of_two_who_settle_a_line_at_once_one_does(world: World) -> None:
    waits = await world.store.decide(
        [decision(world.definition, run, "stopped") for run in range(10)]
    )
    run = world.store.decide([again(one) for one in waits])
    skip = world.store.decide([again(one, "stopped", Outcome.SKIPPED) for one in waits])
    answers = await asyncio.gather(run, skip)
    assert sorted(len(one) for one in answers) == [0, 10]
    assert len(await jobs(world.store)) in {0, 10}


async def test_a_line_may_wait_on_for_something_else(world: World) -> None:
    (waits,) = await world.store.decide([decision(world.definition, 1, "limit")])
    (now,) = await world.store.decide([again(waits, "stopped", Outcome.WAITING)])
    assert (now.why, await world.store.waiting()) == (Why.STOPPED, 1)
    assert len(await world.store.decide([again(now)])) == 1
    assert await world.store.waiting() == 0


# -- a run that has a job already --------------------------------------------------------


async def test_a_run_that_has_a_job_gets_no_other_and_the_line_names_it(world: World) -> None:
    (job_id,) = await world.jobs()
    (line,) = await world.store.decide(fired(world.definition, 1))
    assert (line.outcome, line.why) == (Outcome.SKIPPED, Why.DUPLICATE)
    assert (line.job_id, f"job {job_id}" in line.said) == (job_id, True)
    assert len(await jobs(world.store)) == 1


async def test_two_causes_of_one_call_make_one_job_and_the_second_line_names_it(
    world: World,
) -> None:
    told = [decision(world.definition, 1, cause=cause) for cause in ("beam=1", "beam=2")]
    first, second = await world.store.decide(told)
    (job,) = await jobs(world.store)
    assert (first.job_id, first.outcome) == (job.id, Outcome.FIRED)
    assert (second.job_id, second.why) == (job.id, Why.DUPLICATE)
    assert f"job {job.id}" in second.said


async def test_a_deleted_job_is_no_reason_to_make_none(world: World) -> None:
    ids = await world.jobs()
    await world.store.set_deleted(ids, "bob", NOW)
    (line,) = await world.store.decide(fired(world.definition, 1))
    assert line.outcome is Outcome.FIRED


async def test_what_may_run_again_on_a_run_does(world: World) -> None:
    await world.jobs()
    firing = replace(FIRING, once_per_run=False)
    told = [decision(world.definition, 1, firing=firing, cause=f"job {n}") for n in (1, 2)]
    made = await world.store.decide(told)
    assert [one.outcome for one in made] == [Outcome.FIRED] * 2
    assert len({one.job_id for one in made}) == 2


async def test_an_apply_and_a_decision_at_once_make_one_job_of_each_run(world: World) -> None:
    apply = world.store.add_jobs(wanted(world.definition, range(200), skip=True))
    decide = world.store.decide(fired(world.definition, *range(200)))
    await asyncio.gather(apply, decide)
    assert sorted(job.run for job in await jobs(world.store)) == list(range(200))
    assert all(one.job_id is not None for one in await lines(world.store))


# -- order -------------------------------------------------------------------------------


async def test_jobs_come_in_the_order_of_their_decisions(world: World) -> None:
    second = await peaks(world)
    told = [
        *fired(world.definition, 5, 9, 2),
        *fired(second, 5),
        *fired(world.definition, 1),
        *fired(second, 9, 2),
    ]
    made = await world.store.decide(told)
    found = {job.id: (job.hash, job.run) for job in await jobs(world.store)}
    assert [found[one.job_id or 0] for one in made] == [(one.hash, one.run) for one in made]
    for name, order in (("smalldata", [5, 9, 2, 1]), ("peaks", [5, 9, 2])):
        assert [run for hash_, run in found.values() if hash_ == name] == order


@pytest.mark.parametrize(
    "other",
    [
        {"version": 2},
        {"user": "eve"},
        {"decided_at": after(1)},
        {"firing": replace(FIRING, location="lsf")},
        {"firing": replace(FIRING, parameters="-q other")},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_what_jobs_do_not_share_each_has_as_its_line_says(
    world: World, other: dict[str, Any]
) -> None:
    await world.store.change_definition(
        world.definition.id, DRAFT, ScriptCheck(), None, "ada", NOW
    )
    told = [
        decision(world.definition, run, **(other if run % 2 else {})) for run in (1, 2, 3, 5, 6)
    ]
    made = await world.store.decide(told)
    found = {job.id: job for job in await jobs(world.store)}
    for asked, line in zip(told, made, strict=True):
        job = found[line.job_id or 0]
        assert asked.firing is not None
        assert (job.run, job.version, job.user, job.requested_at) == (
            asked.entry.run, asked.entry.version, asked.entry.user, asked.entry.decided_at,
        )  # fmt: skip
        assert (job.location, job.parameters) == (asked.firing.location, asked.firing.parameters)


# -- asking ------------------------------------------------------------------------------


async def test_the_ledger_is_asked_by_any_of_its_columns(world: World) -> None:
    second = await peaks(world)
    other = await make_world(world.store, "other")
    await world.store.decide(
        [
            *fired(world.definition, 1, 2),
            decision(world.definition, 3, "limit"),
            *[decision(second, run, why) for run, why in ((1, "predicate"), (2, "stopped"))],
            *fired(other.definition, 1),
        ]
    )
    one, two, three, four, five, six = await lines(world.store)
    here = world.experiment.id
    asked: list[tuple[dict[str, Any], list[Any]]] = [
        ({}, [one, two, three, four, five, six]),
        ({"experiment_id": here}, [one, two, three, four, five]),
        ({"run": 1}, [one, four, six]),
        ({"hash": "peaks"}, [four, five]),
        ({"definition_id": second.id}, [four, five]),
        ({"outcomes": [Outcome.WAITING, Outcome.SKIPPED]}, [three, four, five]),
        ({"why": "stopped"}, [five]),
        ({"ids": [two.id, six.id], "experiment_id": here}, [two]),
        ({"after_id": two.id, "before_id": five.id}, [three, four]),
        ({"run": 1, "hash": "peaks", "why": "limit"}, []),
        ({"ids": []}, []),
        ({"outcomes": []}, []),
    ]
    for which, expected in asked:
        assert await lines(world.store, **which) == expected, which


@pytest.mark.parametrize("oldest_first", [True, False])
async def test_pages_of_the_ledger_miss_nothing_and_repeat_nothing(
    world: World, oldest_first: bool
) -> None:
    await world.store.decide(fired(world.definition, *range(25)))
    which = LedgerFilter(limit=10, oldest_first=oldest_first)
    pages, more = [], True
    while more:
        page, more = await world.store.ledger(which)
        pages.append([one.run for one in page])
        edge = page[-1].id
        after_id, before_id = (edge, None) if oldest_first else (None, edge)
        which = replace(which, after_id=after_id, before_id=before_id)
    assert [len(one) for one in pages] == [10, 10, 5]
    runs = [run for page in pages for run in page]
    assert runs == (list(range(25)) if oldest_first else list(range(24, -1, -1)))


async def test_a_full_last_page_says_that_no_more_follows(world: World) -> None:
    await world.store.decide(fired(world.definition, 1, 2))
    assert (await world.store.ledger(LedgerFilter(limit=2)))[1] is False
    assert (await world.store.ledger(LedgerFilter(limit=1)))[1] is True


async def test_tallies_count_jobs_that_go_on_and_lines_by_outcome(world: World) -> None:
    second = await peaks(world)
    await world.jobs(2)  # a person's: not of autorun
    made = await world.store.decide(
        [
            decision(world.definition, 11, decided_at=after(-7200)),
            decision(world.definition, 12, decided_at=after(5)),
            decision(world.definition, 13, "limit"),
            decision(world.definition, 14, "predicate"),
            decision(second, 11, "paused"),
        ]
    )
    await world.bring(made[0].job_id or 0, JobState.LEASED, JobState.SUBMIT_FAILED)
    found = await world.store.tallies(world.experiment.id, NOW)
    assert found[world.definition.id] == Tally(
        active=1, waiting=1, fired=2, fired_since=1, last_fired_at=after(5)
    )
    assert found[second.id] == Tally(waiting=1)
    assert await world.store.unstarted() == {world.definition.id: 1}
    assert await world.store.unstarted(world.experiment.id + 1) == {}
    autoruns = await world.store.jobs(JobFilter(by_autorun=True))
    assert {job.id for job in autoruns} == {one.job_id for one in made if one.job_id}
    assert await world.store.waiting() == 2
    assert await world.store.waiting(world.experiment.id + 1) == 0


async def test_a_reader_that_follows_sees_each_line_as_it_is_now(world: World) -> None:
    (waits,) = await world.store.decide([decision(world.definition, 1, "limit")])
    before = await world.store.revision()
    assert list((await world.store.changes(0)).ledger) == [waits]
    (now,) = await world.store.decide([again(waits)])
    assert list((await world.store.changes(before)).ledger) == [now]
    other = await make_world(world.store, "other")
    page = await world.store.changes(0, experiment_id=other.experiment.id)
    assert list(page.ledger) == []


async def test_a_caller_that_gives_up_does_not_undo_the_decision(world: World) -> None:
    task = asyncio.create_task(world.store.decide(fired(world.definition, *range(50))))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    found: list[Any] = []
    while len(found) < 50:
        found = list(await world.store.jobs(JobFilter(limit=100)))
        await asyncio.sleep(0)
    assert len(await lines(world.store)) == 50
