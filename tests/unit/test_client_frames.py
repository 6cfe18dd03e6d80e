"""DataFrames have the same columns and types, whatever is in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arp_nb.client import frames
from arp_nb.client.selection import job_ids
from arp_nb.client.tables import Snapshot
from arp_nb.model import JobState
from tests.unit.standin_manager import NOW, entry_row, job_row, run_row

SNAPSHOT = Snapshot(
    jobs={}, definitions={}, runs={}, health=None, epoch="e", revision=7,
    as_of=datetime(2026, 11, 22, tzinfo=UTC), stale=False,
)  # fmt: skip
#: columns that users' notebooks are built on
PROMISED = {
    "id", "run", "hash", "version", "status", "state", "native_id", "user", "parameters",
    "queue", "host", "submitted", "started", "ended", "exit_code", "reason", "peak_memory_mb",
    "attempt",
}  # fmt: skip


def done(job_id: int, run: int = 1, /, **counters: Any) -> dict[str, Any]:
    report = {"counters": counters}
    return job_row(job_id, run, state=JobState.DONE, report=report, reported_at=NOW)


def test_empty_frames_have_all_columns_with_their_types() -> None:
    empty = frames.jobs([], SNAPSHOT)
    full = frames.jobs([done(1)], SNAPSHOT)
    assert list(empty.columns) == list(full.columns)
    assert set(empty.columns) >= PROMISED
    assert empty.dtypes.equals(full.dtypes)
    for made, columns in (
        (frames.definitions([], SNAPSHOT), frames.DEFINITION_COLUMNS),
        (frames.runs([], SNAPSHOT), frames.RUN_COLUMNS),
        (frames.counters([], SNAPSHOT), frames.COUNTER_COLUMNS),
        (frames.history([], SNAPSHOT), frames.HISTORY_COLUMNS),
        (frames.ledger([], SNAPSHOT), frames.LEDGER_COLUMNS),
        (frames.backtest([], SNAPSHOT), frames.BACKTEST_COLUMNS),
    ):
        assert {name: str(kind) for name, kind in made.dtypes.items()} == dict(columns)


def test_times_are_utc_and_missing_ones_are_missing() -> None:
    frame = frames.jobs([job_row(1, submitted_at=NOW)], SNAPSHOT)
    assert frame["submitted"][0] == pd.Timestamp(NOW)
    assert str(frame["ended"].dtype) == "datetime64[us, UTC]"
    assert pd.isna(frame["ended"][0])
    assert pd.isna(frame["exit_code"][0])


def test_frame_says_of_when_it_is() -> None:
    attrs = frames.jobs([], SNAPSHOT).attrs
    assert attrs == {"revision": 7, "as_of": SNAPSHOT.as_of.isoformat(), "stale": False}
    json.dumps(attrs)  # as to_parquet does


def test_frame_can_be_asked_by_status() -> None:
    rows = [done(1), job_row(2, state=JobState.FAILED, native_state="EXIT", exit_code=3)]
    found = frames.jobs(rows, SNAPSHOT).query("status == 'EXIT'")
    assert list(found["id"]) == [2]
    assert list(found["exit_code"]) == [3]


def test_counters_are_long_and_keep_what_was_posted() -> None:
    frame = frames.counters([done(1, Events=[7, "red"], Letter="Q")], SNAPSHOT)
    assert list(frame["key"]) == ["Events", "Letter"]
    assert list(frame["value"]) == [7, "Q"]
    assert list(frame["job"]) == [1, 1]


def test_wide_has_one_row_per_run_with_the_latest_finished_job() -> None:
    rows = [done(1, Peaks=10), done(2, Peaks=20), job_row(3, state=JobState.FAILED),
            done(4, 3, Peaks=5)]  # fmt: skip
    runs = [run_row(3, sample="b"), run_row(1, sample="a"), run_row(2, sample="c")]
    frame = frames.wide(rows, runs, "peaks", SNAPSHOT)
    assert list(frame["run"]) == [1, 2, 3]
    assert list(frame["sample"]) == ["a", "c", "b"]
    assert frame["job"].to_list() == [2, pd.NA, 4]
    assert frame["Peaks"].dropna().to_list() == [20, 5]


def test_parameter_with_the_name_of_a_counter_is_kept_beside_it() -> None:
    frame = frames.wide(
        [done(1, frames=9, run=4)], [run_row(1, frames=12, job="x")], "peaks", SNAPSHOT
    )
    assert frame["frames"][0] == 9
    assert frame["frames (run)"][0] == 12
    assert frame["run (counter)"][0] == 4
    assert frame["job (run)"][0] == "x"
    assert frame["job"][0] == 1


def test_wide_says_in_which_units_its_counters_are() -> None:
    rate = [{"value": 1, "unit": "Hz"}, {"value": 2, "unit": "kHz"}, {"value": 3, "unit": "Hz"}]
    rows = [done(number, number, Rate=one, Peaks=5) for number, one in enumerate(rate, 1)]
    frame = frames.wide(rows, [run_row(number) for number in (1, 2, 3)], "peaks", SNAPSHOT)
    assert frame.attrs["units"] == {"Rate": ["Hz", "kHz"]}


def test_wide_takes_as_many_counters_as_a_job_may_post() -> None:
    counters = {f"c{number}": number for number in range(200)}
    frame = frames.wide([done(1, **counters)], [run_row(1, **counters)], "peaks", SNAPSHOT)
    assert frame.shape == (1, 402)
    assert frame["c7"][0] == frame["c7 (run)"][0] == 7


def test_columns_keep_apart_however_they_are_named() -> None:
    parameters = {"A": 1, "A (run)": 2, "run": 3, "run (run)": 4}
    frame = frames.wide([done(1, A=5, run=6)], [run_row(1, **parameters)], "peaks", SNAPSHOT)
    assert sorted(frame.iloc[0].drop("job").tolist()) == [1, 1, 2, 3, 4, 5, 6]
    assert frame["A"][0] == 5


@pytest.mark.parametrize("name", frames.RUN_COLUMNS)
def test_run_parameter_never_replaces_a_column(name: str) -> None:
    frame = frames.runs([run_row(1)], SNAPSHOT)
    mine = frames.runs([{**run_row(1), "parameters": {name: "mine"}}], SNAPSHOT)
    assert mine[f"{name} (parameter)"][0] == "mine"
    assert mine[list(frame.columns)].equals(frame)


def test_run_parameters_are_columns_by_their_own_names() -> None:
    frame = frames.runs([run_row(1, beam=0.5, sample="a"), run_row(2, beam=0.7)], SNAPSHOT)
    assert list(frame["beam"]) == [0.5, 0.7]
    assert list(frame.columns) == [*frames.RUN_COLUMNS, "beam", "sample"]
    assert pd.isna(frame["sample"][1])


names = st.sampled_from(["type", "run", "beam"]).flatmap(
    lambda name: st.integers(0, 3).map(lambda times: name + " (parameter)" * times)
)


@given(st.lists(names, unique=True), st.randoms())
def test_name_of_a_parameters_column_depends_on_no_other(found: list[str], random: Any) -> None:
    values = {name: name for name in found}
    shuffled = random.sample(found, len(found))
    frame = frames.runs(
        [run_row(number) | {"parameters": {name: values[name]}}
         for number, name in enumerate(shuffled, 1)], SNAPSHOT,
    )  # fmt: skip
    assert len(set(frame.columns)) == len(frames.RUN_COLUMNS) + len(found)
    for name in found:
        alone = frames.runs([run_row(1) | {"parameters": {name: name}}], SNAPSHOT)
        [column] = set(alone.columns) - set(frames.RUN_COLUMNS)
        assert set(frame[column].dropna()) == {name}


def test_ledger_is_a_frame_of_jobs_too() -> None:
    entries = [entry_row(2, 12, job_id=7), entry_row(None, 12, outcome="none", event_at=None)]
    frame = frames.ledger(entries, SNAPSHOT)
    assert job_ids(frame) == [7]
    assert frame["id"].to_list() == [2, pd.NA]
    assert pd.isna(frame["event_at"][1])


@given(st.lists(st.dictionaries(st.text(max_size=3), st.floats() | st.text(), max_size=2)))
def test_any_seen_values_make_a_ledger_that_is_text(seen: list[dict[str, Any]]) -> None:
    rows = [entry_row(number, 1, seen=one) for number, one in enumerate(seen)]
    frame = frames.ledger(rows, SNAPSHOT)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == frames.LEDGER_COLUMNS
    assert [bool(one) for one in frame["seen"]] == [bool(one) for one in seen]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=5), json_values, max_size=3), max_size=4))
def test_any_parameters_and_counters_make_a_frame(records: list[dict[str, Any]]) -> None:
    runs = [run_row(number) | {"parameters": one} for number, one in enumerate(records, 1)]
    rows = [done(number, number, **one) for number, one in enumerate(records, 1)]
    assert len(frames.runs(runs, SNAPSHOT)) == len(records)
    assert len(frames.wide(rows, runs, "peaks", SNAPSHOT)) == len(records)
    frames.counters(rows, SNAPSHOT)
