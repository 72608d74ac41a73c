"""The service's tables: events and whom they reach, access, intake by itself, and what people work on.

The lists that the API pages through get indexes over their whole order.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ROLES = ("viewer", "reviewer", "operator", "admin")
TRANSFERS = ("queued", "running", "done", "failed")
TIERS = ("hot", "warm", "cold")
STAGES = ("ingest", "analyze", "edit", "review", "render")
TASKS = ("todo", "doing", "blocked", "done")
FINDINGS = ("open", "in_progress", "blocked", "ready_for_review", "done")
DELIVERIES = ("pending", "delivered", "failed", "skipped")
TABLES = (
    *("brand_assets", "project_brands", "review_assignments", "approval_rules", "caption_edits"),
    *("finding_comments", "qa_findings", "uploads", "downloads", "mapping_rules", "dropbox_entries"),
    *("dropbox_sources", "deliveries", "webhook_endpoints", "tasks", "events", "idempotency"),
    *("members", "api_keys"),
)
"""Children before their parents."""
REINDEXED: dict[str, tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]] = {
    "media_batches": (
        (("project_id", "created_at"), ("status",), ("created_at",)),
        (("project_id", "created_at", "id"), ("status", "created_at", "id"), ("created_at", "id")),
    ),
    "media_files": ((("status",),), (("batch_id", "status", "position"),)),
    "edit_sessions": (
        (("batch_id", "created_at"), ("status",)),
        (("batch_id", "created_at", "id"), ("created_at", "id"), ("status", "created_at", "id")),
    ),
    "render_jobs": (
        (("edit_session_id", "created_at"),),
        (("edit_session_id", "created_at", "id"), ("created_at", "id"), ("status", "created_at", "id")),
    ),
    "decisions": (
        (("edit_session_id", "created_at"),),
        (("edit_session_id", "created_at", "id"), ("created_at", "id")),
    ),
    "brand_kits": ((), (("created_at", "id"),)),
}
"""By table: the indexes that go, and those that come."""


def upgrade() -> None:
    """Make the tables; batches that are there already come onto the board when they next move."""
    _access()
    _events()
    _webhooks()
    _sources()
    _transfers()
    _findings()
    _reviews()
    _brands()
    for table, (old, new) in REINDEXED.items():
        _reindex(table, old, new)


def downgrade() -> None:
    """Drop the tables and all that they hold."""
    for name, (old, new) in REINDEXED.items():
        _reindex(name, new, old)
    for gone in TABLES:
        op.drop_table(gone)
    with op.batch_alter_table("brand_kits") as table:
        table.drop_column("author")


def _access() -> None:
    op.create_table(
        "api_keys",
        _text("id", primary_key=True),
        _text("name"),
        _choice("role", "role", *ROLES),
        _text("hash"),
        _instant("created_at"),
        _instant("expires_at", nullable=True),
        _instant("revoked_at", nullable=True),
        _instant("last_used_at", nullable=True),
        _parent("replaces", "api_keys", gone="SET NULL"),
    )
    _indexes("api_keys", ("created_at", "id"), ("replaces",))
    op.create_table(
        "members",
        _text("id", primary_key=True),
        _text("name"),
        _text("email"),
        _text("email_key"),
        _choice("role", "role", *ROLES),
        _flag("active"),
        *_dated(),
        sa.UniqueConstraint("email_key", name="uq_members_email_key"),
    )
    _indexes("members", ("name", "id"))
    op.create_table(
        "idempotency",
        _text("scope", primary_key=True),
        _text("key", primary_key=True),
        _text("fingerprint"),
        _text("holder"),
        sa.Column("status", sa.Integer(), nullable=True),
        _text("effect"),
        _text("content_type"),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        _instant("created_at"),
        _instant("expires_at"),
    )
    _indexes("idempotency", ("expires_at",))


def _events() -> None:
    counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "events",
        sa.Column("id", counter, primary_key=True, autoincrement=True),
        _text("kind"),
        _text("subject_id"),
        _text("batch_id", nullable=True),
        _text("project_id", nullable=True),
        _json("data"),
        _instant("created_at"),
        sqlite_autoincrement=True,
    )
    _indexes("events", ("batch_id", "id"), ("project_id", "id"), ("created_at",))
    op.create_table(
        "tasks",
        _text("id", primary_key=True),
        _parent("batch_id", "media_batches", nullable=False),
        _choice("stage", "boardstage", *STAGES),
        _choice("status", "taskstatus", *TASKS),
        _text("note"),
        _parent("assignee_id", "members", gone="SET NULL"),
        *_dated(),
        sa.UniqueConstraint("batch_id", "stage", name="uq_tasks_batch_id_stage"),
    )
    _indexes("tasks", ("status", "updated_at", "id"), ("updated_at", "id"), ("assignee_id",))


def _webhooks() -> None:
    op.create_table(
        "webhook_endpoints",
        _text("id", primary_key=True),
        _text("url"),
        _json("kinds"),
        _parent("project_id", "projects"),
        _text("description"),
        _flag("enabled"),
        _text("disabled_reason"),
        _text("secret"),
        _text("old_secret"),
        _instant("old_secret_until", nullable=True),
        _size("cursor"),
        *_dated(),
    )
    _indexes("webhook_endpoints", ("created_at", "id"), ("project_id",))
    op.create_table(
        "deliveries",
        _text("id", primary_key=True),
        _parent("endpoint_id", "webhook_endpoints", nullable=False),
        _size("event_id"),
        _text("kind"),
        _choice("status", "deliverystatus", *DELIVERIES),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _instant("next_attempt_at", nullable=True),
        sa.Column("response_status", sa.Integer(), nullable=True),
        _text("last_error"),
        _instant("created_at"),
        _instant("delivered_at", nullable=True),
        sa.UniqueConstraint("endpoint_id", "event_id", name="uq_deliveries_endpoint_id_event_id"),
    )
    _indexes("deliveries", ("status", "next_attempt_at"), ("created_at",))


def _sources() -> None:
    op.create_table(
        "dropbox_sources",
        _text("id", primary_key=True),
        *(_text(name) for name in ("account_id", "label", "source_url", "folder_path")),
        _parent("project_id", "projects"),
        _choice("storage_tier", "storagetier", *TIERS),
        _flag("checksum_required"),
        _text("reference_name_template"),
        _choice("ingest_strategy", "sourcekind", "shared_link", "account_folder"),
        *(_text(name) for name in ("access_token", "refresh_token", "link_password", "cursor")),
        _size("dirty_seq"),
        _size("synced_seq"),
        _flag("auto_ingest"),
        _flag("needs_reauth"),
        _text("last_error", nullable=True),
        _instant("last_processed_at", nullable=True),
        *_dated(),
    )
    by_age = ("auto_ingest", "last_processed_at")
    _indexes("dropbox_sources", ("created_at", "id"), ("account_id",), ("project_id",), by_age)
    op.create_table(
        "dropbox_entries",
        _parent("source_id", "dropbox_sources", nullable=False, primary_key=True),
        _text("remote_id", primary_key=True),
        *(_text(name) for name in ("path", "path_key", "rev", "content_hash")),
        _size("size_bytes"),
        _instant("taken_at", nullable=True),
        _parent("batch_id", "media_batches", gone="SET NULL"),
    )
    _indexes("dropbox_entries", ("source_id", "taken_at"), ("batch_id",))
    op.create_table(
        "mapping_rules",
        _text("id", primary_key=True),
        _text("pattern"),
        _parent("project_id", "projects", nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        _instant("created_at"),
    )
    _indexes("mapping_rules", ("created_at", "id"), ("project_id",))


def _transfers() -> None:
    op.create_table(
        "downloads",
        _text("id", primary_key=True),
        _parent("source_id", "dropbox_sources", gone="SET NULL"),
        _parent("batch_id", "media_batches"),
        _parent("file_id", "media_files"),
        *(_text(name) for name in ("remote_id", "rev", "content_hash")),
        _size("size_bytes"),
        _size("bytes_done"),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        _choice("status", "transferstatus", *TRANSFERS),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _text("error_tag"),
        _text("last_error", nullable=True),
        *_dated(),
    )
    by_batch = ("batch_id", "created_at", "id")
    _indexes("downloads", by_batch, ("file_id",), ("source_id",), ("status", "updated_at"))
    op.create_table(
        "uploads",
        _text("id", primary_key=True),
        _text("name"),
        _size("size_bytes"),
        _size("offset_bytes"),
        _text("owner"),
        _choice("status", "transferstatus", *TRANSFERS),
        _text("sha256"),
        _parent("project_id", "projects"),
        _parent("batch_id", "media_batches", gone="SET NULL"),
        _json("metadata"),
        _instant("expires_at", nullable=True),
        *_dated(),
    )
    _indexes("uploads", ("created_at", "id"), ("status", "expires_at"), ("batch_id",), ("project_id",))


def _findings() -> None:
    op.create_table(
        "qa_findings",
        _text("id", primary_key=True),
        _text("title"),
        _text("text"),
        _choice("status", "findingstatus", *FINDINGS),
        _text("author"),
        _parent("assignee_id", "members", gone="SET NULL"),
        sa.Column("due_on", sa.Date(), nullable=True),
        *(_text(name) for name in ("locale", "genre", "subject")),
        _parent("batch_id", "media_batches"),
        _parent("edit_session_id", "edit_sessions"),
        _parent("qa_run_id", "qa_runs", gone="SET NULL"),
        sa.Column("at_seconds", sa.Double(), nullable=True),
        _json("overlays"),
        *_dated(),
    )
    _indexes("qa_findings", ("created_at", "id"), ("edit_session_id",), ("qa_run_id",))
    for column in ("status", "assignee_id", "batch_id"):
        _indexes("qa_findings", (column, "created_at", "id"))
    op.create_table(
        "finding_comments",
        _text("id", primary_key=True),
        _parent("finding_id", "qa_findings", nullable=False),
        _text("author"),
        _text("text"),
        _instant("created_at"),
    )
    _indexes("finding_comments", ("finding_id", "created_at", "id"))


def _reviews() -> None:
    op.create_table(
        "caption_edits",
        _text("id", primary_key=True),
        _parent("file_id", "media_files", nullable=False),
        _text("base"),
        _json("lines"),
        _text("author"),
        _instant("created_at"),
    )
    _indexes("caption_edits", ("file_id", "created_at", "id"))
    op.create_table(
        "approval_rules",
        _text("id", primary_key=True),
        _parent("project_id", "projects"),
        sa.Column("approvers", sa.Integer(), nullable=False),
        _json("members"),
        *_dated(),
        sa.CheckConstraint("approvers >= 1", name="somebody"),
    )
    _indexes("approval_rules", ("project_id",))
    op.create_table(
        "review_assignments",
        _parent("edit_session_id", "edit_sessions", nullable=False, primary_key=True),
        _parent("member_id", "members", nullable=False, primary_key=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        _instant("created_at"),
    )
    _indexes("review_assignments", ("member_id", "created_at"))


def _brands() -> None:
    with op.batch_alter_table("brand_kits") as table:
        table.add_column(sa.Column("author", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("brand_kits") as table:
        table.alter_column("author", server_default=None)
    op.create_table(
        "project_brands",
        _parent("project_id", "projects", nullable=False, primary_key=True),
        _parent("brand_id", "brand_kits", nullable=False),
        _text("author"),
        *_dated(),
    )
    _indexes("project_brands", ("brand_id",))
    op.create_table(
        "brand_assets",
        _text("sha256", primary_key=True),
        _text("name"),
        _text("kind"),
        _size("size_bytes"),
        _parent("project_id", "projects"),
        _instant("created_at"),
    )
    _indexes("brand_assets", ("created_at", "sha256"), ("project_id",))


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable, primary_key=primary_key)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _dated() -> tuple[sa.Column[Any], sa.Column[Any]]:
    return _instant("created_at"), _instant("updated_at")


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _size(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _choice(name: str, kind: str, *values: str) -> sa.Column[Any]:
    listed = sa.Enum(*values, name=kind, native_enum=False, create_constraint=True, length=16)
    return sa.Column(name, listed, nullable=False)


def _parent(
    name: str, table: str, *, nullable: bool = True, primary_key: bool = False, gone: str = "CASCADE"
) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{table}.id", ondelete=gone)
    return sa.Column(name, sa.Text(), key, nullable=nullable, primary_key=primary_key)


def _indexes(table: str, *columns: tuple[str, ...]) -> None:
    for listed in columns:
        op.create_index(f"ix_{table}_{'_'.join(listed)}", table, list(listed))


def _reindex(table: str, old: tuple[tuple[str, ...], ...], new: tuple[tuple[str, ...], ...]) -> None:
    for columns in old:
        op.drop_index(f"ix_{table}_{'_'.join(columns)}", table)
    _indexes(table, *new)
