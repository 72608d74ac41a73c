"""Nobody is asked to review a session by a row of its own: findings and tasks have assignees, cuts a rule."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Drop the table, which nothing ever wrote."""
    op.drop_table("review_assignments")


def downgrade() -> None:
    """Make it again, empty."""
    op.create_table(
        "review_assignments",
        _parent("edit_session_id", "edit_sessions"),
        _parent("member_id", "members"),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "ix_review_assignments_member_id_created_at", "review_assignments", ["member_id", "created_at"]
    )


def _parent(name: str, table: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), primary_key=True)
