"""Sources note that a person wants them looked at, and sessions of browsers that were ended are known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column and the table; nobody has asked or signed out yet."""
    with op.batch_alter_table("dropbox_sources") as table:
        table.add_column(sa.Column("asked_seq", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("dropbox_sources") as table:
        table.alter_column("asked_seq", server_default=None)
    op.create_table(
        "ended_sessions",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_ended_sessions_expires_at", "ended_sessions", ["expires_at"])


def downgrade() -> None:
    """Drop them; sessions that were ended hold again until their time is over."""
    op.drop_table("ended_sessions")
    with op.batch_alter_table("dropbox_sources") as table:
        table.drop_column("asked_seq")
