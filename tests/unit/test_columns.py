"""Frames: what is written is read again, whatever the values are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb import columns
from tests.frames import decode

#: lone halves of surrogate pairs too
TEXTS = st.text(st.characters(codec=None), max_size=20)
FLOATS = st.floats(allow_nan=False)


def lists(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.none() | values, max_size=40)


def through(*made: columns.Column, **more: Any) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    return decode(columns.encode(*columns.frame(made, total=7, **more)))


def words(name: str, values: Sequence[str | None]) -> columns.Column:
    made = columns.Words(name)
    made.extend(values)
    return made.column()


def as_utf8(text: str | None) -> str | None:
    """A text as UTF-8 can hold it."""
    if text is None:
        return None
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@pytest.mark.parametrize(
    ("make", "values"),
    [
        (columns.whole, st.integers(-(2**31) + 1, 2**31 - 1)),
        (columns.whole, st.integers(-(2**53), 2**53)),
        (columns.floats, FLOATS),
        (columns.times, FLOATS),
        (words, TEXTS),
        (words, st.sampled_from(["", "a", "b\0", "\U0001f600"])),
        (columns.texts, TEXTS),
    ],
)
@given(data=st.data())
def test_column_is_read_as_it_was_written(
    make: Callable[[str, Sequence[Any]], columns.Column],
    values: st.SearchStrategy[Any],
    data: st.DataObject,
) -> None:
    given_ones = data.draw(lists(values))
    name = data.draw(TEXTS)
    head, found = through(make(name, given_ones))
    assert head["rows"] == len(given_ones)
    plain = [as_utf8(one) if isinstance(one, str) else one for one in given_ones]
    assert found[name] == plain


@given(st.lists(lists(TEXTS), max_size=6))
def test_words_that_come_bit_by_bit_are_as_those_that_come_at_once(bits: list[Any]) -> None:
    grown = columns.Words("a")
    for one in bits:
        grown.extend(one)
    at_once = [word for one in bits for word in one]
    assert through(grown.column()) == through(words("a", at_once))
    assert grown.chars == sum(len(word or "") for word in set(at_once))


@pytest.mark.parametrize(
    ("count", "code_bytes"), [(0, 1), (255, 1), (256, 2), (65_535, 2), (65_536, 4)]
)
def test_codes_are_as_short_as_can_be_with_one_left_for_null(count: int, code_bytes: int) -> None:
    values = [*map(str, range(count)), None]
    head, found = through(words("a", values))
    assert head["columns"][0]["code_bytes"] == code_bytes
    assert found["a"] == values


def test_words_that_differ_in_halves_of_characters_only_are_one() -> None:
    _, found = through(words("a", ["\ud800", "\udfff", "\ud83d\ude00", "\U0001f600"]))
    assert found["a"] == ["\ufffd", "\ufffd", "\U0001f600", "\U0001f600"]


@pytest.mark.parametrize(
    ("value", "kind"), [(2**31 - 1, "i32"), (2**31, "f64"), (-(2**31), "f64"), (None, "i32")]
)
def test_whole_numbers_are_short_where_all_fit(value: int | None, kind: str) -> None:
    head, found = through(columns.whole("a", [1, value]))
    assert head["columns"][0]["type"] == kind
    assert head["columns"][0].get("integer", False) is (kind == "f64")
    assert found["a"] == [1, value]


def test_frame_of_several_columns_has_aligned_buffers_and_tells_the_rest() -> None:
    body = columns.encode(
        *columns.frame(
            [
                columns.Column("b", "bool", 3, (bytes([1, 2, 0]),), {"was": "object"}),
                columns.texts("t", ["é", None, ""]),
                columns.texts("u", ["x", "y", "z"]),
                columns.Column("r", "remote", 3, (), {}),
                columns.times("at", [1.5, None, 2.0]),
            ],
            total=9,
            epoch="e",
            revision=4,
            next_before=None,
        )
    )
    assert len(body) % 8 == 0
    head, found = decode(body)
    assert (head["rows"], head["total"], head["epoch"], head["revision"]) == (3, 9, "e", 4)
    assert head["next_before"] is None
    assert [one["buffers"] for one in head["columns"]] == [[0], [1, 2, 3], [4, 5], [], [6]]
    assert head["columns"][0]["was"] == "object"
    assert found["b"] == [True, None, False]
    assert found["t"] == ["é", None, ""]
    assert found["at"] == [1.5, None, 2.0]


def test_frame_without_columns_or_rows_is_a_frame() -> None:
    head, found = through()
    assert (head["rows"], head["total"], found) == (0, 7, {})


def test_columns_of_one_frame_are_equally_long() -> None:
    with pytest.raises(ValueError, match="equally many"):
        columns.frame([columns.whole("a", []), columns.whole("b", [1])], total=1)
