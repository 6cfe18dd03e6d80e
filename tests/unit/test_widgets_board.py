"""The pages of a board ask through the kernel where they must, and carry nothing but names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import enumerate as enumerate_threads
from types import SimpleNamespace
from typing import Any, cast

import IPython
import pandas as pd
import pytest

import arp_nb
from arp_nb import errors
from arp_nb.client.board import Board
from arp_nb.widgets import BatchDefs, ControlPage, JobDrawer, RunTable
from arp_nb.widgets.board import BoardWidget
from arp_nb.widgets.front import Front
from arp_nb.widgets.relay import Relay
from tests.unit.standin_manager import StandIn, within

pytestmark = pytest.mark.usefixtures("front_end")


class Ear:
    """Hears what a relay answers."""

    def __init__(self, board: Board) -> None:
        self.told: list[tuple[dict[str, Any], list[bytes]]] = []
        self.relay = Relay(board.transport, lambda one, more: self.told.append((one, more)))

    def answer(self, call: int, **asked: Any) -> tuple[dict[str, Any], list[bytes]]:
        self.relay.hear({"type": "api", "call": call, **asked})
        within(30, lambda: any(one.get("call") == call for one, _ in self.told))
        return next(one for one in self.told if one[0].get("call") == call)

    def lines(self, kind: str) -> list[dict[str, Any]]:
        return [one for one, _ in self.told if one["type"] == kind]


@pytest.fixture
def ear(board: Board) -> Iterator[Ear]:
    ear = Ear(board)
    yield ear
    ear.relay.close()


def test_request_of_a_page_is_answered_as_the_manager_answers(ear: Ear, standin: StandIn) -> None:
    message, buffers = ear.answer(1, method="GET", path="/status")
    assert (message["status"], message["body"]["epoch"]) == (200, "e1")
    assert buffers == []
    message, _ = ear.answer(2, method="GET", path="/experiments/nowhere")
    assert message["status"] == 404
    assert message["body"]["error"] == "NotFound"
    standin.answers["PATCH", "/jobs/1"] = (409, {"error": "EditConflict", "theirs": {"a": 2}})
    message, _ = ear.answer(3, method="PATCH", path="/jobs/1", body={"a": 1}, ifMatch='"v3"')
    assert (message["status"], message["body"]["theirs"]) == (409, {"a": 2})
    assert standin.seen[-1] == ("PATCH", "/jobs/1", {"a": 1})


def test_half_a_surrogate_pair_in_an_answer_can_be_sent_on() -> None:
    told: list[dict[str, Any]] = []
    way = SimpleNamespace(exchange=lambda *_: (200, b'{"log": ["\\ud800", 1]}'))
    relay = Relay(cast("Any", way), lambda one, _: told.append(one))
    relay.hear({"type": "api", "call": 1, "path": "/x"})
    within(30, lambda: told)
    assert told[0]["body"] == {"log": ["\ufffd", 1]}
    relay.close()


def test_binary_answer_travels_as_a_buffer(ear: Ear) -> None:
    message, buffers = ear.answer(1, method="GET", path="/status", binary=True)
    assert message["body"] is None
    assert json.loads(buffers[0])["epoch"] == "e1"


@pytest.mark.parametrize(
    "path",
    [
        *("/../../x", "/a/%2e%2e/b", "http://elsewhere", ""),
        # a question mark that is encoded begins no query
        *("/a%3f/../../../api/kernels", "/a%3F/%2E%2E/b", "/a\\..\\b"),
    ],
)
def test_path_that_leads_elsewhere_is_not_asked_for(ear: Ear, standin: StandIn, path: str) -> None:
    seen = len(standin.seen)
    message, _ = ear.answer(1, method="GET", path=path)
    assert (message["status"], message["body"]["error"]) == (0, "InvalidValue")
    assert len(standin.seen) == seen


def test_nobody_there_is_status_0_with_the_reason(ear: Ear, standin: StandIn) -> None:
    standin.stop()
    message, _ = ear.answer(1, method="GET", path="/status")
    assert message["status"] == 0
    assert "cannot be reached" in message["body"]["message"]


def test_line_of_changes_is_passed_on_both_ways(ear: Ear, standin: StandIn) -> None:
    ear.relay.hear({"type": "line-open", "line": 7})
    within(30, lambda: ear.lines("line-opened"))
    ask = {"subscribe": "xppi0915", "since": 1, "epoch": "e1"}
    ear.relay.hear({"type": "line-send", "line": 7, "text": json.dumps(ask)})
    standin.put_job(5)

    def jobs() -> list[Any]:
        texts = [json.loads(one["text"]) for one in ear.lines("line")]
        return [job["id"] for one in texts for job in one.get("upserts", {}).get("jobs", ())]

    within(30, lambda: 5 in jobs())
    ear.relay.hear({"type": "line-close", "line": 7})
    within(30, lambda: not [one for one in enumerate_threads() if one.name == "arp relay line"])
    assert ear.lines("line-closed") == []


def test_line_that_the_manager_ends_is_told_once_with_why(ear: Ear, standin: StandIn) -> None:
    ear.relay.hear({"type": "line-open", "line": 7})
    within(30, lambda: ear.lines("line-opened"))
    standin.stop()
    (closed,) = within(30, lambda: ear.lines("line-closed"))
    assert closed["line"] == 7
    assert closed["why"]


def test_messages_that_make_no_sense_are_left_alone(ear: Ear) -> None:
    senseless: list[Any] = [
        None,
        [],
        {"type": "api"},
        {"type": "line-send", "line": 3},
        {"call": 1},
    ]
    for message in senseless:
        ear.relay.hear(message)
    assert ear.told == []


@pytest.mark.parametrize(
    ("kind", "view"), [(ControlPage, "control"), (BatchDefs, "defs"), (RunTable, "runs")]
)
def test_widget_carries_names_only(kind: type[BoardWidget], view: str, board: Board) -> None:
    widget = kind(board, height_px=500)
    state = widget.get_state()
    assert (state["_view"], state["_experiment"], state["_epoch"]) == (view, "xppi0915", "e1")
    assert state["_options"]["height_px"] == 500
    widget.height_px = 700
    assert widget.get_state("_options")["_options"]["height_px"] == 700
    widget.close()


def test_drawer_shows_a_job_by_its_id_or_itself(board: Board, standin: StandIn) -> None:
    standin.put_job(5)
    for job in (5, board.job(5)):
        assert JobDrawer(board, job, tab="history").get_state()["_options"]["job"] == 5
    with pytest.raises(errors.InvalidValue, match="tab is one of"):
        JobDrawer(board, 5, tab="logs")  # type: ignore[arg-type] # that is what is refused


def test_unknown_keyword_is_a_type_error_with_what_is_near(board: Board) -> None:
    with pytest.raises(TypeError, match=r"ControlPage has no keyword 'heigth_px'\. Did you mean"):
        ControlPage(board, heigth_px=3)
    with pytest.raises(errors.InvalidValue, match="shows a board"):
        ControlPage("xppi0915")  # type: ignore[arg-type] # that is what is refused


def test_every_trait_is_documented() -> None:
    own = {**BoardWidget.class_own_traits(), **Front.class_own_traits()}
    assert [name for name, trait in own.items() if not trait.help] == []


def test_selected_jobs_are_those_of_all_open_widgets(board: Board, standin: StandIn) -> None:
    for job in range(1, 7):
        standin.put_job(job)
    empty = board.jobs.selected
    assert len(empty) == 0
    assert list(empty.columns) == list(board.jobs.df.columns)
    one, other = ControlPage(board), RunTable(board)
    one._selected = [[1, 2], [6, 6]]
    other._selected = [[2, 3]]
    within(30, lambda: board.jobs.selected["id"].tolist() == [1, 2, 3, 6])
    other.close()
    assert board.jobs.selected["id"].tolist() == [1, 2, 6]
    assert isinstance(board.jobs.selected, pd.DataFrame)
    one.close()


def test_board_shows_its_control_page_where_there_is_a_kernel(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(board._repr_mimebundle_()) == {"text/plain", "text/html"}
    monkeypatch.setattr(IPython, "get_ipython", lambda: type("Shell", (), {"kernel": object()}))
    bundle = board._repr_mimebundle_()
    shown = bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert bundle["text/html"]
    again = board._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert again == shown


def test_board_is_shown_as_a_table_where_the_front_end_is_not_built(
    board: Board, monkeypatch: pytest.MonkeyPatch, front_end: Path
) -> None:
    (front_end / "board.js").unlink()
    monkeypatch.setattr(IPython, "get_ipython", lambda: type("Shell", (), {"kernel": object()}))
    with pytest.warns(UserWarning, match="make front"):
        bundle = board._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}


def test_widgets_are_loaded_when_first_used() -> None:
    assert arp_nb.widgets.Grid.__name__ == "Grid"
    assert {"Grid", "ControlPage"} <= set(dir(arp_nb.widgets))
    with pytest.raises(AttributeError, match="no attribute 'Gird'"):
        arp_nb.widgets.Gird  # noqa: B018 - it is asked for
