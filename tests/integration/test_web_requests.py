"""Requests of good and bad form, and what they are answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import BY_NAME
from tests.integration.faces import Face, face

pytestmark = pytest.mark.anyio
API = "/arp/api"
ROOT = f"{API}/experiments/xpptest"


@pytest.fixture
async def arp(short_tmp: Path) -> AsyncIterator[Face]:
    async with face(short_tmp) as made:
        await made.with_job()
        yield made


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (":apply", {"definition": "peaks", "runs": "1", "parametrs": ""}, "mean 'parameters'"),
        (":apply", {"definition": "peaks", "runs": "1", "zzz": 1}, "There is no field 'zzz'"),
        (":apply", {"definition": "peaks"}, "'runs' is missing"),
        (":apply", {"definition": "peaks", "runs": "5-1"}, "'5-1' runs backwards"),
        (":apply", {"definition": "peaks", "runs": "27"}, "27 does not exist"),
        (":apply", {"definition": "peaks", "runs": "1-99999999"}, "99999999"),
        (":apply", {"definition": "peaks", "runs": [True]}, "runs"),
        (":apply", {"definition": "peaks", "runs": "1", "existing": "maybe"}, "existing"),
        (":apply", {"definition": 7, "runs": "1"}, "definition: "),
        (":apply", [1], "JSON object"),
    ],
)
async def test_a_request_of_bad_form_is_told_what_is_wrong(
    arp: Face, path: str, body: Any, said: str
) -> None:
    before = await arp.store.revision()
    async with arp.caller() as caller:
        answer = await caller.post(f"{ROOT}/jobs{path}", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"] == "InvalidValue"
    assert said in answer.json()["message"]
    assert await arp.store.revision() == before


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "not JSON"),
        (b'{"name": "\xff"}', "JSON in UTF-8"),
        (b'"text"', "JSON object"),
        (b"", "JSON object"),
        (b'{"name": "a\\u0000b"}', "NUL"),
        (b'{"name": "\\ud800"}', "surrogate"),
        (b'{"name": NaN}', "NaN"),
        (b"[" * 100_000, "not too deeply nested"),
    ],
)
async def test_a_body_that_cannot_be_kept_is_told_why(arp: Face, raw: bytes, said: str) -> None:
    headers = {"Content-Type": "application/json"}
    async with arp.caller() as caller:
        answer = await caller.post(f"{API}/experiments", content=raw, headers=headers)
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["message"]


async def test_backslashes_before_u0000_are_text(arp: Face) -> None:
    body = {"name": "amox1", "instrument": "\\u0000"}
    async with arp.caller() as caller:
        answer = await caller.post(f"{API}/experiments", json=body)
    assert answer.json()["instrument"] == "\\u0000"


async def test_a_form_is_told_to_be_json(arp: Face) -> None:
    async with arp.caller() as caller:
        answer = await caller.post(f"{API}/experiments", data={"name": "x"})
    assert answer.status_code == 422
    assert "Content-Type: application/json" in answer.json()["message"]


async def test_a_body_without_end_is_not_read_to_it(arp: Face) -> None:
    read_bytes = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read_bytes
        while read_bytes < 100_000_000:
            read_bytes += 100_000
            yield b" " * 100_000

    headers = {"Content-Type": "application/json"}
    async with arp.caller() as caller:
        answer = await caller.post(f"{API}/experiments", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"] == "TooLarge"
    assert read_bytes < 4_000_000


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/redoc", "/openapi.json", "/arp/api", "/arp/api/jobs/x", "/arp/api/jobs/-1"],
)
async def test_there_is_nothing_at_other_addresses(arp: Face, path: str) -> None:
    async with arp.caller() as caller:
        answer = await caller.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"] == "NotFound"


@pytest.mark.parametrize("number", [10**18 * 9 + 10**18, 0])
async def test_a_number_that_no_job_can_have_is_refused(arp: Face, number: int) -> None:
    async with arp.caller() as caller:
        answer = await caller.get(f"{API}/jobs/{number}")
    assert answer.status_code == 422


@pytest.mark.parametrize("verb", ["kill", "delete", "restore"])
@pytest.mark.parametrize("number", [0, -1, 2**63, 18446744073709551616])
async def test_numbers_that_no_job_can_have_are_refused_in_a_list_too(
    arp: Face, verb: str, number: int
) -> None:
    async with arp.caller() as caller:
        answer = await caller.post(f"{API}/jobs:{verb}", json={"ids": [1, number]})
    assert answer.status_code == 422
    assert answer.json()["error"] == "InvalidValue"


async def test_every_status_that_an_error_of_ours_can_have_is_described(arp: Face) -> None:
    async with arp.caller() as caller:
        described = (await caller.get(f"{API}/openapi.json")).json()["paths"]
        answer = await caller.get(f"{ROOT}/jobs", params={"since": 10**9})
    assert answer.status_code == 410
    told = {str(cls.status) for cls in BY_NAME.values()} - {"500"}
    for path, verbs in described.items():
        for verb, operation in verbs.items():
            assert told <= set(operation["responses"]), f"{verb} {path}"


async def test_unknown_names_are_answered_with_near_ones(arp: Face) -> None:
    async with arp.caller() as caller:
        answer = await caller.get(f"{API}/experiments/xpptset/jobs")
    assert answer.status_code == 404
    assert "xpptest" in answer.json()["message"]


async def test_an_experiment_is_known_by_name_and_by_number(arp: Face) -> None:
    async with arp.caller() as caller:
        by_name = await caller.get(ROOT)
        by_number = await caller.get(f"{API}/experiments/{by_name.json()['id']}")
    assert by_name.json() == by_number.json()


async def test_an_edit_of_an_old_version_is_refused(arp: Face) -> None:
    path = f"{ROOT}/definitions/1"
    async with arp.caller() as caller:
        etag = (await caller.get(path)).headers["ETag"]
        assert etag == '"v1"'
        if_match = {"If-Match": etag}
        first = await caller.patch(path, json={"parameters": "a"}, headers=if_match)
        assert first.headers["ETag"] == '"v2"'
        second = await caller.patch(path, json={"parameters": "b"}, headers=if_match)
        assert second.status_code == 409
        assert second.json()["error"] == "EditConflict"
        wrong = await caller.patch(path, json={}, headers={"If-Match": "yesterday"})
        assert wrong.status_code == 422
        assert "If-Match" in wrong.json()["message"]
        assert (await caller.get(path)).json()["parameters"] == "a"


@pytest.mark.parametrize("made_of_it", ['W/"v1"', '"v1-gzip"', 'W/"v1-gzip"', "v1", '"1"'])
async def test_an_etag_that_a_proxy_changed_is_of_the_same_version(
    arp: Face, made_of_it: str
) -> None:
    path = f"{ROOT}/definitions/1"
    if_match = {"If-Match": made_of_it}
    async with arp.caller() as caller:
        first = await caller.patch(path, json={"parameters": "a"}, headers=if_match)
        assert first.status_code == 200, first.text
        second = await caller.patch(path, json={"parameters": "b"}, headers=if_match)
        assert second.status_code == 409, second.text


async def test_jobs_are_filtered_and_paged(arp: Face) -> None:
    async with arp.caller() as caller:
        body = {"definition": "peaks", "runs": "1", "existing": "again"}
        for _ in range(3):
            await caller.post(f"{ROOT}/jobs:apply", json=body)

        async def listed(**params: Any) -> Any:
            answer = await caller.get(f"{ROOT}/jobs", params=params)
            assert answer.status_code == 200, answer.text
            return answer.json()

        page = await listed(limit=3)
        assert [job["id"] for job in page["jobs"]] == [4, 3, 2]
        rest = await listed(limit=3, before=page["next_before"])
        assert [job["id"] for job in rest["jobs"]] == [1]
        assert rest["next_before"] is None
        assert len((await listed(state="requested, leased"))["jobs"]) == 4
        assert (await listed(state="done"))["jobs"] == []
        assert (await listed(user="bob"))["jobs"] == []
        assert len((await listed(hash="peaks", runs="1-"))["jobs"]) == 4
        assert (await listed(since=page["revision"]))["jobs"] == []
        wrong = await caller.get(f"{ROOT}/jobs", params={"state": "dnoe"})
        assert "There is no such state" in wrong.json()["message"]


async def test_a_repeated_key_makes_no_second_job(arp: Face) -> None:
    body = {
        "definition": "peaks",
        "runs": [1],
        "existing": "again",
        "idempotency_key": "k1",
    }
    async with arp.caller() as caller:
        first = (await caller.post(f"{ROOT}/jobs:apply", json=body)).json()
        again = (await caller.post(f"{ROOT}/jobs:apply", json=body)).json()
        other = await caller.post(f"{ROOT}/jobs:apply", json={**body, "parameters": "p"})
    assert [job["id"] for job in again["jobs"]] == [job["id"] for job in first["jobs"]]
    assert again["repeated"]
    assert other.status_code == 409


async def test_a_dry_run_shows_masked_addresses_and_makes_nothing(arp: Face) -> None:
    before = await arp.store.revision()
    body = {"definition": "peaks", "runs": "1", "existing": "again", "dry_run": True}
    async with arp.caller() as caller:
        answer = await caller.post(f"{ROOT}/jobs:apply", json=body)
    assert answer.status_code == 200
    (shown,) = answer.json()["dry_run"]
    assert shown["argv"] == ["/s.sh", "xpptest", "1"]
    assert shown["environment"]["BATCH_UPDATE_URL"].endswith("-…")
    assert await arp.store.revision() == before


@pytest.mark.parametrize(
    "path",
    [
        "/arp/batch_manager/ws/logbook/batches_status/xpptest",
        "/arp/ws-kerb/batch_manager/ws/logbook/batches_status/1",
        "/arp//batch_manager//ws/logbook//batches_status/1",
    ],
)
async def test_the_seeds_addresses_answer_with_the_seeds_keys(arp: Face, path: str) -> None:
    async with arp.caller() as caller:
        answer = (await caller.get(path)).json()
    assert answer["success"] is True
    (job,) = answer["value"]
    assert {"job_database_id", "lsf_id", "status", "counters"} <= job.keys()


async def test_the_notices_of_the_process_stand_in_the_status(arp: Face) -> None:
    async with arp.caller() as caller:
        said = (await caller.get(f"{API}/status")).json()
    assert "take note" in said["notices"]


async def test_a_single_job_that_does_not_exist_is_not_found(arp: Face) -> None:
    async with arp.caller() as caller:
        for verb in ("kill", "restore", "rerun"):
            answer = await caller.post(f"{API}/jobs/99:{verb}")
            assert answer.status_code == 404, verb
        assert (await caller.delete(f"{API}/jobs/99")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("autorun:missed", {"ids": [10**30], "do": "skip"}),
        ("autorun:check", {"predicate": "run > 1", "run": 10**30}),
    ],
)
async def test_a_number_that_no_store_holds_is_refused(
    arp: Face, path: str, body: dict[str, Any]
) -> None:
    async with arp.caller() as caller:
        answer = await caller.post(f"{ROOT}/{path}", json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "InvalidValue")
