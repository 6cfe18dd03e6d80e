"""Whatever DataFrame comes: it is shown, changed and grown as it is, or refused with advice."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
import traitlets
from dateutil import tz  # type: ignore[import-untyped]

from arp_nb import errors
from arp_nb.widgets import Column, Grid
from tests.unit.widget_play import Page

pytestmark = pytest.mark.usefixtures("front_end")

ZURICH = "Europe/Zurich"
INDEXES: dict[str, pd.Index[Any]] = {
    "text": pd.Index(["p", "q"]),
    "times": pd.DatetimeIndex(["2026-01-01", "2026-01-02"]),
    "times of a zone": pd.DatetimeIndex(["2026-01-01", "2026-01-02"], tz=ZURICH),
    "durations": pd.to_timedelta([1, 2], unit="s"),
    "periods": pd.period_range("2026-01", periods=2, freq="M"),
    "intervals": pd.interval_range(0.0, 2.0, periods=2),
    "categories": pd.CategoricalIndex(["p", "q"]),
    "floats": pd.Index([0.5, 1.5]),
    "unsigned": pd.Index([5, 6], dtype="uint64"),
    "nullable": pd.Index([5, None], dtype="Int64"),
    "levels": pd.MultiIndex.from_tuples([("p", 1), ("q", 2)], names=["k", None]),
    "tuples and text": pd.Index([(1, 2), "q"], dtype=object, tupleize_cols=False),
}
SPARSE = {
    "f": pd.arrays.SparseArray([0.0, 1.0]),
    "i": pd.arrays.SparseArray([0, 1]),
    "b": pd.arrays.SparseArray([True, False]),
}


@pytest.mark.parametrize("name", INDEXES)
def test_rows_are_added_and_updated_whatever_the_index_is(name: str) -> None:
    frame = pd.DataFrame({"x": [1, 2]}, index=INDEXES[name])
    page = Page(Grid(frame)).start()
    for _ in range(2):  # the second has the same missing label as the first
        assert page.call(type="add", values={})["ok"]
    page.grid.update(pd.DataFrame({"x": [7]}, index=INDEXES[name][:1]))
    assert page.grid.df["x"].tolist() == [7, 2, 0, 0]
    assert page.grid.df.index.dtype == frame.index.dtype
    json.dumps(page.told, allow_nan=False)


@pytest.mark.parametrize("index", [pd.interval_range(0, 2), pd.Index([True, False])])
def test_row_without_a_label_is_refused_where_the_index_cannot_miss_one(
    index: pd.Index[Any],
) -> None:
    page = Page(Grid(pd.DataFrame({"x": [1, 2]}, index=index))).start()
    said = page.call(type="add", values={})
    assert "grid.add_row({…}, index=…)" in said["message"]
    assert len(page.grid.df) == 2


def test_numbered_rows_go_on_where_their_dtype_ends() -> None:
    grid = Grid(pd.DataFrame({"x": [1]}, index=pd.Index([255], dtype="uint8")))
    grid.add_row()
    assert grid.df.index.tolist() == [255, 256]


def test_label_of_several_rows_names_none_of_them() -> None:
    grid = Grid(pd.DataFrame({"x": [1, 2, 3]}, index=["p", "p", "q"]))
    with pytest.raises(errors.InvalidValue, match=r"Several rows have the label 'p'.*ids="):
        grid.update(pd.DataFrame({"x": [5]}, index=["p"]))
    grid.update(pd.DataFrame({"x": [5, 6]}, index=["q", "r"]))
    assert grid.df["x"].tolist() == [1, 2, 5, 6]


def test_sparse_columns_stay_sparse() -> None:
    frame = pd.DataFrame(SPARSE)
    page = Page(Grid(frame)).start()
    assert page.edit(0, "f", "2.5")["ok"]
    assert page.edit(0, "i", "3")["ok"]
    assert page.edit(0, "b", "false")["ok"]
    assert page.call(type="add", values={})["ok"]
    page.grid.update(frame.iloc[1:])
    made = page.grid.df
    assert made.dtypes.equals(frame.dtypes)
    assert made["f"].tolist()[:2] == [2.5, 1.0]
    assert made["i"].tolist() == [3, 1, 0]
    assert made["b"].tolist() == [False, False, False]


def test_column_that_nothing_can_stand_in_must_be_given() -> None:
    frame = pd.DataFrame({"i": pd.interval_range(0, 2), "x": [1, 2]})
    page = Page(Grid(frame)).start()
    assert "i: it holds interval[int64, right]" in page.call(type="add", values={})["message"]
    page.grid.add_row({"i": pd.Interval(5, 6)})
    assert page.grid.df["i"].tolist()[2] == pd.Interval(5, 6)


@pytest.mark.parametrize(
    ("old", "typed", "new"),
    [
        (dt.date(2026, 1, 1), " 2026-02-03 ", dt.date(2026, 2, 3)),
        (dt.time(1), "02:30", dt.time(2, 30)),
        (
            pd.Timestamp("2026-01-01", tz=ZURICH),
            "2026-02-03 04:05",
            pd.Timestamp("2026-02-03 04:05", tz=ZURICH),
        ),
        (pd.Timedelta("1h"), "90", pd.Timedelta(seconds=90)),
    ],
)
def test_python_object_is_typed_as_what_it_is(old: Any, typed: str, new: Any) -> None:
    page = Page(Grid(pd.DataFrame({"o": pd.Series([old, "text"], dtype=object)}))).start()
    assert not page.edit(0, "o", "zz")["ok"]
    assert page.edit(0, "o", typed)["ok"]
    assert page.grid.df["o"].tolist() == [new, "text"]
    assert type(page.grid.df["o"][0]) is type(old)


def test_time_is_read_in_a_zone_of_whatever_library() -> None:
    when = pd.to_datetime(["2026-01-01"]).tz_localize(tz.gettz(ZURICH))
    page = Page(Grid(pd.DataFrame({"t": when}))).start()
    assert page.edit(0, "t", "2026-07-01 12:00")["ok"]
    assert page.grid.df["t"][0] == pd.Timestamp("2026-07-01 10:00", tz="UTC")


def test_missing_period_is_typed_as_one() -> None:
    frame = pd.DataFrame({"p": pd.PeriodIndex(["2026-01", "NaT"], freq="M")})
    page = Page(Grid(frame)).start()
    assert page.edit(1, "p", "zz")["message"] == "p: 'zz' is no period[M]."
    assert page.edit(1, "p", "2026-02")["ok"]


@pytest.mark.parametrize("missing", [None, pd.NA, float("nan")])
def test_numbers_among_python_objects_may_be_missing(missing: Any) -> None:
    frame = pd.DataFrame({"x": pd.Series([1.5, missing], dtype=object)})
    assert Page(Grid(frame)).start().shown("x") == [1.5, None]


@pytest.mark.parametrize("dtype", ["float16", "float32", "Float32", "float64"])
def test_number_too_large_for_its_column_is_refused_and_not_made_infinite(dtype: Any) -> None:
    page = Page(Grid(pd.DataFrame({"x": pd.array([1.5], dtype=dtype)}))).start()
    assert not page.edit(0, "x", "1e400")["ok"]
    if not dtype.endswith("64"):
        assert not page.edit(0, "x", "1e39")["ok"]
        with pytest.raises(errors.InvalidValue, match="does not fit"):
            page.grid.update({"x": [1e39]}, ids=[0])
    assert page.edit(0, "x", "inf")["ok"]
    assert np.isinf(page.grid.df["x"][0])


def test_column_without_a_name_has_one_to_press_on() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=pd.Index(["", "  ", ("", "")], tupleize_cols=False))
    assert [one["title"] for one in Page(Grid(frame)).start().heads[1:]] == ["(no name)"] * 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"width": "x"}, "width is a whole number from 1 to 500, not 'x'"),
        ({"decimals": -1}, "decimals is a whole number from 0 to 20"),
        ({"choices": "abc"}, r"choices is a list: choices=\['abc'\]"),
        ({"choices": 5}, r"choices is a list: choices=\[5\]"),
        ({"title": 5}, "title is text, not int"),
        ({"editable": "no"}, "editable is True or False, not str"),
        ({"validate": "x"}, "validate is a function of a value, not str"),
    ],
)
def test_column_that_no_page_could_show_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(errors.InvalidValue, match=said):
        Column(**given)


@pytest.mark.parametrize("value", [1.5, float("inf"), 2**70, "x", [1]])
def test_whole_numbers_stay_whole_whatever_a_program_gives(value: Any) -> None:
    grid = Grid(pd.DataFrame({"x": [1, 2]}))
    for do in (
        lambda: grid.add_row({"x": value}),
        lambda: grid.update({"x": pd.Series([value], dtype=object)}, ids=[0]),
    ):
        with pytest.raises(errors.InvalidValue, match="x holds int64"):
            do()
    grid.add_row({"x": 7.0})
    assert grid.df["x"].tolist() == [1, 2, 7]


KINDS: dict[str, Any] = {
    "time": pd.to_datetime(["2026-01-01"]).astype("datetime64[s]"),
    "time of a zone": pd.to_datetime(["2026-01-01"]).tz_localize(ZURICH),
    "duration": pd.to_timedelta([1], unit="s").astype("timedelta64[s]"),
    "period": pd.period_range("2026", periods=1, freq="M"),
    "float": [1.5],
    "complex": [1j],
    "whole": [1],
    "category": pd.Categorical(["a"]),
}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("time", 5),
        ("time", 5.5),
        ("time", pd.Timestamp("2026-02-01 00:00:00.5")),
        ("time of a zone", -1),
        ("duration", 90),
        ("duration", True),
        ("duration", pd.Timedelta("1.5s")),
        ("period", 5),
        ("float", 1 + 2j),
        ("complex", pd.Timestamp("2026-01-01")),
        ("whole", pd.Timedelta("1h")),
        ("category", "b"),
        ("category", 5),
    ],
)
def test_no_value_is_made_of_another_kind_by_its_bits(kind: str, value: Any) -> None:
    grid = Grid(pd.DataFrame({"x": KINDS[kind]}))
    for do in (
        lambda: grid.add_row({"x": value}),
        lambda: grid.update({"x": pd.Series([value])}, ids=[0]),
    ):
        with pytest.raises(errors.InvalidValue, match="does not fit"):
            do()
    pd.testing.assert_frame_equal(grid.df, pd.DataFrame({"x": KINDS[kind]}))


def test_rows_are_selected_by_whatever_names_them() -> None:
    grid = Grid(pd.DataFrame({"x": [1, 2, 3]}, index=["one", "two", "three"]))
    frame = grid.df
    for given, ids in (
        (frame["x"] > 1, [1, 2]),
        (frame[frame["x"] > 2], [2]),
        ("two", [1]),
        (["two", "one"], [0, 1]),
        (frame.index, [0, 1, 2]),
        (None, []),
    ):
        grid.selected = given
        assert grid.selected_ids == ids
    with pytest.raises(errors.InvalidValue, match="no row 5"):
        grid.selected = 5


def test_what_names_no_rows_or_values_is_refused_with_how_to_write_it() -> None:
    grid = Grid(pd.DataFrame({"x": [1]}, index=["p"]))
    for wrong in (5, ["p"], None):
        with pytest.raises(errors.InvalidValue, match=r"delete_rows names rows .* as \[0, 3\]"):
            grid.delete_rows(wrong)  # type: ignore[arg-type] # that is what is refused
    with pytest.raises(errors.InvalidValue, match="update names rows"):
        grid.update({"x": [1]}, ids=["p"])  # type: ignore[list-item] # that is what is refused
    with pytest.raises(errors.InvalidValue, match="add_row takes values by column"):
        grid.add_row([1])  # type: ignore[arg-type] # that is what is refused
    for wrong in (None, 5, ["p"]):
        with pytest.raises(traitlets.TraitError, match="set selected to select rows by"):
            grid.selected_ids = wrong


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"columns": 5}, "columns takes names of columns, not int"),
        ({"columns": ["x", "x"]}, "columns names 'x' twice"),
        ({"editable": None}, "editable takes names of columns, not NoneType"),
    ],
)
def test_names_of_columns_are_a_list_of_each_once(given: dict[str, Any], said: str) -> None:
    with pytest.raises(errors.InvalidValue, match=said):
        Grid(pd.DataFrame({"x": [1]}), **given)


@pytest.mark.parametrize("given", [None, 5, {"x": 1}, "x"])
def test_update_by_what_names_no_rows_is_refused_with_how_to_write_it(given: Any) -> None:
    with pytest.raises(errors.InvalidValue, match=r"update takes a DataFrame.*index=\[7\]"):
        Grid(pd.DataFrame({"x": [1]})).update(given)


class Measured(pd.DataFrame):
    """As geopandas and others do it: a class of its own, with something it knows besides."""

    beamline: str
    _metadata: ClassVar = ["beamline"]

    @property
    def _constructor(self) -> Any:
        return Measured


class Strict(pd.DataFrame):
    """Cannot be made of a frame that lacks its calibration."""

    @property
    def _constructor(self) -> Any:
        def made(frame: Any, **_more: Any) -> Strict:
            if 5 in frame.to_numpy():
                raise TypeError("this is not calibrated")
            return Strict(frame)

        return made


def test_frame_of_another_class_comes_back_as_one_with_what_it_knows() -> None:
    given = Measured({"x": [1, 2]}, index=["a", "b"])
    given.beamline = "cSAXS"
    grid = Grid(given)
    grid.update(pd.DataFrame({"x": [5, 6]}, index=["b", "c"]))
    grid.selected_ids = [1]
    for frame, values in ((grid.df, [1, 5, 6]), (grid.selected, [5])):
        assert type(frame) is Measured
        assert frame.beamline == "cSAXS"
        assert frame["x"].tolist() == values
    assert type(Grid(pd.DataFrame({"x": [1]})).df) is pd.DataFrame


def test_frame_that_its_own_class_cannot_make_comes_back_as_a_plain_one() -> None:
    grid = Grid(Strict({"x": [1, 2]}))
    assert type(grid.df) is Strict
    grid.update(pd.DataFrame({"x": [5]}))
    assert type(grid.df) is pd.DataFrame
    assert grid.df["x"].tolist() == [5, 2]
