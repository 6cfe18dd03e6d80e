"""Calls to a manager that breaks off, is slow, or is not there yet."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tornado.httputil import HTTPHeaders

from arp_nb.errors import ManagerError, ManagerTimeout
from arp_nb.extension.link import Call, ManagerLink

pytestmark = pytest.mark.anyio

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndo"
SILENCE = b""


class Browser:
    """Takes an answer."""

    def __init__(self) -> None:
        self.status = 0
        self.body = b""

    async def begin(self, status: int, _headers: HTTPHeaders) -> None:
        self.status = status

    async def add(self, piece: bytes) -> None:
        self.body += piece


class Manager:
    """Answers the requests that come, one after the other, and then breaks the connection."""

    def __init__(self, *answers: bytes, keep: bool = False) -> None:
        self.answers = list(answers)
        self.keep = keep
        self.connections = 0
        self.verbs: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.verbs.append(head.split()[0].decode())
                writer.write(self.answers.pop(0))
                await writer.drain()
                if not self.keep:
                    break
        writer.close()


@contextlib.asynccontextmanager
async def listening(
    manager: Manager,
    path: Path,
    *,
    find: Callable[[], Path] | None = None,
    answer_timeout_s: float = 30,
) -> AsyncIterator[ManagerLink]:
    server = await asyncio.start_unix_server(manager.serve, path)
    link = ManagerLink(find or (lambda: path), answer_timeout_s=answer_timeout_s)
    try:
        yield link
    finally:
        link.close()
        server.close()
        await server.wait_closed()


def call(method: str = "GET") -> Call:
    return Call(method, "/arp/api/x", HTTPHeaders({"Host": "arp"}))


async def test_connection_is_used_again(short_tmp: Path) -> None:
    manager = Manager(WHOLE, WHOLE, WHOLE, keep=True)
    async with listening(manager, short_tmp / "s") as link:
        for _ in range(3):
            browser = Browser()
            await link.call(call(), browser)
            assert (browser.status, browser.body) == (200, b"done")
    assert manager.connections == 1


async def test_reading_call_is_asked_again_of_the_next_manager(short_tmp: Path) -> None:
    manager = Manager(SILENCE, WHOLE)
    async with listening(manager, short_tmp / "s") as link:
        browser = Browser()
        await link.call(call(), browser)
        assert browser.body == b"done"
    assert manager.verbs == ["GET", "GET"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_changing_call_is_never_asked_again(short_tmp: Path, method: str) -> None:
    manager = Manager(SILENCE, WHOLE)
    async with listening(manager, short_tmp / "s") as link:
        with pytest.raises(ManagerError, match="may have been done"):
            await link.call(call(method), Browser())
    assert manager.verbs == [method]


async def test_answer_that_began_is_not_begun_again(short_tmp: Path) -> None:
    manager = Manager(HALF, WHOLE)
    async with listening(manager, short_tmp / "s") as link:
        with pytest.raises(ManagerError, match="in the middle of an answer"):
            await link.call(call(), Browser())
    assert manager.verbs == ["GET"]


async def test_answer_that_cannot_be_read_is_an_error(short_tmp: Path) -> None:
    async with listening(Manager(b"nonsense\r\n\r\n", b"\r\n\r\n"), short_tmp / "s") as link:
        with pytest.raises(ManagerError):
            await link.call(call(), Browser())


async def test_silence_ends_in_words(short_tmp: Path) -> None:
    manager = Manager(SILENCE, keep=True)
    async with listening(manager, short_tmp / "s", answer_timeout_s=0.05) as link:
        with pytest.raises(ManagerTimeout, match=r"silent for 0\.05 s\.$"):
            await link.call(call(), Browser())


async def test_slow_browser_does_not_count_as_silence(short_tmp: Path) -> None:
    class SlowBrowser(Browser):
        async def add(self, piece: bytes) -> None:
            await asyncio.sleep(1.2)
            await super().add(piece)

    async with listening(Manager(WHOLE), short_tmp / "s", answer_timeout_s=1) as link:
        browser = SlowBrowser()
        await link.call(call(), browser)
    assert browser.body == b"done"


async def test_manager_is_looked_for_once_for_all_who_wait(short_tmp: Path) -> None:
    searches = []
    go_on = threading.Event()

    def find() -> Path:
        searches.append(threading.current_thread())
        go_on.wait(10)
        return short_tmp / "s"

    async with listening(Manager(*[WHOLE] * 5), short_tmp / "s", find=find) as link:
        calls = [asyncio.ensure_future(link.call(call(), Browser())) for _ in range(5)]
        while not searches:
            await asyncio.sleep(0)
        calls.pop().cancel()  # one who leaves ends nothing for the others
        go_on.set()
        await asyncio.gather(*calls)
    assert len(searches) == 1
    assert searches[0] is not threading.main_thread()


async def test_manager_that_is_not_there_is_looked_for_again_each_time(short_tmp: Path) -> None:
    searches = []

    def find() -> Path:
        searches.append(1)
        return short_tmp / "nobody"

    async with listening(Manager(), short_tmp / "s", find=find) as link:
        for _ in range(2):
            with pytest.raises(ManagerError, match="cannot be reached"):
                await link.call(call(), Browser())
    assert len(searches) == 4
