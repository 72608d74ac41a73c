"""The lane's tables: what arrived, what was seen in it, the cuts, the renders, and the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from editron_core.domain.batch import BatchStatus, Hold, StorageTier
from editron_core.domain.job import EditSessionStatus, RenderJobStatus, RenderPriority, StageStatus, Verdict
from editron_core.store.models.base import Base, Dated, utc_now


class ProjectRow(Dated, Base):
    """Whom footage is for."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class BatchRow(Dated, Base):
    """What arrived together."""

    __tablename__ = "media_batches"
    __table_args__ = (
        Index(None, "project_id", "created_at", "id"),
        Index(None, "status", "created_at", "id"),
        Index(None, "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    reference_name: Mapped[str]
    source_url: Mapped[str]
    storage_tier: Mapped[StorageTier]
    checksum_required: Mapped[bool]
    status: Mapped[BatchStatus]
    hold: Mapped[Hold] = mapped_column(default=Hold.NONE)
    file_count: Mapped[int] = mapped_column(default=0)
    total_size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    last_error: Mapped[str | None]
    facts: Mapped[dict[str, Any]] = mapped_column("metadata")


class FileRow(Dated, Base):
    """One media file of a batch; `id` is the hash of batch and source, so that none arrives twice.

    A unique index would not do: PostgreSQL indexes no text above 2,704 bytes, and URLs can be longer.
    """

    __tablename__ = "media_files"
    __table_args__ = (
        Index(None, "batch_id", "position"),
        Index(None, "batch_id", "status", "position"),
        Index(None, "checksum_sha256"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("media_batches.id", ondelete="CASCADE"))
    position: Mapped[int]
    filename: Mapped[str]
    source: Mapped[str]
    file_path: Mapped[str] = mapped_column(default="")
    transcript_path: Mapped[str | None]
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    checksum_sha256: Mapped[str] = mapped_column(default="")
    duration_seconds: Mapped[float | None]
    resolution: Mapped[str | None]
    codec: Mapped[str | None]
    fps: Mapped[float | None]
    status: Mapped[BatchStatus]
    hold: Mapped[Hold] = mapped_column(default=Hold.NONE)
    error: Mapped[str | None]
    facts: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class AnalysisRow(Dated, Base):
    """What the analysis of a batch came to; `id` is the hash of batch, brief and profile."""

    __tablename__ = "media_batch_analyses"
    __table_args__ = (Index(None, "batch_id", "updated_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("media_batches.id", ondelete="CASCADE"))
    brief: Mapped[str]
    summary: Mapped[str]
    profile_hash: Mapped[str]
    passes_completed: Mapped[int]
    deliverable_targets: Mapped[list[Any]]
    hero_moments: Mapped[list[Any]]
    insights: Mapped[dict[str, Any]]


class SessionRow(Dated, Base):
    """The cuts of one blueprint from one batch."""

    __tablename__ = "edit_sessions"
    __table_args__ = (
        UniqueConstraint("batch_id", "deliverable_type", "content_hash"),
        Index(None, "batch_id", "created_at", "id"),
        Index(None, "created_at", "id"),
        Index(None, "status", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("media_batches.id", ondelete="CASCADE"))
    deliverable_type: Mapped[str]
    aspect_ratios: Mapped[list[Any]]
    reference_style: Mapped[str]
    include_captions: Mapped[bool]
    imovie_project: Mapped[str | None]
    status: Mapped[EditSessionStatus]
    timelines: Mapped[list[Any]]
    content_hash: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column("metadata")


class JobRow(Dated, Base):
    """One rendering of an edit session."""

    __tablename__ = "render_jobs"
    __table_args__ = (
        Index(None, "edit_session_id", "created_at", "id"),
        Index(None, "created_at", "id"),
        Index(None, "status", "priority", "created_at"),
        Index(None, "status", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    edit_session_id: Mapped[str] = mapped_column(ForeignKey("edit_sessions.id", ondelete="CASCADE"))
    destinations: Mapped[list[Any]]
    formats: Mapped[list[Any]]
    priority: Mapped[RenderPriority]
    status: Mapped[RenderJobStatus]
    hold: Mapped[Hold] = mapped_column(default=Hold.NONE)
    worker: Mapped[str] = mapped_column(default="")
    progress_percent: Mapped[float] = mapped_column(default=0.0)
    last_error: Mapped[str | None]
    output_urls: Mapped[list[Any]] = mapped_column(default=list)
    facts: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class DecisionRow(Base):
    """What a person decided about one timeline."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index(None, "edit_session_id", "created_at", "id"),
        Index(None, "content_hash", "created_at"),
        Index(None, "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    edit_session_id: Mapped[str] = mapped_column(ForeignKey("edit_sessions.id", ondelete="CASCADE"))
    timeline: Mapped[str]
    content_hash: Mapped[str]
    verdict: Mapped[Verdict]
    author: Mapped[str]
    note: Mapped[str]
    trim: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    withdrawn_at: Mapped[datetime | None]


class BrandRow(Base):
    """A version of a brand kit; `id` is the hash of project and content."""

    __tablename__ = "brand_kits"
    __table_args__ = (
        Index(None, "name", "created_at"),
        Index(None, "created_at", "id"),
        Index(None, "project_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str]
    version: Mapped[int]
    document: Mapped[dict[str, Any]]
    author: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class StageRow(Dated, Base):
    """The ledger: one row for each stage on one set of inputs."""

    __tablename__ = "stage_runs"
    __table_args__ = (Index(None, "stage", "status"), Index(None, "output"))

    key: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str]
    inputs: Mapped[list[Any]]
    options: Mapped[dict[str, Any]]
    code_version: Mapped[str]
    status: Mapped[StageStatus]
    fence: Mapped[int] = mapped_column(BigInteger, default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    output: Mapped[str | None]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seconds: Mapped[float | None]
    last_error: Mapped[str | None]


class LeaseRow(Base):
    """Who works on what. Rows stay when they are free, so that a fence never comes twice."""

    __tablename__ = "leases"
    __table_args__ = (Index(None, "expires_at"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    fence: Mapped[int] = mapped_column(BigInteger, default=0)
    host: Mapped[str] = mapped_column(default="")
    pid: Mapped[int] = mapped_column(BigInteger, default=0)
    process_start: Mapped[int] = mapped_column(BigInteger, default=0)
    expires_at: Mapped[float] = mapped_column(default=0.0)
