"""What the pages ask of the manager: tables, windows, logs, consent, preferences."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arp_nb.manager.job_table import COLUMNS
from arp_nb.ports import LogChunk
from tests.frames import decode
from tests.integration.faces import Face, Peer, face

pytestmark = pytest.mark.anyio
API = "/arp/api"
ROOT = f"{API}/experiments/xpptest"
JOBS = f"{ROOT}/jobs"


@pytest.fixture
async def arp(short_tmp: Path) -> AsyncIterator[Face]:
    async with face(short_tmp) as made:
        await made.with_job()
        yield made


async def with_log(arp: Face, text: str) -> None:
    """Give job 1 a log."""
    await arp.with_client(text.encode())


async def test_columns_come_newest_first_and_tell_where_to_go_on(arp: Face) -> None:
    async with arp.caller() as caller:
        wanted = {"definition": "peaks", "runs": [1], "existing": "again"}
        await caller.post(f"{JOBS}:apply", json=wanted)
        await caller.post(f"{JOBS}:apply", json=wanted)
        first = await caller.get(f"{JOBS}/columns?limit=2&counters=a&counters=b%20c")
        head, found = decode(first.content)
        assert first.headers["content-type"] == "application/octet-stream"
        assert list(found) == [*COLUMNS, "counter:a", "counter:b c"]
        assert found["id"] == [3, 2]
        assert found["status"] == ["Request Sent", "Request Sent"]
        assert (head["rows"], head["total"], head["next_before"]) == (2, 3, 2)
        last, _ = decode((await caller.get(f"{JOBS}/columns?before=2")).content)
        assert (last["rows"], last["next_before"]) == (1, None)
        status = (await caller.get(f"{API}/status")).json()
        assert (head["epoch"], head["revision"]) == (status["epoch"], status["revision"])


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("columns?limit=0", "limit"),
        ("columns?limit=50001", "limit"),
        ("columns?before=0", "before"),
        ("columns?" + "&".join(f"counters=c{one}" for one in range(21)), "counters"),
        ("columns?counters=", "counters"),
        ("window", "'ids' is missing"),
        ("window?ids=", "numbers with commas"),
        ("window?ids=1,a", "numbers with commas"),
        ("window?ids=" + ",".join(["7"] * 201), "200 jobs can be asked for"),
        ("search", "'text' is missing"),
        ("search?text=", "text"),
        ("search?text=" + "x" * 1001, "text"),
    ],
)
async def test_a_question_of_bad_form_is_told_what_is_wrong(
    arp: Face, path: str, said: str
) -> None:
    async with arp.caller() as caller:
        answer = await caller.get(f"{JOBS}/{path}")
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["message"]


async def test_a_window_and_a_search_tell_of_reports(arp: Face) -> None:
    await arp.manager.updates.post(
        arp.manager.capabilities.token(1), b'{"counters": {"Events": 7}, "said": "Hello <b>"}'
    )
    async with arp.caller() as caller:
        window = (await caller.get(f"{JOBS}/window?ids=1,2")).json()
        (row,) = window["rows"]
        assert (row["id"], row["spark"], row["left_s"]) == (1, [7.0], None)
        assert row["report"]["said"] == "Hello <b>"
        found = await caller.get(f"{JOBS}/search", params={"text": "hello <B>"})
        assert found.json() == {"ids": [1]}
        assert (await caller.get(f"{JOBS}/search?text=%00%F0%9F")).json() == {"ids": []}


# -- logs ------------------------------------------------------------------------------


class Leaving:
    """Goes away in the middle of a request."""

    def __init__(self, app: ASGIApp, gone: asyncio.Event) -> None:
        self._app = app
        self._gone = gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def received() -> Message:
            for message in messages:
                return message
            await self._gone.wait()
            return {"type": "http.disconnect"}

        await self._app(scope, received, send)


async def test_a_search_ends_when_nobody_waits_for_it_any_more(
    arp: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await arp.with_client()
    reads, gone = asyncio.Event(), asyncio.Event()
    ended = []

    async def log(_query: object) -> LogChunk:
        reads.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(gone.is_set())
        raise AssertionError

    monkeypatch.setattr(client, "log", log)
    async with arp.stranger(Leaving(Peer(arp.app, os.getuid()), gone)) as caller:
        asking = asyncio.create_task(caller.get(f"{API}/jobs/1/log/find?text=beam"))
        async with asyncio.timeout(10):
            await reads.wait()
            gone.set()
            await asking
    assert ended == [True]


async def test_places_in_a_log_are_found_one_after_the_other(arp: Face) -> None:
    await with_log(arp, "begin\nbeam on\nKeyError: 3\nbeam off\n")
    async with arp.caller() as caller:

        async def find(**asked: Any) -> Any:
            return (await caller.get(f"{API}/jobs/1/log/find", params=asked)).json()

        first = await find(text="BEAM")
        assert first["found"] == {"offset": 6, "line": "beam on"}
        second = await find(text="BEAM", offset=first["reached"])
        assert second["found"] == {"offset": 26, "line": "beam off"}
        end = await find(text="BEAM", offset=second["reached"])
        assert (end["found"], end["reached"], end["size_bytes"]) == (None, 35, 35)
        assert (await find(errors=True))["found"] == {"offset": 14, "line": "KeyError: 3"}
        for asked in ({}, {"text": "a", "errors": True}, {"text": ""}, {"offset": -1}):
            assert (await find(**asked))["error"] == "InvalidValue"


async def test_a_log_is_sent_as_a_file_that_no_browser_runs(arp: Face) -> None:
    await with_log(arp, "<script>alert(1)</script>\n")
    async with arp.caller() as caller:
        answer = await caller.get(f"{API}/jobs/1/log/download")
    assert answer.text == "<script>alert(1)</script>\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="run1_peaks_job1.log"'
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["find?text=a", "download"])
async def test_a_log_of_no_job_is_not_found(arp: Face, path: str) -> None:
    async with arp.caller() as caller:
        answer = await caller.get(f"{API}/jobs/99/log/{path}")
    assert answer.status_code == 404
    assert "no job 99" in answer.json()["message"]


# -- consent and conflicts -------------------------------------------------------------


async def test_a_consent_names_its_version_and_is_refused_for_an_older(arp: Face) -> None:
    path = f"{ROOT}/definitions/1"
    await arp.with_client()
    async with arp.caller() as caller:
        box = {"json": {"on": True}, "headers": {"If-Match": '"v1"'}}
        first = await caller.post(f"{path}:autorun", **box)  # type: ignore[arg-type]
        row = first.json()
        assert first.headers["ETag"] == '"v2"'
        assert (row["autorun"], row["autorun_by"], row["trigger"]) == (True, "ana", "END_OF_RUN")
        box["json"] = {"on": False}
        second = await caller.post(f"{path}:autorun", **box)  # type: ignore[arg-type]
        assert second.status_code == 409
        assert second.json()["theirs"] == row
        edit = await caller.patch(path, json={"parameters": "a"}, headers={"If-Match": '"v1"'})
        assert edit.json()["theirs"] == row
        assert (await caller.post(f"{path}:autorun", json={"on": "yes"})).status_code == 422
        cleared = await caller.post(f"{path}:autorun", json={"on": False})
        assert (cleared.json()["autorun"], cleared.json()["autorun_by"]) == (False, None)
        assert (await caller.get(f"{API}/status")).json()["autorun_acts"] is True


async def test_autorun_tells_bad_input_what_to_do(arp: Face) -> None:
    path = f"{ROOT}/autorun"
    async with arp.caller() as caller:
        for asked, status, words in (
            ({"predicate": "x" * 2001}, 200, "at most 2,000 characters"),
            ({"predicate": "beam = 5"}, 200, "Write == for equal"),
            ({"predicate": "run > 0", "run": 99}, 404, "has no run 99"),
        ):
            answer = await caller.post(f"{path}:check", json=asked)
            assert answer.status_code == status
            assert words in answer.text
        trials: list[tuple[dict[str, object], int, str]] = [
            ({"hash": "nothing"}, 404, "There are: peaks"),
            ({"hash": "peaks", "last": 0}, 422, "1 to 1,000 runs"),
            ({"definition": {"predicat": "run > 0"}}, 422, "Did you mean 'predicate'?"),
            ({"definition": {"predicate": "run >"}}, 422, "PredicateError"),
        ]
        for trial, status, words in trials:
            answer = await caller.post(f"{path}:backtest", json=trial)
            assert answer.status_code == status
            assert words in answer.text
        whole = await caller.get(f"{path}/ledger", params={"complete": True})
        assert (whole.status_code, "a run or a hash" in whole.text) == (422, True)
        lost = await caller.post(f"{path}:missed", json={"ids": [7], "do": "run"})
        assert lost.status_code == 404
        edit = await caller.patch(f"{ROOT}/definitions/1", json={"predicate": "1 +"})
        assert edit.status_code == 422
        with_reason = await caller.post(f"{ROOT}/runs/1:exclude", json={"why": " "})
        assert (with_reason.status_code, "Say why" in with_reason.text) == (422, True)


# -- preferences -----------------------------------------------------------------------


async def test_preferences_are_kept_and_bounded(arp: Face) -> None:
    path = f"{API}/preferences/jobs.columns"
    async with arp.caller() as caller:
        assert (await caller.get(path)).json() == {"value": None}
        value = [{"id": "run", "width": 80}, {"id": "user", "hidden": True}]
        assert (await caller.put(path, json={"value": value})).json() == {"value": value}
        assert (await caller.get(path)).json() == {"value": value}
        large = await caller.put(path, json={"value": "x" * 16_383})
        assert large.status_code == 413
        assert large.json()["error"] == "TooLarge"
        assert "16,384 bytes" in large.json()["message"]
        assert (await caller.put(path, json={"value": "\0"})).status_code == 422
        assert (await caller.put(path, json={})).status_code == 422
        assert (await caller.get(path)).json() == {"value": value}
        assert (await caller.get(f"{API}/preferences/A%20b")).status_code == 422
        assert (await caller.put(path, json={"value": None})).json() == {"value": None}
        assert (await caller.get(path)).json() == {"value": None}
