"""Each version of a definition tells its consent to autorun; pages remember what users chose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_CONSENT = ("autorun", "autorun_by", "autorun_at")


def upgrade() -> None:
    """Move the consent to where edits are kept, and make a table for preferences."""
    _consent()
    op.create_table(
        "preference",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user", "name", name=op.f("pk_preference")),
    )


def _consent() -> None:
    op.add_column(
        "definition_version",
        sa.Column("autorun", sa.Boolean(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("definition_version", sa.Column("autorun_by", sa.Text(), nullable=True))
    op.add_column("definition_version", sa.Column("autorun_at", sa.BigInteger(), nullable=True))
    old = sa.table("definition", *map(sa.column, ("id", "version", *_CONSENT)))
    kept = sa.table("definition_version", *map(sa.column, ("definition_id", "version", *_CONSENT)))
    current = sa.and_(old.c.id == kept.c.definition_id, old.c.version == kept.c.version)
    for name in _CONSENT:
        op.execute(
            kept.update()
            .where(sa.exists().where(current))
            .values({name: sa.select(old.c[name]).where(current).scalar_subquery()})
        )
    for name in _CONSENT:
        op.drop_column("definition", name)
