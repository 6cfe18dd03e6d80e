"""What is kept of a start, what it is held against, and that it never stops one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import StoreError
from arp_nb.model import JobState, ScriptCheck
from arp_nb.starts import ScriptText, Start, Surroundings
from tests.manager_play import Play, playing

pytestmark = pytest.mark.anyio

START = Start(
    script=ScriptText(text="#!/bin/sh\n", sha256="1" * 64, size_bytes=10, mode=0o750),
    variables={"RUN_NUM": "1"},
    login=Surroundings(values={"LANG": "C"}, names=("EDITOR",), others=1),
    host="here",
    folder="/data",
    user="dana",
    umask=0o022,
)


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    async with playing(tmp_path / "store") as made:
        yield made


async def started(play: Play, start: Start | None = START) -> int:
    """A job that was started with the script as it is said to be."""
    request = await play.leased()
    check = play.client.found
    if start is not None:
        check = replace(check, sha256=start.script.sha256)
    spool_id = f"{request.job_id}-spool"
    port = play.manager.port
    assert await port.starting(request.job_id, request.lease_token, spool_id, check, start)
    return request.job_id


async def snapshot(play: Play, job_id: int) -> dict[str, Any]:
    return await play.manager.jobs.snapshot(job_id)


async def test_a_snapshot_tells_what_the_script_was_started_with(play: Play) -> None:
    told = await snapshot(play, await started(play))
    assert told["script"]["text"] == "#!/bin/sh\n"
    assert (told["script"]["mode"], told["umask"]) == ("0750", "0022")
    assert (told["host"], told["started_in"], told["ran_as"]) == ("here", "/data", "dana")
    assert told["environment"] == {
        "ours": {"RUN_NUM": "1"}, "login": {"LANG": "C"}, "names": ["EDITOR"], "others": 1,
    }  # fmt: skip


async def test_a_job_that_has_not_started_has_nothing_to_tell(play: Play) -> None:
    (job,) = await play.apply("1")
    for told in (await snapshot(play, job.id), await snapshot(play, await started(play, None))):
        assert told["script"] is told["environment"] is told["host"] is None


async def test_a_rerun_has_a_start_of_its_own(play: Play) -> None:
    first = await started(play)
    again = await started(play, replace(START, host="there"))
    assert (await snapshot(play, first))["host"] == "here"
    assert (await snapshot(play, again))["host"] == "there"


async def test_a_start_that_was_refused_is_not_told_of_the_one_that_was_made(play: Play) -> None:
    request = await play.leased()
    job_id, ask = request.job_id, play.manager.port.starting
    found = play.client.found
    other = replace(START, host="there")
    assert not await ask(job_id, "another lease", "spool-b", found, other)
    assert await ask(job_id, request.lease_token, "spool-a", found, START)
    assert not await ask(job_id, request.lease_token, "spool-c", found, other)
    assert (await snapshot(play, job_id))["host"] == "here"


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(replace(START, folder="half a character \ud800"), id="no-text"),
        pytest.param(replace(START, variables={"A": "x" * 2_000_000}), id="too-long"),
    ],
)
async def test_what_cannot_be_kept_stops_no_start(play: Play, start: Start) -> None:
    job_id = await started(play, start)
    assert await play.state(job_id) is JobState.STARTING
    assert (await snapshot(play, job_id))["script"] is None


async def test_a_store_that_cannot_keep_a_start_stops_none(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr("arp_nb.store.sqlite.SqliteStore.keep_start", full)
    job_id = await started(play)
    assert await play.state(job_id) is JobState.STARTING


# -- changed since it was checked --------------------------------------------------------


async def changed(play: Play, job_id: int) -> bool | None:
    mark: bool | None = (await snapshot(play, job_id))["script"]["changed_since_check"]
    return mark


async def test_a_changed_script_is_marked_with_each_job_until_somebody_checks_it(
    play: Play,
) -> None:
    other = replace(START, script=replace(START.script, sha256="2" * 64))
    same, first, second = [await started(play, one) for one in (START, other, other)]
    assert [await changed(play, one) for one in (same, first, second)] == [False, True, True]
    play.client.found = replace(play.client.found, sha256="2" * 64)
    await play.manager.definitions.check(play.experiment, play.definition.id)
    assert await changed(play, await started(play, other)) is False
    assert await changed(play, second) is True


async def test_a_script_that_could_not_be_read_is_not_said_to_have_changed(play: Play) -> None:
    job_id = await started(play, replace(START, script=ScriptText(missing="Cannot be read.")))
    assert await changed(play, job_id) is None


async def test_a_definition_saved_unchecked_is_held_against_its_first_start(play: Play) -> None:
    play.client.found = ScriptCheck(problem="not checked: its disk does not answer")
    await play.manager.definitions.change(
        play.experiment, play.definition.id, {"parameters": "-v"}, None, "dana"
    )
    play.client.found = ScriptCheck(problem="ok", sha256="1" * 64)
    other = replace(START, script=replace(START.script, sha256="2" * 64))
    assert await changed(play, await started(play)) is None
    assert await changed(play, await started(play, other)) is True


# -- keys --------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["", "/", "\x01", '"', "\n", "é"])
async def test_no_key_is_shown_wherever_it_stood(play: Play, before: str) -> None:
    request = await play.leased()
    job_id, token = request.job_id, play.token(request.job_id)
    text = f"post {before}{token}\n"
    start = replace(
        START,
        script=ScriptText(text=text),
        variables={"BATCH_UPDATE_URL": f"http://n:1//ws/logbook/client_status/{token}"},
        login=Surroundings(values={"PATH": f"/{token}"}),
    )
    port = play.manager.port
    spool_id = f"{job_id}-spool"
    await port.starting(job_id, request.lease_token, spool_id, play.client.found, start)
    told = await snapshot(play, job_id)
    assert token.partition("-")[2] not in repr(told)
    assert told["script"]["text"] == f"post {before}{job_id}-…\n"


async def test_a_key_that_the_end_of_the_text_cuts_is_not_shown(play: Play) -> None:
    request = await play.leased()
    token = play.token(request.job_id)
    start = replace(START, script=ScriptText(text=f"post {token[:-8]}", cut=True))
    spool_id, port = f"{request.job_id}-spool", play.manager.port
    await port.starting(request.job_id, request.lease_token, spool_id, play.client.found, start)
    told = await snapshot(play, request.job_id)
    assert told["script"]["text"] == f"post {request.job_id}-…"
