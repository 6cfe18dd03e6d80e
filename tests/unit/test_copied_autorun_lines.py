"""Every line of Python that the page of autorun offers to copy runs as it stands."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from arp_nb.client.autorun import Autorun
from arp_nb.client.tables import Snapshot
from tests.unit.standin_manager import NOW

VIEWS = Path(__file__).parents[2] / "labextension" / "src" / "views"
LINES: dict[str, str] = {
    one["case"]: one["line"]
    for one in json.loads((VIEWS / "autorun" / "expressions.json").read_text("utf-8"))
}
SNAPSHOT = Snapshot(
    jobs={}, definitions={1: {"name": "smd"}}, runs={}, health=None, epoch="e", revision=7,
    as_of=NOW, stale=False,
)  # fmt: skip
#: what each line asks of the manager: of the ledger, or of a backtest
ASKED: dict[str, dict[str, Any]] = {
    "everything": {},
    "a run": {"run": 12, "complete": "true"},
    "a batch def": {"hash": "smd", "complete": "true"},
    "an outcome": {"outcome": "waiting"},
    "all filters": {"run": 12, "hash": "smd", "outcome": "skipped", "why": "predicate"},
    "a backtest": {"hash": "smd", "last": 50},
    "a backtest as if edited": {
        "hash": "smd",
        "last": 20,
        "definition": {"predicate": 'beam > 0.5 and mode == "scan"', "most_at_once": 2},
    },
}


class Manager:
    """A way to a manager that answers at once, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def call(self, _method: str, path: str, body: Any = None, **more: Any) -> Any:
        self.asked = body if body is not None else more["params"]
        if path.endswith(":backtest"):
            sums = {"fires": 0, "jobs": 0, "core_hours": None, "core_hours_per_job": None}
            return {"runs": [], **sums, "based_on": 0, "said": ""}
        return {"entries": [], "more": False}


@pytest.mark.parametrize("case", LINES)
def test_the_line_asks_for_what_the_page_shows(case: str) -> None:
    manager: Any = Manager()
    live: Any = SimpleNamespace(snapshot=lambda: SNAPSHOT)
    definitions: Any = SimpleNamespace()
    autorun = Autorun(manager, live, "/experiments/x", definitions)
    board = SimpleNamespace(autorun=autorun)
    eval(LINES[case], {"board": board})  # noqa: S307 - that it can be executed is what is tried
    asked = {name: value for name, value in manager.asked.items() if name != "limit"}
    assert {name: value for name, value in asked.items() if value is not None} == ASKED[case]
