"""Consent to autorun, as stories: whose script runs as whom, and who has to say so again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import Conflict
from tests.autorun_play import Stage, staged

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "store") as made:
        yield made


async def edit(stage: Stage, by: str, **changes: Any) -> Any:
    stage.play.tick()
    return await stage.play.manager.definitions.change(
        stage.play.experiment, stage.definition.id, changes, None, by
    )


async def change_script(stage: Stage, text: str = "#!/bin/sh\nrm -r /data\n") -> None:
    """Let the script on disk be another."""
    stage.play.client.text = text
    stage.play.client.found = replace(stage.play.client.found, sha256="2" * 64)


async def test_robin_edits_what_dana_checked_and_nothing_runs_as_dana_until_she_looked(
    stage: Stage,
) -> None:
    await stage.check()
    edited = await edit(stage, "robin", executable="/data/robins.sh", parameters="--all")
    assert (edited.paused_why, edited.paused_by) == ("edit", "robin")
    assert edited.paused_said == "robin changed executable, parameters."
    await stage.end(1)
    assert await stage.told() == [(1, "waiting", "consent")]
    assert await stage.jobs() == []
    found = await stage.autorun.consent(stage.play.experiment, stage.definition.id)
    assert list(found.changes) == [
        ("executable", "/data/peaks.sh", "/data/robins.sh"),
        ("parameters", "--fast 3", "--all"),
    ]


async def test_dana_looks_checks_again_and_says_what_becomes_of_what_waited(
    stage: Stage,
) -> None:
    await stage.check()
    await edit(stage, "robin", parameters="--all")
    await stage.end(1)
    await stage.lines()
    await stage.autorun.set_consent(
        stage.play.experiment, stage.definition.id, None, on=True, by="dana", missed="run"
    )
    (job,) = await stage.jobs()
    assert (job.user, job.parameters) == ("dana", "--all")


async def test_robin_who_checks_the_box_again_runs_it_as_robin(stage: Stage) -> None:
    await stage.check()
    await edit(stage, "robin", parameters="--all")
    await stage.autorun.set_consent(
        stage.play.experiment, stage.definition.id, None, on=True, by="robin"
    )
    await stage.end(1)
    (job,) = await stage.jobs()
    assert job.user == "robin"


async def test_robin_may_rename_it_or_limit_it_and_dana_need_not_look(stage: Stage) -> None:
    await stage.check()
    edited = await edit(stage, "robin", name="peaks2", most_at_once=3, most_per_hour=7)
    assert edited.paused_why == ""
    await stage.end(1)
    assert [job.user for job in await stage.jobs()] == ["dana"]


@pytest.mark.parametrize(
    "changes",
    [
        {"predicate": "run > 1"},
        {"trigger": "START_OF_RUN"},
        {"arguments": "parameters only"},
        {"quoted_parameters": True},
        {"location": "lsf"},
        {"run_types": "DATA"},
        {"after": "other"},
        {"run_param": "beam"},
        {"run_value": "5"},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_robin_may_not_change_when_or_how_it_runs_as_dana(
    stage: Stage, changes: dict[str, Any]
) -> None:
    await stage.check()
    assert (await edit(stage, "robin", **changes)).paused_why == "edit"


async def test_danas_own_edit_is_her_consent(stage: Stage) -> None:
    await stage.check()
    edited = await edit(stage, "dana", parameters="--more")
    assert (edited.paused_why, edited.consent_version) == ("", edited.version)
    await stage.end(1)
    assert [job.parameters for job in await stage.jobs()] == ["--more"]


async def test_danas_edit_of_what_robin_changed_is_no_consent_to_robins_change(
    stage: Stage,
) -> None:
    await stage.check()
    await edit(stage, "robin", executable="/data/robins.sh")
    assert (await edit(stage, "dana", parameters="--more")).paused_why == "edit"


async def test_somebody_changes_the_script_on_disk_and_it_does_not_start(stage: Stage) -> None:
    await stage.check()
    await change_script(stage)
    await stage.end(1)
    assert await stage.told() == [(1, "waiting", "consent")]
    assert await stage.jobs() == []
    found = await stage.autorun.consent(stage.play.experiment, stage.definition.id)
    assert found.definition.paused_why == "script"
    assert "-bsub peaks" in found.script_diff
    assert "+rm -r /data" in found.script_diff


async def test_a_script_that_is_changed_after_the_decision_is_refused_before_its_start(
    stage: Stage,
) -> None:
    await stage.check()
    await stage.end(1)
    (job,) = await stage.jobs()
    (request,) = await stage.play.manager.port.lease(["lsf", "local"], 1)
    assert (request.job_id, request.consent_sha256) == (job.id, "1" * 64)
    check = replace(stage.play.client.found, sha256="2" * 64)
    await stage.play.manager.port.refused(job.id, request.lease_token, "changed", check)
    await stage.lines()
    now = await stage.play.manager.definitions.get(stage.play.experiment, stage.definition.id)
    assert now.paused_why == "script"


async def test_a_job_waits_for_the_client_and_dana_unchecks_the_box_meanwhile(
    stage: Stage,
) -> None:
    await stage.check()
    await stage.end(1)
    await stage.jobs()
    (leased,) = await stage.leased()
    await stage.autorun.set_consent(
        stage.play.experiment, stage.definition.id, None, on=False, by="dana"
    )
    found = stage.play.client.found
    port = stage.play.manager.port
    assert not await port.starting(leased.job_id, leased.lease_token, "1-spool", found)
    assert not await stage.leased()


async def test_a_box_that_is_cleared_is_no_consent_to_what_is_handed_out(stage: Stage) -> None:
    await stage.check()
    await stage.end(1)
    await stage.jobs()
    await stage.play.manager.definitions.set_autorun(
        stage.play.experiment, stage.definition.id, None, on=False, by="dana"
    )
    (request,) = await stage.leased()
    assert request.consent_sha256 == ""


async def test_what_a_person_applies_needs_no_consent(stage: Stage) -> None:
    await stage.play.apply("1")
    (request,) = await stage.play.manager.port.lease(["lsf", "local"], 1)
    assert request.consent_sha256 is None


async def test_a_pause_that_needs_a_new_consent_cannot_be_resumed(stage: Stage) -> None:
    await stage.check()
    await edit(stage, "robin", parameters="--all")
    with pytest.raises(Conflict, match="check autorun again"):
        await stage.autorun.unpause(stage.play.experiment, stage.definition.id, "run", "dana")
    await stage.autorun.pause(stage.play.experiment, stage.definition.id, "robin", "my way")
    now = await stage.play.manager.definitions.get(stage.play.experiment, stage.definition.id)
    assert now.paused_why == "edit"


async def test_what_waits_when_the_box_is_unchecked_is_skipped(stage: Stage) -> None:
    await stage.check()
    await edit(stage, "robin", parameters="--all")
    await stage.end(1)
    await stage.lines()
    await stage.autorun.set_consent(
        stage.play.experiment, stage.definition.id, None, on=False, by="dana"
    )
    assert await stage.told() == [(1, "skipped", "consent")]


async def test_dana_unchecks_the_box_and_what_waited_for_room_never_runs_as_robin(
    stage: Stage,
) -> None:
    await stage.check(most_at_once=1)
    await stage.end(1, 2)
    (first,) = await stage.jobs()
    await stage.starting(first.id)
    experiment, definition_id = stage.play.experiment, stage.definition.id
    await stage.autorun.set_consent(experiment, definition_id, None, on=False, by="dana")
    assert (await stage.told())[1] == (2, "skipped", "limit")
    await stage.autorun.set_consent(experiment, definition_id, None, on=True, by="robin")
    await stage.ended(first.id)
    stage.autorun._engine._looked_s = 0
    assert [job.run for job in await stage.jobs()] == [1]


async def test_dana_unchecks_the_box_and_what_waited_for_all_to_go_on_never_runs_as_robin(
    stage: Stage,
) -> None:
    await stage.check()
    await stage.autorun.stop("bob")
    await stage.end(1)
    await stage.lines()
    experiment, definition_id = stage.play.experiment, stage.definition.id
    await stage.autorun.set_consent(experiment, definition_id, None, on=False, by="dana")
    await stage.autorun.set_consent(experiment, definition_id, None, on=True, by="robin")
    await stage.autorun.resume("run", "bob")
    assert await stage.jobs() == []


async def test_robin_checks_the_box_anew_and_lets_run_what_waits_for_room(stage: Stage) -> None:
    await stage.check(most_at_once=1)
    await stage.end(1, 2)
    (first,) = await stage.jobs()
    await stage.starting(first.id)
    await edit(stage, "robin", parameters="--all")
    stage.play.tick()
    experiment, definition_id = stage.play.experiment, stage.definition.id
    await stage.autorun.set_consent(
        experiment, definition_id, None, on=True, by="robin", missed="run"
    )
    await stage.ended(first.id)
    stage.autorun._engine._looked_s = 0
    assert [(job.run, job.user) for job in await stage.jobs()] == [(1, "dana"), (2, "robin")]


async def test_a_consent_that_a_crash_left_behind_is_none_to_what_waited_before_it(
    stage: Stage,
) -> None:
    await stage.check(most_at_once=1)
    await stage.end(1, 2)
    (first,) = await stage.jobs()
    await stage.starting(first.id)
    for on in (False, True):  # and each time nothing more
        stage.play.tick()
        await stage.play.manager.definitions.set_autorun(
            stage.play.experiment, stage.definition.id, None, on=on, by="robin"
        )
    await stage.ended(first.id)
    stage.autorun._engine._looked_s = 0
    assert [job.run for job in await stage.jobs()] == [1]


async def test_robin_changes_a_limit_and_dana_need_not_look_again(stage: Stage) -> None:
    await stage.check()
    edited = await edit(stage, "robin", most_per_hour=9)
    assert (edited.paused_why, edited.consent_version) == ("", edited.version)
    await stage.end(1)
    assert await stage.told() == [(1, "fired", "")]


async def test_a_deleted_definition_starts_nothing(stage: Stage) -> None:
    await stage.check()
    await stage.play.manager.definitions.delete(stage.play.experiment, stage.definition.id, "dana")
    await stage.end(1)
    assert await stage.told() == []


async def test_dana_deletes_it_robin_restores_it_and_it_does_not_run_as_dana(
    stage: Stage,
) -> None:
    await stage.check()
    definitions, experiment = stage.play.manager.definitions, stage.play.experiment
    await definitions.delete(experiment, stage.definition.id, "dana")
    restored = await definitions.restore(experiment, stage.definition.id, "robin")
    assert (restored.paused_why, restored.paused_by) == ("edit", "robin")
    assert restored.paused_said == "dana deleted it, and robin restored it."
    await stage.end(1)
    assert await stage.told() == [(1, "waiting", "consent")]


async def test_what_robin_consents_to_starts_no_job_that_waits_as_dana(stage: Stage) -> None:
    await stage.check()
    await stage.end(1)
    (job,) = await stage.jobs()
    await change_script(stage)
    await stage.autorun.pause(stage.play.experiment, stage.definition.id, "robin")
    await stage.autorun.set_consent(
        stage.play.experiment, stage.definition.id, None, on=True, by="robin", missed="run"
    )
    (request,) = await stage.play.manager.port.lease(["lsf", "local"], 1)
    assert (request.job_id, request.user, request.consent_sha256) == (job.id, "dana", "")


@pytest.mark.parametrize("changes", [{"predicate": "run < 0"}, {"run_types": "DARK"}])
async def test_no_run_is_lost_to_what_robin_wrote_and_dana_never_saw(
    stage: Stage, changes: dict[str, Any]
) -> None:
    await stage.check()
    await edit(stage, "robin", **changes)
    await stage.end(1)
    assert await stage.told() == [(1, "waiting", "consent")]
    await edit(stage, "dana", predicate="", run_types="")
    await stage.autorun.set_consent(
        stage.play.experiment, stage.definition.id, None, on=True, by="dana", missed="run"
    )
    assert await stage.told() == [(1, "fired", "")]


async def test_what_waited_for_a_new_consent_is_judged_by_what_was_consented_to(
    stage: Stage,
) -> None:
    await stage.check()
    await edit(stage, "robin", predicate="run > 1")
    await stage.end(1, 2)
    await stage.lines()
    await stage.autorun.set_consent(
        stage.play.experiment, stage.definition.id, None, on=True, by="dana", missed="run"
    )
    assert await stage.told() == [(1, "skipped", "predicate"), (2, "fired", "")]


async def test_danas_new_trigger_is_for_what_happens_after_she_chose_it(stage: Stage) -> None:
    checked = await stage.check()
    await stage.play.manager.runs.put(stage.play.experiment, 7, started_at=stage.play.tick())
    edited = await edit(stage, "dana", trigger="START_OF_RUN")
    assert edited.autorun_at > checked.autorun_at
    await stage.play.manager.runs.put(stage.play.experiment, 7, parameters={"beam": 5})
    assert await stage.told() == [(7, "skipped", "unchecked")]


async def test_what_is_changed_beyond_what_is_compared_is_said_to_be(stage: Stage) -> None:
    stage.play.client.text = "echo\n" * 3000
    await stage.check()
    await change_script(stage, "echo\n" * 2999 + "rm -r /data\n")
    found = await stage.autorun.consent(stage.play.experiment, stage.definition.id)
    assert found.script_diff == ""
    assert "look at the script itself" in found.script_missing


async def test_dana_checks_again_what_she_was_shown_and_not_what_came_since(stage: Stage) -> None:
    await stage.check()
    await change_script(stage)
    await stage.lines()
    shown = await stage.autorun.consent(stage.play.experiment, stage.definition.id)
    stage.play.client.found = replace(stage.play.client.found, sha256="3" * 64)
    with pytest.raises(Conflict, match="changed since you looked at it"):
        await stage.autorun.set_consent(
            stage.play.experiment,
            stage.definition.id,
            shown.definition.version,
            on=True,
            by="dana",
            seen_sha256=shown.script_sha256,
        )
    await change_script(stage)
    checked = await stage.autorun.set_consent(
        stage.play.experiment,
        stage.definition.id,
        shown.definition.version,
        on=True,
        by="dana",
        seen_sha256=shown.script_sha256,
    )
    assert checked.consent_sha256 == shown.script_sha256 == "2" * 64
