"""The logbook source over a real server: logins, faults, and how seldom it asks for what."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from arp_nb.errors import SourceDown
from arp_nb.run_sources.base import RunNews, RunSource
from arp_nb.run_sources.logbook import LogbookSource, asking
from arp_nb.run_sources.logbook import source as logbook
from arp_nb.settings import SourceSettings
from tests.logbook_server import LOGIN, LogbookServer

pytestmark = pytest.mark.anyio

XPP, MFX = "xppi0915", "mfxx1234"
RUN: dict[str, Any] = {"num": 1, "begin_time": "2026-03-05T12:00:00Z"}


@pytest.fixture
def server() -> Iterator[LogbookServer]:
    server = LogbookServer()
    server.runs = {XPP: [dict(RUN)], MFX: [dict(RUN)]}
    yield server
    server.close()


def source_of(server: LogbookServer, *names: str, **options: Any) -> LogbookSource:
    async def experiments() -> tuple[str, ...]:
        return names or (XPP,)

    given = {"url": server.url, "interval_s": 0.1, "timeout_s": 5.0, **options}
    return LogbookSource(SourceSettings(name="logbook", options=given), experiments)


async def news(source: RunSource) -> list[RunNews]:
    async with asyncio.timeout(60):
        return [*await source.news()]


def secret(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "secret"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


async def said(server: LogbookServer, *names: str, **options: Any) -> str:
    """Return in which words the source is down."""
    source = source_of(server, *names, **options)
    with pytest.raises(SourceDown) as caught:
        await news(source)
    await source.close()
    return str(caught.value)


# -- logins ------------------------------------------------------------------------------


async def test_a_user_and_the_password_in_a_file_are_taken(
    server: LogbookServer, tmp_path: Path
) -> None:
    server.want_password("ada", "s3cret")
    path = secret(tmp_path, "s3cret\n")
    source = source_of(server, auth="basic", user="ada", password_file=path)
    assert len(await news(source)) == 1
    await source.close()


async def test_a_token_is_read_anew_each_time_so_that_it_may_be_renewed(
    server: LogbookServer, tmp_path: Path
) -> None:
    server.authorization = "Bearer one"
    source = source_of(server, auth="token", token_file=secret(tmp_path, "one\n"))
    assert len(await news(source)) == 1
    server.authorization = "Bearer two"
    with pytest.raises(SourceDown, match="asks who we are"):
        await news(source)
    secret(tmp_path, "two")
    assert await news(source) == []
    await source.close()


async def test_without_a_login_nothing_of_netrc_is_sent(
    server: LogbookServer, own_home: Path
) -> None:
    secret(own_home, "")
    netrc = own_home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login ada password s3cret\n")
    netrc.chmod(0o600)
    source = source_of(server)
    await news(source)
    assert "Authorization" not in server.headers[0]
    await source.close()


@pytest.mark.parametrize(
    ("mode", "text", "why"),
    [
        (0o644, "s3cret", "can be read by others. Make it yours alone: chmod 600"),
        (0o640, "s3cret", "can be read by others"),
        (0o600, "", "must hold the secret alone"),
        (0o600, "s3cret\nInjected: yes", "must hold the secret alone"),
        (0o600, "s\u00e9cret", "must hold the secret alone"),
        (0o600, "x" * 20_000, "must hold the secret alone"),
    ],
)
async def test_a_secret_that_others_could_read_is_not_used(
    server: LogbookServer, tmp_path: Path, mode: int, text: str, why: str
) -> None:
    path = secret(tmp_path, text, mode)
    words = await said(server, auth="token", token_file=path)
    assert path in words
    assert why in words
    assert "s3cret" not in words
    assert server.asked == []


async def test_a_secret_that_is_not_there_is_told(server: LogbookServer, tmp_path: Path) -> None:
    missing = await said(server, auth="token", token_file=str(tmp_path / "none"))
    assert "No such file" in missing
    assert "is not a file." in await said(server, auth="token", token_file=str(tmp_path))


async def test_kerberos_without_a_ticket_or_its_package_says_what_to_do(
    server: LogbookServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path}/none")
    server.authorization = "Negotiate none"
    words = await said(server, auth="kerberos")
    assert "kinit" in words or "pip install 'arp-nb[kerberos]'" in words


# -- faults ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda it: it.answer(LOGIN), "a web page instead of JSON: its login may have run out."),
        (lambda it: it.answer(b"", 302, Location="https://idp.example/login?x"),
         "sends to another page at idp.example instead of answering"),
        (lambda it: it.answer(b"", 301), "sends to another page instead"),
        (lambda it: it.answer(b"no", 403), f"does not let this account read the runs of {XPP}"),
        (lambda it: it.answer(b"no", 404), f"knows no experiment {XPP}"),
        (lambda it: it.answer(b"no", 429), "is asked too often"),
        (lambda it: it.answer(b"no", 418), "answered HTTP 418."),
        (lambda it: it.answer(LOGIN, 500), "has an error of its own (HTTP 500)."),
        (lambda it: it.answer(b'{"success": false, "errormsg": "no db"}'),
         f"runs of {XPP}: no db"),
        (lambda it: it.answer(b"junk", 200, Content_Encoding="gzip"), "broke off its answer."),
        (lambda it: it.break_off(), "broke off its answer."),
        (lambda it: it.hang(), "did not answer within 0.3 s."),
        (lambda it: it.drip(), "did not answer within 0.3 s."),
        (lambda it: it.stop(), "cannot be reached."),
    ],
)  # fmt: skip
async def test_each_fault_is_told_in_words(
    server: LogbookServer, spoil: Callable[[LogbookServer], None], words: str
) -> None:
    spoil(server)
    told = await said(server, timeout_s=0.3 if "within 0.3 s" in words else 20.0)
    assert told.startswith("The logbook at 127.0.0.1 ")
    assert words in told
    if words == "cannot be reached.":
        server.start()


async def test_a_certificate_that_is_not_trusted_is_told(
    server: LogbookServer, tmp_path: Path
) -> None:
    url = server.url.replace("http:", "https:")
    assert "no certificate that is trusted here: see ca_file." in await said(server, url=url)
    words = await said(server, url=url, ca_file=str(tmp_path / "none.pem"))
    assert "cannot be asked" in words
    assert "none.pem" in words


async def test_an_answer_without_end_is_given_up(
    server: LogbookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking.Asker.__init__, "__defaults__", (1_048_576,))
    server.answer(b" " * 3_000_000)
    assert "more than 1 MB" in await said(server)


async def test_a_hung_logbook_does_not_hold_up_the_end(server: LogbookServer) -> None:
    server.hang()
    source = source_of(server, timeout_s=20.0)
    task = asyncio.ensure_future(source.news())
    async with asyncio.timeout(20):
        while not server.asked:
            await asyncio.sleep(0.01)
    begin_s = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await source.close()
    assert time.monotonic() - begin_s < 10


async def test_one_experiment_that_fails_costs_no_other(server: LogbookServer) -> None:
    server.answer(b'{"success": false, "errormsg": "no db"}', experiment=MFX)
    source = source_of(server, XPP, MFX)
    assert [one.experiment for one in await news(source)] == [XPP]
    assert "could not tell the runs of mfxx1234: no db" in source.caveat
    server.faults.clear()
    assert [one.experiment for one in await news(source)] == [MFX]
    assert source.caveat == ""
    await source.close()


async def test_one_experiment_that_is_never_answered_costs_no_other(
    server: LogbookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logbook, "_PATIENCE", 0)
    server.hang()
    server.faults[MFX] = server.faults.pop("")
    for name in ("one", "two"):
        server.runs[name] = [dict(RUN)]
    names = (MFX, "one", "two", XPP)
    source = source_of(server, *names, timeout_s=2.0)  # three of them do answer
    assert [one.experiment for one in await news(source)] == ["one", "two", XPP]
    assert source.caveat == f"{MFX}: The logbook at 127.0.0.1 did not answer within 2 s."
    server.runs[XPP].append({"num": 2})
    assert [one.number for one in await news(source)] == [2]
    await source.close()


async def test_where_nobody_answers_not_every_experiment_is_waited_for(
    server: LogbookServer,
) -> None:
    source = source_of(server, *(f"e{number}" for number in range(9)), XPP, timeout_s=0.2)
    server.hang()
    with pytest.raises(SourceDown, match="did not answer"):
        await news(source)
    async with asyncio.timeout(20):
        while len(server.asked) < 2:  # given up, it may not have been read yet
            await asyncio.sleep(0.01)
    assert len(server.asked) == 2
    await source.close()


async def test_what_cannot_be_read_is_counted_in_words(server: LogbookServer) -> None:
    server.runs[XPP] += [{"num": "x"}, {"num": 2, "end_time": "soon"}]
    source = source_of(server)
    assert len(await news(source)) == 2
    assert source.caveat == (
        "xppi0915: 1 of 3 records could not be read. 1 records have times that cannot be right."
    )
    await source.close()


# -- how it asks -------------------------------------------------------------------------


async def test_what_has_not_changed_is_not_sent_again(server: LogbookServer) -> None:
    source = source_of(server)
    await news(source)
    task = asyncio.ensure_future(source.news())
    async with asyncio.timeout(20):
        while server.not_modified < 2:
            await asyncio.sleep(0.01)
    server.runs[XPP].append({"num": 2})
    assert [one.number for one in await task] == [2]
    assert server.connections == 1
    await source.close()


async def test_only_what_changed_is_told(server: LogbookServer) -> None:
    server.has_etags = False
    server.runs[XPP] = [{"num": number} for number in range(1000)]
    source = source_of(server)
    assert len(await news(source)) == 1000
    server.runs[XPP][500]["end_time"] = "2026-03-05T12:00:00Z"
    assert [one.number for one in await news(source)] == [500]
    server.runs[XPP][500]["end_time"] = None
    [back] = await news(source)
    assert back.ended_at is None  # a logbook may go back; who listens keeps what it knows
    await source.close()


async def test_an_answer_may_come_packed_and_in_pieces(server: LogbookServer) -> None:
    runs = [{"num": number, "params": {"note": "x" * 50}} for number in range(5000)]
    packed = gzip.compress(json.dumps({"success": True, "value": runs}).encode())

    def pieces(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Encoding", "gzip")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for at in range(0, len(packed), 1000):
            piece = packed[at : at + 1000]
            request.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        request.wfile.write(b"0\r\n\r\n")

    server.faults[""] = pieces
    source = source_of(server)
    assert len(await news(source)) == 5000
    await source.close()


@pytest.mark.parametrize("ending", ["", "/", "/lgbk", "/lgbk/"])
async def test_the_address_may_have_a_place_for_kerberos(ending: str) -> None:
    server = LogbookServer("/ws-kerb")
    server.runs = {XPP: [dict(RUN)]}
    source = source_of(server, url=f"{server.url}{ending}")
    assert len(await news(source)) == 1
    assert server.asked == ["/ws-kerb/lgbk/xppi0915/ws/runs"]
    await source.close()
    server.close()


async def test_only_experiments_of_its_table_are_asked_for(server: LogbookServer) -> None:
    async def experiments() -> tuple[str, ...]:
        return (MFX, XPP)

    table = SourceSettings(name="logbook", experiments=(MFX,), options={"url": server.url})
    source = LogbookSource(table, experiments)
    assert [one.experiment for one in await news(source)] == [MFX]
    await source.close()
