"""The lane's tables: what arrived, what was seen in it, the cuts, the renders, and the ledger."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

PROGRESS = ("queued", "downloading", "ready", "analyzing", "analyzed", "failed")
HOLDS = ("none", "paused", "cancelled")
TABLES = (
    "render_jobs",
    "decisions",
    "edit_sessions",
    "media_batch_analyses",
    "media_files",
    "media_batches",
    "brand_kits",
    "projects",
    "scoring_profiles",
    "stage_runs",
    "leases",
)
"""Children before their parents."""


def upgrade() -> None:
    """Make the tables."""
    op.create_table("projects", _id(), _text("name", unique=True), *_dated())
    _arrivals()
    _edits()
    _definitions()
    _ledger()


def downgrade() -> None:
    """Drop the tables, and all that they hold."""
    for table in TABLES:
        op.drop_table(table)


def _arrivals() -> None:
    op.create_table(
        "media_batches",
        _id(),
        _parent("project_id", "projects", nullable=True),
        _text("reference_name"),
        _text("source_url"),
        _choice("storage_tier", "storagetier", "hot", "warm", "cold"),
        sa.Column("checksum_required", sa.Boolean(), nullable=False),
        _choice("status", "batchstatus", *PROGRESS),
        _choice("hold", "hold", *HOLDS),
        sa.Column("file_count", sa.Integer(), nullable=False),
        sa.Column("total_size_bytes", sa.BigInteger(), nullable=False),
        _text("last_error", nullable=True),
        _json("metadata"),
        *_dated(),
    )
    _index("media_batches", "project_id", "created_at")
    _index("media_batches", "status")
    _index("media_batches", "created_at")
    op.create_table(
        "media_files",
        _id(),
        _parent("batch_id", "media_batches"),
        sa.Column("position", sa.Integer(), nullable=False),
        _text("filename"),
        _text("source"),
        _text("file_path"),
        _text("transcript_path", nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        _text("checksum_sha256"),
        sa.Column("duration_seconds", sa.Double(), nullable=True),
        _text("resolution", nullable=True),
        _text("codec", nullable=True),
        sa.Column("fps", sa.Double(), nullable=True),
        _choice("status", "batchstatus", *PROGRESS),
        _choice("hold", "hold", *HOLDS),
        _text("error", nullable=True),
        _json("metadata"),
        *_dated(),
    )
    _index("media_files", "batch_id", "position")
    _index("media_files", "status")
    _index("media_files", "checksum_sha256")
    op.create_table(
        "media_batch_analyses",
        _id(),
        _parent("batch_id", "media_batches"),
        _text("brief"),
        _text("summary"),
        _text("profile_hash"),
        sa.Column("passes_completed", sa.Integer(), nullable=False),
        _json("deliverable_targets"),
        _json("hero_moments"),
        _json("insights"),
        *_dated(),
    )
    _index("media_batch_analyses", "batch_id", "updated_at")


def _edits() -> None:
    op.create_table(
        "edit_sessions",
        _id(),
        _parent("batch_id", "media_batches"),
        _text("deliverable_type"),
        _json("aspect_ratios"),
        _text("reference_style"),
        sa.Column("include_captions", sa.Boolean(), nullable=False),
        _text("imovie_project", nullable=True),
        _choice(
            "status",
            "editsessionstatus",
            "assembling",
            "needsreview",
            "approved",
            "rendering",
            "complete",
            "failed",
        ),
        _json("timelines"),
        _text("content_hash"),
        _json("metadata"),
        *_dated(),
        sa.UniqueConstraint(
            "batch_id",
            "deliverable_type",
            "content_hash",
            name="uq_edit_sessions_batch_id_deliverable_type_content_hash",
        ),
    )
    _index("edit_sessions", "batch_id", "created_at")
    _index("edit_sessions", "status")
    op.create_table(
        "decisions",
        _id(),
        _parent("edit_session_id", "edit_sessions"),
        _text("timeline"),
        _text("content_hash"),
        _choice("verdict", "verdict", "approve", "reject", "trim"),
        _text("author"),
        _text("note"),
        _json("trim", nullable=True),
        _instant("created_at"),
    )
    _index("decisions", "edit_session_id", "created_at")
    _index("decisions", "content_hash", "created_at")
    op.create_table(
        "render_jobs",
        _id(),
        _parent("edit_session_id", "edit_sessions"),
        _json("destinations"),
        _json("formats"),
        _choice("priority", "renderpriority", "low", "standard", "rush"),
        _choice("status", "renderjobstatus", "queued", "rendering", "complete", "failed"),
        sa.Column("progress_percent", sa.Double(), nullable=False),
        _text("last_error", nullable=True),
        _json("output_urls"),
        _json("metadata"),
        *_dated(),
    )
    _index("render_jobs", "edit_session_id", "created_at")
    _index("render_jobs", "status", "priority", "created_at")


def _definitions() -> None:
    op.create_table("scoring_profiles", _id(), _text("name"), _json("document"), _instant("created_at"))
    _index("scoring_profiles", "name", "created_at")
    op.create_table(
        "brand_kits",
        _id(),
        _parent("project_id", "projects", nullable=True),
        _text("name"),
        sa.Column("version", sa.Integer(), nullable=False),
        _json("document"),
        _instant("created_at"),
    )
    _index("brand_kits", "name", "created_at")
    _index("brand_kits", "project_id")


def _ledger() -> None:
    op.create_table(
        "stage_runs",
        _text("key", primary_key=True),
        _text("stage"),
        _json("inputs"),
        _json("options"),
        _text("code_version"),
        _choice("status", "stagestatus", "waiting", "running", "done", "failed"),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _text("output", nullable=True),
        _json("facts"),
        sa.Column("seconds", sa.Double(), nullable=True),
        _text("last_error", nullable=True),
        *_dated(),
    )
    _index("stage_runs", "stage", "status")
    _index("stage_runs", "output")
    op.create_table(
        "leases",
        _text("name", primary_key=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        _text("host"),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("process_start", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
    )
    _index("leases", "expires_at")


def _text(
    name: str, *, nullable: bool = False, unique: bool | None = None, primary_key: bool = False
) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable, unique=unique, primary_key=primary_key)


def _id() -> sa.Column[Any]:
    return _text("id", primary_key=True)


def _json(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=nullable)


def _instant(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _dated() -> tuple[sa.Column[object], ...]:
    return _instant("created_at"), _instant("updated_at")


def _parent(name: str, table: str, *, nullable: bool = False) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.Text(), key, nullable=nullable)


def _choice(name: str, kind: str, *values: str) -> sa.Column[Any]:
    listed = sa.Enum(*values, name=kind, native_enum=False, create_constraint=True, length=16)
    return sa.Column(name, listed, nullable=False)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
