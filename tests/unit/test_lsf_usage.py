"""What ``bhist -l`` tells of limits and of memory."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arp_nb.causes import cause
from arp_nb.schedulers.lsf_history import stories
from arp_nb.schedulers.lsf_usage import Usage, UsageReader

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
FILE = Path(__file__).parents[1] / "samples" / "lsf.jsonl"
LISTED = [
    sample
    for sample in map(json.loads, FILE.read_text("utf-8").splitlines())
    if sample["name"].startswith("bjobs_l") and "MAX MEM" in sample["stdout"]
]
KILLED = """
Job <7>, User <me>, Command <x>
Sun Nov 22 18:00:00: Submitted from host <h>, to Queue <q>;
Sun Nov 22 18:01:00: Starting (Pid 1);
Sun Nov 22 18:02:00: Exited with exit code 137. The CPU time used is 1.0 seconds;

 RUNLIMIT
 10085.0 min

 CORELIMIT MEMLIMIT
      0 M     3.9 G

MEMORY USAGE:
MAX MEM: 3.9 Gbytes;  AVG MEM: 343 Mbytes; MEM Efficiency: 0.00%

Summary of time in seconds spent in various states by  Sun Nov 22 18:02:00
  PEND     PSUSP    RUN      USUSP    SSUSP    UNKWN    TOTAL
  60       0        60       0        0        0        120
"""


def usage(*lines: str) -> Usage:
    reader = UsageReader()
    for line in lines:
        reader.add(line)
    return reader.usage


def test_an_end_from_the_history_has_its_peak_and_what_was_asked_for() -> None:
    reading = stories(KILLED, NOW)["7"]
    assert reading.peak_memory_mb == 4187.6
    assert reading.asked_memory_mb == 4187.6
    assert reading.asked_time_s == 605_100.0
    why = cause(
        reading.state, reading.native_state, reading.reason,
        signal=reading.signal,
        peak_memory_mb=reading.peak_memory_mb,
        asked_memory_mb=reading.asked_memory_mb,
    )  # fmt: skip
    assert why == "memory"


def test_jobs_are_not_given_each_other_s() -> None:
    other = KILLED.replace("Job <7>", "Job <8>").replace("3.9 Gbytes", "1 Gbytes")
    bare = KILLED.replace("Job <7>", "Job <9>").partition(" RUNLIMIT")[0]
    found = stories(KILLED + "-" * 78 + other + "-" * 78 + bare, NOW)
    assert [found[one].peak_memory_mb for one in "789"] == [4187.6, 1073.7, None]
    assert found["9"].asked_memory_mb is None


def test_an_array_has_the_highest_peak_of_its_elements() -> None:
    low = KILLED.replace("Job <7>", "Job <7[1]>").replace("3.9 Gbytes", "1 Gbytes")
    high = KILLED.replace("Job <7>", "Job <7[2]>")
    assert stories(low + high, NOW)["7"].peak_memory_mb == 4187.6


@pytest.mark.parametrize("sample", LISTED, ids=lambda sample: str(sample["name"]))
def test_recorded_peaks_are_read(sample: dict[str, str]) -> None:
    assert usage(*sample["stdout"].split("\n")).peak_memory_mb in {5.2, 6.3}


@pytest.mark.parametrize(
    ("names", "values", "memory_mb", "time_s"),
    [
        (" MEMLIMIT", "    512 K ", 0.5, None),
        (
            " FILELIMIT DATALIMIT STACKLIMIT CORELIMIT MEMLIMIT ",
            "   8000 K   10000 K    2000 K   20000 K    5000 K ", 5.1, None,
        ),
        (" CORELIMIT MEMLIMIT", "      0 M ", None, None),
        (" CORELIMIT", "      0 M ", None, None),
        (" CPULIMIT                 RUNLIMIT", " 9.0 min of hA    20.0 min of h1", None, 1200.0),
        (" CPULIMIT                 RUNLIMIT", " 10.0 min", None, None),
        (" MEMLIMIT", "", None, None),
    ],
)  # fmt: skip
def test_a_limit_is_read_where_its_column_is_certain(
    names: str, values: str, memory_mb: float | None, time_s: float | None
) -> None:
    assert usage(names, values) == Usage(None, memory_mb, time_s)


@given(st.lists(st.text(alphabet="MAXEMLIT: 0123456789.KGbytes;min") | st.text()))
def test_any_lines_are_usage_or_none(lines: list[str]) -> None:
    for value in usage(*lines):
        assert value is None or value >= 0
