"""The change feed: nothing missed, nothing twice, for any number of readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from arp_nb.errors import Gone, InvalidValue, NotFound
from arp_nb.events import MAX_MESSAGE_BYTES, ChangeMessage
from arp_nb.manager import Subscription
from arp_nb.ports import Health, SchedulerHealth
from arp_nb.store.base import Changes
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


async def first(play: Play, subject: str, since: int | None = 0) -> ChangeMessage:
    async with aclosing(play.changes(subject, since)) as messages:
        return await anext(messages)


async def revision(play: Play) -> int:
    return int((await play.manager.feed.status())["revision"])


async def test_a_reader_from_the_beginning_gets_all_there_is(play: Play) -> None:
    await play.apply("1-2")
    message = await first(play, "xppi0915")
    upserts = message["upserts"]
    assert [row["name"] for row in upserts["experiments"]] == ["xppi0915"]
    assert [row["name"] for row in upserts["definitions"]] == ["peaks"]
    assert [row["run"] for row in upserts["runs"]] == [1, 2, 3, 4, 5]
    assert [row["run"] for row in upserts["jobs"]] == [1, 2]
    assert (message["from"], message["to"]) == (0, await revision(play))
    assert message["more"] is False


async def test_a_reader_from_now_is_told_at_once_where_it_stands(play: Play) -> None:
    now = await revision(play)
    message = await first(play, "xppi0915", None)
    assert (message["from"], message["to"], message["upserts"]["jobs"]) == (now, now, [])


async def test_changes_come_as_they_are_made_and_join_without_a_gap(play: Play) -> None:
    async with aclosing(play.changes("xppi0915", None)) as messages:
        reached = (await anext(messages))["to"]
        for _ in range(3):
            await play.apply("1", existing="again")
            message = await anext(messages)
            assert message["from"] == reached
            assert len(message["upserts"]["jobs"]) == 1
            reached = message["to"]


async def test_changes_elsewhere_are_silent_and_leave_no_gap(play: Play) -> None:
    other = await play.manager.experiments.create("other")
    async with aclosing(play.changes("xppi0915", None)) as messages:
        reached = (await anext(messages))["to"]
        await play.manager.runs.start(other, 1)
        await play.apply("1")
        message = await anext(messages)
        assert message["from"] == reached
        assert (len(message["upserts"]["jobs"]), message["upserts"]["runs"]) == (1, [])


async def test_a_deleted_row_comes_as_its_id_and_restored_as_itself(play: Play) -> None:
    (job,) = await play.apply("1")
    async with aclosing(play.changes("xppi0915", None)) as messages:
        await anext(messages)
        await play.manager.jobs.delete([job.id], "dana")
        gone = await anext(messages)
        assert (gone["deleted"]["jobs"], gone["upserts"]["jobs"]) == ([job.id], [])
        await play.manager.jobs.restore([job.id], "dana")
        back = await anext(messages)
        assert [row["id"] for row in back["upserts"]["jobs"]] == [job.id]
        await play.manager.definitions.delete(play.experiment, play.definition.id, "dana")
        assert (await anext(messages))["deleted"]["definitions"] == [play.definition.id]


async def test_many_changes_at_once_come_in_few_messages(play: Play) -> None:
    job_id = await play.submitted()
    async with aclosing(play.changes("xppi0915", None)) as messages:
        await anext(messages)
        for count in range(60):
            body = b'{"counters": {"Events": %d}}' % count
            await play.manager.updates.post(play.token(job_id), body)
        seen = 0
        value = None
        while value != 59:
            message = await anext(messages)
            seen += 1
            value = message["upserts"]["jobs"][0]["report"]["counters"]["Events"]
        assert seen < 60


async def test_a_large_change_comes_in_pieces_that_join(play: Play) -> None:
    jobs = await play.apply("all")
    text = b"x" * 240_000
    for job in jobs:
        await play.manager.updates.post(play.token(job.id), b'{"a": "%s"}' % text)
    got: list[int] = []
    reached = 0
    async for message in play.changes("xppi0915"):
        assert message["from"] == reached
        reached = message["to"]
        assert len(repr(message)) < MAX_MESSAGE_BYTES
        got += [row["id"] for row in message["upserts"]["jobs"]]
        if not message["more"]:
            break
    assert got == [job.id for job in jobs]
    assert reached == await revision(play)


async def test_many_readers_see_the_same(play: Play) -> None:
    ready = asyncio.Semaphore(0)

    async def read() -> set[int]:
        ids: set[int] = set()
        async for message in play.changes("xppi0915", None):
            ready.release()  # the first message: subscribed
            ids |= {row["id"] for row in message["upserts"]["jobs"]}
            if len(ids) == 2:
                break
        return ids

    readers = [asyncio.create_task(read()) for _ in range(50)]
    for _ in readers:
        await ready.acquire()
    expected = {job.id for job in [*await play.apply("1"), *await play.apply("2")]}
    assert await asyncio.gather(*readers) == [expected] * 50


async def test_a_change_during_a_read_is_not_missed(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = play.manager._context.store
    read = store.changes
    made: list[int] = []

    async def read_slowly(since: int, **more: int | None) -> Changes:
        answer = await read(since, **more)  # type: ignore[arg-type]
        if more.get("limit") != 1 and not made:
            made.extend(job.id for job in await play.apply("1"))
        return answer

    monkeypatch.setattr(store, "changes", read_slowly)
    async with aclosing(play.changes("xppi0915")) as messages:
        assert (await anext(messages))["upserts"]["jobs"] == []
        assert [row["id"] for row in (await anext(messages))["upserts"]["jobs"]] == made


async def test_mine_has_my_jobs_of_all_experiments_only(play: Play) -> None:
    (mine,) = await play.apply("1")
    await play.manager.jobs.rerun(mine.id, by="robin")
    message = await first(play, "mine")
    assert [row["id"] for row in message["upserts"]["jobs"]] == [mine.id]
    assert message["upserts"]["runs"] == []
    assert message["to"] == await revision(play)


async def test_system_has_experiments_and_health(play: Play) -> None:
    async with aclosing(play.changes("system")) as messages:
        begin = await anext(messages)
        assert [row["name"] for row in begin["upserts"]["experiments"]] == ["xppi0915"]
        assert begin["upserts"]["health"]["client"]["ok"] is True
        await play.manager.experiments.create("other")
        created = await anext(messages)
        assert [row["name"] for row in created["upserts"]["experiments"]] == ["other"]
        down = SchedulerHealth(location="lsf", ok=False, since=play.now, said="no answer")
        await play.manager.port.health(
            Health(client_ok=True, client_since=play.now, schedulers={"lsf": down})
        )
        told = (await anext(messages))["upserts"]
        assert told["health"]["schedulers"]["lsf"]["said"] == "no answer"
        assert told["experiments"] == []


async def test_a_reader_of_another_store_must_load_anew(play: Play) -> None:
    feed = play.manager.feed.subscribe(Subscription("xppi0915", 0, "another epoch"))
    with pytest.raises(Gone, match="load anew"):
        await anext(feed)


async def test_a_revision_from_the_future_must_load_anew(play: Play) -> None:
    with pytest.raises(Gone):
        await first(play, "xppi0915", await revision(play) + 1)


async def test_what_cannot_be_subscribed_to_is_refused(play: Play) -> None:
    with pytest.raises(NotFound, match="no experiment 'nowhere'"):
        await first(play, "nowhere")
    with pytest.raises(InvalidValue, match="not negative"):
        await first(play, "xppi0915", -1)
