"""A logbook that asks for Kerberos, with a real realm."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from arp_nb.errors import SourceDown
from arp_nb.run_sources.logbook import LogbookSource
from arp_nb.settings import SourceSettings
from tests.kerberos_realm import ALICE, Realm, lacking
from tests.logbook_server import LogbookServer
from tests.missing import missing

pytestmark = pytest.mark.anyio


@pytest.fixture
def realm(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Realm]:
    if why := lacking():
        missing(why)
    made = Realm(short_tmp)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    yield made
    made.close()


async def test_who_has_a_ticket_is_let_in_and_who_has_none_is_told_how_to_get_one(
    realm: Realm,
) -> None:
    people = []

    def gate(request: BaseHTTPRequestHandler) -> bool:
        people.append(realm.accept(request))
        return bool(people[-1])

    async def experiments() -> tuple[str, ...]:
        return ("xppi0915",)

    server = LogbookServer("/ws-kerb")
    server.gate = gate
    server.runs = {"xppi0915": [{"num": 12}]}
    options = {
        "url": f"http://localhost:{server.port}/ws-kerb",
        "auth": "kerberos",
        "interval_s": 0.1,
    }
    source = LogbookSource(SourceSettings(name="logbook", options=options), experiments)
    try:
        async with asyncio.timeout(60):
            with pytest.raises(SourceDown, match=r"takes no ticket of ours: .* with kinit"):
                await source.news()
            realm.log_in()
            assert [one.number for one in await source.news()] == [12]
            assert people[-1] == ALICE
            # each question has a ticket of its own: one that is used twice would be refused
            server.runs["xppi0915"].append({"num": 13})
            assert [one.number for one in await source.news()] == [13]
            assert people[-1] == ALICE
            realm.log_out()
            with pytest.raises(SourceDown, match="kinit"):
                await source.news()
    finally:
        await source.close()
        server.close()
