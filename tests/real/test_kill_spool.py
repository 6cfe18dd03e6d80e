"""SIGKILL of shims, scripts and the batch client at random points of many submissions.

The promise: no request is lost, no script is started twice for one request, and each request
ends as a job, *Submit failed* or *Submission uncertain*.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from arp_nb.model import JobState
from arp_nb.testing import FakeScheduler
from tests.fake_port import FakeJob
from tests.real.batch_process import load, save

ROOT = Path(__file__).parents[2]
#: the promise's three ends
ENDS = {JobState.SUBMIT_FAILED, JobState.UNCERTAIN}
#: what is killed beside the batch client, by a word on its command line: the real bsub too
VICTIMS = ("shim.py", ".sh", "wrappers/bsub", "bin/bsub")
#: scripts of several tempers; $1 is the number of the job
SCRIPTS = {
    "plain": "sleep 0.0$(($1 % 7)); bsub python a.py $1",
    "chain": "bsub python a.py $1; sleep 0.1; bsub python b.py $1",
    "bypass": "sleep 0.05; {bin}/bsub python a.py $1",
    "refused": "sleep 0.05; bsub -refuse nowhere $1",
    "quiet": "BSUB_QUIET=1 bsub python a.py $1",
}


class Massacre:
    """Submissions, and something that kills at random what works on them."""

    def __init__(self, folder: Path, rounds: int, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)  # noqa: S311 - to be repeatable, not secret
        self.scheduler = FakeScheduler(folder)
        self.kills: Counter[str] = Counter()
        jobs = {}
        for number in range(1, rounds + 1):
            name = self.random.choice(list(SCRIPTS))
            jobs[number] = FakeJob(id=number, argv=(self._script(name), str(number)))
        save(folder / "books", jobs)

    def _script(self, name: str) -> str:
        path = self.folder / f"{name}.sh"
        if not path.exists():
            body = SCRIPTS[name].replace("{bin}", str(self.scheduler.bin))
            path.write_text(f"#!/bin/sh\necho $1 >> {self.folder}/starts\n{body}\n")
            path.chmod(0o755)
        return str(path)

    def run(self, within_s: float) -> dict[int, FakeJob]:
        """Kill until every submission is settled; return the books."""
        deadline_s = time.monotonic() + within_s
        client = self._client()
        try:
            while time.monotonic() < deadline_s:
                self._wait(0.02, 0.25)
                if client.poll() is not None or self.random.random() < 0.15:
                    client.kill()
                    client.wait()
                    self.kills["client"] += 1
                    client = self._client()
                for word in VICTIMS:
                    self._kill_one(word)
                jobs = load(self.folder)
                if all(is_settled(job) for job in jobs.values()):
                    return jobs
        finally:
            client.kill()
            client.wait()
        open_jobs = [job for job in load(self.folder).values() if not is_settled(job)]
        pytest.fail(f"not settled in {within_s:g} s: {open_jobs}")

    def _client(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.real.batch_process", str(self.folder)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _wait(self, least_s: float, most_s: float) -> None:
        time.sleep(self.random.uniform(least_s, most_s))  # the random point is the test

    def _kill_one(self, word: str) -> None:
        """Kill, half of the times, one process of ours that has a word on its command line."""
        if self.random.random() < 0.5:
            return
        found = [pid for pid in psutil.pids() if self._is_ours(pid, word)]
        if found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.random.choice(found), 9)
                self.kills[word] += 1

    def _is_ours(self, pid: int, word: str) -> bool:
        try:
            process = psutil.Process(pid)
            line = " ".join(process.cmdline())
            ours = f"{self.folder}/" in line or process.cwd() == str(self.folder)
        except psutil.Error:
            return False
        return ours and word in line

    @property
    def starts(self) -> Counter[int]:
        file = self.folder / "starts"
        return Counter(map(int, file.read_text().split())) if file.exists() else Counter()

    @property
    def native_ids(self) -> dict[int, list[str]]:
        """Ids in the scheduler's own book, by our job."""
        found: dict[int, list[str]] = {}
        for native in self.scheduler.ids():
            number = int(self.scheduler.lines(native)[2].split()[-1])
            found.setdefault(number, []).append(native)
        return found


def is_settled(job: FakeJob) -> bool:
    return job.state in ENDS or job.state.is_submitted


def massacre(folder: Path, rounds: int, *, seed: int, within_s: float) -> Massacre:
    """Hold a promise against ``rounds`` submissions; also for longer runs than this test's."""
    scene = Massacre(folder, rounds, seed)
    jobs = scene.run(within_s)
    assert len(jobs) == rounds
    assert max(scene.starts.values()) == 1, "a script was started twice"
    real = scene.native_ids
    for job in jobs.values():
        if job.state is JobState.SUBMIT_FAILED:
            assert job.id not in real, f"{job} failed, but the scheduler has {real[job.id]}"
        if job.state.is_submitted:
            assert set(job.ids) <= set(real[job.id]), f"{job} has another's id"
    assert set(real) <= set(scene.starts)
    return scene


def test_no_kill_starts_a_script_twice_or_loses_a_request(short_tmp: Path) -> None:
    scene = massacre(short_tmp, rounds=40, seed=20261122, within_s=120)
    assert scene.kills["client"] > 0
    assert sum(scene.kills[word] for word in VICTIMS) > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(5))
def test_no_kill_breaks_the_promise_in_a_long_run(short_tmp: Path, seed: int) -> None:
    massacre(short_tmp, rounds=200, seed=seed, within_s=600)
