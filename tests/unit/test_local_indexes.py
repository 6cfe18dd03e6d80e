"""Ids and index lists on the local scheduler's command lines."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.schedulers.local.engine.indexes import (
    MOST_ELEMENTS,
    Target,
    array,
    elements,
    ranges,
    target,
    text,
)
from arp_nb.schedulers.local.engine.options import Refused
from arp_nb.schedulers.local.engine.options import array as asked_array


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1-4", [1, 2, 3, 4]),
        ("1-10:2,20", [1, 3, 5, 7, 9, 20]),
        ("3, 1", [1, 3]),
        ("2-3,1-3", [1, 2, 3]),
        ("7", [7]),
    ],
)
def test_an_index_list_means_each_index_once(written: str, meant: list[int]) -> None:
    assert elements(ranges(written)) == meant


@pytest.mark.parametrize(
    "written", ["", "0", "4-1", "1-", "-3", "1:2", "1-4:0", "a", "1,,2", "\u0661"]
)
def test_what_is_no_index_list_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"range|number"):
        ranges(written)


def test_an_array_may_have_a_limit_of_its_own() -> None:
    asked = array("arr[1-4]%2")
    assert asked is not None
    assert (asked.name, asked.text, elements(asked.indexes), asked.limit) == (
        "arr", "1-4", [1, 2, 3, 4], 2,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["arr", "50%", "a[1", "two words", "x]", "100%2"])
def test_a_name_without_an_index_list_is_a_name(name: str) -> None:
    assert array(name) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("arr[0-3]", r"arr\[0-3\]: Bad job array index list. Job not submitted."),
        ("arr[1-3]%0", "Bad job array index list"),
        (f"arr[1-{MOST_ELEMENTS + 1}]", "Job array index too large. Job not submitted."),
        ("arr[1-999999999999999999]", "Job array index too large"),
    ],
)
def test_an_array_that_cannot_be_is_refused_in_lsf_s_words(name: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        asked_array(name)


def test_a_target_is_written_as_it_was_read() -> None:
    for word in ("13", "13[4]", "13[1-3,7]"):
        assert text(target(word)) == word
    assert target("13[1-3,7]").has(7)
    assert not target("13[1-3,7]").has(4)
    assert target("13").has(9)


@pytest.mark.parametrize("word", ["", "-u", "13[", "13[]", "[1]", "13[1]x", "1 2", "1" * 40])
def test_what_is_no_id_is_no_target(word: str) -> None:
    with pytest.raises(ValueError, match=r"number|bracket|range"):
        target(word)


@given(st.text() | st.text(alphabet="a[]1-9:,%0 "))
def test_any_text_is_understood_or_refused(text_given: str) -> None:
    with contextlib.suppress(Refused):
        asked_array(text_given)
    with contextlib.suppress(ValueError):
        assert isinstance(target(text_given), Target)


@given(st.sets(st.integers(1, 5000), min_size=1, max_size=30))
def test_every_set_of_indexes_can_be_written(indexes: set[int]) -> None:
    written = ",".join(map(str, indexes))
    assert elements(ranges(written)) == sorted(indexes)
