"""Predicates take little time: few steps, each on values that are not large."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb import predicates
from arp_nb.predicate_work import (
    MOST_LEVELS,
    MOST_PARTS,
    MOST_TEXT,
    MOST_WORK,
    OPERATORS,
    Trouble,
    Whole,
    admitted,
    shown,
)
from arp_nb.predicates import MOST_CHARS, MOST_NODES, Values, parse


def parts(value: Any) -> Iterator[Any]:
    value = value.value if isinstance(value, Whole) else value
    yield value
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = [*value, *value.values()]
    elif isinstance(value, list):
        inner = value
    for one in inner:
        yield from parts(one)


SHORT = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
LONG = st.integers(0, 20_000).map("x".__mul__)
JSON = st.recursive(
    SHORT | LONG,
    lambda one: (
        st.lists(one, max_size=5)
        | st.dictionaries(st.text(max_size=3), one, max_size=5)
        | st.builds(lambda value, times: [value] * times, one, st.integers(0, 2000))
    ),
    max_leaves=4,
)


@given(JSON)
def test_a_value_that_is_worked_with_is_not_large(value: Any) -> None:
    try:
        admitted("a", value)
    except Trouble as error:
        assert "too large for a predicate" in str(error)  # noqa: PT017 - either may come
        return
    found = list(parts(value))
    assert len(found) <= MOST_PARTS + 1
    assert sum(len(one) for one in found if isinstance(one, str)) <= MOST_TEXT


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        "x" * (MOST_TEXT + 1), [0] * (MOST_PARTS + 1), [[0] * 600] * 2, nested(MOST_LEVELS + 1),
        nested(900), [[[0] * 10**4] * 10**4] * 10**4, {"a": list(range(10**5))},
    ],
    ids=["text", "list", "lists", "deep", "deeper", "huge", "object"],
)  # fmt: skip
def test_a_large_value_makes_it_not_hold_and_is_told(value: Any) -> None:
    found = parse("a == 1 or a in [a] or len(a) > 1").judge(Values(run=1, parameters={"a": value}))
    assert not found.holds
    assert found.problem.startswith("a is too large for a predicate")


@pytest.mark.parametrize(
    "value", ["x" * MOST_TEXT, [0] * MOST_PARTS, nested(MOST_LEVELS)], ids=["text", "list", "deep"]
)
def test_a_value_just_within_is_worked_with(value: Any) -> None:
    assert parse("len(a) >= 0").judge(Values(run=1, parameters={"a": value})).holds


#: as much of each as may be written
LONGEST = [
    " and ".join(["-1 not in a"] * 49),
    " < ".join(["b"] * 99),
    " or ".join(["a == [b, b, b]"] * 28),
    "[" + ", ".join(["a"] * 40) + "] != [" + ", ".join(["a"] * 40) + "]",
    "-" * 40 + "b < 1",
    " == ".join(["lower(c)"] * 66),
    "max(" + ", ".join(["b ** 2 * b"] * 35) + ") > 1",
    "".join(["(", "0 or (" * 30, "a == a", ")" * 31]),
]


@pytest.mark.parametrize("text", LONGEST)
def test_what_may_be_written_takes_as_many_steps_as_it_has_parts(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0

    def counted(work: Callable[..., Any]) -> Callable[..., Any]:
        def worked(*given: Any) -> Any:
            nonlocal steps
            steps += 1
            for one in given:
                # a list that is written holds values that are not large
                assert len(list(parts(one))) <= MOST_NODES * (MOST_PARTS + 1)
                assert not isinstance(one, int) or abs(one) <= 2**63
            return work(*given)

        return worked

    counting: Mapping[Any, Any] = {kind: counted(work) for kind, work in OPERATORS.items()}
    monkeypatch.setattr(predicates, "OPERATORS", counting)
    values = Values(
        run=1, parameters={"a": list(range(MOST_PARTS)), "b": 2**62, "c": "X" * MOST_TEXT}
    )
    assert len(text) <= MOST_CHARS
    found = parse(text).judge(values)
    assert not found.problem
    assert 0 < steps <= MOST_NODES


class Watched(list[Any]):
    """A list that counts how many values are looked at in it."""

    def __init__(self, values: Sequence[Any]) -> None:
        super().__init__(values)
        self.looks = 0

    def __iter__(self) -> Iterator[Any]:
        self.looks += len(self)
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        self.looks += len(self)
        return super().__eq__(other)

    def __contains__(self, one: object) -> bool:
        self.looks += len(self)
        return super().__contains__(one)

    __hash__ = None


NAMES = [f"n{one}" for one in range(49)]


def many(text: str, times: int) -> str:
    return ", ".join([text] * times)


#: what walks through long lists as often as may be written
HEAVY = [
    f"len([{many('a', 190)}]) > 1",
    f"[{many('a', 180)}]",
    f"[{many('a', 90)}] != [{many('b', 90)}]",
    " and ".join(["a == b"] * 60),
    f"a in [{many('b', 180)}]",
    "".join(["(", "0 or (" * 40, "a", ")" * 40, ") == b"]),
    " and ".join(["0.5 not in a"] * 49),
    " and ".join(["max(a) > -1"] * 30),
    "[" * 40 + many("a", 100) + "]" * 40 + " == b",
]


@pytest.mark.parametrize("text", HEAVY)
def test_no_judgement_looks_at_more_values_than_it_may(text: str) -> None:
    a, b = Watched(range(MOST_PARTS - 1)), Watched([*range(MOST_PARTS - 2), -1])
    found = parse(text).judge(Values(run=1, parameters={"a": a, "b": b}))
    assert found.work <= MOST_WORK
    assert a.looks + b.looks <= MOST_WORK


def test_a_value_is_weighed_once_however_often_it_is_named() -> None:
    looks = []
    for times in (1, 30):
        value = Watched(range(MOST_PARTS))
        text = " and ".join(["len(a) > 1"] * times) + " and len([a, a, a]) == 3"
        assert parse(text).judge(Values(run=1, parameters={"a": value})).holds
        looks.append(value.looks)
    assert looks[0] == looks[1]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (f"[{many('a', 90)}] != [{many('b', 90)}]", {"a": [0] * 999, "b": [0] * 998 + [1]}),
        (" == ".join(["lower(c)"] * 66), {"c": "\u0130" * MOST_TEXT}),
        ("c in d", {"c": "x" * 4999 + "y", "d": "x" * MOST_TEXT}),
        (" or ".join(f"{one} == 1" for one in NAMES), dict.fromkeys(NAMES, [0] * 999)),
    ],
    ids=["lists", "letters", "text-in-text", "names"],
)  # fmt: skip
def test_what_would_take_too_much_work_does_not_hold_and_is_told(
    text: str, values: dict[str, Any]
) -> None:
    found = parse(text).judge(Values(run=1, parameters=values))
    assert not found.holds
    assert found.problem.startswith("It has too much to look at in these values")
    assert found.work <= MOST_WORK


@given(
    st.recursive(
        SHORT | st.text(min_size=100, max_size=150),
        lambda one: st.lists(one) | st.dictionaries(st.text(max_size=3), one),
    ).filter(lambda value: isinstance(value, list | dict))
)
def test_a_list_is_shown_as_python_writes_it_as_far_as_it_is_shown(value: Any) -> None:
    text = str(value)
    assert shown(value) == (text if len(text) <= 120 else f"{text[:120]}…")


def test_a_judgement_never_fails_for_a_number_that_is_too_long_to_write() -> None:
    found = parse("[a]").judge(Values(run=1, parameters={"a": [10**5000]}))
    assert "inf" in found.problem
