"""The manager's log: bounded while two processes write it, and readable while all fails."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from arp_nb.daemon.log import Folding
from arp_nb.daemon.log_file import LogFile


@contextmanager
def log_in(folder: Path) -> Iterator[Path]:
    """Let standard error and output be a file for a while."""
    path = folder / "manager.log"
    saved = [os.dup(stream) for stream in (1, 2)]
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)
    try:
        yield path
    finally:
        for stream, before in zip((1, 2), saved, strict=True):
            os.dup2(before, stream)
            os.close(before)


def test_large_log_is_put_aside_and_both_its_writers_go_on_in_the_new_one(
    tmp_path: Path,
) -> None:
    with log_in(tmp_path) as log:
        manager, supervisor = LogFile(log, most_bytes=100), LogFile(log, most_bytes=100)
        old = os.dup(2)
        os.write(2, b"x" * 101)
        manager.rotate_if_large()
        os.write(2, b"manager\n")
        # the supervisor is another process, whose standard error is still the old file
        os.dup2(old, 2)
        os.dup2(old, 1)
        os.close(old)
        supervisor.follow()
        os.write(2, b"supervisor\n")
        os.write(1, b"and output\n")
    assert log.read_bytes() == b"manager\nsupervisor\nand output\n"
    assert log.with_name("manager.log.1").read_bytes() == b"x" * 101
    assert log.stat().st_mode & 0o777 == 0o600


def test_log_never_takes_more_than_two_files(tmp_path: Path) -> None:
    with log_in(tmp_path) as log:
        file = LogFile(log, most_bytes=1000)
        for _ in range(500):
            os.write(2, b"a line of the log\n")
            file.rotate_if_large()
    sizes = [one.stat().st_size for one in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) < 1100


def test_terminal_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "manager.log"
    path.write_bytes(b"of an earlier one")
    before = os.fstat(2)
    file = LogFile(path, most_bytes=1)
    file.rotate_if_large()
    file.follow()
    assert os.path.samestat(before, os.fstat(2))
    assert path.read_bytes() == b"of an earlier one"


class Journal:
    """What comes of records, on a clock that stands."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.lines: list[str] = []
        self._folding = Folding(lambda: self.now_s)

    def fail(self, text: str, why: str = "the disk is full") -> None:
        info = (OSError, OSError(why), None)
        self._take(logging.LogRecord("arp", logging.ERROR, "poll.py", 7, text, (), info))

    def say(self, text: str) -> None:
        self._take(logging.LogRecord("arp", logging.INFO, "poll.py", 9, text, (), None))

    def _take(self, record: logging.LogRecord) -> None:
        for one in self._folding.take(record):
            self.lines.append(f"{one.getMessage()}{' +traceback' if one.exc_info else ''}")


def test_traceback_that_is_repeated_is_told_once_and_counted() -> None:
    journal = Journal()
    for _ in range(38):
        journal.fail("poll failed")
    assert journal.lines == ["poll failed +traceback"]
    journal.now_s = 61.0
    journal.say("well again")
    assert journal.lines[1:] == ["poll failed (… 37 times more)", "well again"]
    journal.now_s = 200.0
    journal.say("still well")
    assert journal.lines[3:] == ["still well"]


def test_another_traceback_of_the_place_is_told_behind_the_count() -> None:
    journal = Journal()
    journal.fail("poll failed")
    journal.fail("poll failed")
    journal.fail("poll failed", "no such host")
    assert journal.lines[1:] == ["poll failed (… 1 times more)", "poll failed +traceback"]


def test_another_job_with_the_same_traceback_is_named_without_it() -> None:
    journal = Journal()
    journal.fail("job 1: not started")
    journal.fail("job 2: not started")
    assert journal.lines[1:] == ["job 2: not started (traceback as before)"]


def test_what_has_no_traceback_is_always_told() -> None:
    journal = Journal()
    journal.say("a")
    journal.say("a")
    assert journal.lines == ["a", "a"]
