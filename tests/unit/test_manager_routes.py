"""Whether jobs ever reached the update listener, and who is warned until they did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from arp_nb.errors import StoreError
from arp_nb.manager import ApplyAnswer, ApplyRequest
from tests.manager_play import Play, playing, reopened

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


async def applied(play: Play, **more: object) -> ApplyAnswer:
    asked = ApplyRequest(definition="peaks", runs="5", **more)  # type: ignore[arg-type]
    return await play.manager.jobs.apply(play.experiment, asked, "dana")


async def post(play: Play, job_id: int) -> None:
    await play.manager.updates.post(play.token(job_id), b'{"a": 1}')


@pytest.mark.parametrize("dry_run", [True, False])
async def test_applying_on_a_route_that_nobody_has_seen_work_warns(
    play: Play, *, dry_run: bool
) -> None:
    (warning,) = (await applied(play, dry_run=dry_run)).warnings
    assert warning.startswith("No job has reported from LSF yet. Jobs there will post to http://n")
    assert "update_listen, or public_url" in warning


async def test_the_first_post_ends_the_warning_for_good(tmp_path: Path) -> None:
    async with playing(tmp_path / "store") as play:
        await post(play, await play.submitted())
        assert not (await applied(play)).warnings
    async with reopened(tmp_path / "store") as manager:
        manager.attach(play.client)
        experiment = await manager.experiments.get("xppi0915")
        asked = ApplyRequest(definition="peaks", runs="4")
        assert not (await manager.jobs.apply(experiment, asked, "dana")).warnings
        assert (await manager.feed.status())["first_posts"] == {"lsf": play.now.isoformat()}


async def test_jobs_of_this_machine_need_no_route_and_prove_none(play: Play) -> None:
    await play.manager.definitions.change(
        play.experiment, play.definition.id, {"location": "local"}, None, "dana"
    )
    answer = await applied(play)
    assert not answer.warnings
    await post(play, answer.jobs[0].id)
    assert (await play.manager.feed.status())["first_posts"] == {"lsf": None}


async def test_a_request_that_makes_no_job_is_not_warned_of(play: Play) -> None:
    await applied(play)
    again = await applied(play)
    assert (len(again.skipped), again.warnings) == (1, ())


async def test_only_the_first_post_is_written_down(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, written = play.manager._context.store, []
    set_meta = store.set_meta

    async def counted(name: str, value: str) -> None:
        if name.startswith("first_post"):
            written.append(name)
        await set_meta(name, value)

    monkeypatch.setattr(store, "set_meta", counted)
    job_id = await play.submitted()
    await asyncio.gather(*(post(play, job_id) for _ in range(20)))
    assert written == ["first_post:lsf"]


async def test_a_first_post_that_cannot_be_remembered_is_kept_all_the_same(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(name: str, value: str) -> None:
        raise StoreError("the disk is full")

    job_id = await play.submitted()
    with monkeypatch.context() as patch:
        patch.setattr(play.manager._context.store, "set_meta", full)
        await post(play, job_id)
    assert await play.report(job_id) == {"a": 1}
    assert (await applied(play)).warnings
    await post(play, job_id)
    assert (await play.manager.feed.status())["first_posts"] == {"lsf": play.now.isoformat()}


async def test_a_way_to_another_address_proves_nothing(play: Play) -> None:
    await play.manager._context.store.set_meta("first_post:lsf", "2026-11-22T12:00 http://old:1")
    assert (await applied(play)).warnings
