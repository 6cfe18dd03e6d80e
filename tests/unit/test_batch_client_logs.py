"""Logs: bounded pieces, nothing but what the scheduler names, and no key in sight."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.batch_client.logs import LogReader, mask, read_piece
from arp_nb.batch_client.spool import Spool
from arp_nb.error_lines import first_error
from arp_nb.ports import LogChunk, LogQuery
from tests.batch_world import World

KEY = "0123456789abcdef" * 2


@pytest.fixture
def world(short_tmp: Path) -> World:
    return World(short_tmp)


def read(world: World, **more: object) -> LogChunk:
    async def story() -> LogChunk:
        reader = LogReader({"fake": world.scheduler}, Spool(world.folder / "spool"))
        told = {"native_id": "7", "spool_id": None, "location": "fake", **more}
        return await reader.read(LogQuery(job_id=1, **told))  # type: ignore[arg-type]

    return asyncio.run(story())


def log_of(world: World, content: bytes) -> Path:
    path = world.folder / "7.log"
    path.write_bytes(content)
    world.scheduler.logs["7"] = path
    return path


def test_a_log_read_in_pieces_asks_the_scheduler_once(world: World) -> None:
    async def story() -> None:
        path = log_of(world, b"x" * 100)
        reader = LogReader({"fake": world.scheduler}, Spool(world.folder / "spool"))
        query = LogQuery(job_id=1, native_id="7", spool_id=None, location="fake", limit_bytes=10)
        for offset in range(0, 100, 10):
            piece = await reader.read(replace(query, offset=offset))
            assert piece.next_offset == offset + 10
        assert world.scheduler.paths_asked == 1
        moved = world.folder / "moved.log"
        path.rename(moved)
        world.scheduler.logs["7"] = moved
        assert (await reader.read(query)).missing
        assert (await reader.read(query)).text == "x" * 10
        assert world.scheduler.paths_asked == 2

    asyncio.run(story())


@given(st.text(max_size=300), st.integers(min_value=1, max_value=40))
def test_pieces_put_together_are_the_whole_text(text: str, limit: int) -> None:
    whole = text.encode(errors="replace")
    with tempfile.NamedTemporaryFile() as file:
        file.write(whole)
        file.flush()
        path, offset, pieces = Path(file.name), 0, []
        while offset < len(whole):
            piece = read_piece((path,), offset, max(4, limit))
            assert piece.next_offset > piece.offset >= offset
            pieces.append(piece.text)
            offset = piece.next_offset
    assert "".join(pieces) == whole.decode()


@given(st.binary(max_size=200), st.integers(-250, 250), st.integers(0, 250))
def test_any_piece_of_any_bytes_can_be_asked_for(content: bytes, offset: int, limit: int) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        piece = read_piece((Path(file.name),), offset, limit)
    assert 0 <= piece.offset <= piece.next_offset <= piece.size_bytes == len(content)


@given(st.integers(0, 120), st.integers(1, 120))
def test_no_piece_shows_more_than_a_masked_key(offset: int, limit: int) -> None:
    text = f"The update_url is: http://h:1//ws/logbook/client_status/450-{KEY} \n"
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        piece = read_piece((Path(file.name),), offset, limit)
    masked = mask(text.encode()).decode()
    assert KEY not in masked
    assert piece.text == masked[piece.offset : piece.next_offset]


def test_end_of_a_log_is_asked_for_by_a_negative_offset(world: World) -> None:
    log_of(world, b"one\ntwo\nthree\n")
    chunk = read(world, offset=-6)
    assert (chunk.text, chunk.offset, chunk.next_offset) == ("three\n", 8, 14)
    assert chunk.source.endswith("7.log")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param("gone.log", "No file at ", id="gone"),
        pytest.param("", "cannot be read: not a regular file", id="folder"),
        pytest.param("pipe", "cannot be read: not a regular file", id="pipe"),
    ],
)
def test_log_that_cannot_be_read_says_so_in_words(world: World, path: str, words: str) -> None:
    os.mkfifo(world.folder / "pipe")
    world.scheduler.logs["7"] = world.folder / path
    assert words in read(world).missing


def test_empty_log_is_not_a_missing_one(world: World) -> None:
    log_of(world, b"")
    assert read(world).missing == "The log file is empty."


def test_running_job_without_a_file_is_peeked_at(world: World) -> None:
    world.scheduler.logs["7"] = world.folder / "later.log"
    world.scheduler.peeks["7"] = "Step: 1\n"
    chunk = read(world, offset=6)
    assert (chunk.text, chunk.source) == ("1\n", "FAKE, so far")


def test_scheduler_that_does_not_answer_is_quoted(world: World) -> None:
    world.scheduler.silent = True
    assert "LSF is down" in read(world).missing


@pytest.mark.parametrize("silent", [False, True])
def test_log_of_a_job_that_the_scheduler_forgot_is_where_it_once_said(
    world: World, *, silent: bool
) -> None:
    path = log_of(world, b"there all the same")
    world.scheduler.logs.clear()
    world.scheduler.silent = silent
    assert read(world, remembered_path=str(path)).text == "there all the same"


def test_what_the_scheduler_says_now_counts_more_than_what_it_once_said(world: World) -> None:
    log_of(world, b"new")
    assert read(world, remembered_path="/nowhere/old.log").text == "new"


def test_job_without_an_id_has_the_output_of_its_script(world: World) -> None:
    job = asyncio.run(world.submit("echo to stdout; echo to stderr >&2"))
    chunk = read(world, native_id=None, spool_id=job.spool_id)
    assert chunk.text == "to stdout\nto stderr\n"
    assert chunk.source == "output of the submission script"


@pytest.mark.parametrize("spool_id", [None, "../../etc", "1-0123456789ab"])
def test_job_without_anything_has_no_log(world: World, spool_id: str | None) -> None:
    assert read(world, native_id=None, spool_id=spool_id).missing.startswith("No log")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a\nERROR: no beam\nerror 2\n", "ERROR: no beam", id="first"),
        pytest.param(
            'Traceback (most recent call last):\n  File "x.py", line 1\nKeyError: 3\n',
            "KeyError: 3",
            id="traceback",
        ),
        pytest.param("x: line 1: 7 Killed python\n", "x: line 1: 7 Killed python", id="killed"),
        pytest.param("a\nTERM_OWNER: job killed by owner.\n", "TERM_OWNER", id="lsf"),
        pytest.param("all went well\n0 errors, no exceptions\n", "", id="none"),
        pytest.param("Traceback (most recent call last):", "Traceback (most", id="torn"),
    ],
)
def test_error_line_is_the_one_that_says_what_went_wrong(text: str, line: str) -> None:
    found = first_error(text)
    assert found.startswith(line)
    assert bool(found) == bool(line)


@given(st.text())
def test_any_text_may_be_looked_through_for_errors(text: str) -> None:
    assert len(first_error(text)) <= 300


def test_a_word_that_only_holds_oom_is_no_error() -> None:
    assert first_error("zoom lens in the room\ntask 3: OOM, ended") == "task 3: OOM, ended"
