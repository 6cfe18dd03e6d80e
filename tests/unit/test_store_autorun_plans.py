"""What autorun asks of the store finds its rows by an index, however many others there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event

from arp_nb.ledger import Outcome
from arp_nb.store import ledger, past_jobs
from arp_nb.store.deciding import LedgerFilter
from arp_nb.store.schema import metadata

_NOW = datetime(2026, 11, 22, tzinfo=UTC)
_WAITING = (Outcome.WAITING,)


@pytest.fixture
def db() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as made:
        yield made
    engine.dispose()


def plan(db: Connection, ask: Callable[[Connection], Any]) -> list[str]:
    """Which steps SQLite takes for what is asked, subqueries and all."""
    asked: list[tuple[str, Any]] = []

    def hear(_db: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(db, "before_cursor_execute", hear)
    ask(db)
    event.remove(db, "before_cursor_execute", hear)
    return [
        row[3]
        for statement, parameters in asked
        for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda db: past_jobs.done_since(db, 7, 200), "job_revision"),
        (lambda db: past_jobs.done_jobs(db, 1, "peaks", [1, 2]), "job_definition_id_run"),
        (lambda db: past_jobs.took(db, 1, 200), "job_definition_id_run"),
        (lambda db: past_jobs.latest_reports(db, 1, [1, 2], ["h"]), "job_definition_id_run"),
        (lambda db: ledger.tallies(db, 1, _NOW), "ledger_definition_id_outcome_decided_at"),
        (lambda db: ledger.tallies(db, 1, _NOW), "job_state"),
        (lambda db: ledger.waiting(db, 1), "ledger_definition_id_outcome_decided_at"),
        (lambda db: ledger.decided(db, 1, [1, 2]), "ledger_experiment_id_run"),
        (lambda db: ledger.matching(db, LedgerFilter(experiment_id=1)), "ledger_experiment_id_id"),
        (
            lambda db: ledger.matching(
                db, LedgerFilter(outcomes=_WAITING, why="stopped", after_id=0, oldest_first=True)
            ),
            "ledger_waiting",
        ),
        (
            lambda db: ledger.matching(db, LedgerFilter(experiment_id=1, run=2)),
            "experiment_id_run",
        ),
    ],
)
def test_what_autorun_asks_of_the_store_is_found_by_the_index_that_leaves_the_fewest(
    db: Connection, ask: Callable[[Connection], Any], index: str
) -> None:
    steps = plan(db, ask)
    assert any(index in one for one in steps), steps
    assert not any("SCAN job" in one or "ix_job_experiment_id " in one for one in steps), steps
    assert not any(one in {"SCAN ledger", "SCAN l"} for one in steps), steps
