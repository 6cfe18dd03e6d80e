"""What each script was started with, and what it was when somebody last checked it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make tables for starts; what is known of a script is what was checked."""
    op.add_column("definition_version", sa.Column("checked_sha256", sa.Text(), nullable=True))
    kept = sa.table("definition_version", sa.column("checked_sha256"), sa.column("script_check"))
    known = sa.func.json_extract(kept.c.script_check, "$.sha256")
    op.execute(kept.update().values(checked_sha256=known))
    op.create_table(
        "kept_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_text")),
        sa.UniqueConstraint("sha256", name=op.f("uq_kept_text_sha256")),
    )
    op.create_table(
        "job_start",
        sa.Column("spool_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("login_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_start_job_id")),
        sa.ForeignKeyConstraint(
            ["script_id"], ["kept_text.id"], name=op.f("fk_job_start_script_id")
        ),
        sa.ForeignKeyConstraint(
            ["login_id"], ["kept_text.id"], name=op.f("fk_job_start_login_id")
        ),
        sa.PrimaryKeyConstraint("spool_id", name=op.f("pk_job_start")),
    )
    for name in ("job_id", "script_id", "login_id"):
        op.create_index(op.f(f"ix_job_start_{name}"), "job_start", [name], unique=False)
