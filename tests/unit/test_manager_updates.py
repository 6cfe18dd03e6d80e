"""Posts of running jobs: who may post, what is kept, and what scripts read back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from arp_nb.errors import ArpError, Forbidden, InvalidValue, NotFound, TooLarge, TooManyRequests
from arp_nb.manager import updates
from arp_nb.model import JobState
from arp_nb.settings import Settings
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


async def post(play: Play, job_id: int, body: bytes) -> None:
    await play.manager.updates.post(play.token(job_id), body)


async def test_a_post_changes_what_it_names(play: Play) -> None:
    job_id = await play.submitted()
    await post(play, job_id, b'{"counters": {"Events": [7, "red"], "Rate": 120}, "note": "x"}')
    await post(play, job_id, b'{"counters": {"Events": [8, "red"]}, "note": null}')
    assert await play.report(job_id) == {"counters": {"Events": [8, "red"], "Rate": 120}}
    assert (await play.job(job_id)).reported_at == play.now


async def test_posts_at_once_lose_no_counter(play: Play) -> None:
    job_id = await play.submitted()
    bodies = [b'{"counters": {"rank %d": %d}}' % (rank, rank) for rank in range(100)]
    await asyncio.gather(*(post(play, job_id, body) for body in bodies))
    expected = {f"rank {rank}": rank for rank in range(100)}
    assert await play.report(job_id) == {"counters": expected}


async def test_a_job_may_post_before_its_id_is_known(play: Play) -> None:
    job_id = await play.starting()
    await post(play, job_id, b'{"a": 1}')
    assert await play.report(job_id) == {"a": 1}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda token: token.partition("-")[0], id="bare-id"),
        pytest.param(lambda token: token[:-1], id="too-short"),
        pytest.param(lambda token: token + "0", id="too-long"),
        pytest.param(lambda token: token.upper(), id="other-case"),
        pytest.param(lambda token: "9" + token, id="another-job"),
        pytest.param(lambda token: "0" + token, id="same-number-written-otherwise"),
        pytest.param(lambda token: "", id="nothing"),
        pytest.param(lambda token: token + "\n", id="line-break"),
        pytest.param(lambda token: "1-" + "é" * 32, id="no-digits"),
    ],
)
async def test_only_the_whole_key_opens(play: Play, change: object) -> None:
    job_id = await play.submitted()
    with pytest.raises(Forbidden, match="not the update address of a job"):
        await play.manager.updates.post(change(play.token(job_id)), b'{"a": 1}')  # type: ignore[operator]
    assert await play.report(job_id) == {}


async def test_a_key_of_one_job_does_not_open_another(play: Play) -> None:
    one, other = await play.submitted("1"), await play.submitted("2")
    key = play.token(one).partition("-")[2]
    with pytest.raises(Forbidden):
        await play.manager.updates.post(f"{other}-{key}", b'{"a": 1}')


async def test_a_key_dies_some_days_after_the_end(play: Play) -> None:
    job_id = await play.submitted()
    play.tick(30 * 86_400)
    await post(play, job_id, b'{"a": 1}')
    await play.read(job_id, "DONE")
    play.tick(7 * 86_400 - 60)
    await post(play, job_id, b'{"a": 2}')
    play.tick(120)
    with pytest.raises(Forbidden, match="ended too long ago"):
        await post(play, job_id, b'{"a": 3}')
    assert await play.report(job_id) == {"a": 2}


async def test_a_requeued_job_may_post_again(tmp_path: Path) -> None:
    async with playing(tmp_path / "s", Settings(capability_days=0.0)) as play:
        job_id = await play.submitted()
        await play.read(job_id, "EXIT")
        with pytest.raises(Forbidden):
            await post(play, job_id, b"{}")
        await play.read(job_id, "RUN")
        play.tick(10)
        await post(play, job_id, b'{"a": 1}')


async def test_a_job_that_is_not_kept_is_not_found(play: Play) -> None:
    with pytest.raises(NotFound, match="Job 999 is not kept any more"):
        await post(play, 999, b'{"a": 1}')


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(b"not json", InvalidValue, id="not-json"),
        pytest.param(b"7", InvalidValue, id="neither-object-nor-list"),
        pytest.param(b"[" * 10_000, TooLarge, id="too-deep"),
        pytest.param(b'{"a": "' + b"x" * 10_000_000 + b'"}', TooLarge, id="ten-megabytes"),
        pytest.param(b'{"a": "\0"}', InvalidValue, id="nul-byte"),
        pytest.param(b'{"a": NaN}', InvalidValue, id="nan"),
    ],
)
async def test_a_bad_post_changes_nothing(play: Play, body: bytes, error: type[ArpError]) -> None:
    job_id = await play.submitted()
    await post(play, job_id, b'{"a": 1}')
    before = await play.job(job_id)
    with pytest.raises(error):
        await post(play, job_id, body)
    assert await play.job(job_id) == before


async def test_a_post_that_would_make_the_report_too_large_changes_nothing(play: Play) -> None:
    job_id = await play.submitted()
    await post(play, job_id, b'{"a": "%s"}' % (b"x" * 200_000))
    with pytest.raises(TooLarge, match="bytes"):
        await post(play, job_id, b'{"b": "%s"}' % (b"x" * 200_000))
    await post(play, job_id, b'{"a": 1}')
    assert await play.report(job_id) == {"a": 1}


async def test_more_posts_than_can_wait_are_asked_to_wait(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "MAX_WAITING", 5)
    job_id = await play.submitted()
    await post(play, job_id, b"{}")
    posts = [post(play, job_id, b'{"n": %d}' % n) for n in range(20)]
    answers = await asyncio.gather(*posts, return_exceptions=True)
    assert {type(answer) for answer in answers} == {type(None), TooManyRequests}
    await post(play, job_id, b'{"n": "after"}')
    assert await play.report(job_id) == {"n": "after"}


async def test_numbers_make_a_series(play: Play) -> None:
    job_id = await play.submitted()
    for value in (1, 2, 3):
        play.tick()
        await post(play, job_id, b'{"counters": {"Events": %d, "Letter": "A"}}' % value)
    points = await play.manager.jobs.points(job_id)
    assert [(one["key"], one["value"]) for one in points] == [
        ("Events", 1.0), ("Events", 2.0), ("Events", 3.0),
    ]  # fmt: skip


async def test_a_posted_status_and_id_are_only_a_claim(play: Play) -> None:
    job_id = await play.starting()
    await post(play, job_id, b'{"status": "DONE", "lsf_id": "1", "state": "done"}')
    job = await play.job(job_id)
    assert (job.state, job.native_id) == (JobState.STARTING, None)
    (row,) = await play.batches_status()
    assert (row["status"], row["lsf_id"], row["state"]) == ("Request Sent", None, "starting")
    assert row["report"]["status"] == "DONE"


async def test_scripts_read_back_all_that_is_stored(play: Play) -> None:
    job_id = await play.submitted("77")
    await post(play, job_id, b'{"counters": {"Events": [7, "red"]}, "mine": {"a": 1}}')
    (row,) = await play.batches_status()
    expected = {
        "job_database_id": job_id, "lsf_id": "77", "status": "PEND", "run_num": 1,
        "hash": "peaks", "user": "dana", "experiment": "xppi0915",
        "counters": {"Events": [7, "red"]}, "mine": {"a": 1}, "parameters": "--fast 3",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


async def test_a_job_that_reports_its_own_address_does_not_show_its_key(play: Play) -> None:
    job_id = await play.submitted()
    token = play.token(job_id)
    await post(play, job_id, b'{"address": "http://n//client_status/%s"}' % token.encode())
    assert await play.report(job_id) == {"address": f"http://n//client_status/{job_id}-…"}
