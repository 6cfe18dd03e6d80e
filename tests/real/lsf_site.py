"""The whole product beside a pretended LSF, whose master and nodes the test plays."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arp_nb.batch_client import environment
from tests.contract.labs import FAKEBIN
from tests.real.product import Product, wait_until

if TYPE_CHECKING:
    from arp_nb.client.board import Board
    from arp_nb.client.job import Job

#: everything that waits, waits shortly
SETTINGS = """
locations = ["lsf", "local"]
accept_lost_reports = true
poll_min_s = 0.2
slow_after_s = 0.5
lost_after_s = 3
"""
#: the interpreter itself, not a slow shim in front of it
PYTHON_FOLDER = Path(sys.base_exec_prefix) / "bin"
#: what a wrapper needs, and a job's node must not get
OURS = ("ARP_SPOOL", "ARP_TAG_OPTION", "ARP_ASK_OPTIONS", "ARP_VIA", "ARP_LOCK_FD")

#: the seed's command
SUBMIT = 'bsub -q psdebugq -o logs/%J.log python3 submit.py "$@"'


def now() -> str:
    """Return a moment as the pretended LSF keeps it: each command prints it in its own zone."""
    return f"@{int(time.time())}"


class LsfSite:
    """A cluster's book of jobs, its faults, and a product that knows only its commands."""

    def __init__(self, folder: Path) -> None:
        self.product = Product(folder)
        self.book = folder / "lsf"
        self.book.mkdir()
        (self.product.scripts / "logs").mkdir()
        self._runs = 0

    def set_in_config(self, *, command_timeout_s: int = 5) -> None:
        """Say in ``config.toml`` where the cluster is; each of its commands is a new Python."""
        config = f"""{SETTINGS}
            command_timeout_s = {command_timeout_s}
            path_prepend = ["{FAKEBIN}", "{PYTHON_FOLDER}"]
            environment = {{ FAKE_LSF = "{self.book}" }}
            """
        (self.product.store / "config.toml").write_text(config)

    def set_in_profile(self, home: Path) -> None:
        """Say in the user's profile where the cluster is, and nowhere else."""
        (self.product.store / "config.toml").write_text(SETTINGS)
        profile = f'PATH="{FAKEBIN}:{PYTHON_FOLDER}:$PATH"\nFAKE_LSF="{self.book}"\n'
        (home / ".profile").write_text(f"{profile}export PATH FAKE_LSF\n")
        shell = Path(environment.Account.own().shell).name
        assert shell in {"bash", "sh", "dash", "ksh"}, "the shell of the account reads .profile"

    def apply(self, board: Board, submit: str) -> Job:
        """Apply a new script to a new run; it lies beside its folder for logs."""
        self._runs += 1
        script = self.product.script(f"submit{self._runs}.sh", f"#!/bin/bash\n{submit}\n")
        board.definitions.add(f"def{self._runs}", executable=str(script), parameters="p1 p2")
        board.runs.start(self._runs)
        (job,) = board.apply(f"def{self._runs}", runs=self._runs)
        return job

    def submitted(self, board: Board, submit: str) -> tuple[Job, str]:
        """Apply a script and wait for LSF's id."""
        job = self.apply(board, submit)
        wait_until(lambda: job.native_id and job.status == "PEND", "the id is known")
        assert job.native_id is not None
        return job, job.native_id

    def running(self, board: Board, submit: str) -> tuple[Job, str]:
        """Apply a script, let LSF start its job, and wait until we know."""
        job, native_id = self.submitted(board, submit)
        self.start(native_id)
        wait_until(lambda: job.status == "RUN", "the job runs")
        return job, native_id

    # -- the cluster -------------------------------------------------------------------

    def ids(self) -> list[str]:
        """Return the ids of all jobs that LSF ever took, oldest first."""
        return sorted((path.stem for path in self.book.glob("[0-9]*.json")), key=int)

    def record(self, native_id: str) -> dict[str, Any]:
        """Return what LSF knows of a job."""
        record: dict[str, Any] = json.loads((self.book / f"{native_id}.json").read_text())
        return record

    def change(self, native_id: str, **values: str) -> None:
        """Let something happen to a job."""
        self._write(native_id, self.record(native_id) | values)

    def start(self, native_id: str) -> None:
        """Give a job to a node."""
        self.change(native_id, STAT="RUN", EXEC_HOST="node7", START_TIME=now())

    def end(self, native_id: str, word: str = "DONE", **values: str) -> None:
        """End a job."""
        self.change(native_id, STAT=word, FINISH_TIME=f"{now()} L", **values)

    def forget(self, native_id: str) -> dict[str, Any]:
        """Lose a job; return what `remember` takes."""
        record = self.record(native_id)
        (self.book / f"{native_id}.json").unlink()
        return record

    def remember(self, record: dict[str, Any]) -> None:
        """Know a job again."""
        self._write(record["JOBID"], record)

    def execute(self, native_id: str) -> int:
        """Do what a node does with a job; its output goes where ``-o`` says."""
        record = self.record(native_id)
        with self.output(native_id).open("ab") as output:
            return subprocess.run(
                ["/bin/sh", "-c", record["COMMAND"]],
                env=record["ENVIRONMENT"], cwd=record["SUB_CWD"],
                stdout=output, stderr=output, check=False, timeout=60,
            ).returncode  # fmt: skip

    def output(self, native_id: str) -> Path:
        """Return where a job's output goes."""
        record = self.record(native_id)
        return Path(record["SUB_CWD"], record["OUTPUT_FILE"].replace("%J", native_id))

    def fault(self, command: str, told: str) -> None:
        """Let one of LSF's commands fail."""
        (self.book / f"{command}.fault").write_text(told)

    def mend(self) -> None:
        """Let all commands work."""
        for fault in self.book.glob("*.fault"):
            fault.unlink()

    def calls(self, command: str) -> list[list[str]]:
        """Return the arguments of each call of a command."""
        lines = (self.book / "commands").read_text().splitlines()
        words = map(json.loads, lines)
        return [arguments for name, *arguments in words if name == command]

    def next_polls(self, number: int = 3) -> None:
        """Wait until LSF was asked some more times."""
        before = len(self.calls("bjobs"))
        wait_until(lambda: len(self.calls("bjobs")) >= before + number, "LSF is asked")

    def _write(self, native_id: str, record: dict[str, Any]) -> None:
        part = self.book / f"{native_id}.part"
        part.write_text(json.dumps(record))
        part.replace(self.book / f"{native_id}.json")


def scheduler_jobs(job: Job) -> list[dict[str, Any]]:
    answer = job._transport.call("GET", f"/jobs/{job.id}/history")
    found: list[dict[str, Any]] = answer["scheduler_jobs"]
    return found


def notes(job: Job) -> str:
    return "; ".join(job.row["notes"])
