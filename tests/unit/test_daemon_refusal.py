"""503 in the manager's place: every caller gets the reason, none is left waiting."""

from __future__ import annotations

import json
import selectors
import socket
import threading
from collections.abc import Iterator

import pytest
import requests

from arp_nb.daemon.refusal import Refusal

REASON = "The store is newer than this version."


class Loop:
    """The supervisor's loop, reduced to the refusal, in a thread."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self.refusal = Refusal(self._selector, [self.listener])
        self.refusal.reason = REASON
        self.refusal.start()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set() or self.refusal.on:
            if self._ended.is_set():
                self.refusal.stop()
            for key, _ in self._selector.select(0.02):
                key.data(key)
            self.refusal.drop_late()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._selector.close()
        self.listener.close()


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.mark.parametrize("size_bytes", [0, 10, 3_000_000])
def test_a_post_of_any_size_gets_the_reason(loop: Loop, size_bytes: int) -> None:
    url = f"http://127.0.0.1:{loop.port}//ws/logbook/client_status/1-abc"
    answer = requests.post(url, data=b"x" * size_bytes, timeout=10)
    assert answer.status_code == 503
    assert answer.json() == {"error": "ManagerError", "message": REASON}


def test_one_that_sends_nothing_holds_up_nobody(loop: Loop) -> None:
    with socket.create_connection(("127.0.0.1", loop.port)):
        answer = requests.get(f"http://127.0.0.1:{loop.port}/", timeout=10)
    assert answer.status_code == 503


def test_garbage_is_answered_too(loop: Loop) -> None:
    with socket.create_connection(("127.0.0.1", loop.port), timeout=10) as caller:
        caller.sendall(b"\x00" * 70_000)
        head, _, body = caller.recv(4096).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert json.loads(body)["message"] == REASON
