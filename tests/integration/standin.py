"""A stand-in for the batch manager: tells what reached it, and answers as it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

PIECE = b"x" * 65536
VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


class StandIn:
    """A server on a Unix socket, in a thread."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.requests: list[dict[str, Any]] = []
        self.pieces_sent = 0
        self.readers_gone = 0
        self.slow_asked = 0
        self.sockets_closed = 0
        self.sockets_open = 0
        #: set: those who are kept waiting are answered
        self.released = threading.Event()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._server is not None:
            return
        config = uvicorn.Config(
            self._app(), uds=str(self.socket), log_level="warning", lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        within(30, lambda: self._server.started)

    def forget(self) -> None:
        self.requests.clear()
        self.released.clear()
        self.pieces_sent = self.readers_gone = self.slow_asked = self.sockets_closed = 0

    def stop(self) -> None:
        """Drop all connections at once, as a manager that was killed."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(30)
            assert not self._thread.is_alive()
            self._server = self._thread = None

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/arp/api/status", self._status),
                Route("/arp/api/slow", self._slow, methods=VERBS),
                Route("/arp/api/kept-waiting", self._kept_waiting),
                Route("/arp/api/endless", self._endless),
                Route("/arp/api/cut", self._cut),
                Route("/arp/api/empty", self._empty),
                WebSocketRoute("/arp/api/changes", self._changes),
                Route("/{path:path}", self._echo, methods=VERBS),
            ]
        )

    async def _echo(self, request: Request) -> Response:
        body = await request.body()
        seen = {
            "method": request.method,
            "path": request.scope["raw_path"].decode(),
            "query": request.scope["query_string"].decode(),
            "headers": dict(request.headers),
            "length": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        self.requests.append(seen)
        headers = {"ETag": '"7"', "Set-Cookie": "from=manager", "Keep-Alive": "timeout=9"}
        return JSONResponse(seen, status_code=201 if request.method == "POST" else 200,
                            headers=headers)  # fmt: skip

    async def _status(self, _request: Request) -> Response:
        return JSONResponse({"mode": "stand-in"})  # whoever looks for a manager asks this

    async def _slow(self, request: Request) -> Response:
        self.slow_asked += 1
        await asyncio.sleep(float(request.query_params["s"]))
        return JSONResponse({})

    async def _kept_waiting(self, _request: Request) -> Response:
        self.slow_asked += 1
        while not self.released.is_set():
            await asyncio.sleep(0.01)
        return JSONResponse({})

    async def _empty(self, _request: Request) -> Response:
        return Response(status_code=204)

    async def _endless(self, request: Request) -> Response:
        return StreamingResponse(self._pieces(request, int(request.query_params["pieces"])))

    async def _pieces(self, request: Request, count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            if await request.is_disconnected():
                self.readers_gone += 1
                return
            yield PIECE
            self.pieces_sent += 1

    async def _cut(self, _request: Request) -> Response:
        return Response(b"half", headers={"Content-Length": "8"})

    async def _changes(self, socket: WebSocket) -> None:
        self.requests.append({"path": "changes", "headers": dict(socket.headers)})
        if "refuse" in socket.query_params:
            words = JSONResponse({"message": "The disk is full."}, status_code=503)
            await socket.send_denial_response(words)
            return
        await asyncio.sleep(float(socket.query_params.get("wait", "0")))
        await socket.accept()
        self.sockets_open += 1
        try:
            while True:
                await self._told(socket, json.loads(await socket.receive_text()))
        except WebSocketDisconnect:
            pass
        finally:
            self.sockets_open -= 1
            self.sockets_closed += 1

    async def _told(self, socket: WebSocket, told: dict[str, Any]) -> None:
        if "close" in told:
            await socket.close(told["close"], "as told")
            return
        for number in range(told.get("flood", 0)):
            await socket.send_bytes(number.to_bytes(4, "big") + PIECE)
            self.pieces_sent += 1
        await socket.send_text(json.dumps({"told": told}))


def within(seconds: float, condition: Any) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to hold in time"
        time.sleep(0.01)


def at_rest(value: Any, rest_s: float = 0.5) -> Any:
    """Wait until a value that grows from zero has not changed for a while; return it."""
    within(30, value)
    end = time.monotonic() + 30
    last, since = value(), time.monotonic()
    while time.monotonic() - since < rest_s:
        assert time.monotonic() < end, "it did not come to rest in time"
        time.sleep(0.02)
        if value() != last:
            last, since = value(), time.monotonic()
    return last


@contextlib.contextmanager
def running(socket: Path) -> Any:
    stand_in = StandIn(socket)
    stand_in.start()
    try:
        yield stand_in
    finally:
        stand_in.stop()
