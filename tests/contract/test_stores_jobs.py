"""What every store must do with jobs: apply, compare-and-set, history, reports, filters."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from arp_nb.errors import Conflict, NotFound, TooLarge
from arp_nb.model import JobState, Phase, SchedulerJob, Transition, Trigger
from arp_nb.store.base import JobFilter
from tests.contract.stores import NOW, World, after, change, post, wanted

pytestmark = pytest.mark.anyio

REQUESTED, LEASED, STARTING = JobState.REQUESTED, JobState.LEASED, JobState.STARTING
PENDING, RUNNING, DONE = JobState.PENDING, JobState.RUNNING, JobState.DONE


# -- apply -----------------------------------------------------------------------------


async def test_apply_makes_one_job_for_each_run(world: World) -> None:
    made = await world.store.add_jobs(wanted(world.definition, [20, 12]))
    assert (made.skipped_runs, made.repeated) == ((), False)
    first, second = [await world.store.job(job_id) for job_id in made.job_ids]
    assert (first.run, second.run) == (12, 20)
    assert first.argv == ("/sdf/run.sh", "xppi0915", "12")
    assert (first.hash, first.version, first.parameters) == ("smalldata", 1, "-q milano")
    assert (first.state, first.user, first.location) == (REQUESTED, "ada", "local")
    assert (first.trigger, first.requested_at, first.changed_at) == (Trigger.MANUAL, NOW, NOW)
    assert (first.report, first.notes, first.attempt, first.rerun_of) == ({}, (), 1, None)


async def test_apply_of_many_runs_is_complete(world: World) -> None:
    ids = await world.jobs(3000)
    jobs = await world.store.jobs(JobFilter(oldest_first=True))
    assert [job.id for job in jobs] == list(ids)
    assert [job.run for job in jobs] == list(range(1, 3001))
    assert len({job.revision for job in jobs}) == 3000


async def test_apply_to_nothing_makes_nothing(world: World) -> None:
    made = await world.store.add_jobs(wanted(world.definition, []))
    assert (made.job_ids, made.skipped_runs) == ((), ())


async def test_skip_leaves_out_runs_with_a_job_that_is_not_deleted(world: World) -> None:
    first = await world.store.add_jobs(wanted(world.definition, [1, 2]))
    await world.store.set_deleted([first.job_ids[1]], "ada", NOW)
    made = await world.store.add_jobs(wanted(world.definition, [1, 2, 3], skip=True))
    assert made.skipped_runs == (1,)
    assert [(await world.store.job(i)).run for i in made.job_ids] == [2, 3]


async def test_again_makes_a_second_job(world: World) -> None:
    ids = [*await world.jobs(), *await world.jobs()]
    assert len(set(ids)) == 2


async def test_of_applies_at_once_one_makes_each_job(world: World) -> None:
    applies = [wanted(world.definition, range(n, n + 900), skip=True) for n in (1, 301, 601)]
    made = await asyncio.gather(*(world.store.add_jobs(one) for one in applies))
    jobs = await world.store.jobs(JobFilter(oldest_first=True))
    assert sorted(job.run for job in jobs) == list(range(1, 1501))
    for answer in made:
        assert len(answer.job_ids) + len(answer.skipped_runs) == 900


async def test_same_key_again_answers_with_the_first_answer(world: World) -> None:
    await world.jobs()
    request = wanted(
        world.definition, range(1, 700), skip=True, idempotency_key="k", fingerprint="f"
    )
    first, second = await asyncio.gather(*(world.store.add_jobs(request) for _ in range(2)))
    third = await world.store.add_jobs(request)
    assert first.skipped_runs == (1,)
    assert second == third == replace(first, repeated=True)
    assert len(await world.store.jobs(JobFilter())) == 699


async def test_same_key_for_something_else_is_refused(world: World) -> None:
    request = wanted(world.definition, [1], idempotency_key="k", fingerprint="f")
    await world.store.add_jobs(request)
    with pytest.raises(Conflict, match="key"):
        await world.store.add_jobs(replace(request, fingerprint="g"))
    other = await world.store.create_experiment("mfxl1", "MFX", NOW)
    draft = world.definition.draft
    theirs = await world.store.add_definition(other.id, draft, world.definition.check, "bob", NOW)
    made = await world.store.add_jobs(
        wanted(theirs, [1], idempotency_key="k", fingerprint="g")
    )  # keys are each experiment's own
    assert not made.repeated


async def test_answer_to_a_key_can_be_asked_for(world: World) -> None:
    await world.jobs()
    request = wanted(world.definition, [1, 2], skip=True, idempotency_key="k", fingerprint="f")
    experiment_id = world.definition.experiment_id
    assert await world.store.made_before(experiment_id, "k", "f") is None
    first = await world.store.add_jobs(request)
    again = await world.store.made_before(experiment_id, "k", "f")
    assert again == replace(first, repeated=True)
    with pytest.raises(Conflict, match="key"):
        await world.store.made_before(experiment_id, "k", "g")
    assert await world.store.made_before(experiment_id + 1, "k", "f") is None


async def test_rerun_names_the_job_it_repeats(world: World) -> None:
    (old,) = await world.jobs()
    made = await world.store.add_jobs(wanted(world.definition, [1], rerun_of={1: old}))
    assert (await world.store.job(made.job_ids[0])).rerun_of == old


async def test_apply_of_an_unknown_definition_is_refused(world: World) -> None:
    with pytest.raises(NotFound):
        await world.store.add_jobs(wanted(replace(world.definition, id=99), [1]))


async def test_apply_goes_on_when_its_caller_gives_up(world: World) -> None:
    task = asyncio.create_task(world.store.add_jobs(wanted(world.definition, range(4000))))
    while not await world.store.jobs(JobFilter(limit=1)):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(20):
        while len(await world.store.jobs(JobFilter())) < 4000:
            await asyncio.sleep(0.01)
    assert await world.store.resume_applies() == 0


# -- compare-and-set -------------------------------------------------------------------


async def test_change_sets_what_it_names_and_nothing_else(world: World) -> None:
    (job_id,) = await world.jobs()
    before = await world.store.job(job_id)
    values: dict[str, Any] = {
        "phase": Phase.SLOW, "native_state": "PEND", "native_id": "1815[3]", "reason": "wait",
        "notes": ("id from output only",), "exit_code": 3, "signal": 9, "queue": "milano",
        "host": "psana101", "peak_memory_mb": 0.1 + 0.2, "cores": 16, "submitted_at": after(1),
        "started_at": after(2), "ended_at": after(3), "attempt": 2, "kill_by": "bob",
        "kill_at": after(4), "lease_token": "l", "spool_id": "s", "location": "lsf",
    }  # fmt: skip
    assert await world.store.change_jobs(
        [change(job_id, REQUESTED, state=LEASED, set=values, at=after(9))]
    ) == [True]
    job = await world.store.job(job_id)
    assert job == replace(
        before, state=LEASED, changed_at=after(9), revision=job.revision, **values
    )
    assert job.revision > before.revision


async def test_change_that_expects_another_state_is_refused(world: World) -> None:
    (job_id,) = await world.jobs()
    before = await world.store.job(job_id)
    assert await world.store.change_jobs(
        [change(job_id, LEASED, state=STARTING), change(99, REQUESTED, state=LEASED)]
    ) == [False, False]
    assert await world.store.job(job_id) == before


async def test_late_poll_does_not_undo_a_kill(world: World) -> None:
    (job_id,) = await world.jobs()
    await world.bring(job_id, LEASED, STARTING, RUNNING, JobState.KILLED)
    assert await world.store.change_jobs([change(job_id, RUNNING, state=DONE)]) == [False]
    assert (await world.store.job(job_id)).state is JobState.KILLED


async def test_of_two_changes_at_once_one_wins(world: World) -> None:
    (job_id,) = await world.jobs()
    leases = [
        change(job_id, REQUESTED, state=LEASED, set={"lease_token": token}) for token in "ab"
    ]
    answers = await asyncio.gather(*(world.store.change_jobs([one]) for one in leases))
    assert sorted(map(list, answers)) == [[False], [True]]
    winner = "ab"[answers.index([True])]
    assert (await world.store.job(job_id)).lease_token == winner


async def test_lease_and_spool_id_are_compared_too(world: World) -> None:
    (job_id,) = await world.jobs()
    lease = {"lease_token": "mine"}
    start = {"spool_id": "s1"}
    changes = [
        change(job_id, REQUESTED, state=LEASED, set=lease),
        change(job_id, LEASED, state=STARTING, expect_lease="theirs", set=start),
        change(job_id, LEASED, state=STARTING, expect_lease="mine", set=start),
        change(job_id, STARTING, state=PENDING, expect_spool="s2"),
        change(job_id, STARTING, state=PENDING, expect_spool="s1"),
    ]
    assert await world.store.change_jobs(changes) == [True, False, True, False, True]


async def test_forbidden_change_is_a_bug_and_changes_nothing(world: World) -> None:
    first, second = await world.jobs(2)
    good, bad = change(first, REQUESTED, state=LEASED), change(second, REQUESTED, state=DONE)
    other = change(second, REQUESTED, state=LEASED)
    answers = await asyncio.gather(
        world.store.change_jobs([good, bad]),
        world.store.change_jobs([other]),
        return_exceptions=True,
    )
    assert isinstance(answers[0], ValueError)
    assert "never becomes" in str(answers[0])
    assert answers[1] == [True]
    assert (await world.store.job(first)).state is REQUESTED


@pytest.mark.parametrize("name", ["id", "state", "report", "revision", "nonsense"])
async def test_change_cannot_set_what_is_not_its_own(world: World, name: str) -> None:
    (job_id,) = await world.jobs()
    with pytest.raises(ValueError, match=name):
        await world.store.change_jobs([change(job_id, REQUESTED, set={name: 1})])


async def test_many_changes_are_all_answered(world: World) -> None:
    ids = await world.jobs(1200)
    changes = [change(job_id, REQUESTED, state=LEASED) for job_id in (*ids, 9999)]
    assert await world.store.change_jobs(changes) == [*[True] * 1200, False]
    assert len(await world.store.jobs(JobFilter(states={LEASED}))) == 1200


async def test_history_tells_each_change_of_state_once(world: World) -> None:
    (job_id,) = await world.jobs()
    await world.store.change_jobs(
        [
            change(job_id, REQUESTED, state=LEASED, at=after(1), by="client"),
            change(job_id, LEASED, set={"host": "a"}, at=after(2)),
            change(job_id, LEASED, state=LEASED, at=after(3)),
            change(
                job_id, LEASED, state=JobState.SUBMIT_FAILED, at=after(4), set={"reason": "no"}
            ),
        ]
    )
    failed = JobState.SUBMIT_FAILED
    assert await world.store.history(job_id) == [
        Transition(job_id=job_id, at=NOW, old=None, new=REQUESTED, by="ada"),
        Transition(job_id=job_id, at=after(1), old=REQUESTED, new=LEASED, by="client"),
        Transition(job_id=job_id, at=after(4), old=LEASED, new=failed, reason="no"),
    ]


async def test_scheduler_jobs_keep_their_order_and_are_brought_up_to_date(world: World) -> None:
    (job_id, other) = await world.jobs(2)
    chain = [SchedulerJob(native_id=one, source="wrapper", nonce="n") for one in ("20", "7")]
    ended = replace(chain[0], state=DONE, native_state="DONE")
    await world.store.change_jobs([change(job_id, REQUESTED, scheduler_jobs=chain)])
    await world.store.change_jobs([change(job_id, REQUESTED, scheduler_jobs=[ended])])
    assert await world.store.scheduler_jobs([job_id, other]) == {
        job_id: [ended, chain[1]],
        other: [],
    }


# -- reports ---------------------------------------------------------------------------


async def test_posts_merge_and_each_named_number_gets_a_point(world: World) -> None:
    (job_id,) = await world.jobs()
    await world.store.merge_reports(
        [
            post(job_id, {"counters": {"Events": [7, "red"], "Stage": "one"}, "x": 1}, 0),
            post(job_id, {"counters": {"Rate": 120}, "x": None}, 1),
        ]
    )
    await world.store.merge_reports([post(job_id, {"counters": {"Events": 8}}, 2)])
    job = await world.store.job(job_id)
    assert job.report == {"counters": {"Events": 8, "Stage": "one", "Rate": 120}}
    assert job.reported_at == after(2)
    points = await world.store.counter_points([job_id])
    assert [(one.key, one.at, one.value) for one in points] == [
        ("Events", NOW, 7.0), ("Events", after(2), 8.0), ("Rate", after(1), 120.0)
    ]  # fmt: skip
    assert await world.store.counter_points([job_id], "Rate") == [points[2]]


async def test_late_post_does_not_set_the_time_back(world: World) -> None:
    (job_id,) = await world.jobs()
    await world.store.merge_reports([post(job_id, {"a": 1}, 5)])
    await world.store.merge_reports([post(job_id, {"b": 1}, 3)])
    job = await world.store.job(job_id)
    assert (job.report, job.reported_at) == ({"a": 1, "b": 1}, after(5))


async def test_bad_post_fails_its_own_caller_only(world: World) -> None:
    job_id, other = await world.jobs(2)
    large = {"text": "x" * 300_000}
    answers = await asyncio.gather(
        world.store.merge_reports([post(job_id, {"a": 1})]),
        world.store.merge_reports([post(job_id, {"b": 1}), post(other, large)]),
        world.store.merge_reports([post(99, {"a": 1})]),
        world.store.merge_reports([post(job_id, {"c": 1})]),
        return_exceptions=True,
    )
    assert [type(one) for one in answers] == [type(None), TooLarge, NotFound, type(None)]
    assert (await world.store.job(job_id)).report == {"a": 1, "c": 1}
    assert (await world.store.job(other)).report == {}


async def test_series_stays_bounded_and_keeps_first_and_last(world: World) -> None:
    (job_id,) = await world.jobs()
    for start in range(0, 3000, 500):
        posts = [post(job_id, {"counters": {"n": n}}, n) for n in range(start, start + 500)]
        await world.store.merge_reports(posts)
    points = await world.store.counter_points([job_id])
    assert 400 < len(points) <= 1500
    assert (points[0].value, points[-1].value) == (0.0, 2999.0)
    assert all(one.at == after(one.value) for one in points)


# -- filters and deletion --------------------------------------------------------------


async def test_filters_narrow_down(world: World) -> None:
    ids = await world.jobs(4)
    await world.bring(ids[0], LEASED, STARTING, RUNNING)
    chain = [SchedulerJob(native_id=one, source="tag") for one in ("7", "8")]
    await world.store.change_jobs(
        [change(ids[1], REQUESTED, scheduler_jobs=chain, set={"native_id": "7"})]
    )
    await world.store.set_deleted([ids[3]], "ada", NOW)

    async def found(**which: object) -> list[int]:
        return [job.id for job in await world.store.jobs(JobFilter(**which))]  # type: ignore[arg-type]

    a, b, c, d = ids
    assert await found() == [c, b, a]
    assert await found(deleted=True) == [d, c, b, a]
    assert await found(only_deleted=True) == [d]
    assert await found(states={RUNNING}) == [a]
    assert await found(runs=[2, 3], oldest_first=True) == [b, c]
    assert await found(ids=[a, d]) == [a]
    assert await found(ids=[]) == []
    assert await found(native_id="8") == [b]
    assert await found(native_id="7") == [b]
    assert await found(limit=2) == [c, b]
    assert await found(before_id=b) == [a]
    assert await found(after_id=a, oldest_first=True) == [b, c]
    assert await found(locations=["local"]) == [c, b, a]
    assert await found(locations=["lsf"]) == []
    assert await found(definition_id=world.definition.id) == [c, b, a]
    assert await found(definition_id=world.definition.id + 1) == []
    assert await found(by_autorun=False) == [c, b, a]
    assert await found(by_autorun=True) == []
    assert await found(hash="smalldata", user="ada", experiment_id=world.experiment.id) == [
        c,
        b,
        a,
    ]
    for nobody in ({"hash": "x"}, {"user": "x"}, {"experiment_id": 9}):
        assert await found(**nobody) == []


async def test_filter_takes_more_ids_than_a_statement_has_parameters(world: World) -> None:
    (job_id,) = await world.jobs()
    assert len(await world.store.jobs(JobFilter(ids=range(job_id, job_id + 300_000)))) == 1


async def test_deleting_counts_rows_that_change(world: World) -> None:
    ids = await world.jobs(3)
    assert await world.store.set_deleted(ids[:2], "bob", NOW) == 2
    assert await world.store.set_deleted([*ids, 99], "eve", after(1)) == 1
    job = await world.store.job(ids[0])
    assert (job.deleted_by, job.deleted_at) == ("bob", NOW)
    assert await world.store.set_deleted(ids, "ada", None) == 3
    job = await world.store.job(ids[0])
    assert (job.deleted_by, job.deleted_at) == (None, None)
    assert await world.store.set_deleted([], "ada", NOW) == 0
