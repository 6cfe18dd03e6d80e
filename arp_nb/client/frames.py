"""DataFrames of all that a board knows: the only place that needs pandas.

Every frame has all its columns with the same types, even when it is empty; times are UTC;
``df.attrs`` says of which revision it is, as of when, and whether it may be old.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from arp_nb import reports
from arp_nb.model import JobState
from arp_nb.parts import described

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arp_nb.client.tables import Row, Snapshot

_TIME = "datetime64[us, UTC]"
_PARAMETER = " (parameter)"

JOB_COLUMNS: Mapping[str, str] = {
    "id": "int64",
    "run": "int64",
    "hash": "string",
    "version": "int64",
    "status": "string",
    "state": "string",
    "native_id": "string",
    "user": "string",
    "parameters": "string",
    "location": "string",
    "queue": "string",
    "host": "string",
    "requested": _TIME,
    "submitted": _TIME,
    "started": _TIME,
    "ended": _TIME,
    "exit_code": "Int64",
    "signal": "Int64",
    "reason": "string",
    "peak_memory_mb": "float64",
    "cores": "Int64",
    "asked_memory_mb": "float64",
    "asked_time_s": "float64",
    "cause": "string",
    "error_line": "string",
    "parts": "string",
    "attempt": "int64",
    "rerun_of": "Int64",
    "root_id": "Int64",
    "trigger": "string",
    "notes": "string",
}
DEFINITION_COLUMNS: Mapping[str, str] = {
    "id": "Int64",
    "name": "string",
    "version": "Int64",
    "executable": "string",
    "parameters": "string",
    "quoted_parameters": "bool",
    "arguments": "string",
    "trigger": "string",
    "location": "string",
    "autorun": "bool",
    "autorun_by": "string",
    "paused_why": "string",
    "paused_by": "string",
    "paused_said": "string",
    "predicate": "string",
    "run_types": "string",
    "after": "string",
    "run_param": "string",
    "run_value": "string",
    "most_at_once": "Int64",
    "most_per_hour": "Int64",
    "problem": "string",
    "warnings": "string",
    "changed_by": "string",
    "changed_at": _TIME,
}
RUN_COLUMNS: Mapping[str, str] = {
    "run": "int64",
    "type": "string",
    "started": _TIME,
    "ended": _TIME,
    "first_file_at": _TIME,
    "all_files_at": _TIME,
    "nonrec_files_at": _TIME,
    "source": "string",
    "reopened": "int64",
    "excluded_at": _TIME,
    "excluded_by": "string",
    "excluded_why": "string",
}
LEDGER_COLUMNS: Mapping[str, str] = {
    "id": "Int64",
    "run": "int64",
    "hash": "string",
    "version": "int64",
    "trigger": "string",
    "cause": "string",
    "outcome": "string",
    "why": "string",
    "said": "string",
    "seen": "string",
    "job": "Int64",
    "user": "string",
    "event_at": _TIME,
    "decided_at": _TIME,
}
BACKTEST_COLUMNS: Mapping[str, str] = {
    "run": "int64",
    "fires": "bool",
    "why": "string",
    "said": "string",
    "seen": "string",
    "event_at": _TIME,
}
ELEMENT_COLUMNS: Mapping[str, str] = {
    "index": "int64",
    "native_id": "string",
    "native_state": "string",
    "state": "string",
    "exit_code": "Int64",
    "reason": "string",
    "host": "string",
    "started": _TIME,
    "ended": _TIME,
}
COUNTER_COLUMNS: Mapping[str, str] = {
    "job": "int64",
    "run": "int64",
    "hash": "string",
    "key": "string",
    "value": "object",
    "unit": "string",
    "time": _TIME,
}
HISTORY_COLUMNS: Mapping[str, str] = {
    "at": _TIME,
    "old": "string",
    "new": "string",
    "native_state": "string",
    "reason": "string",
    "by": "string",
}


def jobs(rows: Sequence[Row], now: Snapshot) -> pd.DataFrame:
    """Make one row per job, oldest first."""
    ready = [
        {
            **row,
            "status": now.status(row),
            "notes": "; ".join(row["notes"]),
            "parts": described(row["parts"]),
        }
        for row in sorted(rows, key=lambda row: row["id"])
    ]
    return _frame(ready, JOB_COLUMNS, now)


def definitions(rows: Iterable[Row], now: Snapshot) -> pd.DataFrame:
    """Make one row per definition, by id."""
    ready = [
        {
            **row,
            "problem": row["check"]["problem"],
            "warnings": "; ".join(row["check"]["warnings"]),
        }
        for row in sorted(rows, key=lambda row: row["id"])
    ]
    return _frame(ready, DEFINITION_COLUMNS, now)


def runs(rows: Iterable[Row], now: Snapshot) -> pd.DataFrame:
    """Make one row per run, by number, with a column for each parameter of any run.

    A parameter that is called as a column of ours is found as ``"type (parameter)"``, whichever
    parameters there are beside it.
    """
    ordered = sorted(rows, key=lambda row: row["run"])
    ready = [{**row, "started": row["started_at"], "ended": row["ended_at"]} for row in ordered]
    parameters = _by_name([row["parameters"] for row in ordered])
    own = _frame(ready, RUN_COLUMNS, now)
    return _beside(own, {parameter_column(name): one for name, one in parameters.items()})


def parameter_column(name: str) -> str:
    """Return how the column of a run parameter is called in the frame of runs."""
    bare = name
    while bare.endswith(_PARAMETER):
        bare = bare.removesuffix(_PARAMETER)
    return f"{name}{_PARAMETER}" if bare in RUN_COLUMNS else name


def ledger(entries: Iterable[Mapping[str, Any]], now: Snapshot) -> pd.DataFrame:
    """Make one row per entry of the ledger, in the order given; ``seen`` is JSON."""
    ready = [{**one, "job": one["job_id"], "seen": _seen(one)} for one in entries]
    return _frame(ready, LEDGER_COLUMNS, now)


def backtest(runs: Iterable[Mapping[str, Any]], now: Snapshot) -> pd.DataFrame:
    """Make one row per run that was tried, in the order given; ``seen`` is JSON."""
    return _frame([{**one, "seen": _seen(one)} for one in runs], BACKTEST_COLUMNS, now)


def _seen(row: Mapping[str, Any]) -> str:
    # text, for a column of dicts cannot be compared, grouped, or written by to_parquet
    return json.dumps(row["seen"], ensure_ascii=False) if row["seen"] else ""


def counters(rows: Sequence[Row], now: Snapshot) -> pd.DataFrame:
    """Make one row per counter of each job; values are numbers or text, as they were posted."""
    ready = [
        {
            "job": row["id"],
            "run": row["run"],
            "hash": row["hash"],
            "key": one.key,
            "value": one.value,
            "unit": one.unit,
            "time": row["reported_at"],
        }
        for row in sorted(rows, key=lambda row: row["id"])
        for one in reports.counters(row["report"])
    ]
    return _frame(ready, COUNTER_COLUMNS, now)


def wide(rows: Iterable[Row], run_rows: Iterable[Row], name: str, now: Snapshot) -> pd.DataFrame:
    """Make one row per run: its parameters, and the counters of its latest DONE job.

    A parameter that has the name of a counter is called ``… (run)``. ``attrs["units"]`` has
    each counter's units; where they are several, its values cannot be compared as they are.
    """
    latest: dict[int, Row] = {}
    for row in rows:
        if row["hash"] == name and row["state"] == JobState.DONE.value:
            known = latest.get(row["run"])
            if known is None or known["id"] < row["id"]:
                latest[row["run"]] = row
    ordered = sorted(run_rows, key=lambda row: row["run"])
    own = _frame(
        [{"run": row["run"], "job": latest.get(row["run"], {}).get("id")} for row in ordered],
        {"run": "int64", "job": "Int64"},
        now,
    )
    posted = [
        reports.counters(latest[row["run"]]["report"]) if row["run"] in latest else []
        for row in ordered
    ]
    taken = {"run", "job"}
    found = _apart(
        _by_name([{one.key: one.value for one in of_run} for of_run in posted]),
        taken,
        "(counter)",
    )
    parameters = _apart(_by_name([row["parameters"] for row in ordered]), taken, "(run)")
    frame = _beside(own, {**parameters, **found})
    units: dict[str, dict[str, None]] = {}
    for one in (one for of_run in posted for one in of_run if one.unit):
        units.setdefault(one.key, {})[str(one.unit)] = None
    frame.attrs["units"] = {key: list(several) for key, several in units.items()}
    return frame


def history(lines: Iterable[Mapping[str, Any]], now: Snapshot) -> pd.DataFrame:
    """Make one row per change of a job's state, oldest first."""
    return _frame(list(lines), HISTORY_COLUMNS, now)


def elements(rows: Iterable[Mapping[str, Any]], now: Snapshot) -> pd.DataFrame:
    """Make one row per element of an array, by its index."""
    return _frame(list(rows), ELEMENT_COLUMNS, now)


def _by_name(records: Sequence[Mapping[str, Any]]) -> dict[str, pd.Series[Any]]:
    """Turn records into columns, in the order of first appearance; missing values stay missing."""
    names = dict.fromkeys(name for record in records for name in record)
    return {name: pd.Series([record.get(name) for record in records]) for name in names}


def _apart(
    columns: Mapping[str, pd.Series[Any]], taken: set[str], suffix: str
) -> dict[str, pd.Series[Any]]:
    """Rename the columns whose names are taken, and take the names of all."""
    made = {}
    for name, values in columns.items():
        free = name
        while free in taken:
            free = f"{free} {suffix}"
        taken.add(free)
        made[free] = values
    return made


def _beside(own: pd.DataFrame, columns: Mapping[str, pd.Series[Any]]) -> pd.DataFrame:
    """Add columns, all at once: one by one is slow, and pandas warns of it."""
    frame = pd.concat([own, pd.DataFrame(columns, index=own.index)], axis=1)
    frame.attrs.update(own.attrs)
    return frame


def _frame(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], now: Snapshot
) -> pd.DataFrame:
    made = {}
    for name, kind in columns.items():
        values = [row[name] for row in rows]
        if kind == _TIME:
            made[name] = pd.Series(
                pd.to_datetime(pd.Series(values, dtype=object), utc=True, format="ISO8601"),
                dtype=_TIME,
            )
        else:
            made[name] = pd.Series(values, dtype=kind)
    frame = pd.DataFrame(made)
    frame.attrs.update(now.attrs)
    return frame
