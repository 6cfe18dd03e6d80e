"""A small real logbook on loopback, of LCLS's shape, with the faults that real ones have."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Callable, Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

LOGIN = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"


class LogbookServer:
    """Serves what `runs` says; a test changes that, and makes it as bad as a real one.

    Parameters
    ----------
    prefix
        Stands before ``/lgbk/…``.
    """

    def __init__(self, prefix: str = "") -> None:
        #: by experiment: the records, as they are answered
        self.runs: dict[str, list[Any]] = {}
        #: answers in place of the usual one, by experiment; "" for all
        self.faults: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        #: the value of the header Authorization that is asked for
        self.authorization = ""
        #: looks at a request first; False: it has answered
        self.gate: Callable[[BaseHTTPRequestHandler], bool] | None = None
        self.has_etags = True
        # what it was asked for
        self.asked: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.not_modified = 0
        self.connections = 0
        #: held until the test lets go
        self.released = threading.Event()
        self._prefix = prefix
        self._open()

    def _open(self, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self._prefix}"

    def stop(self) -> None:
        """Take it off the network; `start` brings it back at the same address."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.close_connections()

    def start(self) -> None:
        self._open(self.port)

    def close(self) -> None:
        self.released.set()
        self.stop()

    # -- faults --------------------------------------------------------------------------

    def answer(self, body: bytes, status: int = 200, experiment: str = "", **headers: str) -> None:
        """Answer so from now on."""
        self.faults[experiment] = lambda request: reply(request, status, body, headers)

    def break_off(self) -> None:
        """Tell of a longer answer than comes."""

        def half(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.send_header("Content-Length", "1000")
            request.end_headers()
            request.wfile.write(b'{"success": true, "value": [')
            request.close_connection = True

        self.faults[""] = half

    def hang(self) -> None:
        """Take requests, and say nothing until `released`."""

        def silence(request: BaseHTTPRequestHandler) -> None:
            self.released.wait(20)

        self.faults[""] = silence

    def drip(self) -> None:
        """Answer a byte at a time, without end."""

        def drops(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.end_headers()
            while not self.released.wait(0.02):
                request.wfile.write(b" ")

        self.faults[""] = drops

    def want_password(self, user: str, password: str) -> None:
        told = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.authorization = f"Basic {told}"

    # -- answers -------------------------------------------------------------------------

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        self.headers.append(dict(request.headers))
        if self.gate is not None and not self.gate(request):
            return
        if self.authorization and request.headers.get("Authorization") != self.authorization:
            reply(request, 401, b"no", {"WWW-Authenticate": "Basic"})
            return
        start, end = f"{self._prefix}/lgbk/", "/ws/runs"
        path = request.path
        experiment = path.removeprefix(start).removesuffix(end)
        fault = self.faults.get(experiment) or self.faults.get("")
        if fault is not None:
            fault(request)
        elif path != f"{start}{experiment}{end}" or experiment not in self.runs:
            reply(request, 404, b"no such experiment", {})
        else:
            self._runs(request, experiment)

    def _runs(self, request: BaseHTTPRequestHandler, experiment: str) -> None:
        answer = {"success": True, "errormsg": "", "value": self.runs[experiment]}
        body = json.dumps(answer).encode()
        etag = f'"{sha256(body).hexdigest()[:16]}"'
        if self.has_etags and request.headers.get("If-None-Match") == etag:
            self.not_modified += 1
            reply(request, 304, b"", {"ETag": etag})
        else:
            reply(request, 200, body, {"ETag": etag} if self.has_etags else {})


def reply(
    request: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str]
) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away: tests make them."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: list[Any] = []

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.append(request)
        super().process_request(request, client_address)

    def close_connections(self) -> None:
        for one in self._open:
            with contextlib.suppress(OSError):  # its client closed it
                one.shutdown(2)


def _handler(logbook: LogbookServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        @override
        def setup(self) -> None:
            super().setup()
            logbook.connections += 1

        def do_GET(self) -> None:
            logbook.serve(self)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
