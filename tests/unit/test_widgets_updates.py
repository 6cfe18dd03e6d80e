"""Programs change rows while they are shown, from any thread."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arp_nb import errors
from arp_nb.widgets import Grid, stream
from tests.unit.standin_manager import within
from tests.unit.widget_play import Page, small

FIXTURES_LAST = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


pytestmark = pytest.mark.usefixtures("front_end")


def test_update_changes_rows_by_label_and_adds_those_that_are_new() -> None:
    page = small()
    page.grid.update(pd.DataFrame({"x": [30, 40]}, index=["r", "s"]))
    within(5, lambda: page.shown("x") == [1, 2, 30, 40])
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
    within(5, lambda: len(page.rows) == 2 and page.shown("o") == ["1", "text"])
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
    within(5, lambda: page.shown("x") == [199.0] * 4 + [0.0] * 6)
    assert len(page.told) - began < 400


def test_change_of_most_cells_comes_as_a_table_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_CELLS", 100)
    page = Page(Grid(pd.DataFrame({"x": np.zeros(500)}))).start()
    page.grid.update(pd.DataFrame({"x": np.arange(500.0)}))
    within(5, lambda: page.shown("x") == list(range(500)))
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
