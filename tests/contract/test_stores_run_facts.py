"""What every store must do with facts of runs: each is told often, and counts once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from arp_nb.errors import NotFound
from arp_nb.ledger import Why
from arp_nb.model import Arguments, JobState, Run, ScriptCheck, Trigger
from arp_nb.store.base import Store
from arp_nb.store.deciding import Consent, JobFacts, PastJobs, Pause, RunFacts
from tests.contract.ledgers import decision, lines
from tests.contract.stores import (
    DRAFT,
    NOW,
    World,
    after,
    change,
    make_world,
    post,
    wanted,
)  # fmt: skip

pytestmark = pytest.mark.anyio

USER = Pause(why="user", by="bob", at=NOW, said="needs a mask")
EDIT = Pause(why="edit", by="eve", at=after(1), said="eve changed executable.")
SCRIPT = Pause(why="script", by="the script", at=after(2), said="The script was changed.")


async def tell(world: World, number: int, **facts: Any) -> Run:
    """Tell of a run as a source does; return what is known of it."""
    told = RunFacts(number=number, **facts)
    await world.store.put_runs(world.experiment.id, [told], "logbook")
    return (await world.store.some_runs(world.experiment.id, [number]))[0]


# -- runs --------------------------------------------------------------------------------


async def test_facts_of_a_run_are_read_back_as_they_were_told(world: World) -> None:
    facts: dict[str, Any] = {
        "type": "DATA", "started_at": NOW, "ended_at": after(9), "first_file_at": after(1),
        "all_files_at": after(11), "nonrec_files_at": after(10), "parameters": {"beam": 9.5},
    }  # fmt: skip
    run = await tell(world, 12, **facts)
    assert {name: getattr(run, name) for name in facts} == facts
    assert (run.source, run.reopened, run.excluded_at, run.excluded_why) == (
        "logbook",
        0,
        None,
        "",
    )


async def test_what_is_told_again_changes_nothing_and_takes_no_revision(world: World) -> None:
    facts = [
        RunFacts(number=number, ended_at=after(number), parameters={"beam": number})
        for number in range(3)
    ]
    put = world.store.put_runs
    assert (await put(world.experiment.id, facts, "logbook")).changed == 3
    before = await world.store.revision()
    assert (await put(world.experiment.id, facts, "ffb")).changed == 0
    assert (await put(world.experiment.id, [RunFacts(number=1)], "ffb")).changed == 0
    assert await world.store.revision() == before
    assert (await world.store.runs(world.experiment.id))[0].source == "logbook"


async def test_only_what_is_new_is_counted_and_each_has_a_revision(world: World) -> None:
    await tell(world, 1, ended_at=NOW)
    facts = [RunFacts(number=number, ended_at=NOW) for number in (3, 1, 2, 3)]
    kept = await world.store.put_runs(world.experiment.id, facts, "logbook")
    assert kept.changed == 2
    revisions = [one.revision for one in await world.store.runs(world.experiment.id)]
    assert len(set(revisions)) == 3
    assert max(revisions) == await world.store.revision()


async def test_a_later_end_of_the_same_source_counts_as_opened_again(world: World) -> None:
    await tell(world, 1, ended_at=NOW)
    assert (await tell(world, 1, ended_at=after(0.5))).reopened == 0, "a clock read differently"
    assert (await tell(world, 1, ended_at=after(60))).reopened == 1
    assert (await tell(world, 1, ended_at=after(60))).reopened == 1
    again = await tell(world, 1, ended_at=after(120))
    assert (again.reopened, again.ended_at) == (2, after(120))


async def test_a_source_takes_no_end_to_an_earlier_time_and_no_start_to_a_later(
    world: World,
) -> None:
    times = ("started_at", "ended_at", "first_file_at", "all_files_at", "nonrec_files_at")
    known = await tell(world, 1, **dict.fromkeys(times, after(100)))
    earlier = await tell(world, 1, **dict.fromkeys(times, after(50)))
    moved = [name for name in times if getattr(earlier, name) != getattr(known, name)]
    assert moved == ["started_at", "first_file_at"]
    later = await tell(world, 1, **dict.fromkeys(times, after(200)))
    moved = [name for name in times if getattr(later, name) != getattr(earlier, name)]
    assert moved == ["ended_at", "all_files_at", "nonrec_files_at"]


async def test_a_person_corrects_any_time(world: World) -> None:
    await tell(world, 1, started_at=NOW, ended_at=after(100))
    told = RunFacts(number=1, started_at=after(10), ended_at=after(50))
    run = await world.store.put_run(world.experiment.id, told)
    assert (run.started_at, run.ended_at) == (after(10), after(50))
    assert (run.source, run.reopened) == ("api", 0)


async def test_parameters_merge_and_null_drops_one(world: World) -> None:
    await tell(world, 1, parameters={"beam": 1, "deep": {"a": 1}})
    run = await tell(world, 1, parameters={"beam": None, "deep": {"b": 2}})
    assert run.parameters == {"deep": {"a": 1, "b": 2}}


async def test_runs_of_no_experiment_are_refused(store: Store) -> None:
    with pytest.raises(NotFound, match="99"):
        await store.put_runs(99, [RunFacts(number=1)], "logbook")
    with pytest.raises(NotFound, match="99"):
        await store.put_run(99, RunFacts(number=1))


async def test_thousands_of_runs_let_a_small_write_through(world: World) -> None:
    facts = [RunFacts(number=number, ended_at=NOW) for number in range(10_000)]
    before = await world.store.revision()
    many = asyncio.create_task(world.store.put_runs(world.experiment.id, facts, "logbook"))
    await asyncio.sleep(0)
    small = await world.store.put_run(world.experiment.id, RunFacts(number=10**6))
    assert (await many).changed == 10_000
    assert small.revision - before <= 5_000, "each run that was written before it took a revision"
    assert len(await world.store.runs(world.experiment.id)) == 10_001


async def test_a_run_that_was_taken_out_says_by_whom_and_why_until_it_is_in_again(
    world: World,
) -> None:
    before = await tell(world, 1, ended_at=NOW)
    put = world.store.exclude_run
    out = await put(world.experiment.id, 1, by="bob", at=after(5), why="shutter closed")
    assert (out.excluded_by, out.excluded_at, out.excluded_why) == (
        "bob", after(5), "shutter closed",
    )  # fmt: skip
    assert out.revision > before.revision
    assert (await tell(world, 1, parameters={"a": 1})).excluded_by == "bob"
    again = await put(world.experiment.id, 1, by=None, at=after(6), why="not kept")
    assert (again.excluded_by, again.excluded_at, again.excluded_why) == (None, None, "")
    with pytest.raises(NotFound, match="run 2"):
        await put(world.experiment.id, 2, by="bob", at=NOW, why="x")


async def test_some_runs_come_by_number_and_the_newest_first(world: World) -> None:
    for number in (7, 3, 30, 5):
        await tell(world, number)
    some = await world.store.some_runs(world.experiment.id, {30, 3, 8})
    assert [one.number for one in some] == [3, 30]
    newest = await world.store.newest_runs(world.experiment.id, 2)
    assert [one.number for one in newest] == [30, 7]


# -- what changed since ------------------------------------------------------------------


async def test_runs_that_changed_come_by_revision_of_all_experiments(world: World) -> None:
    other = await make_world(world.store, "other")
    await tell(world, 1)
    await tell(other, 1)
    await tell(world, 2)
    await tell(world, 1, ended_at=NOW)
    first = await world.store.runs_since(0, 2)
    rest = await world.store.runs_since(first[-1].revision, 2)
    assert [(one.experiment_id, one.number) for one in [*first, *rest]] == [
        (other.experiment.id, 1), (world.experiment.id, 2), (world.experiment.id, 1),
    ]  # fmt: skip
    assert await world.store.runs_since(rest[-1].revision, 2) == []


async def test_definitions_that_changed_come_by_revision_deleted_ones_too(world: World) -> None:
    other = await make_world(world.store, "other")
    await world.store.delete_definition(world.definition.id, "bob", NOW)
    found = await world.store.definitions_since(0)
    assert [one.id for one in found] == [other.definition.id, world.definition.id]
    assert found[1].deleted_by == "bob"
    assert await world.store.definitions_since(found[0].revision) == found[1:]


async def test_jobs_that_are_done_come_by_revision_with_the_first_of_their_reruns(
    world: World,
) -> None:
    first, second, failed = await world.jobs(3)
    steps = (JobState.LEASED, JobState.STARTING, JobState.PENDING)
    for job_id, state in ((second, JobState.DONE), (failed, JobState.FAILED)):
        await world.bring(job_id, *steps, state)
    request = wanted(world.definition, [1], rerun_of={1: first}, root_of={1: first})
    (again,) = (await world.store.add_jobs(request)).job_ids
    await world.bring(again, *steps, JobState.DONE)
    done = await world.store.done_since(0, 10)
    assert [(one.id, one.root_id, one.run) for one in done] == [
        (second, second, 2), (again, first, 1),
    ]  # fmt: skip
    assert await world.store.done_since(done[0].revision, 10) == [done[1]]
    assert await world.store.done_since(0, 1) == [done[0]]
    by_run = await world.store.done_jobs(world.experiment.id, "smalldata", [1, 3])
    assert [one.id for one in by_run] == [again]


# -- pauses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pauses", "why"),
    [
        ([USER], "user"),
        ([USER, EDIT], "edit"),
        ([USER, SCRIPT], "script"),
        ([EDIT, USER], "edit"),
        ([SCRIPT, USER], "script"),
        ([EDIT, SCRIPT], "edit"),
        ([USER, replace(USER, by="eve")], "user"),
        ([USER, None], ""),
        ([EDIT, None], "edit"),
        ([USER, SCRIPT, None], "script"),
        ([None], ""),
    ],
)
async def test_a_pause_of_a_person_gives_way_to_one_for_consent_and_to_nothing_else(
    world: World, pauses: list[Pause | None], why: str
) -> None:
    for one in pauses:
        await world.store.pause(world.definition.id, one)
    now = await world.store.definition(world.definition.id)
    assert now.paused_why == why
    kept = next((one for one in pauses if one is not None and one.why == why), None)
    said = ("", None, None) if kept is None else (kept.said, kept.by, kept.at)
    assert (now.paused_said, now.paused_by, now.paused_at) == said
    assert now.version == world.definition.version


async def test_a_pause_that_changes_nothing_takes_no_revision(world: World) -> None:
    await world.store.pause(world.definition.id, EDIT)
    before = await world.store.revision()
    await world.store.pause(world.definition.id, USER)
    await world.store.pause(world.definition.id, EDIT)
    assert await world.store.revision() == before
    with pytest.raises(NotFound):
        await world.store.pause(99, USER)


async def test_a_new_consent_ends_any_pause_and_keeps_what_was_seen(world: World) -> None:
    store, definition_id = world.store, world.definition.id
    await store.pause(definition_id, SCRIPT)
    checked = await store.change_definition(
        definition_id, DRAFT, ScriptCheck(), 1, "ada", NOW, autorun=True,
        consent=Consent(sha256="ab", text="#!/bin/sh\n"),
    )  # fmt: skip
    assert (checked.paused_why, checked.consent_sha256) == ("", "ab")
    assert checked.consent_version == checked.version
    assert await store.consent_text(definition_id) == "#!/bin/sh\n"
    off = await store.change_definition(
        definition_id, DRAFT, ScriptCheck(), 2, "ada", NOW, autorun=False
    )
    assert (off.consent_sha256, off.consent_version) == (None, None)
    assert await store.consent_text(definition_id) == ""


# -- what earlier jobs say ---------------------------------------------------------------


async def test_past_jobs_tell_the_hours_of_those_that_ran_to_their_end(
    world: World,
) -> None:
    ids = await world.jobs(4)
    steps = (JobState.LEASED, JobState.STARTING, JobState.PENDING, JobState.RUNNING)
    ends = (JobState.DONE, JobState.FAILED, JobState.DONE, JobState.DONE)
    for number, (job_id, end) in enumerate(zip(ids, ends, strict=True)):
        await world.bring(job_id, *steps)
        began = None if number == 3 else NOW
        took = {"started_at": began, "ended_at": after(3600 * (number + 1))}
        assert await world.store.change_jobs(
            [change(job_id, JobState.RUNNING, state=end, set=took)]
        ) == [True]
    past = await world.store.past_jobs(world.definition.id, 10)
    assert past == PastJobs(((3.0, None), (1.0, None)))
    assert await world.store.past_jobs(world.definition.id, 1) == PastJobs(((3.0, None),))
    assert await world.store.past_jobs(99, 1) == PastJobs()


async def test_the_newest_job_of_each_hash_tells_its_report(world: World) -> None:
    store = world.store
    draft = replace(DRAFT, name="peaks", arguments=Arguments.PARAMETERS_ONLY)
    peaks = await store.add_definition(world.experiment.id, draft, ScriptCheck(), "ada", NOW)
    for definition, events in ((world.definition, 1), (world.definition, 2), (peaks, 3)):
        (job_id,) = (await store.add_jobs(wanted(definition, [7]))).job_ids
        await store.merge_reports([post(job_id, {"counters": {"Events": events}})])
    (deleted,) = (await store.add_jobs(wanted(peaks, [7]))).job_ids
    await store.set_deleted([deleted], "bob", NOW)
    found = await store.latest_reports(world.experiment.id, [7, 8])
    assert list(found) == [7]
    assert {name: one.report for name, one in found[7].items()} == {
        "smalldata": {"counters": {"Events": 2}},
        "peaks": {"counters": {"Events": 3}},
    }
    assert isinstance(found[7]["peaks"], JobFacts)
    assert found[7]["peaks"].status
    named = await store.latest_reports(world.experiment.id, [7, 8], ["peaks", "other"])
    assert named == {7: {"peaks": found[7]["peaks"]}}
    assert await store.latest_reports(world.experiment.id, [7], []) == {}


async def test_forgetting_a_definition_forgets_its_lines(world: World) -> None:
    store = world.store
    draft = replace(DRAFT, name="peaks", trigger=Trigger.END_OF_RUN)
    peaks = await store.add_definition(world.experiment.id, draft, ScriptCheck(), "ada", NOW)
    await store.decide([decision(peaks, 1, "unchecked"), decision(world.definition, 1)])
    await store.delete_definition(peaks.id, "bob", NOW)
    await store.purge(after(1))
    (line,) = await lines(store)
    assert (line.definition_id, line.why) == (world.definition.id, Why.NOTHING)
