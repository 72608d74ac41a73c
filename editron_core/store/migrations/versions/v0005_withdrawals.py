"""People may take a decision back: it stays on record, with the time at which it ceased to count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; all decisions made so far stand."""
    op.add_column("decisions", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop the column; decisions that were taken back count again."""
    op.drop_column("decisions", "withdrawn_at")
