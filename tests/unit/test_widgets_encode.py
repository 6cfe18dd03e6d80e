"""Whatever stands in a DataFrame, the page reads the same."""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb import columns
from arp_nb.widgets import encode, kinds
from tests.unit.widget_play import decode, odd

WHOLE = st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-100, 100)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def sent(values: pd.Series[Any]) -> tuple[str, list[Any]]:
    """How a column travels, and what the page reads."""
    kind = kinds.kind_of(values)
    packed = encode.pack("c0", kind, values, {})
    head, buffers = columns.frame([packed], total=len(values))
    return kind.travel, decode(head, buffers)["c0"]


@given(st.lists(WHOLE, max_size=30))
def test_whole_numbers_arrive_as_they_are(values: list[int]) -> None:
    travel, read = sent(pd.Series(values, dtype="int64"))
    assert read == values
    assert travel in {"i32", "f64", "i64"}


@given(st.lists(st.none() | WHOLE, max_size=30))
def test_missing_whole_numbers_stay_missing(values: list[int | None]) -> None:
    assert sent(pd.Series(values, dtype="Int64"))[1] == values
    as_text = [None if one is None else str(one) for one in values]
    assert [None if one is None else str(one) for one in objects(values)] == as_text


def objects(values: list[Any]) -> list[Any]:
    """What the page reads of a column of Python objects; whole numbers without '.0'."""
    read = sent(pd.Series(values, dtype=object))[1]
    return [int(one) if isinstance(one, float) else one for one in read]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30))
def test_unsigned_numbers_are_exact_also_where_only_text_can_hold_them(values: list[int]) -> None:
    travel, read = sent(pd.Series(values, dtype="uint64"))
    assert [int(one) for one in read] == values
    assert travel != "text" or max(values) >= 2**63


@given(st.lists(st.none() | st.floats(allow_nan=False), max_size=30))
def test_floats_arrive_bit_by_bit(values: list[float | None]) -> None:
    for dtype in ("float64", "Float64"):
        assert sent(pd.Series(values, dtype=dtype))[1] == values


@given(st.lists(st.none() | TEXT, max_size=40))
def test_texts_arrive_whether_they_repeat_or_not(values: list[str | None]) -> None:
    for several in (values, values * 3):
        for dtype in (object, "str", "category"):
            series = pd.Series(several, dtype=dtype)
            assert sent(series)[1] == several
            kind = kinds.kind_of(series)
            assert encode.cells(kind, series) == several


@given(st.lists(st.text(max_size=6), min_size=1, max_size=10))
def test_half_a_surrogate_pair_becomes_a_replacement_character(values: list[str]) -> None:
    read = sent(pd.Series(values, dtype=object))[1]
    assert read == [encode.plain(one) for one in values]
    for one in read:
        one.encode()


@given(st.lists(st.none() | st.datetimes(), max_size=20), st.sampled_from(["s", "ms", "us", "ns"]))
def test_times_are_right_to_the_microsecond(values: list[Any], unit: str) -> None:
    wanted = [None if one is None else one.replace(microsecond=0) for one in values]
    if unit == "ns":
        wanted = [one for one in wanted if one is None or 1700 < one.year < 2200]
    series = pd.Series(wanted, dtype=f"datetime64[{unit}]")
    epoch = pd.Timestamp(0).to_pydatetime()
    ms = [None if one is None else (one - epoch).total_seconds() * 1e3 for one in wanted]
    assert sent(series)[1] == ms


@given(st.lists(st.none() | st.booleans(), max_size=20))
def test_truth_values_arrive_however_they_are_kept(values: list[bool | None]) -> None:
    assert sent(pd.Series(values, dtype="boolean"))[1] == values
    if any(one is not None for one in values):
        assert sent(pd.Series(values, dtype=object))[1] == values


def test_odd_columns_travel_as_what_they_are() -> None:
    how = {name: kinds.kind_of(column).travel for name, column in odd().items()}
    assert how == {
        "int": "i32", "Int": "f64", "large": "f64", "larger": "i64", "huge": "text",
        "float": "f64", "Float": "f64", "bool": "bool", "Bool": "bool", "maybe": "bool",
        "naive": "time", "aware": "time", "took": "f64", "kind": "dict", "level": "dict",
        "text": "text", "half": "text", "list": "text", "complex": "text", "period": "text",
    }  # fmt: skip
    read = {name: sent(column)[1] for name, column in odd().items()}
    assert read["Int"] == [1, None, -(2**31)]
    assert read["float"] == [1.5, None, -math.inf]
    assert read["aware"][0] == pd.Timestamp("2026-11-22 13:02:11.123456").timestamp() * 1e3
    assert read["took"] == [3600, None, 2.5]
    assert read["level"] == ["1.5", "2.5", None]
    assert read["half"] == ["\ufffd", "x\ufffd", "\U0001f600"]
    assert read["list"] == ["[1, 2]", None, "{'a': 1}"]


@pytest.mark.parametrize("name", odd().columns)
def test_cells_of_a_delta_say_what_a_frame_says(name: str) -> None:
    values = odd()[name]
    in_frame, kind = sent(values)[1], kinds.kind_of(values)
    in_delta = [
        float(one) if one in {"Infinity", "-Infinity"} else one
        for one in encode.cells(kind, values)
    ]
    if kind.travel == "i64":
        in_delta = [None if one is None else int(one) for one in in_delta]
    assert in_delta == in_frame


def test_long_texts_are_left_to_be_asked_for() -> None:
    assert kinds.kind_of(pd.Series(["x" * 100_000] * 3)).travel == "remote"
    assert kinds.kind_of(pd.Series(["x" * 150, "y" * 150, "z"])).travel == "text"


def test_what_text_was_is_told() -> None:
    assert kinds.kind_of(pd.Series([Decimal("1.5"), None])).was == "Decimal"
    assert kinds.kind_of(pd.Series([[1], "x", [2]])).was == "list, str"


def test_object_that_cannot_be_printed_is_said_to_be_one() -> None:
    class Bad:
        def __str__(self) -> str:
            raise RuntimeError

    assert "cannot be shown" in sent(pd.Series([Bad(), 1]))[1][0]


def test_numbers_and_categories_are_not_looked_at_one_by_one() -> None:
    rows = 100_000
    numbers = pd.Series(np.arange(rows))
    words = pd.Series(pd.Categorical(np.arange(rows) % 3))
    calls = 0

    def count(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        for values in (numbers, words):
            encode.pack("c0", kinds.kind_of(values), values, {})
    finally:
        sys.setprofile(None)
    assert calls < rows / 50
