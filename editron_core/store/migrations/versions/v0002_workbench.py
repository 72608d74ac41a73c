"""The workbench's tables: stages and promotions of profiles, QA runs, labels, and journals of studies."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

STAGES = ("research", "candidate", "approved", "production", "retired")
PRODUCTION = "uq_scoring_profiles_production"
TABLES = ("promotions", "qa_runs", "labels", "study_logs")
"""Children before their parents."""


def upgrade() -> None:
    """Make the tables; every profile that is there already stands at research."""
    with op.batch_alter_table("scoring_profiles") as table:
        table.add_column(_choice("stage", "profilestage", *STAGES, default="research"))
    with op.batch_alter_table("scoring_profiles") as table:
        table.alter_column("stage", server_default=None)
    where = sa.text("stage = 'production'")
    op.create_index(
        PRODUCTION, "scoring_profiles", ["name"], unique=True, sqlite_where=where, postgresql_where=where
    )
    op.create_table(
        "qa_runs",
        _text("id", primary_key=True),
        _choice("kind", "qakind", "gate", "evaluate", "regress", "holdout"),
        _text("profile_hash"),
        _text("golden_hash"),
        sa.Column("result", sa.JSON(), nullable=True),
        _made(),
    )
    _index("qa_runs", "kind", "created_at")
    _index("qa_runs", "profile_hash", "kind")
    _promotions()
    _labels()
    op.create_table(
        "study_logs",
        _text("study", primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        _text("line"),
        _made(),
    )


def downgrade() -> None:
    """Drop the tables and all that they hold; profiles stay, and where they stood is forgotten."""
    for gone in TABLES:
        op.drop_table(gone)
    op.drop_index(PRODUCTION, "scoring_profiles")
    with op.batch_alter_table("scoring_profiles") as table:
        table.drop_constraint(op.f("ck_scoring_profiles_profilestage"), type_="check")
        table.drop_column("stage")


def _promotions() -> None:
    op.create_table(
        "promotions",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        _parent("profile_hash", "scoring_profiles"),
        _choice("from_stage", "from_stage", *STAGES),
        _choice("to_stage", "to_stage", *STAGES),
        _text("author"),
        _text("reason"),
        sa.Column("gate", sa.JSON(), nullable=True),
        _parent("holdout_id", "qa_runs", nullable=True),
        _text("notebook_path", nullable=True),
        _text("notebook_sha256", nullable=True),
        _made(),
    )
    _index("promotions", "profile_hash", "id")
    _index("promotions", "holdout_id")


def _labels() -> None:
    op.create_table(
        "labels",
        _text("id", primary_key=True),
        _text("file_sha256"),
        _text("rater"),
        _choice("rater_kind", "raters", "construction", "automated", "people"),
        sa.Column("start_seconds", sa.Double(), nullable=False),
        sa.Column("length_seconds", sa.Double(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        _choice("split", "split", "tune", "holdout", "review"),
        _choice("source", "labelsource", "rating", "decision"),
        _text("decision_id", nullable=True),
        _text("content_hash", nullable=True),
        _made(),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="scale"),
    )
    _index("labels", "rater_kind", "split", "file_sha256")
    _index("labels", "file_sha256", "rater")
    _index("labels", "content_hash", "rater")


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable, primary_key=primary_key)


def _made() -> sa.Column[Any]:
    return sa.Column("created_at", sa.DateTime(timezone=True), nullable=False)


def _parent(name: str, table: str, *, nullable: bool = False) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.Text(), key, nullable=nullable)


def _choice(name: str, kind: str, *values: str, default: str | None = None) -> sa.Column[Any]:
    listed = sa.Enum(*values, name=kind, native_enum=False, create_constraint=True, length=16)
    return sa.Column(name, listed, nullable=False, server_default=default)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
