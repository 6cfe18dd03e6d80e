"""Runs as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb import run_ranges
from arp_nb.errors import InvalidValue
from arp_nb.run_ranges import Understood

KNOWN = (3, 12, 20, 21, 22, 40)
RUNS = st.sets(st.integers(0, 500), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("given_", "runs", "text"),
    [
        pytest.param("12", (12,), "12", id="one"),
        pytest.param("12, 20-22", (12, 20, 21, 22), "12, 20-22", id="run-and-range"),
        pytest.param("20-22,12,12", (12, 20, 21, 22), "12, 20-22", id="any-order-once-each"),
        pytest.param(" 20 - 40 ", (20, 21, 22, 40), "20-22, 40", id="gaps-are-left-out"),
        pytest.param("20-", (20, 21, 22, 40), "20-22, 40", id="open-end"),
        pytest.param("0-3", (3,), "3", id="from-before-the-first"),
        pytest.param("20..22", (20, 21, 22), "20-22", id="dots"),
        pytest.param("20\u201322", (20, 21, 22), "20-22", id="a-dash-from-a-mail"),
        pytest.param("ALL", KNOWN, "3, 12, 20-22, 40", id="all"),
        pytest.param([40, 3], (3, 40), "3, 40", id="list"),
        pytest.param((n for n in (12, 12)), (12,), "12", id="any-iterable"),
    ],
)
def test_runs_are_understood(given_: object, runs: tuple[int, ...], text: str) -> None:
    assert run_ranges.parse(given_, KNOWN) == Understood(runs, text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        pytest.param("22-20", "'22-20' runs backwards. Did you mean '20-22'?", id="backwards"),
        pytest.param("27", "Run 27 does not exist. There are: 3, 12, 20-22, 40.", id="unknown"),
        pytest.param("1-99999999", "runs 1 to 99,999,999, but the last run is 40", id="too-wide"),
        pytest.param("4-11", "'4-11' holds no run that exists", id="empty-range"),
        pytest.param("50-", "'50-' holds no run that exists", id="open-beyond-the-last"),
        pytest.param("1-2-3", "'1-2-3' is neither a run nor a range", id="two-dashes"),
        pytest.param("-5", "'-5' is neither", id="open-beginning"),
        pytest.param("twelve", "'twelve' is neither", id="words"),
        pytest.param("12 20", "'12 20' is neither", id="no-comma"),
        pytest.param("١٢", "is neither", id="digits-of-other-scripts"),
        pytest.param("9" * 5000, "is neither", id="endless-number"),
        pytest.param("1," * 60_000, "characters long", id="endless-text"),
        pytest.param("", "No run was named", id="nothing"),
        pytest.param(" , ", "No run was named", id="commas-only"),
        pytest.param([], "No run was named", id="empty-list"),
        pytest.param([12, 27, 28], "Runs 27-28 do not exist", id="unknown-in-a-list"),
        pytest.param([-1], "Run -1 does not exist", id="negative"),
        pytest.param([True], "'True' is not a run number", id="truth"),
        pytest.param([1.5], "'1.5' is not a run number", id="fraction"),
    ],
)
def test_what_is_not_understood_is_told(given_: object, says: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        run_ranges.parse(given_, KNOWN)  # type: ignore[arg-type]
    assert says in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_experiment_without_runs_says_so() -> None:
    for text in ("all", "5", "1-"):
        with pytest.raises(InvalidValue, match="has no runs yet"):
            run_ranges.parse(text, ())


@given(RUNS)
def test_a_description_is_understood_as_what_it_describes(runs: set[int]) -> None:
    text = run_ranges.describe(runs)
    assert run_ranges.parse(text, runs) == Understood(tuple(sorted(runs)), text)


@given(RUNS, st.integers(0, 600), st.integers(0, 600))
def test_a_range_takes_the_runs_within_it(known: set[int], first: int, last: int) -> None:
    expected = tuple(run for run in sorted(known) if first <= run <= last)
    try:
        understood = run_ranges.parse(f"{first}-{last}", known)
    except InvalidValue:
        assert not expected or last > max(known)
    else:
        assert understood.runs == expected


@given(st.text(max_size=50) | st.text("0123456789-,. all", max_size=50))
def test_any_text_is_understood_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(InvalidValue):  # nothing else may be raised
        assert set(run_ranges.parse(text, KNOWN).runs) <= set(KNOWN)
