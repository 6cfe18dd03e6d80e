"""Programs change rows while they are shown, from any thread."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb import errors
from arp_nb.widgets import Grid, stream
from tests.unit.standin_manager import within
from tests.unit.widget_play import Page, decode, small

FIXTURES_LAST = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


pytestmark = pytest.mark.usefixtures("front_end")


def test_update_changes_rows_by_label_and_adds_those_that_are_new() -> None:
    page = small()
    page.grid.update(pd.DataFrame({"x": [30, 40]}, index=["r", "s"]))
    within(30, lambda: page.shown("x") == [1, 2, 30, 40])
    assert page.grid.df.index.tolist() == ["p", "q", "r", "s"]
    assert page.grid.df["word"].iloc[:3].tolist()[0] == "a"
    page.grid.update({"y": [7.0]}, ids=[1])
    assert page.grid.df.loc["q", "y"] == 7.0


def test_update_that_does_not_fit_changes_nothing() -> None:
    page = small()
    before = page.grid.df
    for rows, said in (
        (pd.DataFrame({"y": [1.0], "x": [1.5]}, index=["p"]), "x holds int64: '1.5' does not fit"),
        (pd.DataFrame({"x": [None]}, index=["p"]), "cannot be empty"),
        (pd.DataFrame({"z": [1]}, index=["p"]), "no column 'z'"),
        (pd.DataFrame({"x": [1]}, index=[5]), "The index holds"),
    ):
        with pytest.raises(errors.InvalidValue, match=said):
            page.grid.update(rows)
    with pytest.raises(errors.InvalidValue, match="ids names one row"):
        page.grid.update({"x": [1]}, ids=[9])
    pd.testing.assert_frame_equal(page.grid.df, before)


def test_rows_of_the_same_label_are_updated_by_id_only() -> None:
    page = Page(Grid(pd.DataFrame({"x": [1, 2]}, index=["p", "p"]))).start()
    with pytest.raises(errors.InvalidValue, match=r"label 'p': name rows by id"):
        page.grid.update(pd.DataFrame({"x": [5]}, index=["p"]))
    page.grid.update({"x": [5]}, ids=[1])
    assert page.grid.df["x"].tolist() == [1, 5]


def test_numbers_that_outgrow_how_they_travel_travel_anew() -> None:
    page = Page(Grid(pd.DataFrame({"x": [1, 2], "o": pd.Series([1, None], dtype=object)}))).start()
    page.grid.update({"x": [2**60]}, ids=[0])
    page.grid.update({"o": ["text"]}, ids=[1])
    within(30, lambda: len(page.rows) == 2 and page.shown("o") == ["1", "text"])
    assert page.shown("x") == [2**60, 2]


def test_many_changes_are_few_messages_and_the_last_value_is_seen() -> None:
    page = Page(Grid(pd.DataFrame({"x": np.zeros(10)}))).start()
    began = len(page.told)

    def change(first: int) -> None:
        for value in range(200):
            page.grid.update({"x": [float(value)]}, ids=[first])

    threads = [threading.Thread(target=change, args=(row,)) for row in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    within(30, lambda: page.shown("x") == [199.0] * 4 + [0.0] * 6)
    assert len(page.told) - began < 400


def test_change_of_most_cells_comes_as_a_table_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_CELLS", 100)
    page = Page(Grid(pd.DataFrame({"x": np.zeros(500)}))).start()
    page.grid.update(pd.DataFrame({"x": np.arange(500.0)}))
    within(30, lambda: page.shown("x") == list(range(500)))
    assert [one["type"] for one in page.told].count("head") == 2


def test_page_that_missed_a_message_gets_everything_again() -> None:
    page = small()
    page.rows.clear()
    page.say(type="resync")
    assert page.shown("x") == [1, 2, 3]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["update", "edit", "add", "remove", "resync"]),
        st.integers(0, 12),
        st.integers(-5, 5),
    ),
    max_size=25,
)


def do(page: Page, model: dict[int, int], step: tuple[str, int, int]) -> None:
    """One step, on the grid and on a dict of labels that stands for what is right."""
    what, row, value = step
    sheet = page.grid._sheet
    is_there = bool(sheet.table.alive(np.array([row]))[0])
    if what == "update":
        label = min(row, sheet.table.rows)
        page.grid.update(pd.DataFrame({"x": [value]}, index=[label]))
        model[label] = value
    elif what == "edit":
        sheet.stream.flush()
        assert page.edit(row, "x", str(value))["ok"] == is_there
        if is_there:
            model[sheet.table.label(row)] = value
    elif what == "add":
        model[sheet.table.label(page.grid.add_row({"x": value}))] = value
    elif what == "remove":
        page.grid.delete_rows([row])
        if is_there:
            del model[sheet.table.label(row)]
    else:
        page.say(type="resync")


@FIXTURES_LAST
@given(STEPS)
def test_page_and_frame_agree_after_any_steps(steps: list[tuple[str, int, int]]) -> None:
    page = Page(Grid(pd.DataFrame({"x": [0, 0, 0], "w": ["a", "b", "c"]}))).start()
    model = {0: 0, 1: 0, 2: 0}
    with page.grid._sheet.lock:  # so that nothing is sent in between
        for step in steps:
            do(page, model, step)
        page.grid._sheet.stream.flush()
        frame = page.grid.df
        assert frame["x"].to_dict() == model
        assert page.shown("x") == frame["x"].tolist()
        assert page.shown("w") == [None if pd.isna(one) else one for one in frame["w"]]
        assert page.grid.row_count == len(model)


RACES = st.lists(
    st.tuples(
        st.sampled_from(["update", "read", "edit", "told", "resync"]),
        st.integers(0, 2),
        st.sampled_from(["x", "y"]),
        st.integers(0, 99),
    ),
    max_size=30,
)


@FIXTURES_LAST
@given(steps=RACES)
def test_edit_is_taken_if_and_only_if_its_cell_is_as_it_was_read(
    monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int, str, int]]
) -> None:
    monkeypatch.setattr(stream, "GAP_S", 30)  # nothing is told but when a step says so
    page = Page(Grid(pd.DataFrame({"x": [0, 1, 2], "y": [0, 1, 2]}))).start()
    changed: set[tuple[int, str]] = set()
    read = page.seq
    with page.grid._sheet.lock:  # so that nothing is sent in between
        for what, row, column, value in steps:
            if what == "update":
                page.grid.update(pd.DataFrame({column: [value]}, index=[row]))
                changed.add((row, column))
            elif what == "read":  # what is read is what was told, as after a delta came
                page.grid._sheet.stream.flush()
                read, changed = page.seq, set()
            elif what == "told":
                page.grid._sheet.stream.flush()
            elif what == "resync":
                page.say(type="resync")
            elif what == "edit":
                answer = page.edit(row, column, str(value), read)
                assert answer["ok"] == ((row, column) not in changed)
                if answer["ok"]:
                    assert page.grid.df.loc[row, column] == value
                    changed.add((row, column))
                else:
                    assert answer["theirs"] == page.grid.df.loc[row, column]
    page.grid.close()


class View:
    """One of several pages: takes what is meant for it, as `comm_source.ts` does."""

    def __init__(self, number: int, grid: Grid) -> None:
        self.number, self.grid = number, grid
        self.rows: dict[int, Any] = {}
        self.up_to, self.seq, self.more, self.heads = 0, 0, False, 0

    def say(self, what: str) -> None:
        self.grid._hear(self.grid, {"type": what, "page": self.number}, [])

    def hear(self, told: dict[str, Any], buffers: list[Any]) -> None:
        own = told.get("page") in {None, self.number}
        if told["type"] == "head":
            if own:
                self.rows, self.seq, self.heads = {}, told["head"]["seq"], self.heads + 1
                self.take(told["head"], buffers)
            elif self.heads:
                assert told["head"]["seq"] == self.seq + 1
                self.seq += 1
        elif told["type"] == "chunk" and own and self.heads and (told["page"] or not self.more):
            assert told["head"]["from"] == self.up_to
            self.take(told["head"], buffers)
        elif told["type"] == "delta" and self.heads:
            delta = told["delta"]
            assert delta["seq"] == self.seq + 1
            self.seq += 1
            for at, row in enumerate(delta["ids"]):
                if row < self.up_to:
                    self.rows[row] = delta["columns"]["c0"][at]
            for row in delta["removed"]:
                self.rows.pop(row, None)

    def take(self, head: dict[str, Any], buffers: list[Any]) -> None:
        values = decode(head, buffers)
        self.rows |= dict(zip(values["id"], values["c0"], strict=True))
        self.up_to, self.more = head["to"], head["next_before"] is not None


def views(grid: Grid) -> list[View]:
    """Three pages of a grid, which hear all that it says."""
    made = [View(number, grid) for number in (1, 2, 3)]

    def tell(content: dict[str, Any], buffers: list[Any]) -> None:
        for one in made:
            if content.get("type") in {"head", "chunk", "delta"}:
                one.hear(content, buffers)

    grid._sheet.stream._send = tell
    return made


def test_second_view_takes_nothing_from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEAD_ROWS", 2)
    monkeypatch.setattr(stream, "CHUNK_ROWS", 3)
    grid = Grid(pd.DataFrame({"x": range(9)}))
    first, second, _ = views(grid)
    first.say("start")
    first.say("more")
    second.say("start")
    assert (len(first.rows), first.heads, len(second.rows), second.heads) == (5, 1, 2, 1)
    grid.update({"x": [70, 10]}, ids=[7, 1])
    grid._sheet.stream.flush()
    for one in (first, second, second, first, second):
        one.say("more")
    assert first.rows == second.rows == grid.df["x"].to_dict()
    assert (first.heads, second.heads) == (1, 1)


@FIXTURES_LAST
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["start", "more", "more", "update", "add", "remove", "flush", "show"]),
            st.integers(0, 9),
        ),
        max_size=40,
    )
)
def test_all_views_of_a_grid_end_with_its_rows(
    monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int]]
) -> None:
    monkeypatch.setattr(stream, "HEAD_ROWS", 2)
    monkeypatch.setattr(stream, "CHUNK_ROWS", 3)
    monkeypatch.setattr(stream, "GAP_S", 30)  # nothing is told but when a step says so
    grid = Grid(pd.DataFrame({"x": range(6)}))
    pages = views(grid)
    for what, number in steps:
        page = pages[number % 3]
        ids = np.array([number])
        if what == "start" or (what == "more" and page.heads and page.more):
            page.say(what)
        elif what == "update" and grid._sheet.table.alive(ids).all():
            grid.update({"x": [100 + number]}, ids=[number])
        elif what == "add":
            grid.add_row({"x": number})
        elif what == "remove":
            grid.delete_rows([number])
        elif what == "flush":
            grid._sheet.stream.flush()
        elif what == "show":
            grid.df = pd.DataFrame({"x": range(4)})
    grid._sheet.stream.flush()
    for page in pages:
        while page.heads and page.more:
            page.say("more")
    table = grid._sheet.table
    ids = table.ids(0, table.rows)
    truth = dict(zip(ids.tolist(), table.take(0, ids).tolist(), strict=True))
    assert all(page.rows == truth for page in pages if page.heads)
    grid.close()
