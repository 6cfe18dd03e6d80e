"""Autorun's promise, by force: each run is decided on once, whenever the manager is killed.

Runs end through the API and in a folder; the manager process, which the batch client is part
of, is killed at random points meanwhile, and its supervisor starts the next one.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from arp_nb import discovery
from arp_nb.daemon import record
from tests.integration.managers import RealManager, wait_until

EXPERIMENT = "xppkill"
SETTINGS = """\
locations = ["local"]
path_prepend = ["{bin}"]
poll_min_s = 0.5
lease_s = 2
local_slots = 2

[run_source.ffb]
kind = "folder"
experiments = ["{experiment}"]
path = "{data}"
pattern = "run{{run}}/*.h5"
quiet_s = 0.3
"""
#: hash, and what it adds to its definition; what others wait for is not on the last runs, so
#: that it need not wait behind the starts of all
DEFINITIONS: dict[str, dict[str, str]] = {
    "half": {"trigger": "END_OF_RUN", "predicate": "run % 2 == 0"},
    "tenth": {"trigger": "END_OF_RUN", "predicate": "run % 10 == 1 and run < {most}"},
    "fit": {"trigger": "AFTER", "after": "tenth"},
}
#: real jobs where another definition waits for their end; the others submit nothing
SUBMITS = {"tenth": "exec bsub -o /dev/null true"}


class Site:
    """A manager that watches a folder, and is killed now and then."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.data = folder / "data"
        self.starts = folder / "starts"
        for one in (self.data, self.starts):
            one.mkdir()
        settings = SETTINGS.format(
            bin=Path(sys.executable).parent, experiment=EXPERIMENT, data=self.data
        )
        self.manager = RealManager(folder, settings)
        self.random = random.Random(seed)  # noqa: S311 - not for secrets
        self.killed = 0
        #: kills that found nobody: the next manager was being started
        self.owed = 0
        self._timers: list[threading.Timer] = []
        socket = str(self.manager.store / discovery.SOCKET_NAME)
        # one for all calls: to make one takes as long as some of them
        self._client = httpx.Client(transport=httpx.HTTPTransport(uds=socket), timeout=30)

    def define(self, most: int) -> None:
        """Add the definitions, and check their boxes."""
        self.ask("POST", "/experiments", {"name": EXPERIMENT})
        for name, fields in DEFINITIONS.items():
            script = self.manager.folder / f"{name}.sh"
            body = SUBMITS.get(name, "exit 1")
            script.write_text(f"#!/bin/sh\nprintf x >> {self.starts}/$ARP_JOB_ID\n{body}\n")
            script.chmod(0o755)
            more = {key: value.format(most=most) for key, value in fields.items()}
            draft = {"name": name, "executable": str(script), **more}
            added = self.ask("POST", f"/experiments/{EXPERIMENT}/definitions", draft)
            path = f"/experiments/{EXPERIMENT}/definitions/{added['id']}:autorun"
            self.ask("POST", path, {"on": True})

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Call until the manager that answers lives long enough to do so."""
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.TransportError):
                url = f"http://arp/arp/api{path}"
                answer = self._client.request(method, url, json=body, **more)
                if answer.status_code < 500:
                    return answer.raise_for_status().json()
            assert time.monotonic() < deadline, f"{method} {path} was never answered"
            time.sleep(0.01)

    def kill_soon(self) -> None:
        """SIGKILL the manager process in the next moment, whatever it does then."""
        timer = threading.Timer(self.random.uniform(0, 0.15), self._kill)
        self._timers.append(timer)
        timer.start()

    def _kill(self) -> None:
        told = record.read(self.manager.store)
        if told is not None and told.manager is not None and told.manager.runs():
            with contextlib.suppress(ProcessLookupError):
                os.kill(told.manager.pid, signal.SIGKILL)
                self.killed += 1
                return
        self.owed += 1

    def kill_again(self) -> None:
        """Do soon what a kill that found nobody could not."""
        if self.owed:
            self.owed -= 1
            self.kill_soon()

    def kill_until(self, killed: int) -> None:
        """Kill until it has been done so often, where a busy machine was slow to start again."""
        while self.killed < killed:
            self.kill_soon()
            self._timers[-1].join()

    def end(self, number: int) -> None:
        """End a run, by the API or by a file that rests."""
        if number % 5 < 3:
            path = f"/experiments/{EXPERIMENT}/runs/{number}"
            self.ask("PUT", path, {"ended_at": datetime.now(UTC).isoformat()})
        else:
            folder = self.data / f"run{number}"
            folder.mkdir()
            (folder / "a.h5").write_text("data")

    def tallies(self) -> dict[str, dict[str, Any]]:
        """How the autorun of each definition stands, by its hash."""
        told = self.ask("GET", f"/experiments/{EXPERIMENT}/autorun")["definitions"]
        return {one["name"]: one for one in told}

    def ledger(self, name: str) -> list[dict[str, Any]]:
        """All lines of a hash, newest first."""
        found: list[dict[str, Any]] = []
        path, asked = f"/experiments/{EXPERIMENT}/autorun/ledger", {"hash": name, "limit": 500}
        while True:
            answer = self.ask("GET", path, params=asked)
            found += answer["entries"]
            if not answer["more"]:
                return found
            asked["before_id"] = found[-1]["id"]

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs, oldest first."""
        answer = self.ask("GET", f"/experiments/{EXPERIMENT}/jobs", params={"limit": 100_000})
        return sorted(answer["jobs"], key=lambda job: int(job["id"]))

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
            timer.join()
        self._client.close()
        self.manager.close()


def at_rest(site: Site, runs: int) -> bool:
    """Whether all is decided, what others run after is over, and what runs after it is made."""
    time.sleep(0.2)  # the manager has better things to do than to answer this
    if site.tallies()["tenth"]["active"]:
        return False
    if any(len(site.ledger(name)) < runs for name in ("half", "tenth")):
        return False
    # only now: what was decided on while the ledger was read is active
    tallies = site.tallies()
    if tallies["tenth"]["active"] or not tallies["fit"]["fired"]:
        return False
    upstream = [job["state"] for job in site.jobs() if job["hash"] == "tenth"]
    return upstream.count("done") == int(tallies["fit"]["fired"])


def hold_to_promise(site: Site, runs: int, most: int) -> None:
    """Compare ledger, jobs and starts with what was to happen."""
    jobs = site.jobs()
    wanted = {
        "half": [number for number in range(1, runs + 1) if number % 2 == 0],
        "tenth": [number for number in range(1, most) if number % 10 == 1],
    }
    wanted["fit"] = [
        job["run"] for job in jobs if job["hash"] == "tenth" and job["state"] == "done"
    ]
    assert len(wanted["fit"]) > 0.8 * len(wanted["tenth"])
    for name, expected in wanted.items():
        made = [job for job in jobs if job["hash"] == name]
        assert sorted(job["run"] for job in made) == sorted(expected), "each once, none missing"
        lines = site.ledger(name)
        fired = {line["job_id"]: line["run"] for line in lines if line["outcome"] == "fired"}
        assert fired == {int(job["id"]): job["run"] for job in made}
        if name != "fit":
            assert sorted(line["run"] for line in lines) == list(range(1, runs + 1))
            skipped = [line["why"] for line in lines if line["outcome"] != "fired"]
            assert Counter(skipped) == {"predicate": runs - len(expected)}
            for told in (range(3), range(3, 5)):  # those of the API, those of the folder
                order = [job["run"] for job in made if job["run"] % 5 in told]
                assert order == sorted(order), "jobs come in the order of the runs' ends"
    starts = {path.name: path.stat().st_size for path in site.starts.iterdir()}
    assert not {job: count for job, count in starts.items() if count > 1}, "started twice"


def kill_while_runs_end(site: Site, *, runs: int, kills: int) -> None:
    site.manager.start()
    most = runs * 6 // 10
    site.define(most)
    kill_at = set(site.random.sample(range(1, runs + 1), kills))
    for number in range(1, runs + 1):
        if number in kill_at:
            site.kill_soon()
        else:
            site.kill_again()
        site.end(number)
    site.kill_until(kills * 6 // 10 + 1)
    wait_until(lambda: at_rest(site, runs), "all is decided, and done", runs * 0.5)
    assert site.killed > kills * 0.6
    hold_to_promise(site, runs, most)


def test_each_run_fires_once_however_often_the_manager_is_killed(short_tmp: Path) -> None:
    site = Site(short_tmp, seed=20261127)
    with contextlib.closing(site):
        kill_while_runs_end(site, runs=500, kills=12)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killing_goes_on_for_thousands_of_runs(short_tmp: Path) -> None:
    seed = int(os.environ.get("ARP_SEED", time.time_ns() % 10**9))
    print(f"ARP_SEED={seed}")  # noqa: T201
    site = Site(short_tmp, seed)
    with contextlib.closing(site):
        kill_while_runs_end(site, runs=3000, kills=100)
