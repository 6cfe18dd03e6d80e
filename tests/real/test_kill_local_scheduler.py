"""SIGKILL at random moments: no job of the local scheduler runs twice, and none is forgotten."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from arp_nb.schedulers.local.engine.book import Book
from arp_nb.schedulers.local.engine.records import Job
from arp_nb.testing import until
from tests.contract.labs import RealLocal

SUBMISSIONS = 40
DICE = random.Random(20261122)  # noqa: S311 - to be thrown again the same way


def jobs(local: RealLocal) -> list[Job]:
    with Book(str(local.folder / "local")) as book:
        book.look()
        return book.all_jobs()


def submit_and_kill(local: RealLocal, number: int, starts: Path) -> str:
    """Submit a job that notes its start; kill `bsub` soon; return what it had printed."""
    process = subprocess.Popen(
        [local.scheduler.path_prepend[0] / "bsub", "-Jd", f"tag-{number}",
         f"echo {number} >> {starts}; sleep 0.1"],
        env=local.environment, cwd=local.folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, start_new_session=True, text=True,
    )  # fmt: skip
    time.sleep(DICE.uniform(0.0, 0.3))
    process.kill()
    printed, _ = process.communicate()
    return printed


def kill_supervisors(local: RealLocal, stop: threading.Event) -> None:
    while not stop.wait(DICE.uniform(0.05, 0.4)):
        running = [job for job in jobs(local) if job.state == "RUN" and job.supervisor_pid]
        if running:
            try:
                os.kill(DICE.choice(running).supervisor_pid or -1, signal.SIGKILL)
            except ProcessLookupError:
                continue


@pytest.mark.parametrize("also_supervisors", [False, True])
def test_every_job_in_the_book_starts_at_most_once(
    short_tmp: Path, *, also_supervisors: bool
) -> None:
    local = RealLocal(short_tmp, slots=3)
    starts = short_tmp / "starts"
    starts.touch()
    stop = threading.Event()
    killer = threading.Thread(target=kill_supervisors, args=(local, stop))
    if also_supervisors:
        killer.start()
    printed = [submit_and_kill(local, number, starts) for number in range(SUBMISSIONS)]
    stop.set()
    if also_supervisors:
        killer.join()

    def all_over() -> bool:
        local.command("bjobs")  # whoever looks starts what should have been started
        return all(job.state in {"DONE", "EXIT"} for job in jobs(local))

    until(all_over, "every job has ended", deadline_s=60)
    tags = Counter(job.description for job in jobs(local))
    runs = Counter(f"tag-{line}" for line in starts.read_text().split())
    assert set(tags.values()) <= {1}
    assert set(runs.values()) <= {1}
    assert runs.keys() <= tags.keys()
    for number, line in enumerate(printed):
        assert not line or f"tag-{number}" in tags, "an id was printed and is not in the book"
    ended = {job.description: job for job in jobs(local)}
    for tag, job in ended.items():
        if job.state == "DONE":
            assert runs[tag] == 1
        else:
            assert also_supervisors
            assert job.reason == "its supervisor was killed"
