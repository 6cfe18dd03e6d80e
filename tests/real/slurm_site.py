"""The whole product beside a real Slurm."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tests.contract.labs_slurm import cluster
from tests.real.product import Product, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from arp_nb.client.board import Board
    from arp_nb.client.job import Job

#: everything that waits, waits shortly; a hung Slurm is given up before its own 10 s
SETTINGS = """
locations = ["slurm", "local"]
accept_lost_reports = true
poll_min_s = 0.3
slow_after_s = 0.5
lost_after_s = 3
command_timeout_s = 3
kill_ignored_after_s = 1
"""


class SlurmSite:
    """A product that knows its cluster by one variable, and scripts for it."""

    def __init__(self, folder: Path) -> None:
        self.cluster = cluster()
        conf = self.cluster.environment["SLURM_CONF"]
        variables = f'environment = {{ SLURM_CONF = "{conf}" }}\n'
        self.product = Product(folder, f"{SETTINGS}{variables}")
        self._runs = 0

    def apply(self, board: Board, submit: str, **files: str) -> Job:
        """Apply a new script to a new run; other files lie beside it."""
        self._runs += 1
        for name, text in files.items():
            self.product.script(f"{name}.sh", f"#!/bin/sh\n{text}\n")
        script = self.product.script(f"submit{self._runs}.sh", f"#!/bin/bash\n{submit}\n")
        board.definitions.add(f"def{self._runs}", executable=str(script), parameters="p1")
        board.runs.start(self._runs)
        (job,) = board.apply(f"def{self._runs}", runs=self._runs)
        return job

    def ids(self) -> list[str]:
        """Return the ids of all jobs of this account that Slurm lists, oldest first."""
        done = self.cluster.run("squeue", "-h", "-t", "all", "-o", "%A", "-u", _user())
        return sorted(done.stdout.split(), key=int)

    def word(self, native_id: str) -> str:
        """Return the state that ``squeue`` shows."""
        done = self.cluster.run("squeue", "-h", "-t", "all", "-o", "%T", "-j", native_id)
        return done.stdout.strip()

    def close(self) -> None:
        """End the product, and all jobs of this account."""
        self.product.close()
        self.cluster.run("scancel", "--signal=KILL", "--full", "-u", _user())
        self.cluster.run("scancel", "-u", _user())
        wait_until(
            lambda: not self.cluster.run("squeue", "-h", "-u", _user()).stdout.strip(),
            "all jobs have ended",
        )


def _user() -> str:
    return str(os.getuid())


def scheduler_jobs(job: Job) -> list[dict[str, Any]]:
    """Return a job's scheduler jobs as the books have them."""
    answer = job._transport.call("GET", f"/jobs/{job.id}/history")
    found: list[dict[str, Any]] = answer["scheduler_jobs"]
    return found
