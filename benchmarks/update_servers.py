"""The two servers that `benchmarks.updates` compares, each in a process of its own.

``ours`` is the real update listener on a real store, without a batch client; ``bare`` is a
Tornado handler that does nothing. Each prints one line of JSON, its addresses, and serves
until its standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from pathlib import Path

import tornado.httpserver
import tornado.web
import uvloop

from arp_nb.daemon.steadiness import keep_steady
from arp_nb.manager import ApplyRequest, Manager
from arp_nb.model import DefinitionDraft
from arp_nb.settings import Settings
from arp_nb.store import open_store
from arp_nb.web import update_app
from arp_nb.web.serving import SocketServer


class Nothing(tornado.web.RequestHandler):
    """Answers a post, and does nothing else."""

    def post(self) -> None:
        """Answer what the update listener answers."""
        self.write({"success": True})


def main() -> None:
    """Serve one of the two."""
    kind, folder, jobs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if kind == "bare":
        asyncio.run(_bare(jobs))
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_ours(folder, jobs))


async def _bare(jobs: int) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)  # noqa: FBT003 - as the library has it; Tornado accepts in a loop
    server = tornado.httpserver.HTTPServer(tornado.web.Application([("/.*", Nothing)]))
    server.add_socket(listener)
    _tell(listener, [f"/{job}" for job in range(jobs)])
    await _until_stdin_closes()
    server.stop()


async def _ours(folder: Path, jobs: int) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    store = open_store(folder)
    manager = Manager(store, Settings(), user="me", host="here", update_base="http://here")
    await manager.start()
    experiment = await manager.experiments.create("bench")
    draft = DefinitionDraft(name="posts", executable="/bin/true")
    await manager.definitions.add(experiment, draft, "me")
    for run in range(1, jobs + 1):
        await manager.runs.put(experiment, run)
    made = await manager.jobs.apply(experiment, ApplyRequest(definition="posts", runs="all"), "me")
    server = SocketServer(update_app(manager), listener, tells_peer=False)
    serving = asyncio.create_task(server.run_until_stopped())
    await server.listening()
    keep_steady()  # as the manager process does
    token = manager.capabilities.token
    _tell(listener, [f"//ws/logbook/client_status/{token(job.id)}" for job in made.jobs])
    await _until_stdin_closes()
    server.stop()
    await serving
    await manager.close()
    store.close()


def _tell(listener: socket.socket, paths: list[str]) -> None:
    print(json.dumps({"port": listener.getsockname()[1], "paths": paths}), flush=True)


async def _until_stdin_closes() -> None:
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    main()
