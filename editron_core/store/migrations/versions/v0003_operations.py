"""The operators' tables: dead letters and the outbox of dispatches; render jobs can be held and claimed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables; no render job that is there already is held."""
    hold = sa.Enum(
        *("none", "paused", "cancelled"), name="hold", native_enum=False, create_constraint=True, length=16
    )
    with op.batch_alter_table("render_jobs") as table:
        table.add_column(sa.Column("hold", hold, nullable=False, server_default="none"))
        table.add_column(sa.Column("worker", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("render_jobs") as table:
        table.alter_column("hold", server_default=None)
        table.alter_column("worker", server_default=None)
    _dead_letters()
    op.create_table(
        "dispatches",
        sa.Column("key", sa.Text(), primary_key=True, nullable=False),
        _parent("batch_id", "media_batches", nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        _instant("done_at", nullable=True),
        _instant("created_at"),
        sa.UniqueConstraint("batch_id", "stage", "attempt", name="uq_dispatches_batch_id_stage_attempt"),
    )
    _index("dispatches", "done_at", "created_at")


def downgrade() -> None:
    """Drop the tables and all that they hold; held render jobs are held no more."""
    op.drop_table("dispatches")
    op.drop_table("dead_letters")
    with op.batch_alter_table("render_jobs") as table:
        table.drop_constraint(op.f("ck_render_jobs_hold"), type_="check")
        table.drop_column("hold")
        table.drop_column("worker")


def _dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        _parent("batch_id", "media_batches"),
        _parent("file_id", "media_files"),
        _parent("job_id", "render_jobs"),
        sa.Column("error_class", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("log_tail", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _instant("resolved_at", nullable=True),
        _instant("created_at"),
        _instant("updated_at"),
    )
    _index("dead_letters", "resolved_at", "created_at")
    for child in ("batch_id", "file_id", "job_id"):
        _index("dead_letters", child)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _parent(name: str, table: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=nullable)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
