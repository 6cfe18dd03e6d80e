"""What is read of a logbook's answer, and what is not made of nonsense."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.errors import SourceDown
from arp_nb.run_sources.logbook.answer import Answer, read
from arp_nb.run_sources.parameters import MOST, MOST_BYTES, bounded
from arp_nb.run_sources.times import instant

LOGBOOK = "The logbook at pswww"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


def read_body(body: bytes) -> Answer:
    return read(body, "xppi0915", UTC, LOGBOOK)


def read_runs(*records: Any) -> Answer:
    return read_body(json.dumps({"success": True, "errormsg": "", "value": records}).encode())


def test_a_run_has_its_number_type_times_and_parameters() -> None:
    [run] = read_runs({
        "num": 12, "type": "DATA", "begin_time": "2026-03-05T12:00:00Z",
        "end_time": "2026-03-05T12:10:00+00:00", "params": {"beam": 9.5, "DAQ/Events": 120},
    }).news  # fmt: skip
    assert (run.experiment, run.number, run.type) == ("xppi0915", 12, "DATA")
    assert (run.started_at, run.ended_at) == (NOON, NOON + timedelta(minutes=10))
    assert run.parameters == {"beam": 9.5, "DAQ/Events": 120}


def test_a_run_that_goes_on_has_no_end() -> None:
    [run] = read_runs({"num": 1, "begin_time": "2026-03-05T12:00:00Z", "end_time": None}).news
    assert run.started_at == NOON
    assert run.ended_at is None


@pytest.mark.parametrize(
    ("told", "number"),
    [(7, 7), ("7", 7), (" 007 ", 7), (7.0, 7), (0, 0), (10**9, 10**9)],
)
def test_a_number_may_be_written_as_text(told: object, number: int) -> None:
    assert [run.number for run in read_runs({"num": told}).news] == [number]


ODD: list[Any] = [
    None, True, -1, 7.5, float("nan"), float("inf"), 10**9 + 1, 10**5000, "7a", "", "\u0667",
    [], {},
]  # fmt: skip


@pytest.mark.parametrize(
    "record", [None, 7, "run 7", [], {}, *({"num": told} for told in ODD)], ids=range(18)
)
def test_an_odd_record_is_no_run_and_costs_no_other(record: Any) -> None:
    text = json.dumps([{"num": 1}, "odd", {"num": 2}]).replace('"odd"', dumps(record))
    found = read_body(f'{{"success": true, "value": {text}}}'.encode())
    assert [run.number for run in found.news] == [1, 2]
    assert found.caveat == "1 of 3 records could not be read."


def dumps(record: Any) -> str:
    """Write even the numbers that Python refuses to write."""
    if isinstance(record, dict) and record.get("num") == 10**5000:
        return f'{{"num": 1{"0" * 5000}}}'
    return json.dumps(record)


@pytest.mark.parametrize(
    ("told", "time"),
    [
        ("2026-03-05T12:00:00Z", NOON),
        ("2026-03-05T12:00:00.250+00:00", NOON + timedelta(milliseconds=250)),
        ("2026-03-05T13:00:00+0100", NOON),
        ("2026-03-05T12:00:00", NOON + timedelta(hours=8)),
        ("2026-03-05 12:00:00", NOON + timedelta(hours=8)),
        ("2026/03/05 12:00:00", NOON + timedelta(hours=8)),
        ("Mar/05/2026 12:00:00", NOON + timedelta(hours=8)),
        ("Thu, 05 Mar 2026 12:00:00 GMT", NOON),
        (NOON.timestamp(), NOON),
        (int(NOON.timestamp()) * 1000, NOON),
        (str(int(NOON.timestamp())), NOON),
    ],
)
def test_a_time_is_read_in_its_zone_or_in_that_of_the_options(
    told: object, time: datetime
) -> None:
    assert instant(told, ZoneInfo("America/Los_Angeles")) == time


@pytest.mark.parametrize(
    "told",
    ["", "now", "2026-03-05", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "2026-13-01T00:00:00",
     12, -1, True, float("nan"), float("inf"), 1e300, [], {}, "9" * 100, None],
)  # fmt: skip
def test_what_is_no_time_is_left_out(told: object) -> None:
    assert instant(told, ZoneInfo("America/Los_Angeles")) is None


def test_a_time_that_cannot_be_read_costs_the_run_no_more_than_that() -> None:
    found = read_runs({"num": 3, "begin_time": "yesterday", "end_time": "2026-03-05T12:00:00Z"})
    assert (found.news[0].started_at, found.news[0].ended_at) == (None, NOON)
    assert found.caveat == "1 records have times that cannot be right."


@pytest.mark.parametrize("told", ["DATA, DARK", "x" * 41, "a\0", 7, []])
def test_a_type_that_cannot_be_kept_costs_the_run_no_more_than_that(told: object) -> None:
    found = read_runs({"num": 3, "type": told, "end_time": "2026-03-05T12:00:00Z"}, {"num": 4})
    assert [(run.number, run.type) for run in found.news] == [(3, ""), (4, "")]
    assert found.news[0].ended_at == NOON
    assert found.caveat == (
        "1 types of runs are left out: they have a comma, or more than 40 letters."
    )


def test_an_end_before_the_beginning_is_no_end() -> None:
    found = read_runs(
        {"num": 3, "begin_time": "2026-03-05T12:00:00Z", "end_time": "2026-03-05T11:00:00Z"}
    )
    assert (found.news[0].started_at, found.news[0].ended_at) == (NOON, None)
    assert "cannot be right" in found.caveat


def test_of_two_records_of_one_run_the_later_one_holds_where_it_says_something() -> None:
    [run] = read_runs(
        {
            "num": 3,
            "type": "DATA",
            "begin_time": "2026-03-05T12:00:00Z",
            "params": {"a": 1, "b": 1},
        },
        {"num": "3", "end_time": "2026-03-05T12:00:00Z", "params": {"b": 2}},
    ).news
    assert (run.type, run.started_at, run.ended_at) == ("DATA", NOON, NOON)
    assert run.parameters == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!DOCTYPE html><html>", "a web page instead of JSON: its login may have run out"),
        (b"\xef\xbb\xbf\n <html>", "a web page instead of JSON"),
        (b"", "what is no JSON"),
        (b'{"success": true, "value": [', "what is no JSON"),
        (b"[" * 100_000, "what is no JSON"),
        (b"\xff\xfe\x00", "what is no JSON"),
        (b"[]", "not about runs"),
        (
            b'{"success": false, "errormsg": "No such\\u0000\\n db"}',
            "runs of xppi0915: No such db",
        ),
        (b'{"success": false}', "could not tell the runs of xppi0915"),
        (b'{"success": 1, "value": []}', "could not tell the runs"),
        (b'{"value": []}', "could not tell the runs"),
        (b'{"success": true, "value": {"num": 1}}', "without a list of runs"),
    ],
)
def test_what_is_no_answer_is_told_in_words(body: bytes, said: str) -> None:
    with pytest.raises(SourceDown, match=said) as caught:
        read_body(body)
    assert LOGBOOK in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_experiment_without_runs_is_no_error() -> None:
    assert read_body(b'{"success": true, "value": null}').news == ()


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_runs_or_an_error_in_words(body: bytes) -> None:
    with contextlib.suppress(SourceDown):
        read_body(body)


@given(st.lists(JSON | st.dictionaries(
    st.sampled_from(["num", "type", "begin_time", "end_time", "params"]), JSON
)))  # fmt: skip
def test_any_records_give_runs_that_can_be_kept(records: list[Any]) -> None:
    found = read_runs(*records)
    numbers = [run.number for run in found.news]
    assert numbers == sorted({*numbers})
    assert len(numbers) + found.odd <= len(records)
    for run in found.news:
        text = json.dumps(dict(run.parameters), allow_nan=False)
        assert len(text) <= MOST_BYTES + MOST * 2
        assert "\\u0000" not in text
        for time in (run.started_at, run.ended_at):
            assert time is None or time.tzinfo is UTC


@given(JSON)
def test_any_value_is_a_time_or_none(told: object) -> None:
    found = instant(told, ZoneInfo("Europe/Berlin"))
    assert found is None or found.tzinfo is UTC


def test_parameters_stay_as_they_are_and_within_bounds() -> None:
    told = {"a": None, "b": [1, {"c": "d"}], "n": True, "s": "x\0\ud800"}
    assert bounded(told) == ({**told, "s": "x\ufffd?"}, 0)
    nan: dict[Any, Any] = {
        "": 1,
        "x" * 201: 1,
        5: 1,
        "n": float("nan"),
        "i": 2**63,
        "big": 10**400,
    }
    assert bounded(nan) == ({}, 6)
    assert bounded({"long": "x" * MOST_BYTES, "short": 1}) == ({"short": 1}, 1)
    kept, left_out = bounded({str(number): number for number in range(MOST + 5)})
    assert (len(kept), left_out) == (MOST, 5)
    deep: Any = 1
    for _ in range(20):
        deep = [deep]
    assert bounded({"deep": deep}) == ({}, 1)
