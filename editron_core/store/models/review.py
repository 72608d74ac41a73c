"""What people work on: findings, caption edits, reviews, and the brand kits they choose."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from editron_core.domain.finding import FindingStatus
from editron_core.store.models.base import Base, Dated, utc_now


class FindingRow(Dated, Base):
    """Something that is not as it should be."""

    __tablename__ = "qa_findings"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "status", "created_at", "id"),
        Index(None, "assignee_id", "created_at", "id"),
        Index(None, "batch_id", "created_at", "id"),
        Index(None, "edit_session_id"),
        Index(None, "qa_run_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    text: Mapped[str]
    status: Mapped[FindingStatus]
    author: Mapped[str]
    assignee_id: Mapped[str | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"))
    due_on: Mapped[date | None] = mapped_column(Date)
    locale: Mapped[str]
    genre: Mapped[str]
    subject: Mapped[str]
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("media_batches.id", ondelete="CASCADE"))
    edit_session_id: Mapped[str | None] = mapped_column(ForeignKey("edit_sessions.id", ondelete="CASCADE"))
    qa_run_id: Mapped[str | None] = mapped_column(ForeignKey("qa_runs.id", ondelete="SET NULL"))
    at_seconds: Mapped[float | None]
    overlays: Mapped[list[Any]]


class CommentRow(Base):
    """A word on a finding."""

    __tablename__ = "finding_comments"
    __table_args__ = (Index(None, "finding_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    finding_id: Mapped[str] = mapped_column(ForeignKey("qa_findings.id", ondelete="CASCADE"))
    author: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class CaptionEditRow(Base):
    """The captions of one file as a person left them."""

    __tablename__ = "caption_edits"
    __table_args__ = (Index(None, "file_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("media_files.id", ondelete="CASCADE"))
    base: Mapped[str]
    lines: Mapped[list[Any]]
    author: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class ApprovalRuleRow(Dated, Base):
    """How many people must approve a cut; `id` is the project's, or `default`."""

    __tablename__ = "approval_rules"
    __table_args__ = (CheckConstraint("approvers >= 1", name="somebody"), Index(None, "project_id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    approvers: Mapped[int]
    members: Mapped[list[Any]]


class ProjectBrandRow(Dated, Base):
    """The version of a brand kit that a project's exports inherit."""

    __tablename__ = "project_brands"
    __table_args__ = (Index(None, "brand_id"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    brand_id: Mapped[str] = mapped_column(ForeignKey("brand_kits.id", ondelete="CASCADE"))
    author: Mapped[str]


class BrandAssetRow(Base):
    """A logo, font or slate that was uploaded; its bytes lie in the blob store."""

    __tablename__ = "brand_assets"
    __table_args__ = (Index(None, "created_at", "sha256"), Index(None, "project_id"))

    sha256: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
