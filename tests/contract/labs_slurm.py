"""Slurm, set up for tests: a real one, shared by all tests of a process."""

from __future__ import annotations

import atexit
import shlex
from functools import cache
from pathlib import Path

from typing_extensions import override

from arp_nb.schedulers.slurm import SlurmScheduler
from tests.contract.labs import Lab, until
from tests.missing import missing
from tests.slurm_cluster import ALICE, SlurmCluster, lacking

#: jobs that run at once on its node
_CORES = 16


@cache
def cluster() -> SlurmCluster:
    """Return the cluster of this process; started once, and ended with it."""
    if why := lacking():
        missing(why)
    made = SlurmCluster()
    made.start()
    atexit.register(made.close)
    return made


class RealSlurm(Lab):
    """The Slurm adapter over a real cluster; all jobs are those of one user."""

    words = ("PENDING", "RUNNING", "CANCELLED")

    @override
    def submitted(self, number: int) -> str:
        return f"Submitted batch job {number}"

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o777)  # another user's jobs write there
        self.folder = folder
        self.cluster = cluster()
        self.scheduler = SlurmScheduler(
            self.cluster.environment, command_prefix=("runuser", "-u", ALICE, "--")
        )

    def sbatch(self, *options: str, line: str, tag: str = "") -> str:
        """Submit a job, and return its id."""
        mark = self.scheduler.tag_options(tag) if tag else ()
        log = ("-o", f"{self.folder}/%j.log")
        script = f"#!/bin/sh\n{line}\n"
        path = self.folder / f"script{len(list(self.folder.iterdir()))}.sh"
        path.write_text(script)
        done = self.cluster.run(
            "sbatch", *mark, *log, *options, str(path), user=ALICE, cwd=self.folder
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
    def pending(self, *, tag: str = "") -> str:
        return self.sbatch("-p", "psdebugq", "--hold", line="sleep 60", tag=tag)

    @override
    def running(self, *, tag: str = "") -> str:
        native_id = self.sbatch("-p", "psdebugq", line="echo so far; exec sleep 60", tag=tag)
        log = self.folder / f"{native_id}.log"
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
        self.cluster.run("scancel", "--signal=KILL", "--full", "-u", ALICE)
        self.cluster.run("scancel", "-u", ALICE)
        until(
            lambda: not self.cluster.run("squeue", "-h", "-u", ALICE).stdout.strip(),
            "all jobs of the test have ended",
        )
