"""Every line of Python that the drawer of a job offers to copy runs as it stands."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from arp_nb.client.job import Job
from arp_nb.client.log import Log
from arp_nb.client.tables import Snapshot
from tests.unit.standin_manager import NOW, job_row

VIEWS = Path(__file__).parents[2] / "labextension" / "src" / "views"
LINES: dict[str, str] = {
    one["case"]: one["line"]
    for one in json.loads((VIEWS / "drawer" / "expressions.json").read_text("utf-8"))
}
SNAPSHOT = Snapshot(
    jobs={}, definitions={}, runs={}, health=None, epoch="e", revision=7,
    as_of=NOW, stale=False,
)  # fmt: skip
ANSWERS: dict[str, Any] = {
    "/jobs/17/log": {"text": "x", "offset": 0, "next_offset": 1, "size_bytes": 1, "missing": ""},
    "/jobs/17/details": {"text": "Job <17>"},
    "/jobs/17/history": {"transitions": []},
    "/jobs/17/snapshot": {"argv": ["/s.sh"]},
    "/jobs/17:rerun": job_row(18, 1),
}
RERUNS = {
    "rerun": "",
    "rerun with more parameters": "--mem 16G",
    "rerun with a quoted parameter": "--title 'run 3'",
}


class Asked:
    """A way to a manager that answers at once, and notes what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []

    def call(self, _method: str, path: str, body: Any = None, **_more: Any) -> Any:
        self.bodies.append(body)
        return ANSWERS[path]


def run(line: str, asked: Asked) -> Any:
    live = SimpleNamespace(peek=lambda: SNAPSHOT, learn=lambda _kind, _rows: None)
    transport: Any = asked
    board = SimpleNamespace(job=lambda job_id: Job(transport, live, job_id))  # type: ignore[arg-type]
    return eval(line, {"board": board})  # noqa: S307 - that it can be executed is what is tried


@pytest.mark.parametrize("case", LINES)
def test_the_line_runs_as_it_stands(case: str) -> None:
    result = run(LINES[case], Asked())
    assert result is not None


def test_log_and_details_are_text_that_a_notebook_shows() -> None:
    assert isinstance(run(LINES["log"], Asked()), Log)
    assert run(LINES["details"], Asked()) == "Job <17>"


@pytest.mark.parametrize(("case", "extra"), RERUNS.items())
def test_more_parameters_arrive_as_they_were_typed(case: str, extra: str) -> None:
    asked = Asked()
    assert run(LINES[case], asked).id == 18
    assert asked.bodies[0]["extra_parameters"] == extra


def test_more_memory_and_time_arrive_in_mb_and_seconds() -> None:
    asked = Asked()
    assert run(LINES["rerun with more"], asked).id == 18
    assert (asked.bodies[0]["memory_mb"], asked.bodies[0]["time_s"]) == (16_000, 7_200)
