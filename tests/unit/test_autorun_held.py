"""Autorun: jobs that it has made and that are not submitted, while it is stopped or paused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from arp_nb.model import JobState
from tests.autorun_play import Stage, staged

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "store") as made:
        yield made


async def test_no_job_that_autorun_made_is_submitted_once_all_is_stopped(stage: Stage) -> None:
    await stage.check()
    await stage.end(1)
    await stage.play.apply("5")
    await stage.lines()
    await stage.autorun.stop("bob")
    lease = stage.play.manager.port.lease
    assert [one.run for one in await lease(["lsf"], 9)] == [5]  # a person's goes on
    status = await stage.autorun.status(stage.play.experiment)
    assert (status.held, status.definitions[0].held) == (1, 1)
    await stage.autorun.resume("run", "bob")
    assert [one.run for one in await lease(["lsf"], 9)] == [1]
    assert (await stage.autorun.status()).held == 0


async def test_a_job_that_is_just_to_start_does_not_once_all_is_stopped(stage: Stage) -> None:
    await stage.check()
    await stage.end(1)
    (job,) = await stage.jobs()
    port, token = stage.play.manager.port, (await stage.leased())[0].lease_token
    await stage.autorun.stop("bob")
    assert not await port.starting(job.id, token, f"{job.id}-spool", stage.play.client.found)
    assert (await stage.jobs())[0].state is JobState.REQUESTED
    await stage.autorun.resume("run", "bob")
    (again,) = await stage.leased()
    assert await port.starting(
        job.id, again.lease_token, f"{job.id}-spool", stage.play.client.found
    )


async def test_who_skips_what_waited_withdraws_what_was_not_submitted(stage: Stage) -> None:
    await stage.check()
    await stage.end(1, 2)
    await stage.jobs()
    await stage.play.apply("5")
    (first, *_) = await stage.leased(1)
    await stage.autorun.stop("bob")
    await stage.autorun.resume("skip", "bob")
    made = {job.run: job for job in await stage.jobs()}
    assert [made[run].state for run in (1, 2)] == [JobState.WITHDRAWN] * 2
    assert made[5].state is JobState.REQUESTED
    assert made[1].reason == "bob skipped it as all autorun went on: it was not submitted yet"
    found = stage.play.client.found
    assert not await stage.play.manager.port.starting(
        first.job_id, first.lease_token, "1-spool", found
    )


@pytest.mark.parametrize("missed", ["run", "skip"])
async def test_a_pause_holds_jobs_of_its_definition_and_no_others(
    stage: Stage, missed: Any
) -> None:
    await stage.check()
    fit = await stage.add("fit")
    await stage.end(1)
    await stage.jobs()
    experiment = stage.play.experiment
    await stage.autorun.pause(experiment, stage.definition.id, "bob")
    status = await stage.autorun.status()
    assert status.held == 1
    assert [one.job_id for one in await stage.leased()] == [
        job.id for job in await stage.jobs() if job.definition_id == fit.id
    ]
    await stage.autorun.unpause(experiment, stage.definition.id, missed, "bob")
    states = {job.hash: job.state for job in await stage.jobs()}
    is_run = missed == "run"
    assert states["peaks"] is (JobState.REQUESTED if is_run else JobState.WITHDRAWN)
    assert len(await stage.leased()) == is_run


async def test_what_is_not_submitted_yet_is_withdrawn_with_the_check(stage: Stage) -> None:
    await stage.check()
    await stage.end(1)
    await stage.jobs()
    await stage.autorun.set_consent(
        stage.play.experiment, stage.definition.id, None, on=False, by="bob"
    )
    (job,) = await stage.jobs()
    assert (job.state, job.reason) == (
        JobState.WITHDRAWN,
        "bob unchecked autorun: it was not submitted yet",
    )


@pytest.mark.parametrize("missed", ["run", "skip"])
async def test_a_box_that_is_checked_again_ends_a_pause_and_what_it_held_likewise(
    stage: Stage, missed: Any
) -> None:
    await stage.check()
    await stage.end(1)
    await stage.jobs()
    experiment = stage.play.experiment
    await stage.autorun.pause(experiment, stage.definition.id, "bob")
    await stage.autorun.set_consent(
        experiment, stage.definition.id, None, on=True, by="dana", missed=missed
    )
    assert len(await stage.leased()) == (missed == "run")


async def test_who_ends_a_stop_ends_no_pause_with_it(stage: Stage) -> None:
    await stage.check()
    await stage.end(1)
    await stage.jobs()
    experiment = stage.play.experiment
    await stage.autorun.pause(experiment, stage.definition.id, "dana")
    await stage.autorun.stop("bob")
    await stage.autorun.resume("skip", "bob")
    assert (await stage.jobs())[0].state is JobState.REQUESTED
    assert not await stage.leased()
    await stage.autorun.unpause(experiment, stage.definition.id, "run", "dana")
    assert len(await stage.leased()) == 1
