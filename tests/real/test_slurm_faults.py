"""Slurm's commands down, hung, talking nonsense, by half, or too late: nothing is lost or doubled.

What an outage of a minute shows is shown here in seconds: it lasts for several times of what
`SETTINGS` grant before a command is given up or a job is lost. Each fault is a location of
its own, so that all of them are had at the same time, from one manager and one real Slurm.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from arp_nb.model import JobState
from tests.contract.labs_slurm import cluster
from tests.real.product import Product, wait_until

if TYPE_CHECKING:
    from arp_nb.client.board import Board
    from arp_nb.client.job import Job

#: what a command is given, and after how long a job that nobody knows is lost
LIMIT_S, LOST_S = 1.0, 1.0
SETTINGS = f"""
accept_lost_reports = true
poll_min_s = 0.2
slow_after_s = 0.5
lost_after_s = {LOST_S}
command_timeout_s = {LIMIT_S}
kill_ignored_after_s = 1
"""
#: the commands that only ask, and the one that kills, while a file says that there is a fault
COMMAND = """#!/bin/sh
name=${0##*/}
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
[ -e "$FAULTS/now" ] || exec "$name" "$@"
echo >>"$FAULTS/asked-$FAULT"
case $FAULT in
  down) echo "$name: error: Unable to contact slurm controller (connect failure)" >&2; exit 1 ;;
  hung) exec sleep 600 ;;
  garbage) printf '\\001\\377|7|{\\n\\000[]\\n' ;;
  half) "$name" "$@" >"$FAULTS/$$"; head -c "$(($(wc -c <"$FAULTS/$$") / 2))" "$FAULTS/$$" ;;
  late) sleep 3; exec "$name" "$@" ;;
esac
"""
FAULTS = ("down", "hung", "garbage", "half", "late")


class Faulty:
    """A product with one location for each fault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "faults"
        self.folder.mkdir()
        for name in ("squeue", "sacct", "scontrol", "scancel"):
            (self.folder / name).write_text(COMMAND)
            (self.folder / name).chmod(0o755)
        conf = cluster().environment["SLURM_CONF"]
        shared = f'SLURM_CONF = "{conf}", FAULTS = "{self.folder}"'
        tables = [
            f'[location.{fault}]\nscheduler = "slurm"\npath_prepend = ["{self.folder}"]\n'
            f'environment = {{ {shared}, FAULT = "{fault}" }}'
            for fault in FAULTS
        ]
        self.product = Product(folder, "\n".join([SETTINGS, *tables]))
        self._scripts = 0

    def begin(self) -> None:
        (self.folder / "now").touch()

    def end(self) -> None:
        (self.folder / "now").unlink(missing_ok=True)

    def asked(self, fault: str) -> int:
        path = self.folder / f"asked-{fault}"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def apply(self, board: Board, fault: str, line: str) -> Job:
        self._scripts += 1
        name = f"def{self._scripts}"
        text = f"#!/bin/sh\nexec sbatch -J {fault}{self._scripts} -o /dev/null --wrap '{line}'\n"
        script = self.product.script(f"{name}.sh", text)
        board.definitions.add(name, executable=str(script), parameters="", location=fault)
        (job,) = board.apply(name, runs=1)
        return job


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    folder = Path(tempfile.mkdtemp(prefix="arp", dir="/tmp"))
    made = Faulty(folder)
    monkeypatch.setenv("ARP_STORE", str(made.product.store))
    monkeypatch.setenv("ARP_CLAIM", str(folder / "claim.json"))
    yield made
    made.end()
    made.product.close()
    cluster().run("scancel", "-u", "root")
    shutil.rmtree(folder, ignore_errors=True)


class Three(NamedTuple):
    """One job that ends meanwhile, one that is killed, and one that is submitted."""

    ends: Job
    killed: Job
    late: Job


def wait_for(job: Job, status: str, what: str) -> None:
    wait_until(lambda: re.fullmatch(status, job.status), what)


def test_no_outage_loses_or_doubles_a_job_or_a_kill(faulty: Faulty) -> None:
    with faulty.product.board() as board:
        board.runs.start(1)
        end = faulty.folder / "end"
        ends = {
            one: faulty.apply(board, one, f"while [ ! -e {end} ]; do sleep 0.1; done")
            for one in FAULTS
        }
        killed = {one: faulty.apply(board, one, "sleep 600") for one in FAULTS}
        for job in (*ends.values(), *killed.values()):
            wait_for(job, "RUNNING", "it runs")
        faulty.begin()
        end.touch()
        late = {one: faulty.apply(board, one, "exit 0") for one in FAULTS}
        jobs = {one: Three(ends[one], killed[one], late[one]) for one in FAULTS}
        for three in jobs.values():
            three.killed.kill()
        began_s = time.monotonic()
        for fault, three in jobs.items():
            wait_for(three.ends, r"Unknown since \d\d:\d\d", f"{fault} is shown")
            assert faulty.asked(fault), "and the fault was met"
        wait_until(lambda: time.monotonic() > began_s + 4 * max(LIMIT_S, LOST_S), "it lasts")
        for fault, three in jobs.items():
            assert three.ends.row["state"] == "running", fault
            assert three.killed.row["state"] == "running", fault
        faulty.end()
        for fault, three in jobs.items():
            assert three.ends.wait(timeout_s=60).status == "COMPLETED", fault
            assert three.killed.wait(timeout_s=60).state is JobState.KILLED, fault
            assert three.late.wait(timeout_s=60).status == "COMPLETED", fault
        names = cluster().run("squeue", "-h", "-t", "all", "-o", "%j", "-u", "root").stdout.split()
        made = [one for one in names if one.startswith(FAULTS)]
        assert len(made) == len(set(made)) == 3 * len(FAULTS), "each was submitted once"
