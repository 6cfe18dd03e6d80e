"""What the manager does again and again reads only what it needs, however many jobs there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from arp_nb.model import Job, JobState
from arp_nb.store import records
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio
LEASES, STORED = "arp_nb.manager.leases", "arp_nb.store.jobs"


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the ids of all jobs that are read as a whole."""
    ids: list[int] = []

    def job_of(row: Any) -> Job:
        ids.append(row.id)
        return records.job_of(row)

    monkeypatch.setattr(f"{STORED}.job_of", job_of)
    return ids


async def test_to_find_kills_no_other_live_job_is_read(play: Play, read: list[int]) -> None:
    killed, *_ = [await play.submitted(native_id) for native_id in ("7", "8", "9")]
    await play.kill(killed)
    read.clear()
    assert [one.job_id for one in await play.manager.port.kills()] == [killed]
    assert read == [killed]


async def test_jobs_of_another_location_are_not_read_for_a_lease(
    play: Play, read: list[int]
) -> None:
    await play.manager.definitions.change(
        play.experiment, play.definition.id, {"location": "lsf"}, None, "dana"
    )
    for_lsf = await play.apply("1-5")
    await play.manager.definitions.change(
        play.experiment, play.definition.id, {"location": "local"}, None, "dana"
    )
    (for_local,) = await play.apply("1", existing="again")
    read.clear()
    (leased,) = await play.manager.port.lease(["local"], 1)
    assert leased.job_id == for_local.id
    assert not {one.id for one in for_lsf} & set(read)


async def test_jobs_behind_those_of_a_folder_that_hangs_are_found(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{LEASES}._LOOKED_AT", 2)
    await play.apply("1-5")
    change = {"executable": "/elsewhere/peaks.sh"}
    await play.manager.definitions.change(
        play.experiment, play.definition.id, change, None, "dana"
    )
    behind = await play.apply("1-2", existing="again")
    leased = await play.manager.port.lease(["lsf"], 3, {"/data"})
    assert [one.job_id for one in leased] == [one.id for one in behind]
    assert await play.manager.port.lease(["lsf"], 3, {"/data"}) == []
    assert [one.state for one in await play.apply("3", existing="again")] == [JobState.REQUESTED]


async def test_a_list_of_what_changed_reads_no_more_than_its_page(
    play: Play, read: list[int]
) -> None:
    ids = [job.id for job in await play.apply("1-5")]
    read.clear()
    listed = await play.manager.jobs.list(play.experiment, since=0, limit=1)
    assert [job.id for job in listed.jobs] == ids[:-2:-1]
    assert len(read) <= 3  # the page, one more, and one to see whether the revision is known


async def test_a_page_of_long_reports_ends_early_and_the_next_goes_on(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{STORED}._MOST_CHARS", 1000)
    ids = [job.id for job in await play.apply("1-3")]
    for job_id in ids:
        await play.manager.updates.post(play.token(job_id), b'{"text": "%s"}' % (b"x" * 2000))
    before = None
    pages = []
    while True:
        listed = await play.manager.jobs.list(play.experiment, before=before)
        pages.append([job.id for job in listed.jobs])
        before = listed.next_before
        if before is None:
            break
    assert pages == [[ids[2]], [ids[1]], [ids[0]]]
    assert [row["id"] for row in await play.batches_status()] == ids[::-1]


async def test_the_seeds_status_of_many_jobs_is_read_a_page_at_a_time(
    play: Play, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arp_nb.manager.updates._ROWS", 2)
    ids = [job.id for job in await play.apply("1-5")]
    read.clear()
    pages = play.manager.updates.batches_status(play.experiment)
    assert [row["id"] for row in await anext(pages)] == ids[:-3:-1]
    assert len(read) == 3
    rest = [[row["id"] for row in page] async for page in pages]
    assert rest == [ids[2:0:-1], ids[:1]]
