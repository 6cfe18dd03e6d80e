"""A widget travels light: its code is loaded once, from the page's server or from the kernel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from arp_nb.widgets import Grid, stream
from tests.unit.widget_play import Page

if TYPE_CHECKING:
    from pathlib import Path


def test_what_travels_with_a_widget_is_a_loader_and_a_screen_of_rows(front_end: Path) -> None:
    (front_end / "grid.js").write_text("export default {}" + "x" * 300_000, "utf-8")
    (front_end / "loader.js").write_text("the loader", "utf-8")
    state = Grid(pd.DataFrame({"x": range(1000)})).get_state()
    assert state.pop("_first")["head"]["rows"] == stream.FIRST_ROWS
    assert state["_esm"] == "the loader"
    assert len(json.dumps(state, default=str)) < 2_000


def test_a_page_whose_server_has_no_code_gets_all_of_it_from_the_kernel(front_end: Path) -> None:
    (front_end / "grid.whole.js").write_text("the code", "utf-8")
    (front_end / "board.css").write_text("the style", "utf-8")
    page = Page(Grid(pd.DataFrame({"x": [1]})))
    page.grid._handle_custom_msg({"type": "code"}, [])
    assert page.told[-1]["type"] == "code"
    assert [bytes(one) for one in page.buffers[-1]] == [b"the code", b"the style"]


def test_another_build_has_another_address(front_end: Path) -> None:
    before = Grid(pd.DataFrame({"x": [1]}))._files
    (front_end / "grid.js").write_text("changed", "utf-8")
    after = Grid(pd.DataFrame({"x": [1]}))._files
    assert before[0] != after[0]
    assert before[1] == after[1]


@pytest.mark.usefixtures("front_end")
def test_a_page_can_call_nothing_but_what_pages_may_ask_for() -> None:
    grid = Grid(pd.DataFrame({"x": [1]}))
    called: list[object] = []
    grid._on_secret = called.append
    for kind in ("secret", None, ["start"], {"a": 1}):
        grid._handle_custom_msg({"type": kind}, [])
    assert not called
