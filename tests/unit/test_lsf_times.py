"""How LSF's moments are read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.schedulers.lsf_times import moment

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("Nov 22 18:47", 0),
        ("Nov 22 18:47:57", 57),
        ("Sun Nov 22 18:47:57", 57),
        ("Sun Nov 22 18:47:57 2026", 57),
        ("Nov 22 18:47 2026", 0),
        ("Nov 22 18:47 L", 0),
        ("Nov 22 18:47:57 2026 E", 57),
        ("Nov 22 18:47 X", 0),
        ("11/22-18:47:57", 57),
        ("2026/11/22-18:47:57", 57),
        ("11/22-18:47", 0),
    ],
)
def test_each_way_of_writing_is_read(text: str, second: int) -> None:
    assert moment(text, NOW) == datetime(2026, 11, 22, 18, 47, second, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "-", "Nov", "Foo 22 18:47", "Nov 32 18:47", "13/01-00:00:00", "Nov 22 25:00",
             "Nov 22 18:47 Q", "0/0-0:00:00", "Nov 22 18:47 0000"],
)  # fmt: skip
def test_what_is_no_moment_is_none(text: str) -> None:
    assert moment(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "now", "year"),
    [
        pytest.param("Dec 31 23:59", datetime(2027, 1, 1, 0, 1, tzinfo=UTC), 2026, id="new-year"),
        pytest.param("Jan  1 00:01", datetime(2027, 1, 1, 0, 2, tzinfo=UTC), 2027, id="just-now"),
        pytest.param(
            "Jan  1 00:05", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 2027, id="clock-ahead"
        ),
        pytest.param("Jun 10 12:00", datetime(2026, 3, 1, tzinfo=UTC), 2025, id="last-summer"),
        pytest.param("Feb 29 12:00", datetime(2027, 3, 1, tzinfo=UTC), 2024, id="leap-day"),
    ],
)
def test_a_missing_year_is_the_latest_that_is_not_in_the_future(
    text: str, now: datetime, year: int
) -> None:
    found = moment(text, now)
    assert found is not None
    assert found.year == year


@pytest.fixture
def far_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put this machine in a zone that is not that of the commands."""
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_zone")
@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 7, 22, 18, 47, tzinfo=UTC),
        pytest.param(datetime(2026, 11, 1, 1, 30, tzinfo=UTC), id="twice-there"),
        pytest.param(datetime(2026, 3, 8, 2, 30, tzinfo=UTC), id="never-there"),
    ],
)
def test_moments_are_utc_wherever_this_machine_is(at: datetime) -> None:
    assert moment(f"{at:%b %d %H:%M}", NOW) == at


@given(st.text())
def test_any_text_is_a_moment_or_none(text: str) -> None:
    found = moment(text, NOW)
    assert found is None or found.tzinfo is UTC


@given(
    st.integers(10**9, 35 * 10**8),
    st.integers(0, 300),
    st.sampled_from(["%b %d %H:%M:%S", "%m/%d-%H:%M:%S"]),
)
def test_a_written_moment_of_the_last_year_is_read_back(when_s: int, days: int, form: str) -> None:
    at = datetime.fromtimestamp(when_s, UTC)
    if (at.month, at.day) == (2, 29):
        return
    assert moment(at.strftime(form), at + timedelta(days=days)) == at
