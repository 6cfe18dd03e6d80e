"""What jobs post: read, merged and shown, whatever it is."""

from __future__ import annotations

import contextlib
import copy
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb import reports
from arp_nb.errors import InvalidValue, TooLarge
from arp_nb.reports import Counter

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
)
KEYS = st.sampled_from(["counters", "a", "b", "Events", "é", ""])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
MANY = json.dumps([{"key": str(n), "value": n} for n in range(201)]).encode()
LISTS = st.lists(
    st.fixed_dictionaries({"key": st.text("abc", max_size=3), "value": VALUES}),
    max_size=4,
    unique_by=lambda item: str(item["key"]),
)


def by_the_rfc(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2, word by word."""
    if isinstance(patch, dict):
        if not isinstance(target, dict):
            target = {}
        for name, value in patch.items():
            if value is None:
                if name in target:
                    del target[name]
            else:
                target[name] = by_the_rfc(target.get(name), value)
        return target
    return patch


def posted(value: object) -> reports.Patch:
    return reports.parse(json.dumps(value).encode())


def shown(posted_counter: object) -> Counter:
    (counter,) = reports.counters(reports.merge({}, posted({"counters": {"k": posted_counter}})))
    return counter


# -- reading ---------------------------------------------------------------------------


@given(OBJECTS | LISTS)
def test_what_json_can_say_is_read_as_it_is(value: Any) -> None:
    assert posted(value) == value


@given(
    st.binary(max_size=200) | st.text('{}[]":,\\u0123dNaInfity-+eE.', max_size=200).map(str.encode)
)
def test_any_bytes_are_read_or_refused_in_words(body: bytes) -> None:
    with contextlib.suppress(InvalidValue, TooLarge):  # nothing else may be raised
        json.dumps(reports.merge({}, reports.parse(body)), allow_nan=False).encode()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"counters=7", "not JSON", id="a-form"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="not-text"),
        pytest.param(b"7", "this is 7", id="number"),
        pytest.param(b"null", "this is null", id="null"),
        pytest.param(b'"text"', "this is", id="text"),
        pytest.param(b"[7]", "Each item", id="list-of-numbers"),
        pytest.param(b'[{"key": 7, "value": 7}]', "Each item", id="key-is-a-number"),
        pytest.param(b'[{"key": "a"}]', "Each item", id="item-without-value"),
        pytest.param(b'[{"key":"a","value":1},{"key":"a","value":2}]', "twice", id="key-twice"),
        pytest.param(b'{"a": 1, "a": 2}', "twice", id="name-twice"),
        pytest.param(b'{"a": NaN}', "NaN is not a value", id="nan"),
        pytest.param(b'{"a": -Infinity}', "-Infinity is not", id="infinity"),
        pytest.param(b'{"a": 1e999}', "larger than", id="infinite-in-disguise"),
        pytest.param(b'{"a": 9223372036854775808}', "64 bits", id="65-bits"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "64 bits", id="five-thousand-digits"),
        pytest.param(b'{"a": "\\u0000"}', "NUL", id="nul"),
        pytest.param(b'{"\\u0000": 1}', "NUL", id="nul-in-a-name"),
        pytest.param(b'{"a": ["x", "\\ud800"]}', "surrogate", id="half-a-pair"),
    ],
)
def test_what_cannot_be_kept_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        reports.parse(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b" " * (reports.MAX_BYTES + 1), id="bytes"),
        pytest.param(b"[" * 100_000, id="levels"),
        pytest.param(b'{"a":' * 17 + b"1" + b"}" * 17, id="one-level-more"),
        pytest.param(MANY, id="counters"),
    ],
)
def test_too_much_is_too_large(body: bytes) -> None:
    with pytest.raises(TooLarge):
        reports.parse(body)


def test_brackets_in_texts_are_no_levels() -> None:
    assert posted({"a": "[{" * 100 + '\\"[['})


def test_as_deep_as_allowed_is_accepted() -> None:
    body = b'{"a":' * 16 + b"1" + b"}" * 16
    assert reports.merge({}, reports.parse(body))


def test_a_byte_order_mark_does_no_harm() -> None:
    assert reports.parse(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


# -- merging ---------------------------------------------------------------------------


@given(OBJECTS, OBJECTS)
def test_an_object_merges_as_rfc_7396_says(report: dict[str, Any], patch: dict[str, Any]) -> None:
    assert reports.merge(report, patch) == by_the_rfc(copy.deepcopy(report), patch)


@given(OBJECTS, OBJECTS | LISTS)
def test_merging_changes_neither_report_nor_patch(report: Any, patch: Any) -> None:
    before = copy.deepcopy((report, patch))
    reports.merge(report, patch)
    assert (report, patch) == before


@given(OBJECTS, OBJECTS | LISTS)
def test_a_post_that_comes_twice_counts_once(report: Any, patch: Any) -> None:
    once = reports.merge(report, patch)
    assert reports.merge(once, patch) == once


@given(st.dictionaries(KEYS, st.integers(), max_size=5), st.integers())
def test_only_what_is_posted_changes(counters: dict[str, int], value: int) -> None:
    report = reports.merge({"other": 1}, {"counters": counters})
    after = reports.merge(report, {"counters": {"Events": value}})
    assert after == {"other": 1, "counters": {**counters, "Events": value}}


def test_a_list_replaces_all_counters_and_nothing_else() -> None:
    report = {"counters": {"old": 1}, "other": 2}
    items: list[dict[str, Any]] = [
        {"key": "a", "value": 1},
        {"key": "b", "value": [2, "red"]},
        {"key": "c", "value": None},
    ]
    assert reports.merge(report, items) == {"counters": {"a": 1, "b": [2, "red"]}, "other": 2}


def test_what_else_stands_in_a_list_item_is_kept() -> None:
    merged = reports.merge({}, [{"key": "a", "value": 1, "color": "red", "unit": "Hz"}])
    assert reports.counters(merged) == [Counter("a", 1, color="red", unit="Hz")]


def test_a_counter_after_a_list_joins_it() -> None:
    report = reports.merge({}, [{"key": "a", "value": 1}])
    assert reports.merge(report, {"counters": {"b": 2}}) == {"counters": {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"text": "x" * 200_000}, id="bytes"),
        pytest.param({"counters": {f"more {n}": n for n in range(150)}}, id="counters"),
    ],
)
def test_a_report_that_grows_too_large_is_refused(more: dict[str, Any]) -> None:
    counters = {str(n): n for n in range(100)}
    report = reports.merge({}, {"before": "y" * 100_000, "counters": counters})
    with pytest.raises(TooLarge):
        reports.merge(report, more)


# -- counters --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "counter"),
    [
        pytest.param(7, Counter("k", 7), id="number"),
        pytest.param("A", Counter("k", "A"), id="text"),
        pytest.param(True, Counter("k", value=True), id="truth"),
        pytest.param([7, "red"], Counter("k", 7, color="red"), id="colour"),
        pytest.param([7, "#FF8800"], Counter("k", 7, color="#ff8800"), id="hex-colour"),
        pytest.param([7, None], Counter("k", 7), id="no-colour"),
        pytest.param([7, "url(http://x)"], Counter("k", 7), id="no-colour-at-all"),
        pytest.param([7, "#12345"], Counter("k", 7), id="five-hex-digits"),
        pytest.param([1, 2, 3], Counter("k", "[1, 2, 3]"), id="other-list-shown-as-it-is"),
        pytest.param({"a": 1}, Counter("k", '{"a": 1}'), id="other-object-shown-as-it-is"),
        pytest.param(
            {"value": 3, "unit": "Hz", "max": 9, "url": "https://x/a?b=1", "image": "http://x/i"},
            Counter("k", 3, unit="Hz", max=9.0, url="https://x/a?b=1", image="http://x/i"),
            id="all-of-it",
        ),
        pytest.param({"value": 3, "max": "ten", "unit": 7}, Counter("k", 3), id="of-wrong-type"),
        pytest.param({"value": 3, "max": True}, Counter("k", 3), id="truth-is-no-limit"),
    ],
)
def test_counter_is_read(value: object, counter: Counter) -> None:
    assert shown(value) == counter


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JaVaScript:alert(1)", "data:text/html,x", "file:///etc/passwd",
        "//host/path", "/path", "http://", "https:///path", "http://a b", "http://x\ty",
        "http://x\\y", "http://[::1", "http://x:99999/", "https://good.org@evil.org/",
        "http://" + "x" * 3000, 7, None,
    ],
)  # fmt: skip
def test_a_link_that_no_page_should_follow_is_left_out(url: object) -> None:
    assert shown({"value": 3, "url": url, "image": url}) == Counter("k", 3)


@given(OBJECTS)
def test_any_report_has_counters_to_show(report: dict[str, Any]) -> None:
    for counter in reports.counters(report):
        assert isinstance(counter.value, str | int | float | None)
        assert counter.color is None or counter.color in reports.COLOURS or counter.color[0] == "#"


def test_numbers_are_what_a_series_can_be_made_of() -> None:
    counters = {"n": 1, "f": [2.5, "red"], "o": {"value": 3}, "t": "4", "b": True, "z": None}
    assert reports.numbers({"counters": counters}) == {"n": 1.0, "f": 2.5, "o": 3.0}


# -- series ----------------------------------------------------------------------------

SERIES = st.lists(st.floats(0, 1e6), min_size=1, max_size=300).map(
    lambda times: [(time, index) for index, time in enumerate(sorted(times))]
)


@given(SERIES, st.integers(2, 50))
def test_a_thinned_series_is_a_bounded_part_with_both_ends(
    points: list[tuple[float, int]], limit: int
) -> None:
    thinned = reports.thin(points, limit)
    assert len(thinned) <= limit
    assert (thinned[0], thinned[-1]) == (points[0], points[-1])
    positions = [points.index(point) for point in thinned]
    assert positions == sorted(set(positions))


def test_a_series_stays_evenly_spread_however_often_it_is_thinned() -> None:
    points: list[tuple[float, int]] = []
    for second in range(20_000):
        points.append((float(second), second))
        if len(points) > 100:
            points = reports.thin(points, 50)
    gaps = [after[0] - before[0] for before, after in pairwise(points)]
    assert max(gaps) <= 4 * 20_000 / 50


def test_points_of_one_moment_leave_the_first_and_the_last() -> None:
    assert reports.thin([(1.0, n) for n in range(10)], 5) == [(1.0, 0), (1.0, 9)]
