"""A dispatch keeps the span of who asked for it, so that whoever carries it out goes on in that trace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; dispatches asked for so far belong to no trace."""
    with op.batch_alter_table("dispatches") as table:
        table.add_column(sa.Column("traceparent", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("dispatches") as table:
        table.alter_column("traceparent", server_default=None)


def downgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("dispatches") as table:
        table.drop_column("traceparent")
