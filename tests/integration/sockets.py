"""The manager's face on real sockets, in this process: what only a real server shows."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from arp_nb.web.serving import SocketServer
from tests.integration.faces import Face, face


class Served:
    """A face, and where it listens."""

    def __init__(self, arp: Face, api: Path, update_port: int) -> None:
        self.face = arp
        self.api = api
        self.update_port = update_port

    def update_path(self, job_id: int = 1) -> str:
        return f"//ws/logbook/client_status/{self.face.manager.capabilities.token(job_id)}"


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Served]:
    """Serve a new store on a Unix socket and a TCP port."""
    path = folder / "api.sock"
    api = socket.socket(socket.AF_UNIX)
    api.bind(str(path))
    api.listen()
    updates = socket.create_server(("127.0.0.1", 0))
    port = updates.getsockname()[1]
    async with face(folder) as arp:
        servers = (
            SocketServer(arp.app, api, tells_peer=True),
            SocketServer(arp.updates, updates, tells_peer=False),
        )
        running = [asyncio.create_task(server.run_until_stopped()) for server in servers]
        try:
            for server in servers:
                await server.listening()
            yield Served(arp, path, port)
        finally:
            for server in servers:
                server.stop()
            await asyncio.gather(*running)
            for listener in (api, updates):
                listener.close()
