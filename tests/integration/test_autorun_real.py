"""Autorun on a real manager with a real batch client: scripts on disk, and folders of runs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import unix_connect

from arp_nb import discovery
from tests.integration.managers import RealManager, wait_until

EXPERIMENT = "xppauto"
ROOT = f"/experiments/{EXPERIMENT}"
#: one script submits at a time, so that one that waits holds up the next
SETTINGS = f"""\
locations = ["local"]
path_prepend = ["{Path(sys.executable).parent}"]
poll_min_s = 0.3
submission_slots = 1
"""
FOLDER = """\
[run_source.ffb]
kind = "folder"
experiments = ["{experiment}"]
path = "{path}"
pattern = "run{{run}}/*.h5"
quiet_s = {quiet_s}
"""


class Site:
    """A real manager with an experiment, and scripts of its user."""

    def __init__(self, folder: Path, sources: str = "") -> None:
        self.manager = RealManager(folder, f"{SETTINGS}{sources}")
        self.manager.start()
        self.ask("POST", "/experiments", {"name": EXPERIMENT})

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        return self.manager.call(method, path, body, **more).raise_for_status().json()

    def script(self, name: str, text: str) -> Path:
        path = self.manager.folder / f"{name}.sh"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def define(self, name: str, text: str, *, on: bool = True, **more: Any) -> int:
        """Add a definition, and check its box; return its id."""
        draft = {"name": name, "executable": str(self.script(name, text)), **more}
        added: int = self.ask("POST", f"{ROOT}/definitions", draft)["id"]
        if on:
            self.check(added)
        return added

    def check(self, definition_id: int, **more: Any) -> Any:
        return self.ask(
            "POST", f"{ROOT}/definitions/{definition_id}:autorun", {"on": True, **more}
        )

    def end(self, number: int) -> None:
        self.ask("PUT", f"{ROOT}/runs/{number}", {"ended_at": datetime.now(UTC).isoformat()})

    def lines(self, count: int, **which: Any) -> list[dict[str, Any]]:
        """Wait for lines of the ledger, newest first."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = self.ask("GET", f"{ROOT}/autorun/ledger", params=which)["entries"]
            return len(found) >= count

        wait_until(there, f"{count} lines in the ledger")
        return found

    def paused(self, definition_id: int) -> dict[str, Any]:
        """Wait until a definition is paused; return what differs from the consent."""
        found: dict[str, Any] = {}

        def there() -> bool:
            found.update(self.ask("GET", f"{ROOT}/definitions/{definition_id}/consent"))
            return bool(found["paused_why"])

        wait_until(there, f"definition {definition_id} paused")
        return found

    def job(self, job_id: int, *states: str) -> dict[str, Any]:
        """Wait until a job is in one of some states."""
        found: dict[str, Any] = {}

        def there() -> bool:
            found.update(self.ask("GET", f"/jobs/{job_id}"))
            return found["state"] in states

        wait_until(there, f"job {job_id} in {states}")
        return found


@pytest.fixture
def site(short_tmp: Path) -> Iterator[Site]:
    made = Site(short_tmp)
    yield made
    made.manager.close()


def test_a_run_that_ends_is_a_job_that_ends(site: Site) -> None:
    site.define("peaks", "exec bsub -o /dev/null true")
    site.define("fit", "exec bsub -o /dev/null true", trigger="AFTER", after="peaks")
    site.end(1)
    (peaks,) = site.lines(1, hash="peaks")
    (fit,) = site.lines(1, hash="fit")
    assert fit["cause"] == f"job {peaks['job_id']}"
    for line in (peaks, fit):
        job = site.job(line["job_id"], "done")
        assert (job["run"], job["hash"], job["user"]) == (1, line["hash"], line["user"])


def test_a_script_that_changed_between_decision_and_start_is_not_started(site: Site) -> None:
    go = site.manager.folder / "go"
    site.define("slow", f"while ! test -e {go}; do sleep 0.05; done; exit 1", on=False)
    started = site.manager.folder / "started"
    peaks = site.define("peaks", f"touch {started}; exec bsub -o /dev/null true")
    site.ask("PUT", f"{ROOT}/runs/7", {})
    applied = site.ask("POST", f"{ROOT}/jobs:apply", {"definition": "slow", "runs": "7"})
    site.job(applied["jobs"][0]["id"], "starting")
    site.end(1)
    (line,) = site.lines(1)
    assert line["outcome"] == "fired"
    script = site.script("peaks", f"touch {started}; exec bsub -o /dev/null rm -r /data")
    go.touch()
    job = site.job(line["job_id"], "submit_failed", "pending", "running", "done")
    assert f"{script} is not the script that autorun was checked for" in job["reason"]
    assert not started.exists()
    told = site.paused(peaks)
    assert (told["paused_why"], told["autorun"]) == ("script", True)
    assert told["paused_said"] == f"The script {script} was changed since."
    diff = told["script_diff"].splitlines()
    assert f"-touch {started}; exec bsub -o /dev/null true" in diff
    assert f"+touch {started}; exec bsub -o /dev/null rm -r /data" in diff
    assert told["changes"] == []


def test_what_ended_while_a_script_was_another_is_run_when_its_owner_says_so(site: Site) -> None:
    peaks = site.define("peaks", "exec bsub -o /dev/null true")
    site.script("peaks", "exec bsub -o /dev/null false")
    site.end(1)
    (waits,) = site.lines(1)
    assert (waits["outcome"], waits["why"]) == ("waiting", "consent")
    now = site.check(peaks, missed="run")
    assert now["paused_why"] == ""
    (fired,) = site.lines(1, outcome="fired")
    assert fired["id"] == waits["id"]
    assert site.job(fired["job_id"], "failed", "done")["state"] == "failed"


def test_a_folder_of_runs_starts_a_job_when_its_files_rest(short_tmp: Path) -> None:
    data = short_tmp / "data"
    data.mkdir()
    quiet_s = 2.0  # longer than the pauses between files, on a busy machine too
    source = FOLDER.format(experiment=EXPERIMENT, path=data, quiet_s=quiet_s)
    site = Site(short_tmp, source)
    try:
        site.define("peaks", "exec bsub -o /dev/null true")
        (data / "run12").mkdir()
        for number in range(4):
            last = data / "run12" / f"{number}.h5"
            last.write_text("data")
            time.sleep(0.1)
        (line,) = site.lines(1)
        assert (line["run"], line["outcome"]) == (12, "fired")
        decided = datetime.fromisoformat(line["decided_at"]).timestamp()
        assert decided - last.stat().st_mtime > 0.9 * quiet_s
        site.job(line["job_id"], "done")
        assert site.ask("GET", f"{ROOT}/runs/12")["source"] == "ffb"
        (shown,) = site.ask("GET", f"{ROOT}/autorun")["sources"]
        assert (shown["name"], shown["kind"], shown["ok"]) == ("ffb", "folder", True)
        assert "END_OF_RUN" in shown["gives"]
    finally:
        site.manager.close()


def test_a_source_that_is_down_is_shown_to_all_until_it_is_back(short_tmp: Path) -> None:
    data = short_tmp / "data"
    source = FOLDER.format(experiment=EXPERIMENT, path=data, quiet_s=0.2)
    site = Site(short_tmp, source)
    try:
        socket = str(site.manager.store / discovery.SOCKET_NAME)
        with unix_connect(socket, "ws://arp/arp/api/changes") as feed:
            feed.send(json.dumps({"subscribe": "system", "since": 0}))
            down = _told(feed, ok=False)
            assert (down["name"], down["said"].endswith("is not there.")) == ("ffb", True)
            assert site.ask("GET", "/autorun")["sources"] == [down]
            about = site.ask("GET", f"{ROOT}/autorun")
            assert any("ffb is down since" in one for one in about["caveats"])
            data.mkdir()
            up = _told(feed, ok=True)
            assert up["since"] > down["since"]
            assert site.ask("GET", "/autorun")["sources"] == [up]
        site.define("peaks", "exec bsub -o /dev/null true")
        (data / "run3").mkdir()
        (data / "run3" / "a.h5").write_text("data")
        assert site.lines(1)[0]["run"] == 3
    finally:
        site.manager.close()


def _told(feed: Any, *, ok: bool) -> dict[str, Any]:
    """Read the system feed until it tells that the one source is up, or down, once asked."""
    while True:
        message = json.loads(feed.recv(timeout=30))
        for source in message["upserts"].get("autorun", {}).get("sources", []):
            if source["ok"] is ok and "not asked" not in source["said"]:
                found: dict[str, Any] = source
                return found
