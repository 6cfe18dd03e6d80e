"""Jobs tell what they consist of, what they asked for, and why they failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add columns; what is not known of older jobs is empty."""
    for name in ("asked_memory_mb", "asked_time_s", "override_memory_mb", "override_time_s"):
        op.add_column("job", sa.Column(name, sa.Float(), nullable=True))
    op.add_column("job", sa.Column("root_id", sa.Integer(), nullable=True))
    for table, name, default in (
        ("job", "error_line", ""),
        ("job", "log_path", ""),
        ("job", "parts", "{}"),
        ("scheduler_job", "role", "sibling"),
        ("scheduler_job", "elements", "[]"),
        ("scheduler_job", "reason", ""),
        ("scheduler_job", "kill_by", ""),
    ):
        quoted = sa.text(f"'{default}'")
        op.add_column(table, sa.Column(name, sa.Text(), server_default=quoted, nullable=False))
    op.add_column("scheduler_job", sa.Column("exit_code", sa.Integer(), nullable=True))
    no = sa.text("0")
    op.add_column(
        "job", sa.Column("kill_subjobs", sa.Boolean(), server_default=no, nullable=False)
    )
    _root_ids()
    has_root = sa.text("root_id IS NOT NULL")
    op.create_index(
        op.f("ix_job_root_id"),
        "job",
        ["root_id"],
        unique=False,
        sqlite_where=has_root,
        postgresql_where=has_root,
    )
    is_live = sa.text("state IN ('pending', 'running', 'suspended')")
    op.create_index(
        "ix_scheduler_job_live",
        "scheduler_job",
        ["job_id"],
        unique=False,
        sqlite_where=is_live,
        postgresql_where=is_live,
    )


def _root_ids() -> None:
    """Follow each chain of reruns to its first job."""
    job = sa.table("job", sa.column("id"), sa.column("rerun_of"), sa.column("root_id"))
    chain = (
        sa.select(job.c.id, job.c.rerun_of.label("root_id"))
        .where(job.c.rerun_of.is_not(None))
        .cte("chain", recursive=True)
    )
    earlier = job.alias()
    chain = chain.union_all(
        sa.select(chain.c.id, earlier.c.rerun_of).where(
            earlier.c.id == chain.c.root_id, earlier.c.rerun_of.is_not(None)
        )
    )
    first = sa.select(sa.func.min(chain.c.root_id)).where(chain.c.id == job.c.id)
    op.execute(
        job.update().where(job.c.rerun_of.is_not(None)).values(root_id=first.scalar_subquery())
    )
