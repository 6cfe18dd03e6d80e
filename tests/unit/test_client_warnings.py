"""What an apply warns of, and where one sees it: once, and not among the results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

import arp_nb
from arp_nb import cli, discovery
from arp_nb.cli import doctor
from arp_nb.client.transport import Transport
from tests.unit.standin_manager import StandIn, job_row

WARNING = "No job has reported from LSF yet."
APPLY = "/experiments/xppi0915/jobs:apply"
DRY = {
    "understood": "1",
    "skipped": [],
    "warnings": [WARNING],
    "dry_run": [{"run": 1, "argv": ["/s.sh", "xppi0915", "1"], "environment": {}}],
}


@pytest.fixture
def standin(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    standin = StandIn(short_tmp / "manager.sock")
    standin.start()
    monkeypatch.setattr(
        discovery, "find_or_start", lambda store=None: discovery.Address(standin.socket)
    )
    row = standin.jobs[1] = job_row(1)
    made = {"jobs": [row], "skipped": [], "understood": "1", "repeated": False}
    standin.answers["POST", APPLY] = (201, {**made, "warnings": [WARNING]})
    yield standin
    standin.stop()


def test_list_of_made_jobs_shows_its_warnings(
    standin: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    with arp_nb.connect("xppi0915") as board:
        made = board.apply("peaks", "1")
        assert made.warnings == [WARNING]
        assert repr(made).splitlines()[-1] == f"note: {WARNING}"
        assert made._repr_html_().count(WARNING) == 1
    assert capsys.readouterr() == ("", "")


def test_dry_run_shows_its_warnings(standin: StandIn) -> None:
    standin.answers["POST", APPLY] = (200, DRY)
    with arp_nb.connect("xppi0915") as board:
        planned = board.apply("peaks", "1", dry_run=True)
    assert planned.warnings == [WARNING]
    assert repr(planned).splitlines()[-1] == f"note: {WARNING}"
    assert planned._repr_html_().count(WARNING) == 1


@pytest.mark.parametrize("dry_run", [True, False])
def test_command_notes_warnings_on_stderr_alone(
    standin: StandIn, capsys: pytest.CaptureFixture[str], *, dry_run: bool
) -> None:
    if dry_run:
        standin.answers["POST", APPLY] = (200, DRY)
    assert cli.main(["apply", "xppi0915", "peaks", "1", *["--dry-run"][: int(dry_run)]]) == 0
    said = capsys.readouterr()
    assert WARNING not in said.out
    assert said.err == f"note: {WARNING}\n"


class Told:
    """A way to a manager that has told its status."""

    def check_version(self) -> dict[str, Any]:
        return {
            "version": "1",
            "api_version": 1,
            "revision": 1,
            "health": {"client": {"ok": True}, "schedulers": {}},
            "locations": {},
            "update_base": "http://127.0.0.1:9",
            "first_posts": {"lsf": None, "slurm": "2026-11-22T12:00:00+00:00"},
            "notices": [],
            "not_offered": {"slurm": "sbatch is not on the PATH"},
            "autorun": {"stopped": None, "sources": [], "cannot": [], "caveats": []},
        }

    def call(self, method: str, path: str) -> dict[str, Any]:
        assert (method, path) == ("GET", "/advice")
        return {"lsf": [{"ok": False, "said": "no bhist", "to_do": "put bhist on the PATH"}]}


def test_doctor_says_what_a_site_lacks_and_why_a_scheduler_is_not_offered(tmp_path: Path) -> None:
    found = {one.what: one for one in doctor._manager(cast("Transport", Told()), tmp_path)}
    assert not found["site lsf"].ok
    assert found["site lsf"].advice == "put bhist on the PATH"
    assert found["scheduler slurm"].found == "not offered: sbatch is not on the PATH"


def test_doctor_says_from_where_jobs_have_reported(tmp_path: Path) -> None:
    found = {one.what: one for one in doctor._manager(cast("Transport", Told()), tmp_path)}
    assert found["reports from lsf"].found == "no job has reported from lsf yet"
    assert "http://127.0.0.1:9; see update_listen" in found["reports from lsf"].advice
    assert "first at 2026-11-22T12:00 UTC" in found["reports from slurm"].found
