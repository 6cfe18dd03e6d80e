"""What is merged stays true in whatever order it comes; what was not edited is not saved."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from arp_nb.client import edits, frames
from arp_nb.client.tables import Tables
from tests.unit.standin_manager import StandIn
from tests.unit.test_client_frames import SNAPSHOT

messages = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 30)), max_size=40)
texts = st.text(max_size=8)


@given(messages)
def test_newest_row_stands_in_whatever_order_rows_come(rows: list[tuple[int, int]]) -> None:
    tables = Tables()
    for job_id, revision in rows:
        tables.take("jobs", [{"id": job_id, "revision": revision}])
    newest = {job_id: max(one for known, one in rows if known == job_id) for job_id, _ in rows}
    assert {one: row["revision"] for one, row in tables.rows["jobs"].items()} == newest


def definition(definition_id: int, **values: Any) -> dict[str, Any]:
    row = StandIn.definition_row(definition_id, f"d{definition_id}", version=3, revision=1)
    return {**row, **values}


values = st.fixed_dictionaries(
    {
        "parameters": texts,
        "executable": texts,
        "location": texts,
        "quoted_parameters": st.booleans(),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(values, min_size=1, max_size=3), st.data())
def test_saving_finds_exactly_what_was_edited(
    given_values: list[dict[str, Any]], data: st.DataObject
) -> None:
    rows = [definition(number, **one) for number, one in enumerate(given_values, 1)]
    current = {row["id"]: row for row in rows}
    handed_out = {(row["id"], row["version"]): row for row in rows}
    df = frames.definitions(rows, SNAPSHOT)
    assert edits.difference(df, current, handed_out) == []
    which = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.sampled_from(["parameters", "executable", "location"]))
    new = data.draw(texts)
    df.loc[which, column] = new
    found = edits.difference(df, current, handed_out)
    changed = new != rows[which][column]
    assert [(one.id, one.values) for one in found] == (
        [(which + 1, {column: new})] if changed else []
    )
    assert all(not one.problem for one in found)
