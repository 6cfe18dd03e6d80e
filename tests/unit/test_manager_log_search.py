"""Finding a place in a log: across pieces, within bounds, and never a key."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb import error_lines
from arp_nb.batch_client.logs import read_piece
from arp_nb.errors import ClientAbsent, NotFound
from arp_nb.manager import logs
from arp_nb.manager.capabilities import Capabilities
from arp_nb.model import JobState
from arp_nb.ports import LogChunk, LogQuery
from tests.manager_play import FakeClient, Play, playing

pytestmark = pytest.mark.anyio
SEARCH = "arp_nb.manager.log_search"


class FileClient(FakeClient):
    """Reads a log as the batch client does."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    async def log(self, query: LogQuery) -> LogChunk:
        self.queries.append(query)
        if not self.path.exists():
            why = "No log yet."
            return LogChunk(text="", offset=0, next_offset=0, size_bytes=0, missing=why)
        return read_piece((self.path,), query.offset, query.limit_bytes, "a file")


class Log:
    """The log of one job, and what is found in it."""

    def __init__(self, play: Play, job_id: int, path: Path) -> None:
        self.play = play
        self.job_id = job_id
        self.path = path
        self.client = FileClient(path)
        play.manager.attach(self.client)

    async def find(self, text: str | None, offset: int = 0) -> Any:
        return await self.play.manager.jobs.find_in_log(self.job_id, text, offset)

    async def all(self, text: str | None, offset: int = 0) -> list[int]:
        """Offsets of all places, found one after the other."""
        places = []
        while True:
            search = await self.find(text, offset)
            assert search.reached > offset or search.reached == search.size_bytes
            offset = search.reached
            if search.found is not None:
                places.append(search.found.offset)
            elif search.reached >= search.size_bytes:
                return places


@pytest.fixture
async def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Log]:
    # short pieces show what happens at their ends
    monkeypatch.setattr(f"{SEARCH}._PIECE_BYTES", 300)
    async with playing(tmp_path / "store") as play:
        yield Log(play, await play.submitted("77"), tmp_path / "log")


@pytest.mark.parametrize("before", [*range(280, 310), 0, 1, 5000])
async def test_a_text_across_two_pieces_is_found(log: Log, before: int) -> None:
    log.path.write_bytes(b"x" * before + b" beam LOST here\nnext\n")
    search = await log.find("Beam lost")
    assert search.found is not None
    assert search.found.offset == before + 1
    assert "beam LOST here" in search.found.line
    assert search.reached == before + 1 + len("beam lost")
    assert await log.all("beam lost") == [before + 1]


async def test_what_is_not_there_is_looked_for_to_the_end(log: Log) -> None:
    log.path.write_bytes(b"x\n" * 2000)
    search = await log.find("y")
    assert (search.found, search.reached, search.size_bytes) == (None, 4000, 4000)
    search = await log.find("x", 10_000)
    assert (search.found, search.reached) == (None, 4000)


@pytest.mark.parametrize("piece", [256, 300, 1_000_000])
async def test_lines_of_errors_are_found_one_after_the_other(
    log: Log, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{SEARCH}._PIECE_BYTES", piece)
    lines = [
        b"all is well, 0 errors",
        b"Traceback (most recent call last):",
        b"  File x.py, " + b"y" * 250,
        b"KeyError: 3",
        b"long_term_memory: 5",
        b"TERM_MEMLIMIT: job killed after reaching LSF memory usage limit.",
        b"x" * 2000 + b" Segmentation fault (core dumped)",
        b"done",
        b"FATAL",
    ]
    log.path.write_bytes(b"\n".join(lines))
    starts = [sum(len(one) + 1 for one in lines[:at]) for at in (1, 3, 5, 6, 8)]
    found = await log.all(None)
    # where a line is longer than a piece, it is found by the piece that holds the word
    assert [one for one in found if one in starts or starts[3] <= one < starts[4]] == found
    assert found[:3] + found[-1:] == [*starts[:3], starts[4]]
    assert len(found) == 5
    search = await log.find(None, starts[0] + 3)
    assert search.found is not None
    assert (search.found.offset, search.found.line) == (starts[1], "KeyError: 3")
    assert (await log.find(None, starts[1])).found == search.found


async def test_offsets_are_right_in_any_bytes(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = "é\U0001f600".encode() * 90 + b"\xff\xc3\x80\xe2" * 200 + b"\n" + b"beam\n" * 2
    log.path.write_bytes(whole)
    at = whole.index(b"beam")
    assert await log.all("BEAM") == [at, at + 5]
    monkeypatch.setattr(f"{SEARCH}._PIECE_BYTES", 100_000)
    log.path.write_bytes(b"\xf0\x9f" * 3000 + b"\nbeam" + b"\xf0\x9f" * 3000 + b"\nbeam")
    assert await log.all("beam") == [6001, 12_006]
    log.path.write_bytes(b"\xe9" * 100 + b"beam")
    assert await log.all("beam") == [100]


async def test_upper_and_lower_case_are_alike_in_every_script(log: Log) -> None:
    log.path.write_text("\u0130 STRASSE \u00c9t\u00e9 \u039f\u03a3 x", "utf-8")
    for text in ("\u00e9T\u00c9", "\u03bf\u03c2 ", "\u03bf\u03c3 X", "i strasse"):
        search = await log.find(text)
        assert search.found is not None, text
        found = log.path.read_bytes()[search.found.offset : search.reached].decode()
        assert len(found) == len(text)
    lower = getattr(sys.modules[SEARCH], "_lower")  # noqa: B009 - what it promises is not public
    for code in range(sys.maxunicode + 1):
        assert len(lower(f"a{chr(code)}a")) == 3, hex(code)


async def test_a_text_that_nearly_stands_everywhere_holds_nobody_up(log: Log) -> None:
    look = getattr(sys.modules[SEARCH], "_Text")("=" * 999 + "!")  # noqa: B009
    began_s = time.process_time()
    assert look.first("\u00e9" + "=" * 500_000, is_end=False) is None
    assert time.process_time() - began_s < 0.5


async def test_of_many_searches_only_one_keeps_others_waiting_at_a_time(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.path.write_bytes(b"x\n" * 5000)
    rounds = 0
    looked_in: list[int] = []
    found_by = error_lines.error_starts

    def noted(text: str) -> Iterator[int]:
        looked_in.append(rounds)
        return found_by(text)

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(error_lines, "error_starts", noted)
    counting = asyncio.create_task(count())
    try:
        await asyncio.gather(*(log.find(None) for _ in range(8)))
    finally:
        counting.cancel()
    assert len(looked_in) > 8
    assert len(set(looked_in)) == len(looked_in)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.sampled_from("ab\né\U0001f600"), min_size=1, max_size=3),
    st.lists(st.sampled_from(["a", "ab", "é", "\n", "b\U0001f600", "x" * 120]), max_size=60),
)
async def test_all_places_of_a_text_are_found(log: Log, text: str, parts: list[str]) -> None:
    whole = "".join(parts)
    log.path.write_text(whole, "utf-8")
    expected, at = [], 0
    while (at := whole.find(text, at)) >= 0:
        expected.append(len(whole[:at].encode()))
        at += len(text)
    assert await log.all(text) == expected


async def test_a_key_cannot_be_found(log: Log) -> None:
    token = log.play.token(log.job_id)
    log.path.write_text(f"{'x' * 250}\nposts to http://n:1/{token} now\nbeam {token}\nbeam\n")
    for length in range(4, len(token)):
        assert await log.all(token[: length + 1]) == [], token[: length + 1]
        assert await log.all(token[-length:]) == []
    assert await log.all("now") == [log.path.read_text().index("now")]
    whole = log.path.read_text()
    assert await log.all("beam") == [whole.index("beam"), whole.rindex("beam")]
    search = await log.find("posts")
    assert search.found is not None
    assert search.found.line == f"posts to http://n:1/{log.job_id}-… now"


async def test_a_search_is_bounded_and_goes_on(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{SEARCH}._MOST_BYTES", 1000)
    log.path.write_bytes(b"x" * 5000 + b"beam")
    search = await log.find("beam")
    assert search.found is None
    assert 1000 <= search.reached < 2000
    assert await log.all("beam") == [5000]
    monkeypatch.setattr(f"{SEARCH}._MOST_S", 0.0)
    log.client.queries.clear()
    assert (await log.find("beam")).reached < 1000
    assert len(log.client.queries) == 1
    assert await log.all("beam") == [5000]


async def test_a_line_that_is_shown_is_bounded_and_holds_the_place(log: Log) -> None:
    log.path.write_bytes(b"x" * 200 + b"beam" + b"y" * 1000)
    search = await log.find("beam")
    assert search.found is not None
    assert "beam" in search.found.line
    assert len(search.found.line) <= 300


async def test_a_job_without_a_log_says_why(log: Log) -> None:
    search = await log.find("beam")
    assert (search.found, search.reached, search.missing) == (None, 0, "No log yet.")
    assert (await log.find(None, 5)).missing == "No log yet."


async def test_what_could_be_keys_in_a_long_piece_is_looked_at_beside_the_loop(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[logs.__name__], "_SHORT_CHARS", 1000)
    masked_in = []
    mask = Capabilities.mask

    def noted(capabilities: Capabilities, text: str) -> str:
        if len(text) > 1000:
            masked_in.append(threading.current_thread())
        return mask(capabilities, text)

    monkeypatch.setattr(Capabilities, "mask", noted)
    lines = [f"{number}-{number:032x}\n" for number in range(1, 60)]
    log.path.write_text("".join([*lines, log.play.token(log.job_id)]))
    chunk = await log.play.manager.jobs.log(log.job_id)
    assert chunk.text == "".join([*lines, f"{log.job_id}-…"])
    assert masked_in
    assert threading.current_thread() not in masked_in


# -- the whole of it -------------------------------------------------------------------


async def whole(log: Log) -> str:
    return "".join([piece async for piece in log.play.manager.jobs.whole_log(log.job_id)])


async def test_the_whole_log_comes_in_pieces_with_keys_masked(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[logs.__name__], "_WHOLE_PIECE_BYTES", 300)
    token = log.play.token(log.job_id)
    text = f"{'é' * 140}/{token}\n" * 9
    log.path.write_text(text, "utf-8")
    assert await whole(log) == text.replace(token, f"{log.job_id}-…")
    assert len(log.client.queries) >= 9


async def test_a_log_that_grows_is_sent_as_it_was(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[logs.__name__], "_WHOLE_PIECE_BYTES", 256)
    log.path.write_bytes(b"x" * 1000)
    pieces = log.play.manager.jobs.whole_log(log.job_id)
    read = await anext(pieces)
    async for piece in pieces:
        read += piece
        with log.path.open("ab") as file:
            file.write(b"y" * 1000)
    assert 1000 <= len(read) < 1300


async def test_a_log_that_goes_away_is_not_taken_for_whole(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[logs.__name__], "_WHOLE_PIECE_BYTES", 256)
    log.path.write_bytes(b"x" * 1000)
    pieces = log.play.manager.jobs.whole_log(log.job_id)
    await anext(pieces)
    log.path.unlink()
    with pytest.raises(ClientAbsent, match="to byte 256 only"):
        await anext(pieces)


async def test_no_log_is_not_found(log: Log) -> None:
    with pytest.raises(NotFound, match="No log yet"):
        await whole(log)


async def test_a_job_that_never_ran_says_that_there_will_be_no_log(log: Log) -> None:
    play, jobs = log.play, log.play.manager.jobs
    [waiting] = await play.apply("2")
    assert (await jobs.log(waiting.id, 0, 300)).missing == "No log yet."
    await play.kill(waiting.id)
    log.client.queries.clear()
    withdrawn = await jobs.log(waiting.id, 0, 300)
    assert withdrawn.missing == "robin withdrew it before it started: there will be no log."
    refused = await play.leased("3")
    await play.manager.port.refused(
        refused.job_id, refused.lease_token, "No such file.", play.client.found
    )
    failed = await jobs.log(refused.job_id, 0, 300)
    assert failed.missing == "Its script was not run: there will be no log."
    assert not log.client.queries


async def test_what_the_script_of_a_withdrawn_job_printed_can_be_read(log: Log) -> None:
    job_id = await log.play.starting()
    await log.play.kill(job_id)
    await log.play.tell(job_id, JobState.WITHDRAWN)
    log.path.write_text("about to submit\n", "utf-8")
    assert (await log.play.manager.jobs.log(job_id, 0, 300)).text == "about to submit\n"


# -- what an error is ------------------------------------------------------------------


PARTS = [
    *(
        "a",
        "\n",
        "\r",
        " ",
        "-",
        "Error",
        "0 errors",
        "no",
        "without exceptions",
        "TERM_X",
        "term_",
    ),
    *("Killed", "\u212ailled", "oom", "zoom", "can't", "\u00e9", "\u0130", "\ud800"),
]
#: what the rule is, in one pattern: to be plain, not quick
ERROR = re.compile(
    "|".join([*map(re.escape, error_lines.WORDS), r"\boom\b", "(?-i:TERM_)"]),
    re.IGNORECASE | re.ASCII,
)
NO_ERROR = re.compile(r"\b(?:0|no|without) (?:error|exception)s?\b", re.IGNORECASE | re.ASCII)


@given(st.lists(st.sampled_from(PARTS)).map("".join))
def test_the_quick_look_finds_the_lines_that_the_rule_names(text: str) -> None:
    starts, at = [], 0
    for line in text.split("\n"):
        tells = ERROR.search(NO_ERROR.sub("", line)) is not None
        assert error_lines.is_error(line) == tells
        if tells:
            starts.append(at)
        at += len(line) + 1
    assert list(error_lines.error_starts(text)) == starts


@pytest.mark.parametrize("line", ["detector zoom set; 0 errors in event 12345\n", "\n", "a zoom "])
def test_a_log_that_nearly_tells_of_errors_holds_nobody_up(line: str) -> None:
    piece = line * (1_000_000 // len(line))
    began_s = time.process_time()
    assert list(error_lines.error_starts(piece)) == []
    assert error_lines.first_error(piece) == ""
    assert time.process_time() - began_s < 0.15
