"""Memory and time as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.errors import InvalidValue
from arp_nb.quantities import MOST_MEMORY_MB, MOST_TIME_S, memory_mb, time_s


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("16G", 16_000.0), ("16 GB", 16_000.0), ("500m", 500.0), ("1.5T", 1_500_000.0),
        ("4GiB", 4294.967296), ("2000", 2000.0), (2000, 2000.0), (0.5e4, 5000.0),
    ],
)  # fmt: skip
def test_memory_is_read_into_megabytes(text: str | float, number: float) -> None:
    assert memory_mb(text) == pytest.approx(number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2h", 7200.0), ("90min", 5400.0), ("90 m", 5400.0), ("1.5d", 129_600.0), ("30s", 30.0),
        ("1:30", 5400.0), ("1:30:15", 5415.0), ("2-00:00:00", 172_800.0), ("3600", 3600.0),
        (60, 60.0),
    ],
)  # fmt: skip
def test_time_is_read_into_seconds(text: str | float, number: float) -> None:
    assert time_s(text) == number


@pytest.mark.parametrize("text", ["", "0", "-1G", "lots", "16X", "G", "1e9T", "999999999T"])
def test_what_is_no_memory_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(InvalidValue, match=r"no amount of memory\. Write it as 16G"):
        memory_mb(text)


@pytest.mark.parametrize("text", ["", "0", "0:00", "soon", "1:2:3", "-5m", "99999999d"])
def test_what_is_no_time_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(InvalidValue, match=r"no time\. Write it as 2h"):
        time_s(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read, most in ((memory_mb, MOST_MEMORY_MB), (time_s, MOST_TIME_S)):
        with contextlib.suppress(InvalidValue):
            assert 1.0 <= read(text) <= most
