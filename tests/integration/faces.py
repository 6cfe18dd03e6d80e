"""The manager's HTTP face in this process: a real store and manager, no socket, no scheduler."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from arp_nb import web
from arp_nb.manager import Manager
from arp_nb.model import Experiment
from arp_nb.settings import Settings
from arp_nb.store import open_store
from arp_nb.store.base import Store
from arp_nb.web import legacy
from arp_nb.web.api import PARTS
from tests.manager_play import FakeClient


class Peer:
    """Puts a uid where `arp_nb.web.serving` puts the one that the kernel told."""

    def __init__(self, app: ASGIApp, uid: int | None) -> None:
        self._app = app
        self._uid = uid

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "state": {"peer_uid": self._uid}}, receive, send)


class Face:
    """A manager and ways to ask it."""

    def __init__(self, store: Store, manager: Manager) -> None:
        self.store = store
        self.manager = manager
        self.app = web.app(manager, user="ana", notices=lambda: ["take note"])
        self.updates = web.update_app(manager)

    def caller(self, uid: int | None = None) -> httpx.AsyncClient:
        """Return a client that seems to be run by a uid; our own by default."""
        peer = Peer(self.app, os.getuid() if uid is None else uid)
        return self.stranger(peer)

    def stranger(self, app: ASGIApp | None = None) -> httpx.AsyncClient:
        """Return a client of which the kernel told nothing."""
        transport = httpx.ASGITransport(app or self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://arp")

    def poster(self) -> httpx.AsyncClient:
        """Return a client of the update listener."""
        return self.stranger(self.updates)

    async def with_client(self, log: bytes = b"a log") -> FakeClient:
        """Attach a batch client, and wait until it has looked at the scripts."""
        client = FakeClient()
        client.log_bytes = log
        before = await self.store.revision()
        self.manager.attach(client)
        async with asyncio.timeout(10):
            # a committed row is there to be read a moment before its revision is told
            while (
                await self.store.revision() == before
                or (await self.store.definition(1)).check.checked_at is None
            ):
                await asyncio.sleep(0)
        return client

    async def with_job(self) -> Experiment:
        """Make an experiment with run 1, a definition, and job 1 of both."""
        async with self.caller() as caller:
            for path, body in (
                ("/experiments", {"name": "xpptest"}),
                ("/experiments/xpptest/definitions", {"name": "peaks", "executable": "/s.sh"}),
                ("/experiments/xpptest/runs/1:start", {}),
                ("/experiments/xpptest/jobs:apply", {"definition": "peaks", "runs": "1"}),
            ):
                answer = await caller.post(f"/arp/api{path}", json=body)
                assert answer.is_success, answer.text
        return await self.manager.experiments.get("xpptest")


@asynccontextmanager
async def face(folder: Path) -> AsyncIterator[Face]:
    """Serve a new store."""
    store = open_store(folder / "store")
    try:
        manager = Manager(
            store, Settings(), user="ana", host="here", update_base="http://127.0.0.1:1"
        )
        await manager.start()
        try:
            yield Face(store, manager)
        finally:
            await manager.close()
    finally:
        store.close()


def routes() -> Iterator[tuple[str, str]]:
    """Every (method, path) that the app's modules offer; WEBSOCKET for a socket."""
    for module in (*PARTS, legacy):
        prefix = "/arp/api" if module in PARTS else ""
        for route in module.router.routes:
            if isinstance(route, APIWebSocketRoute):
                yield "WEBSOCKET", prefix + route.path
            else:
                assert isinstance(route, APIRoute)
                for method in sorted(route.methods or ()):
                    yield method, prefix + route.path_format


def filled(path: str, **values: Any) -> str:
    """Fill the parameters of a route's path."""
    given: dict[str, Any] = {
        "exp": "xpptest",
        "number": 1,
        "definition_id": 1,
        "job_id": 1,
        "name": "jobs.columns",
    }
    given |= values
    return path.format(**given)
