"""A real Jupyter server in a process and a home of its own, and a browser's login to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import websocket

from tests.integration.standin import within

TOKEN = "a-token-of-this-test"
HEADERS = {"Authorization": f"token {TOKEN}"}


@dataclass(frozen=True)
class Jupyter:
    """Where a server is, and how to get in."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/user/me/{path}"

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask with the server's token."""
        headers = {**HEADERS, **options.pop("headers", {})}
        return requests.request(method, self.url(path), headers=headers, **options)

    def raw(self, request: str) -> socket.socket:
        """Open a connection and send ``request``, with the token, as it is written."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(f"{request}\r\nAuthorization: token {TOKEN}\r\n\r\n".encode())
        return connection

    @contextmanager
    def feed(self, query: str = "", **options: Any) -> Iterator[websocket.WebSocket]:
        """Open the change feed, with the server's token unless told otherwise."""
        options.setdefault("header", [f"Authorization: token {TOKEN}"])
        feed = websocket.create_connection(self.socket_url() + query, timeout=30, **options)
        try:
            yield feed
        finally:
            feed.close()
            drop(feed)  # close() leaves the socket open once the other side has closed

    def socket_url(self) -> str:
        return self.url("arp/api/changes").replace("http:", "ws:")

    def logged_in(self) -> requests.Session:
        """Log in as a browser does: from now on the cookie is all there is."""
        session = requests.Session()
        session.get(self.url(f"tree?token={TOKEN}")).close()
        assert any(cookie.name.startswith("username-") for cookie in session.cookies)
        return session

    def cookies(self) -> str:
        with self.logged_in() as session:
            return "; ".join(f"{name}={value}" for name, value in session.cookies.items())


def drop(feed: websocket.WebSocket) -> None:
    """Close the connection without goodbye."""
    feed.shutdown()  # type: ignore[no-untyped-call] # it has no types


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def jupyter_server(home: Path, *options: str) -> Iterator[Jupyter]:
    """Run a server whose extension uses the folder ``store`` in a home."""
    port = free_port()
    argv = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", f"--port={port}"),
        *("--ServerApp.port_retries=0", "--allow-root", "--ServerApp.base_url=/user/me/"),
        "--ServerApp.jpserver_extensions={'arp_nb.extension': True}",
        *(f"--IdentityProvider.token={TOKEN}", f"--ArpExtension.store={home / 'store'}"),
        *options,
    ]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(home)]),
        "JUPYTER_NO_CONFIG": "1",  # nothing but what is named above
    }
    log_path = home / f"jupyter-{port}.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(argv, cwd=home, env=environment, stdout=log, stderr=log)
        server = Jupyter(port, process, log_path)
        try:
            within(120, lambda: _answers(server.url("api")))
            yield server
        finally:
            process.terminate()
            process.wait(60)


def _answers(url: str) -> bool:
    try:
        return requests.get(url).ok
    except requests.ConnectionError:
        return False
