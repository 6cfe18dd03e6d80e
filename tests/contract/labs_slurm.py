"""Slurm, set up for tests: a real one, shared by all tests of a process."""

from __future__ import annotations

import atexit
import shlex
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from arp_nb.model import JobState, Reading
from arp_nb.schedulers.slurm import SlurmScheduler
from arp_nb.testing import Lab, until
from tests.missing import missing
from tests.slurm_cluster import ALICE, BOB, SlurmCluster, lacking

#: slurmctld looks at time limits every 30 s
WITHIN_S = 60.0
#: before a file and a command: runs the command, and adds a line to the file
_COUNTED = ("sh", "-c", 'echo >> "$0"; exec "$@"')


@cache
def cluster() -> SlurmCluster:
    """Return the cluster of this process; started once, and ended with it."""
    if why := lacking():
        missing(why)
    made = SlurmCluster()
    made.start()
    atexit.register(made.close)
    return made


async def told(
    lab: RealSlurm,
    native_id: str,
    enough: Callable[[Reading], bool],
    *,
    user: str = ALICE,
    ended: bool = False,
) -> Reading:
    """Poll as a user until a reading is enough; none before may be final, unless it ``ended``."""
    scheduler = lab.as_user(user) if user != ALICE else lab.scheduler
    reading: Reading | None = None
    end_s = time.monotonic() + WITHIN_S
    while time.monotonic() < end_s:
        reading = (await scheduler.poll([native_id])).readings.get(native_id)
        if reading is not None and enough(reading):
            return reading
        assert ended or reading is None or not reading.state.is_final, reading
    raise AssertionError(f"job {native_id} is still {reading}")


def over(reading: Reading) -> bool:
    """Whether a job has ended."""
    return reading.state.is_final


def running(reading: Reading) -> bool:
    """Whether a job runs."""
    return reading.state is JobState.RUNNING


class RealSlurm(Lab):
    """The Slurm adapter over a real cluster; jobs are one user's unless a test says so."""

    words: ClassVar[tuple[str, str, str]] = ("PENDING", "RUNNING", "CANCELLED")
    has_history: ClassVar[bool] = True
    has_arrays: ClassVar[bool] = True
    tells_cores: ClassVar[bool] = True

    @override
    def submitted(self, number: int) -> str:
        return f"Submitted batch job {number}"

    def __init__(self, folder: Path, own: SlurmCluster | None = None) -> None:
        folder.chmod(0o777)  # another user's jobs write there
        self.folder = folder
        self.cluster = own or cluster()
        self.scheduler = self.as_user(ALICE)

    def as_user(self, user: str, *, timeout_s: float = 20.0) -> SlurmScheduler:
        """Return a new adapter, whose commands are run by a user."""
        return SlurmScheduler(
            self.cluster.environment,
            timeout_s=timeout_s,
            command_prefix=(*_COUNTED, f"{self.folder}/commands", "runuser", "-u", user, "--"),
        )

    @override
    def commands_run(self) -> int:
        path = self.folder / "commands"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def control(self, *argv: str) -> None:
        """Run ``scontrol`` as an admin."""
        done = self.cluster.run("scontrol", *argv)
        assert done.returncode == 0, f"{shlex.join(done.args)}: {done.stderr}"

    def sbatch(self, *options: str, line: str, tag: str = "", user: str = ALICE) -> str:
        """Submit a job, and return its id."""
        mark = self.scheduler.tag_options(tag) if tag else ()
        log = ("-o", f"{self.folder}/%j.log")
        script = f"#!/bin/sh\n{line}\n"
        path = self.folder / f"script{len(list(self.folder.iterdir()))}.sh"
        path.write_text(script)
        done = self.cluster.run(
            "sbatch", *mark, *log, *options, str(path), user=user, cwd=self.folder
        )
        assert done.returncode == 0, f"{shlex.join(done.args)}: {done.stderr}"
        [native_id] = self.scheduler.submitted_ids(done.stdout)
        return native_id

    def word(self, native_id: str) -> str:
        """Return the state that ``squeue`` shows."""
        done = self.cluster.run("squeue", "-h", "-t", "all", "-o", "%T", "-j", native_id)
        return done.stdout.strip()

    def until(self, native_id: str, *words: str) -> None:
        until(lambda: self.word(native_id) in words, f"job {native_id} is {' or '.join(words)}")

    def until_accounted(self, native_id: str) -> None:
        """Wait until the accounting has the end of a job, too."""

        def has_end() -> bool:
            done = self.cluster.run("sacct", "-n", "-X", "-P", "-o", "End", "-j", native_id)
            return done.stdout.strip() not in {"", "Unknown", "None"}

        until(has_end, f"the accounting knows the end of job {native_id}")

    @override
    def log(self, native_id: str) -> Path:
        return self.folder / f"{native_id}.log"

    @override
    def pending(self, *, tag: str = "", options: Sequence[str] = ()) -> str:
        return self.sbatch("-p", "psdebugq", "--hold", *options, line="sleep 60", tag=tag)

    @override
    def array(self, size: int) -> str:
        return self.pending(options=(f"--array=0-{size - 1}",))

    @override
    def running(self, *, tag: str = "") -> str:
        native_id = self.sbatch("-p", "psdebugq", line="echo so far; exec sleep 60", tag=tag)
        log = self.log(native_id)
        until(lambda: log.exists() and "so far" in log.read_text(), "its first line is written")
        self.until(native_id, "RUNNING")
        return native_id

    @override
    def ended(self, exit_code: int, *, tag: str = "") -> str:
        native_id = self.sbatch("-p", "psdebugq", line=f"exit {exit_code}", tag=tag)
        self.until(native_id, "COMPLETED", "FAILED")
        self.until_accounted(native_id)
        return native_id

    @override
    def close(self) -> None:
        users = f"{ALICE},{BOB}"
        for user in (ALICE, BOB):
            self.cluster.run("scancel", "--signal=KILL", "--full", "-u", user)
            self.cluster.run("scancel", "-u", user)
        until(
            lambda: not self.cluster.run("squeue", "-h", "-u", users).stdout.strip(),
            "all jobs of the test have ended",
        )
