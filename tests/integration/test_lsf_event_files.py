"""Which of LSF's event files are read for jobs that its list has forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from arp_nb.errors import SchedulerTimeout
from arp_nb.model import JobState
from arp_nb.schedulers.lsf import LsfScheduler

pytestmark = pytest.mark.anyio


class Files:
    """A ``bhist`` that tells one thing of the newest event file, and one of all."""

    def __init__(self, folder: Path, *, newest: str, every: str, timeout_s: float = 20.0) -> None:
        self._calls = folder / "calls"
        command = folder / "bhist"
        (folder / "newest").write_text(newest)
        (folder / "every").write_text(every)
        # a file that holds nothing is one that takes too long
        command.write_text(
            f'#!/bin/sh\necho "$*" >> {self._calls}\n'
            f'case "$*" in *-n*) file=every ;; *) file=newest ;; esac\n'
            f"[ -s {folder}/$file ] || exec sleep 100\ncat {folder}/$file\n"
        )
        command.chmod(0o755)
        environment = {"PATH": f"{folder}:/usr/bin:/bin"}
        self.scheduler = LsfScheduler(environment, timeout_s=timeout_s)

    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines()


def told(native_id: str, end: str = "Done successfully") -> str:
    return (
        f"\nJob <{native_id}>, User <me>, Command <x>\n"
        "Sun Nov 22 18:00:00: Submitted from host <h>, to Queue <q>;\n"
        f"Sun Nov 22 18:02:00: {end};\n"
    )


async def test_all_event_files_are_read_only_for_what_the_newest_does_not_settle(
    tmp_path: Path,
) -> None:
    alive, every = told("8", "Starting (Pid 1)"), told("8") + told("9")
    files = Files(tmp_path, newest=told("7") + alive, every=every)
    poll = await files.scheduler.history(["7", "8", "9"])
    assert poll.readings.keys() == {"7", "8", "9"}
    assert files.calls() == ["-l 7 8 9", "-l -n 0 8 9"]
    assert (await files.scheduler.history(["7"])).readings.keys() == {"7"}
    assert files.calls()[2:] == ["-l 7"]


async def test_the_newest_event_file_is_not_the_last_word_on_an_array(tmp_path: Path) -> None:
    failed = told("7[2]", "Exited with exit code 3")
    files = Files(tmp_path, newest=told("7[1]"), every=told("7[1]") + failed)
    poll = await files.scheduler.history(["7"])
    assert poll.readings["7"].state is JobState.FAILED


async def test_a_long_history_has_more_time_than_other_commands(tmp_path: Path) -> None:
    files = Files(tmp_path, newest="", every="", timeout_s=0.2)
    with pytest.raises(SchedulerTimeout, match=r"no answer in 0\.6 s"):
        await files.scheduler.history(["7"])
    assert files.calls() == ["-l 7", "-l -n 0 7"]
