"""Every line of Python that the pages of jobs and of batch defs offer to copy runs as it stands.

`expressions.json` has a line of each kind; the page's own tests hold it equal to what the
page writes. Those of the drawer are in `test_copied_job_lines.py`, those of autorun in
`test_copied_autorun_lines.py`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from arp_nb.client import frames
from arp_nb.client.selection import run_numbers
from arp_nb.client.tables import Snapshot
from arp_nb.model import JobState
from tests.unit.standin_manager import NOW, job_row

VIEWS = Path(__file__).parents[2] / "labextension" / "src" / "views"
LINES: dict[str, str] = {
    one["case"]: one["line"]
    for page in ("jobs", "defs")
    for one in json.loads((VIEWS / page / "expressions.json").read_text("utf-8"))
}
#: files of the pages that write Python, each held by tests of its own to an `expressions.json`
WRITERS = {
    "autorun/expression.ts",
    "defs/backtest.ts",
    "defs_page.ts",
    "drawer/lines.ts",
    "jobs/expression.ts",
    "jobs/selection_bar.ts",
}
SNAPSHOT = Snapshot(
    jobs={}, definitions={}, runs={}, health=None, epoch="e", revision=7,
    as_of=NOW, stale=False,
)  # fmt: skip
ROWS = [
    job_row(1, 12, state=JobState.FAILED, native_state="EXIT", hash="smd"),
    job_row(2, 20, state=JobState.RUNNING, native_state="RUN", hash="smd"),
    job_row(3, 25, state=JobState.FAILED, native_state="EXIT", reason='KeyError: jung"FRAU'),
    job_row(4, 33, state=JobState.LOST),
    job_row(5, 40, state=JobState.PENDING, native_state="PEND", hash="cube"),
    job_row(6, 41, state=JobState.RUNNING, native_state="UNKWN"),
]
for _row in ROWS[:2]:
    _row["user"] = "alice"

#: case → ids that are found among `ROWS`, in the order of the line
FOUND = {
    "everything": [1, 2, 3, 4, 5, 6],
    "one status": [1, 3],
    "several statuses": [2, 5],
    "a status with a quote in it": [4, 6],
    "unknown since": [6],
    "mine": [1, 2],
    "runs": [1, 2, 3, 5, 6],
    "a search": [3],
    "status, mine and runs": [],
    "everything at once": [],
}


@pytest.fixture
def board() -> Any:
    """What a line sees as ``board``: real frames, and an apply that notes what it is given."""
    asked: list[dict[str, Any]] = []

    def apply(name: str, runs: Any, parameters: str | None = None, existing: str = "skip") -> None:
        given = {"name": name, "parameters": parameters, "existing": existing}
        asked.append(given | {"runs": run_numbers(runs)})

    frame = frames.jobs(ROWS, SNAPSHOT)
    jobs = SimpleNamespace(df=frame, selected=frame.head(2))
    definitions = SimpleNamespace(df=frames.definitions([], SNAPSHOT))
    return SimpleNamespace(jobs=jobs, definitions=definitions, apply=apply, asked=asked)


def run(line: str, board: Any) -> Any:
    return eval(line, {"board": board})  # noqa: S307 - that it can be executed is what is tried


@pytest.mark.parametrize("case", LINES)
def test_the_line_runs_as_it_stands(case: str, board: Any) -> None:
    result = run(LINES[case], board)
    assert case.startswith("apply") or isinstance(result, pd.DataFrame)


@pytest.mark.parametrize("case", FOUND)
def test_the_line_finds_what_the_page_shows(case: str, board: Any) -> None:
    assert list(run(LINES[case], board)["id"]) == FOUND[case]


@pytest.mark.parametrize("case", LINES)
def test_the_line_runs_where_there_are_no_jobs_yet(case: str, board: Any) -> None:
    board.jobs.df = board.jobs.selected = frames.jobs([], SNAPSHOT)
    result = run(LINES[case], board)
    assert case.startswith("apply") or list(result["id"]) == []


def test_no_other_part_of_the_pages_writes_python() -> None:
    own = [path for path in VIEWS.rglob("*.ts") if "__tests__" not in path.parts]
    writes = {path for path in own if re.search(r"[\"'`]board\.", path.read_text("utf-8"))}
    assert {str(path.relative_to(VIEWS)) for path in writes} == WRITERS


def test_parameters_arrive_as_they_were_typed(board: Any) -> None:
    run(LINES["apply again with other parameters"], board)
    [asked] = board.asked
    assert asked["parameters"] == "-q 'x y' \"z\""
    assert asked["existing"] == "again"
