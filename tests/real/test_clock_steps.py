"""Somebody sets the machine's clock under a manager at work: nothing freezes, and nothing ends.

Only root may set the real one, for all of the machine. So the manager alone is started with a
wall clock that a test can step: Python reads ``sitecustomize`` before anything of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.real.lsf_site import SUBMIT, LsfSite, scheduler_jobs
from tests.real.product import wait_until

if TYPE_CHECKING:
    from arp_nb.client.board import Board

STEPPED = """
import os, time

real = time.time


def stepped():
    with open(os.environ["STEPPED_BY_S"]) as file:
        return real() + float(file.read())


if "STEPPED_BY_S" in os.environ:
    time.time = stepped
"""
HOUR_S = 3600.0


class Clock:
    """The wall clock of the managers that are started from here."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "stepped_by_s"
        self.step(0.0)
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(STEPPED)
        self.environment = {"PYTHONPATH": f"{folder}/site", "STEPPED_BY_S": str(self._file)}

    def step(self, by_s: float) -> None:
        """Set it to so many seconds after the real one."""
        new = self._file.with_suffix(".new")
        new.write_text(str(by_s))
        new.replace(self._file)


@pytest.fixture
def clock(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(short_tmp)
    for name, value in clock.environment.items():
        monkeypatch.setenv(name, value)
    return clock


@pytest.fixture
def stepped_board(clock: Clock, other_site: LsfSite) -> Iterator[Board]:
    assert clock.environment
    with other_site.product.board() as board:
        yield board


def post(site: LsfSite, native_id: str, events: int) -> None:
    url = site.record(native_id)["ENVIRONMENT"]["BATCH_UPDATE_URL"]
    answer = requests.post(url, json={"counters": {"Events": events}}, timeout=10)
    assert answer.status_code == 200


def test_a_clock_that_is_set_back_freezes_no_job_and_no_report(
    clock: Clock, other_site: LsfSite, stepped_board: Board
) -> None:
    job, native_id = other_site.running(stepped_board, SUBMIT)
    post(other_site, native_id, 1)
    wait_until(lambda: job.counters == {"Events": 1}, "the first report is there")
    clock.step(-HOUR_S)
    post(other_site, native_id, 2)
    wait_until(lambda: job.counters == {"Events": 2}, "and the one after the step")
    other_site.end(native_id)
    assert job.wait(timeout_s=30).status == "DONE"
    later, later_id = other_site.running(stepped_board, SUBMIT)
    other_site.end(later_id)
    assert later.wait(timeout_s=30).status == "DONE"
    for one in (job, later):
        told = one.history()
        assert list(told["new"])[-1] == "done"
        assert list(told["at"]) == sorted(told["at"]), "each after the one before"


def test_a_clock_that_is_set_forward_gives_up_nothing(
    clock: Clock, other_site: LsfSite, stepped_board: Board
) -> None:
    job, native_id = other_site.running(stepped_board, SUBMIT)
    other_site.fault("bsub", "wait")
    late = other_site.apply(stepped_board, SUBMIT)
    wait_until(lambda: late.status == "LSF_Slow", "bsub has been called")
    clock.step(24 * HOUR_S)
    other_site.next_polls()
    assert (job.status, late.status) == ("RUN", "LSF_Slow")
    other_site.mend()
    wait_until(lambda: late.status == "PEND", "it is submitted")
    ahead = late.history()["at"].iloc[-1] - datetime.now(UTC)
    assert ahead > timedelta(hours=23), "the step was met"
    other_site.end(native_id)
    assert job.wait(timeout_s=30).status == "DONE"
    assert [len(scheduler_jobs(one)) for one in (job, late)] == [1, 1]
    assert len(other_site.ids()) == 2, "none was submitted twice"
