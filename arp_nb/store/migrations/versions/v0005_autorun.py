"""Runs tell more, batch defs say when they start by themselves, and a ledger says why."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_TEXTS = (
    ("run", "type", ""),
    ("run", "source", "api"),
    ("run", "excluded_why", ""),
    ("run", "parameters_since", "{}"),
    ("run", "told", "{}"),
    ("definition", "consent_text", ""),
    ("definition", "paused_why", ""),
    ("definition", "paused_said", ""),
    ("definition_version", "predicate", ""),
    ("definition_version", "run_types", ""),
    ("definition_version", "after", ""),
    ("definition_version", "run_param", ""),
    ("definition_version", "run_value", ""),
)
_OPTIONAL: tuple[tuple[str, str, type[sa.types.TypeEngine[Any]]], ...] = (
    ("run", "first_file_at", sa.BigInteger),
    ("run", "all_files_at", sa.BigInteger),
    ("run", "nonrec_files_at", sa.BigInteger),
    ("run", "excluded_at", sa.BigInteger),
    ("run", "excluded_by", sa.Text),
    ("definition", "consent_version", sa.Integer),
    ("definition", "consent_sha256", sa.Text),
    ("definition", "paused_by", sa.Text),
    ("definition", "paused_at", sa.BigInteger),
    ("job", "cores", sa.Integer),
)
_COUNTS = (
    ("run", "reopened"),
    ("definition_version", "most_at_once"),
    ("definition_version", "most_per_hour"),
)
_AGAIN = "It was checked before autorun acted. Check it again."


def upgrade() -> None:
    """Add columns and the ledger; a consent that could not act yet must be given again."""
    for table, name, default in _TEXTS:
        quoted = sa.text(f"'{default}'")
        op.add_column(table, sa.Column(name, sa.Text(), server_default=quoted, nullable=False))
    for table, name, kind in _OPTIONAL:
        op.add_column(table, sa.Column(name, kind(), nullable=True))
    for table, name in _COUNTS:
        zero = sa.text("0")
        op.add_column(table, sa.Column(name, sa.Integer(), server_default=zero, nullable=False))
    _pause_old_consents()
    _ledger()


def _pause_old_consents() -> None:
    columns = ("id", "version", "paused_why", "paused_said")
    definition = sa.table("definition", *map(sa.column, columns))
    version = sa.table(
        "definition_version", *map(sa.column, ("definition_id", "version", "autorun"))
    )
    consented = sa.exists().where(
        version.c.definition_id == definition.c.id,
        version.c.version == definition.c.version,
        version.c.autorun == sa.true(),
    )
    op.execute(definition.update().where(consented).values(paused_why="edit", paused_said=_AGAIN))


def _ledger() -> None:
    texts = ("hash", "trigger", "cause", "outcome", "why", "said", "seen", "user")
    op.create_table(
        "ledger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("event_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiment.id"], name=op.f("fk_ledger_experiment_id")
        ),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definition.id"], name=op.f("fk_ledger_definition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint(
            "definition_id",
            "run",
            "trigger",
            "cause",
            name=op.f("uq_ledger_definition_id_run_trigger_cause"),
        ),
    )
    for columns in (
        ["revision"],
        ["experiment_id", "revision"],
        ["experiment_id", "id"],
        ["experiment_id", "run"],
        ["definition_id", "outcome", "decided_at"],
    ):
        op.create_index(op.f(f"ix_ledger_{'_'.join(columns)}"), "ledger", columns, unique=False)
    waits = sa.text("outcome = 'waiting'")
    op.create_index(
        "ix_ledger_waiting", "ledger", ["id"], sqlite_where=waits, postgresql_where=waits
    )
