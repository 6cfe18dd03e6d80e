"""Messages of the change feed, whatever has changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from arp_nb import events
from arp_nb.model import Definition, DefinitionDraft, Experiment, Job, Run

AT = datetime(2026, 11, 22, tzinfo=UTC)


def job(revision: int, size_bytes: int = 0, *, deleted: bool = False) -> Job:
    return Job(
        id=revision, experiment_id=1, run=1, definition_id=1, hash="a", version=1, parameters="",
        argv=(), user="dana", location="lsf", requested_at=AT, changed_at=AT, revision=revision,
        deleted_at=AT if deleted else None, report={"a": "x" * size_bytes},
    )  # fmt: skip


def test_nothing_makes_one_message_that_tells_how_far_it_reaches() -> None:
    (message,) = events.messages("xppi0915", "epoch", 3, 9)
    assert message == {
        "subscription": "xppi0915",
        "epoch": "epoch",
        "from": 3,
        "to": 9,
        "upserts": {"experiments": [], "definitions": [], "runs": [], "jobs": [], "ledger": []},
        "deleted": {"definitions": [], "jobs": []},
        "more": False,
    }


def test_each_row_goes_to_its_list_and_a_deleted_one_leaves_its_id() -> None:
    draft = DefinitionDraft(name="a", executable="/x")
    definition: dict[str, Any] = {
        "experiment_id": 1, "version": 1, "draft": draft, "changed_by": "d", "changed_at": AT,
    }  # fmt: skip
    (message,) = events.messages(
        "xppi0915",
        "epoch",
        0,
        9,
        experiments=[Experiment(id=1, name="e", created_at=AT, revision=1)],
        definitions=[
            Definition(id=2, revision=2, **definition),
            Definition(id=3, revision=3, deleted_at=AT, **definition),
        ],
        runs=[Run(id=4, experiment_id=1, number=7, revision=4)],
        jobs=[job(5), job(6, deleted=True)],
    )
    upserts, deleted = message["upserts"], message["deleted"]
    assert [row["id"] for row in upserts["experiments"]] == [1]
    assert [row["id"] for row in upserts["definitions"]] == [2]
    assert [row["run"] for row in upserts["runs"]] == [7]
    assert [row["id"] for row in upserts["jobs"]] == [5]
    assert deleted == {"definitions": [3], "jobs": [6]}


@given(st.lists(st.sampled_from([0, 1_000, 100_000, 250_000]), max_size=15), st.data())
def test_pieces_are_small_and_join_and_hold_each_row_once(
    sizes: list[int], data: st.DataObject
) -> None:
    jobs = [job(revision, size) for revision, size in enumerate(sizes, 11)]
    mixed = data.draw(st.permutations(jobs))
    made = list(events.messages("xppi0915", "epoch", 10, 99, jobs=mixed))
    reached = 10
    for message in made:
        assert len(json.dumps(message)) <= events.MAX_MESSAGE_BYTES
        assert message["from"] == reached
        revisions = [row["revision"] for row in message["upserts"]["jobs"]]
        reached = message["to"]
        assert all(message["from"] < revision <= reached for revision in revisions)
        assert message["more"] is (message is not made[-1])
    assert reached == 99
    ids = [row["id"] for message in made for row in message["upserts"]["jobs"]]
    assert ids == [one.id for one in jobs]
