"""A small stand-in for the batch manager: the HTTP contract over a Unix socket, in a thread.

It keeps rows in dicts, numbers every change, and can be told to misbehave: to drop its
sockets, to die in the middle of a request, to forget its revisions, to speak another version.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from arp_nb import events, rows
from arp_nb.model import (
    Definition,
    DefinitionDraft,
    Experiment,
    Job,
    JobState,
    Run,
    ScriptCheck,
)

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
HEALTHY = {"client": {"ok": True, "since": NOW.isoformat()}, "schedulers": {}}


def within(seconds: float, is_so: Callable[[], Any]) -> Any:
    """Wait for a condition with a deadline."""
    deadline = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.01)
    return found


def job_row(job_id: int, run: int = 1, **more: Any) -> dict[str, Any]:
    """A job as it travels."""
    revision = more.pop("revision", 1)
    job = Job(
        id=job_id, experiment_id=1, run=run, definition_id=1, hash=more.pop("hash", "peaks"),
        version=1, parameters="", argv=("/s.sh",), user="ana", location="lsf",
        requested_at=NOW, changed_at=NOW, revision=revision, **more,
    )  # fmt: skip
    return dict(rows.job_row(job))


def run_row(number: int, revision: int = 1, **parameters: Any) -> dict[str, Any]:
    """A run as it travels."""
    run = Run(
        id=number, experiment_id=1, number=number, parameters=parameters, revision=revision
    )  # fmt: skip
    return dict(rows.run_row(run))


def entry_row(entry_id: int | None, run: int, **more: Any) -> dict[str, Any]:
    """An entry of the ledger as it travels."""
    return {
        "id": entry_id, "experiment_id": 1, "run": run, "definition_id": 1, "hash": "peaks",
        "version": 1, "trigger": "END_OF_RUN", "cause": "", "outcome": "fired", "why": "",
        "said": "Run ended.", "seen": {}, "job_id": None, "user": "ana",
        "event_at": NOW.isoformat(), "decided_at": NOW.isoformat(), "revision": 1, **more,
    }  # fmt: skip


class StandIn:
    """The manager's answers. Methods may be called from any thread."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.api_version = 1
        self.epoch = "e1"
        self.revision = 1
        self.health: dict[str, Any] = HEALTHY
        self.jobs: dict[int, dict[str, Any]] = {}
        self.definitions: dict[int, dict[str, Any]] = {}
        self.runs: dict[int, dict[str, Any]] = {}
        #: of autorun, oldest first; ids are their places, counted from 1
        self.ledger: list[dict[str, Any]] = []
        self.ledger_page = 100
        self.autorun: dict[str, Any] = {"stopped": None, "sources": []}
        #: by job id; answered in pieces of a few bytes
        self.logs: dict[int, str] = {}
        self.log_piece = 50
        #: of all requests: method, path, JSON
        self.seen: list[tuple[str, str, Any]] = []
        #: what stood behind the question mark of each
        self.asked: list[dict[str, str]] = []
        #: of which version those were that said so, as ``'"3"'``
        self.if_match: list[str] = []
        #: answers by (method, path), in place of what would be said
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        #: so many of the next POSTs are carried out, and die before they answer
        self.die_in_posts = 0
        #: revisions up to this one are forgotten
        self.forgotten = 0
        self.sockets: list[WebSocket] = []
        self.refuse_sockets = False
        self._keys: dict[str, list[int]] = {}
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None

    # -- the test's side ---------------------------------------------------------------

    def start(self) -> None:
        config = uvicorn.Config(
            self._raw_app,
            uds=str(self.socket),
            log_level="critical",
            lifespan="off",
            ws="websockets-sansio",
            interface="asgi3",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        within(30, lambda: self._server is not None and self._server.started)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        server = self._server
        assert server is not None
        serving = asyncio.create_task(server.serve())
        stopped = asyncio.create_task(self._stopped.wait())
        await asyncio.wait([serving, stopped], return_when=asyncio.FIRST_COMPLETED)
        # its own way takes a fifth of a second, and hundreds of tests wait for it
        for one in server.servers:
            one.close()
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        for task in (serving, stopped):
            task.cancel()
        await asyncio.gather(serving, stopped, return_exceptions=True)

    def stop(self) -> None:
        if self._loop is not None and self._thread is not None and self._stopped is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(10)
            self._server = self._thread = None

    def put_job(self, job_id: int, **more: Any) -> None:
        """Make or change a job, and tell everybody."""
        self.revision += 1
        row = job_row(job_id, revision=self.revision, **more)
        self.jobs[job_id] = row
        self.tell({"jobs": [row]})

    @staticmethod
    def definition_row(
        definition_id: int, name: str, version: int, revision: int
    ) -> dict[str, Any]:
        made = Definition(
            id=definition_id, experiment_id=1, version=version,
            draft=DefinitionDraft(name=name, executable="/s.sh", parameters="a b"),
            check=ScriptCheck(problem="ok"), changed_by="ben", changed_at=NOW, revision=revision,
        )  # fmt: skip
        return dict(rows.definition_row(made))

    def put_definition(self, definition_id: int, name: str, version: int = 1) -> dict[str, Any]:
        self.revision += 1
        row = self.definition_row(definition_id, name, version, self.revision)
        self.definitions[definition_id] = row
        self.tell({"definitions": [row]})
        return row

    def put_run(self, number: int, **parameters: Any) -> None:
        self.revision += 1
        self.runs[number] = run_row(number, revision=self.revision, **parameters)
        self.tell({"runs": [self.runs[number]]})

    def put_entry(self, run: int, **more: Any) -> dict[str, Any]:
        """Add an entry to the ledger, and tell everybody."""
        self.revision += 1
        row = entry_row(len(self.ledger) + 1, run, revision=self.revision, **more)
        self.ledger.append(row)
        self.tell({"ledger": [row]})
        return row

    def delete_job(self, job_id: int) -> None:
        self.revision += 1
        self.jobs.pop(job_id)
        self.tell({}, {"definitions": [], "jobs": [job_id]})

    def tell(
        self, upserts: dict[str, Any], deleted: Any = None, word: str = "xppi0915",
        since: int | None = None,
    ) -> None:  # fmt: skip
        message = self._message(word, self.revision - 1 if since is None else since, upserts)
        if deleted:
            message["deleted"] = deleted
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._send(message), self._loop).result(5)

    def drop_sockets(self) -> None:
        async def drop() -> None:
            for one in self.sockets:
                with contextlib.suppress(RuntimeError):
                    await one.close()

        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(drop(), self._loop).result(5)

    # -- the client's side -------------------------------------------------------------

    async def _send(self, message: dict[str, Any]) -> None:
        for one in self.sockets:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await one.send_json(message)

    def _message(self, word: str, since: int, upserts: dict[str, Any]) -> dict[str, Any]:
        message: dict[str, Any] = dict(events.empty(word, self.epoch, since, self.revision))
        message["upserts"] = {**message["upserts"], **upserts}
        return message

    async def _raw_app(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app({**scope, "raw_send": send}, receive, send)

    @functools.cached_property
    def _app(self) -> Starlette:
        verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(
            routes=[
                WebSocketRoute("/arp/api/changes", self._changes),
                Route("/arp/api/{path:path}", self._answer, methods=verbs),
            ]
        )

    async def _changes(self, socket: WebSocket) -> None:
        if self.refuse_sockets:
            await socket.close()
            return
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                asked = await socket.receive_json()
                await self._subscribe(socket, asked)

    async def _subscribe(self, socket: WebSocket, asked: dict[str, Any]) -> None:
        word, since = asked["subscribe"], asked.get("since", 0)
        if asked.get("epoch") not in {None, self.epoch} or since < self.forgotten:
            error = {"subscription": word, "error": "Gone", "message": "Load again."}
            await socket.send_json(error)
            return
        if word == "system":
            await socket.send_json(self._message(word, since, {"health": self.health}))
            return
        self.sockets.append(socket)
        newer = {
            kind: [row for row in table.values() if row["revision"] > since]
            for kind, table in (
                ("jobs", self.jobs), ("definitions", self.definitions), ("runs", self.runs),
            )
        }  # fmt: skip
        await socket.send_json(self._message(word, since, newer))

    async def _answer(self, request: Request) -> Response:
        path = "/" + request.path_params["path"]
        body = await request.json() if await request.body() else None
        self.seen.append((request.method, path, body))
        self.asked.append(dict(request.query_params))
        self.if_match += request.headers.getlist("if-match")
        if (request.method, path) in self.answers:
            status, told = self.answers[request.method, path]
            return JSONResponse(told, status)
        answer = self._say(request, path, body)
        if request.method == "POST" and self.die_in_posts:
            self.die_in_posts -= 1
            # uvicorn's protocol hides behind `send`; closing its transport is what a crash does
            request.scope["raw_send"].__self__.transport.close()
        return answer

    def _say(self, request: Request, path: str, body: Any) -> Response:
        root = "/experiments/xppi0915/"
        experiment = Experiment(id=1, name="xppi0915", created_at=NOW)
        status = {
            "api_version": self.api_version, "health": self.health, "epoch": self.epoch,
            "autorun": self.autorun,
        }  # fmt: skip
        plain: dict[str, Any] = {
            "/status": status,
            "/experiments/xppi0915": rows.experiment_row(experiment),
            f"{root}definitions": {"definitions": list(self.definitions.values())},
            f"{root}runs": {"runs": list(self.runs.values())},
        }
        if path in plain:
            return JSONResponse(plain[path])
        if path.endswith("/jobs:apply"):
            return self._apply(body)
        if path == f"{root}jobs":
            return self._page(request)
        if path == f"{root}autorun/ledger":
            return self._ledger(request)
        if path.endswith("/log") and self.logs:
            return self._log(request, int(path.split("/")[2]))
        message = {"error": "NotFound", "message": f"There is nothing at {path}."}
        return JSONResponse(message, 404)

    def _log(self, request: Request, job_id: int) -> Response:
        text = self.logs[job_id]
        offset = int(request.query_params.get("offset", 0))
        limit = min(int(request.query_params["limit"]), self.log_piece)
        offset = max(0, len(text) + offset) if offset < 0 else offset
        piece = text[offset : offset + limit]
        return JSONResponse(
            {
                "text": piece,
                "offset": offset,
                "next_offset": offset + len(piece),
                "size_bytes": len(text),
                "missing": "",
            }
        )

    def _page(self, request: Request) -> Response:
        before = int(request.query_params.get("before", 1 << 60))
        found = sorted((one for one in self.jobs if one < before), reverse=True)[:100]
        following = found[-1] if len(found) == 100 else None
        return JSONResponse(
            {
                "epoch": self.epoch,
                "revision": self.revision,
                "jobs": [self.jobs[one] for one in found],
                "next_before": following,
            }
        )

    def _ledger(self, request: Request) -> Response:
        asked = request.query_params
        before = int(asked.get("before_id", 1 << 60))
        limit = min(int(asked["limit"]), self.ledger_page)
        found = [
            one
            for one in reversed(self.ledger)
            if one["id"] < before
            and all(str(one[key]) == asked[key] for key in ("run", "hash", "why") if key in asked)
        ]
        return JSONResponse({"entries": found[:limit], "more": len(found) > limit})

    def _apply(self, body: Any) -> Response:
        if body["dry_run"]:
            one = {"run": 1, "argv": ["/s.sh", "xppi0915", "1"], "environment": {"A": "1"}}
            return JSONResponse({"understood": "run 1", "skipped": [], "dry_run": [one]})
        key = body["idempotency_key"]
        if key not in self._keys:
            self.revision += 1
            new = max(self.jobs, default=0) + 1
            self.jobs[new] = job_row(new, revision=self.revision)
            self._keys[key] = [new]
        made = [self.jobs[one] for one in self._keys[key]]
        answer = {"jobs": made, "skipped": [{"run": 2, "why": "has one"}], "understood": "run 1"}
        return JSONResponse({**answer, "repeated": False}, 201)


def finished(job_id: int, **more: Any) -> dict[str, Any]:
    """A job that is DONE, as it travels."""
    return job_row(job_id, state=JobState.DONE, native_state="DONE", **more)
