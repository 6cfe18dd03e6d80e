"""A grid shows what its DataFrame holds, and says in words what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pandas as pd
import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets.widgets.widget import _remove_buffers

from arp_nb import errors
from arp_nb.widgets import Column, Grid, front, stream
from arp_nb.widgets.row_ids import RowIds
from tests.unit.standin_manager import within
from tests.unit.widget_play import Page, decode, odd, small

pytestmark = pytest.mark.usefixtures("front_end")


def test_page_sees_every_row_and_the_index_first() -> None:
    page = small()
    assert [one.get("title") for one in page.heads] == [None, "index", "x", "y", "word"]
    assert page.shown("index") == ["p", "q", "r"]
    assert page.shown("x") == [1, 2, 3]
    assert page.shown("y") == [0.5, None, 1.5]


def test_first_rows_come_first_and_the_rest_when_the_page_asks() -> None:
    grid = Grid(pd.DataFrame({"x": np.arange(100_000)}))
    page = Page(grid)
    page.say(type="start")
    assert len(page.rows) == stream.HEAD_ROWS
    page.start()
    assert page.shown("x") == list(range(100_000))
    assert len([one for one in page.told if one["type"] == "chunk"]) > 1


@pytest.mark.parametrize("rows", [0, 1, 700])
@pytest.mark.parametrize("columns", [0, 1, 300])
def test_frames_of_any_size_are_shown(rows: int, columns: int) -> None:
    frame = pd.DataFrame(np.zeros((rows, columns)), columns=[f"c{one}" for one in range(columns)])
    page = Page(Grid(frame)).start()
    assert len(page.rows) == rows
    assert len(page.heads) == columns + 1
    pd.testing.assert_frame_equal(page.grid.df, frame)


def test_odd_columns_come_back_as_they_were() -> None:
    frame = odd()
    pd.testing.assert_frame_equal(Page(Grid(frame)).start().grid.df, frame)


def test_index_of_several_levels_is_shown_as_leading_columns() -> None:
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", 2)], names=["run", None])
    page = Page(Grid(pd.DataFrame({("m", "x"): [1, 2, 3], ("m", ""): [4, 5, 6]}, index=index)))
    page.start()
    assert [one.get("title") for one in page.heads[1:]] == ["run", "index 1", "m / x", "m"]
    assert page.shown("run") == ["a", "a", "b"]


def test_columns_of_the_same_name_are_refused_with_advice() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["x", "x"])
    with pytest.raises(errors.InvalidValue, match=r"same name: x\..*df\.columns"):
        Grid(frame)


def test_other_things_than_frames_are_refused_with_advice() -> None:
    with pytest.raises(errors.InvalidValue, match=r"not list: pd\.DataFrame"):
        Grid([1, 2])
    assert list(Grid(pd.Series([1], name="x")).df.columns) == ["x"]


def test_frame_that_was_given_stays_as_it_is_and_is_not_followed() -> None:
    frame = pd.DataFrame({"x": [1, 2]})
    page = Page(Grid(frame)).start()
    page.edit(0, "x", "9")
    frame.loc[1, "x"] = 7
    assert frame["x"].tolist() == [1, 7]
    assert page.grid.df["x"].tolist() == [9, 2]
    copied = page.grid.df
    copied.loc[0, "x"] = 5
    assert page.grid.df["x"].tolist() == [9, 2]


def test_long_texts_are_sent_for_the_rows_in_view() -> None:
    page = Page(Grid(pd.DataFrame({"x": [1, 2, 3], "log": ["y" * 300, "Boom " * 99, None]})))
    page.start()
    assert page.heads[-1]["type"] == "remote"
    page.say(type="view", ids=[1, 2, 7])
    wide = page.told[-1]
    assert (wide["type"], wide["ids"]) == ("wide", [1, 2])
    assert wide["values"] == ["Boom " * 99, None]
    assert page.call(type="search", text="bOOm") == {"ok": True, "ids": [1]}
    page.grid.update(pd.DataFrame({"log": ["new " * 99]}, index=[1]))
    within(30, lambda: page.told[-1]["type"] == "wide" and page.told[-1]["ids"] == [1])


def test_text_of_100_kilobytes_is_cut_where_it_is_shown() -> None:
    page = Page(Grid(pd.DataFrame({"log": ["z" * 100_000]}))).start()
    page.say(type="view", ids=[0])
    assert page.told[-1]["values"][0].endswith("… (100,000 characters)")
    assert page.grid.df["log"].str.len().tolist() == [100_000]


def test_text_that_a_page_has_the_beginning_of_is_not_written_over() -> None:
    page = Page(Grid(pd.DataFrame({"log": ["z" * 100_000, "y" * 300]}))).start()
    assert "grid.update(…) changes it" in page.edit(0, "log", "z… (100,000 characters)")["message"]
    assert page.edit(1, "log", "short")["ok"]
    assert page.grid.df["log"].str.len().tolist() == [100_000, 5]


def test_long_texts_that_changed_are_told_to_every_page_that_shows_them() -> None:
    page = Page(Grid(pd.DataFrame({"log": ["y" * 300] * 9}))).start()
    page.say(type="view", ids=[1], page=1)
    page.say(type="view", ids=[5], page=2)
    page.say(type="view", ids=[2], page=2)
    page.grid.update({"log": ["n" * 300] * 3}, ids=[1, 2, 5])
    within(30, lambda: page.told[-1]["type"] == "wide" and page.told[-1]["ids"] == [1, 2])
    delta = next(one for one in page.told if one["type"] == "delta")
    assert delta["stale"] == {"c0": [1, 2, 5]}


def test_selection_too_large_for_one_message_comes_in_several() -> None:
    page = small()
    page.say(type="select", ranges=[[0, 0]], page=7, more=True)
    page.say(type="select", ranges=[[1, 1]], page=8)
    assert page.grid.selected_ids == [1]
    page.say(type="select", ranges=[[2, 2]], page=7)
    assert page.grid.selected_ids == [0, 2]
    page.say(type="remove", ranges=[[0, 0]], page=7, more=True)
    assert page.grid.row_count == 3
    assert page.call(type="remove", ranges=[[2, 2]], page=7)["ok"]
    assert page.grid.df["x"].tolist() == [2]


@given(
    st.lists(st.tuples(st.integers(-5, 60), st.integers(0, 9)), max_size=12), st.integers(0, 50)
)
def test_ranges_of_ids_hold_what_a_set_of_them_holds(
    pairs: list[tuple[int, int]], rows: int
) -> None:
    model = {one for first, more in pairs for one in range(first, first + more + 1)}
    ids = RowIds((first, first + more) for first, more in pairs)
    assert ids.array().tolist() == list(ids) == sorted(model)
    assert ids.array(rows).tolist() == sorted(one for one in model if 0 <= one < rows)
    assert RowIds.of(model) == ids
    assert len(RowIds([(0, 10**15)]).array(3)) == 3


def test_selection_in_one_page_is_shown_in_the_others() -> None:
    page = small()
    page.say(type="select", ranges=[[0, 1]], page=7)
    assert page.told[-1] == {"type": "select", "ranges": ((0, 1),), "page": 7}


def test_frames_say_which_rows_they_bring() -> None:
    page = Page(Grid(pd.DataFrame({"x": range(600)}))).start()
    heads = [one["head"] for one in page.told]
    assert [(one["from"], one["to"]) for one in heads] == [(0, 512), (512, 600)]


def test_closing_twice_leaves_no_thread_and_no_listener() -> None:
    page = small()
    page.grid.update(pd.DataFrame({"x": [5]}, index=["p"]))
    page.grid.update(pd.DataFrame({"x": [6]}, index=["p"]))
    timer = page.grid._sheet.stream._timer
    page.grid.close()
    page.grid.close()
    if timer is not None:
        timer.join(5)
        assert not timer.is_alive()
    assert page.grid.comm is None


def test_unknown_keyword_is_a_type_error_with_what_is_near() -> None:
    frame = pd.DataFrame({"energy": [1]})
    with pytest.raises(TypeError, match=r"no keyword 'editible'\. Did you mean editable"):
        Grid(frame, editible=False)
    with pytest.raises(TypeError, match="Did you mean title"):
        Column(titel="Energy")  # type: ignore[call-arg] # that is what is refused
    with pytest.raises(errors.InvalidValue, match="near it: energy"):
        Grid(frame, columns=["enregy"])
    with pytest.raises(errors.InvalidValue, match="near it: energy"):
        Grid(frame, editable=["enrgy"])


def test_columns_are_chosen_ordered_and_told_how_they_look() -> None:
    page = small(columns=["word", "x"])
    assert [one.get("title") for one in page.heads[2:]] == ["word", "x"]
    page = small(columns={"x": Column(title="X", unit="mm", decimals=0), "y": "Y"}, editable="y")
    by_title = {one.get("title"): one for one in page.heads}
    assert by_title["X"]["unit"] == "mm"
    assert by_title["X"]["decimals"] == 0
    assert "editor" not in by_title["X"]
    assert by_title["Y"]["editor"] == "number"


def test_every_trait_is_documented() -> None:
    own = {**Grid.class_own_traits(), **front.Front.class_own_traits()}
    assert [name for name, trait in own.items() if not trait.help] == []


def test_the_widget_brings_the_rows_that_fill_a_page() -> None:
    grid = Grid(pd.DataFrame({"x": range(1000), "word": ["a", None] * 500}))
    first = grid.get_state()["_first"]
    rows = decode(first["head"], first["buffers"])
    assert rows["c0"] == list(range(64))
    assert rows["c1"][:2] == ["a", None]
    assert first["head"]["total"] == 1000
    frame, places, buffers = _remove_buffers({"_first": first})
    assert json.dumps(frame)
    assert len(places) == len(buffers) == len(first["buffers"])


@pytest.mark.parametrize(
    "change",
    [
        lambda grid: grid.update(pd.DataFrame({"x": [5]}, index=[0])),
        lambda grid: grid.add_row({"x": 5}),
        lambda grid: grid.delete_rows([0]),
        lambda grid: setattr(grid, "df", pd.DataFrame({"y": [1]})),
        lambda grid: Page(grid).start(),
    ],
    ids=["update", "add", "delete", "another table", "shown"],
)
def test_rows_that_may_be_old_travel_no_more(change: Callable[[Grid], Any]) -> None:
    grid = Grid(pd.DataFrame({"x": [1, 2, 3]}))
    change(grid)
    assert grid.get_state()["_first"] is None


def test_saved_state_carries_no_rows_once_they_were_shown() -> None:
    page = Page(Grid(pd.DataFrame({"x": ["secret row"] * 1000}))).start()
    assert "secret row" not in str(page.grid.get_state())
    assert len(str(page.grid.get_state())) < 2000


def test_grid_stands_in_a_box_and_closes() -> None:
    page = small()
    box = ipywidgets.VBox([page.grid])
    assert box.children == (page.grid,)
    page.grid.close()
    told = len(page.told)
    page.grid.update(pd.DataFrame({"x": [5]}, index=["p"]))
    assert len(page.told) == told
    assert page.grid.df["x"].tolist() == [5, 2, 3]


def test_front_end_that_is_not_built_is_told_with_what_to_do(front_end: Path) -> None:
    (front_end / "grid.js").unlink()
    with pytest.raises(ImportError, match="not built: run `make front`"):
        Grid(pd.DataFrame({"x": [1]}))


def test_selection_is_told_both_ways_and_follows_deleted_rows() -> None:
    page = small()
    told: list[Any] = []
    page.grid.observe(told.append, "selected_ids")
    page.say(type="select", ranges=[[0, 1]], page=7)
    assert page.grid.selected_ids == [0, 1]
    assert page.grid.selected["x"].tolist() == [1, 2]
    page.grid.selected = ["q", "r"]
    assert page.selected == ((1, 2),)
    page.grid.delete_rows([1])
    assert page.grid.selected_ids == [2]
    page.grid.selected_ids = [0, 2]
    assert page.grid.selected["x"].tolist() == [1, 3]
    assert len(told) == 4
    with pytest.raises(errors.InvalidValue, match="no row 'z'"):
        page.grid.selected = ["z"]
    with pytest.raises(traitlets.TraitError, match="whole numbers"):
        page.grid.selected_ids = ["q"]
