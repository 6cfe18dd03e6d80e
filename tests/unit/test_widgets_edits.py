"""People edit cells, add rows and delete them; what does not fit is refused in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from arp_nb import errors
from arp_nb.widgets import Column, Grid
from tests.unit.standin_manager import within
from tests.unit.widget_play import Page, odd, small

pytestmark = pytest.mark.usefixtures("front_end")


def test_edit_is_seen_by_all_and_kept_with_what_was_there() -> None:
    page = small()
    counted: list[Any] = []
    page.grid.observe(counted.append, "edit_count")
    assert page.edit(0, "x", "42")["ok"]
    assert page.shown("x") == [42, 2, 3]
    assert page.grid.df["x"].tolist() == [42, 2, 3]
    (kept,) = page.grid.edits.to_dict("records")
    assert {name: kept[name] for name in ("what", "id", "index", "column", "old", "new")} == {
        "what": "edit", "id": 0, "index": "p", "column": "x", "old": 1, "new": 42,
    }  # fmt: skip
    assert [one["new"] for one in counted] == [1]


@pytest.mark.parametrize(
    ("column", "typed", "said"),
    [
        ("int", "abc", "int: 'abc' is not a number."),
        ("int", "1.5", "int: '1.5' is not a whole number."),
        ("int", "", "int: it holds whole numbers and cannot be empty; a column of Int64 can."),
        ("int", "1" + "0" * 30, "does not fit int64"),
        ("bool", "maybe", "bool: 'maybe' is neither true nor false."),
        ("float", "1,5", "float: '1,5' is not a number."),
        ("naive", "yesterday", "naive: 'yesterday' is not a time, such as 2026-11-22 14:02."),
        ("naive", "2026-11-22T14:02+01:00", "naive: '2026-11-22T14:02+01:00' has a time zone"),
        ("aware", "2026-10-25 02:30", "is there twice or never in Europe/Zurich"),
        ("took", "long", "took: 'long' is not a duration"),
        ("kind", "ugly", "kind: 'ugly' is none of: bad, good."),
        ("list", "[1, 2]", "list: A value of type list cannot be typed here: grid.update(…)"),
        ("text", "\ud800", "text: It holds half a character"),
    ],
)
def test_value_that_does_not_fit_is_refused_in_words(column: str, typed: str, said: str) -> None:
    page = Page(Grid(odd())).start()
    answer = page.edit(0, column, typed)
    assert not answer["ok"]
    assert said in answer["message"]
    pd.testing.assert_frame_equal(page.grid.df, odd())


@pytest.mark.parametrize(
    ("column", "typed", "new"),
    [
        ("int", " 7 ", 7),
        ("Int", "", pd.NA),
        ("larger", str(2**61), 2**61),
        ("float", "1e-3", 1e-3),
        ("Bool", "false", False),
        ("naive", "2026-01-02 03:04", pd.Timestamp("2026-01-02 03:04")),
        ("aware", "2026-01-02 03:04", pd.Timestamp("2026-01-02 03:04", tz="Europe/Zurich")),
        ("took", "90", pd.Timedelta(seconds=90)),
        ("took", "2 days 1:30:00", pd.Timedelta("2 days 01:30:00")),
        ("level", "2.5", 2.5),
        ("text", "", ""),
        ("complex", "1+2j", 1 + 2j),
        ("period", "2027-01", pd.Period("2027-01", freq="M")),
    ],
)
def test_edit_keeps_the_dtype(column: str, typed: str, new: Any) -> None:
    page = Page(Grid(odd())).start()
    assert page.edit(0, column, typed)["ok"]
    frame = page.grid.df
    assert frame.dtypes.equals(odd().dtypes)
    got = frame[column].iloc[0]
    assert got is new if new is pd.NA else got == new


def test_decimals_stay_decimals() -> None:
    page = Page(Grid(pd.DataFrame({"d": [Decimal("1.50"), None]}))).start()
    assert page.edit(0, "d", "2.25")["ok"]
    assert page.grid.df["d"][0] == Decimal("2.25")
    assert not page.edit(0, "d", "x")["ok"]


def test_edit_of_what_changed_meanwhile_is_refused_with_theirs() -> None:
    page = small()
    read = page.seq
    page.grid.update(pd.DataFrame({"x": [10]}, index=["p"]))
    answer = page.edit(0, "x", "11", read)
    assert not answer["ok"]
    assert answer["theirs"] == 10
    assert page.edit(0, "word", "z", read)["ok"], "another cell of the row did not change"
    assert page.edit(0, "x", "11", answer["version"])["ok"], "it was seen, and written over"
    assert page.grid.df["x"].tolist() == [11, 2, 3]


def test_edit_of_a_table_that_was_replaced_is_refused() -> None:
    page = small()
    read = page.seq
    page.grid.df = pd.DataFrame({"x": [7, 8]}, index=["s", "t"])
    assert not page.edit(0, "x", "1", read - 1)["ok"]
    assert page.shown("x") == [7, 8]
    assert page.grid.edit_count == 0


def test_validator_and_choices_refuse_in_their_own_words() -> None:
    def positive(value: Any) -> str | None:
        return "Must be positive." if value < 0 else None

    def small_only(value: Any) -> None:
        if value > 100:
            raise ValueError("Too large for this stage.")

    page = small(
        columns={
            "x": Column(validate=positive),
            "y": Column(validate=small_only),
            "word": Column(choices=["a", "b"]),
        }
    )
    assert page.edit(0, "x", "-1")["message"] == "x: Must be positive."
    assert page.edit(0, "y", "101")["message"] == "y: Too large for this stage."
    assert page.edit(0, "word", "q")["message"] == "word: 'q' is none of: a, b."
    assert page.edit(0, "word", "b")["ok"]


def test_what_may_not_be_edited_is_not() -> None:
    page = small(editable=False)
    assert not page.edit(0, "x", "5")["ok"]
    assert not page.edit(0, "index", "5")["ok"]
    assert "cannot be added" in page.call(type="add", values={})["message"]
    assert "cannot be deleted" in page.call(type="remove", ranges=[[0, 1]])["message"]


def test_messages_that_make_no_sense_change_nothing() -> None:
    page = small()
    before = page.grid.df
    for content in (
        {"type": "edit", "edit": {"id": "x", "column": "c1", "value": 1, "version": 1}},
        {"type": "edit", "edit": {"id": 99, "column": "c1", "value": "1", "version": 99}},
        {"type": "edit", "edit": {"id": 0, "column": "c99", "value": "1", "version": 99}},
        {"type": "edit"},
        {"type": "remove", "ranges": [[2, 1]]},
        {"type": "remove", "ranges": [[10, 10**15]]},
        {"type": "add", "values": {"c0": "x"}},
    ):
        page.call(**content)
    page.say(type="nonsense")
    page.say(type="close")
    pd.testing.assert_frame_equal(page.grid.df, before)


def test_rows_are_added_and_deleted_by_people() -> None:
    page = Page(Grid(pd.DataFrame({"x": [1, 2], "word": ["a", "b"]}))).start()
    answer = page.call(type="add", values={page.name("x"): "7"})
    assert (answer["ok"], answer["id"]) == (True, 2)
    assert page.call(type="remove", ranges=[[0, 0]])["ok"]
    assert page.shown("x") == [2, 7]
    assert page.grid.df["x"].to_dict() == {1: 2, 2: 7}
    assert page.grid.edits["what"].tolist() == ["add", "delete"]
    assert page.grid.row_count == 2


def test_rows_are_added_and_deleted_by_programs() -> None:
    page = small()
    assert page.grid.add_row({"x": 9}, index="s") == 3
    page.grid.delete_rows([0, 1, 1, 77])
    within(30, lambda: page.shown("x") == [3, 9])
    assert page.grid.df["x"].to_dict() == {"r": 3, "s": 9}
    assert page.grid.df["word"].isna().tolist() == [False, True]
    assert page.grid.edit_count == 0
    with pytest.raises(errors.InvalidValue, match="index"):
        Grid(pd.DataFrame({"x": [1]}, index=[1])).add_row(index="one")


def head(page: Page) -> dict[str, Any]:
    return next(one for one in page.heads if one.get("title") == "x")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([[1], [2, 3]], "list"),
        ([np.zeros(2), None], "ndarray"),
        ([{"a": 1}], "dict"),
        ([[0] * 300, [1] * 300], "list"),
        (pd.interval_range(0, 3), "interval[int64, right]"),
    ],
)
def test_column_in_which_nothing_can_be_typed_says_so_before(values: Any, why: str) -> None:
    page = Page(Grid(pd.DataFrame({"x": values}))).start()
    said = f"A value of type {why} cannot be typed here: grid.update(…) sets another."
    assert head(page).get("editor") is None
    assert head(page)["fixed"] == said
    assert said in page.edit(0, "x", "[1]")["message"]


@pytest.mark.parametrize(
    "values",
    [
        [Decimal(1), None],
        [None, None],
        ["a", [1]],
        [date(2026, 1, 2)],
        pd.cut([1, 2], 2),
        pd.period_range("2026", periods=2, freq="M"),
        np.array([1j, 2]),
    ],
)
def test_column_in_which_something_can_be_typed_has_an_editor(values: Any) -> None:
    page = Page(Grid(pd.DataFrame({"x": values}))).start()
    assert head(page).get("editor")
    assert "fixed" not in head(page)


def test_column_that_may_not_be_edited_says_nothing_of_typing() -> None:
    page = Page(Grid(pd.DataFrame({"x": [[1]]}), editable=False)).start()
    assert "fixed" not in head(page)
