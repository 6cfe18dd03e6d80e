"""What holds for every route: who may call it, what it may change, how it is described."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRouter
from pydantic import TypeAdapter

from arp_nb.web import legacy
from arp_nb.web.api import PARTS
from tests.integration.faces import Face, face, filled, routes

pytestmark = pytest.mark.anyio
HTTP = [(method, path) for method, path in routes() if method != "WEBSOCKET"]
GETS = [path for method, path in HTTP if method == "GET"]
#: answered by the batch client
NEED_CLIENT = {
    "/arp/api/jobs/{job_id}/log",
    "/arp/api/jobs/{job_id}/log/find",
    "/arp/api/jobs/{job_id}/log/download",
}
#: what these cannot be asked without
QUERIES = {
    "/arp/api/jobs/{job_id}/log/find": {"text": "a"},
    "/arp/api/experiments/{exp}/jobs/window": {"ids": "1"},
    "/arp/api/experiments/{exp}/jobs/search": {"text": "a"},
}
#: not JSON
BINARY = {
    "/arp/api/experiments/{exp}/jobs/columns": "application/octet-stream",
    "/arp/api/jobs/{job_id}/log/download": "text/plain; charset=utf-8",
}


@pytest.fixture
async def arp(short_tmp: Path) -> AsyncIterator[Face]:
    async with face(short_tmp) as made:
        await made.with_job()
        yield made


async def test_nobody_unknown_is_let_in(arp: Face) -> None:
    before = await arp.store.revision()
    for caller in (arp.stranger(), arp.caller(uid=os.getuid() + 1)):
        async with caller:
            for method, path in HTTP:
                answer = await caller.request(method, filled(path))
                assert answer.status_code == 401, (method, path)
                assert answer.json()["error"] == "Unauthenticated"
    assert await arp.store.revision() == before


async def test_a_socket_is_not_opened_for_somebody_unknown(arp: Face) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/arp/api/changes",
        "raw_path": b"/arp/api/changes",
        "query_string": b"",
        "headers": [],
        "extensions": {"websocket.http.response": {}},
    }
    await arp.app(scope, receive, send)
    assert sent[0]["type"] == "websocket.http.response.start"
    assert sent[0]["status"] == 401


async def test_the_app_has_no_other_routes_and_describes_them_all(arp: Face) -> None:
    offered = set(routes())
    # older releases of the framework copy the routes of its parts, newer ones refer to them
    direct = [one for one in arp.app.routes if getattr(one, "path_format", None)]
    assert {getattr(one, "path_format", "") for one in direct} <= {path for _, path in offered}
    async with arp.caller() as caller:
        described = (await caller.get("/arp/api/openapi.json")).json()["paths"]
    assert {(method.upper(), path) for path in described for method in described[path]} == set(
        HTTP
    )


async def test_a_get_changes_nothing_and_answers_as_described(arp: Face) -> None:
    await arp.with_client()
    before = await arp.store.revision()
    models = _models()
    async with arp.caller() as caller:
        for path in GETS:
            answer = await caller.get(filled(path), params=QUERIES.get(path))
            assert answer.status_code == 200, answer.text
            if path in BINARY:
                assert answer.headers["content-type"] == BINARY[path]
            else:
                TypeAdapter(models["GET", path]).validate_python(answer.json(), strict=True)
    assert await arp.store.revision() == before


async def test_what_the_batch_client_must_answer_says_so_while_it_is_not_there(arp: Face) -> None:
    async with arp.caller() as caller:
        for path in NEED_CLIENT:
            answer = await caller.get(filled(path), params=QUERIES.get(path))
            assert answer.status_code == 503
            assert answer.json()["error"] == "ClientAbsent"
        check = filled("/arp/api/experiments/{exp}/definitions/{definition_id}:check")
        assert (await caller.post(check)).status_code == 503


def _models() -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for module in (*PARTS, legacy):
        prefix = "" if module is legacy else "/arp/api"
        router: APIRouter = module.router
        for route in router.routes:
            for method in getattr(route, "methods", ()):
                path = prefix + getattr(route, "path_format", "")
                found[method, path] = getattr(route, "response_model", None)
    return found


WRITES: list[tuple[str, str, dict[str, Any] | None, int]] = [
    ("POST", "/arp/api/experiments", {"name": "amox1"}, 201),
    ("PATCH", "/arp/api/experiments/{exp}", {"active": False}, 200),
    ("POST", "/arp/api/experiments/{exp}/definitions", {"name": "b", "executable": "/b"}, 201),
    ("PATCH", "/arp/api/experiments/{exp}/definitions/{definition_id}", {"name": "c"}, 200),
    (
        "POST",
        "/arp/api/experiments/{exp}/definitions/{definition_id}:autorun",
        {"on": True},
        200,
    ),
    ("POST", "/arp/api/experiments/{exp}/definitions/{definition_id}:check", None, 200),
    ("POST", "/arp/api/experiments/{exp}/definitions/{definition_id}:pause", {"said": "a"}, 200),
    (
        "POST",
        "/arp/api/experiments/{exp}/definitions/{definition_id}:resume",
        {"missed": "run"},
        200,
    ),
    ("POST", "/arp/api/experiments/{exp}/autorun:backtest", {"hash": "c", "last": 5}, 200),
    ("POST", "/arp/api/experiments/{exp}/autorun:check", {"predicate": "run > 0"}, 200),
    ("POST", "/arp/api/experiments/{exp}/autorun:missed", {"ids": [], "do": "skip"}, 200),
    ("POST", "/arp/api/autorun:stop", {"said": "a leak"}, 200),
    ("POST", "/arp/api/autorun:resume", {"missed": "skip"}, 200),
    ("POST", "/arp/api/experiments/{exp}/runs/{number}:exclude", {"why": "empty"}, 200),
    ("POST", "/arp/api/experiments/{exp}/runs/{number}:include", None, 200),
    ("PUT", "/arp/api/preferences/{name}", {"value": [1, {"a": None}]}, 200),
    ("DELETE", "/arp/api/experiments/{exp}/definitions/{definition_id}", None, 200),
    ("POST", "/arp/api/experiments/{exp}/definitions/{definition_id}:restore", None, 200),
    ("PUT", "/arp/api/experiments/{exp}/runs/{number}", {"parameters": {"a": 1}}, 200),
    ("POST", "/arp/api/experiments/{exp}/runs/{number}:start", None, 200),
    ("POST", "/arp/api/experiments/{exp}/runs/{number}:end", {"parameters": {"b": 2}}, 200),
    (
        "POST",
        "/arp/api/experiments/{exp}/jobs:apply",
        {"definition": "c", "runs": [1], "existing": "again"},
        201,
    ),
    ("POST", "/arp/api/jobs/{job_id}:kill", None, 200),
    ("DELETE", "/arp/api/jobs/{job_id}", None, 200),
    ("POST", "/arp/api/jobs/{job_id}:restore", None, 200),
    ("POST", "/arp/api/jobs/{job_id}:rerun", None, 201),
    ("POST", "/arp/api/jobs:kill", {"ids": [1, 99]}, 200),
    ("POST", "/arp/api/jobs:delete", {"ids": [1, 99]}, 200),
    ("POST", "/arp/api/jobs:restore", {"ids": [1, 99]}, 200),
]


async def test_every_write_answers_as_described(arp: Face) -> None:
    models = _models()
    await arp.with_client()
    async with arp.caller() as caller:
        for method, path, body, status_code in WRITES:
            answer = await caller.request(method, filled(path), json=body)
            assert answer.status_code == status_code, (path, answer.text)
            TypeAdapter(models[method, path]).validate_python(answer.json(), strict=True)
    # the one that is left needs a submission that went wrong
    left = {(method, path) for method, path in HTTP if method != "GET"}
    left -= {(method, path) for method, path, _, _ in WRITES}
    assert left == {("POST", "/arp/api/jobs/{job_id}:resolve")}
