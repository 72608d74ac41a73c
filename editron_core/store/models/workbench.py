"""The workbench's tables: profiles and their promotions, QA runs, labels, and the journals of studies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from editron_core.domain.label import LabelSource, Raters, Split
from editron_core.domain.registry import ProfileStage, QaKind
from editron_core.store.models.base import Base, choice, utc_now

IN_PRODUCTION = text("stage = 'production'")


class ProfileRow(Base):
    """A scoring profile as it was applied; `id` is its content hash.

    Production asks for a profile by name. Were there two of one name, which one scores would be chance;
    so the database itself refuses the second.
    """

    __tablename__ = "scoring_profiles"
    __table_args__ = (
        Index(None, "name", "created_at"),
        Index(
            "uq_scoring_profiles_production",
            "name",
            unique=True,
            sqlite_where=IN_PRODUCTION,
            postgresql_where=IN_PRODUCTION,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    document: Mapped[dict[str, Any]]
    stage: Mapped[ProfileStage] = mapped_column(default=ProfileStage.RESEARCH)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class QaRunRow(Base):
    """One judgement of the machine. It names its profile and hangs on nothing: what was read, was read."""

    __tablename__ = "qa_runs"
    __table_args__ = (Index(None, "kind", "created_at"), Index(None, "profile_hash", "kind"))

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[QaKind]
    profile_hash: Mapped[str]
    golden_hash: Mapped[str]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class PromotionRow(Base):
    """One step of one profile; `id` counts up, so that history has an order."""

    __tablename__ = "promotions"
    __table_args__ = (Index(None, "profile_hash", "id"), Index(None, "holdout_id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    profile_hash: Mapped[str] = mapped_column(ForeignKey("scoring_profiles.id", ondelete="CASCADE"))
    from_stage: Mapped[ProfileStage] = mapped_column(choice(ProfileStage, "from_stage"))
    to_stage: Mapped[ProfileStage] = mapped_column(choice(ProfileStage, "to_stage"))
    author: Mapped[str]
    reason: Mapped[str]
    gate: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    holdout_id: Mapped[str | None] = mapped_column(ForeignKey("qa_runs.id", ondelete="CASCADE"))
    notebook_path: Mapped[str | None]
    notebook_sha256: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class LabelRow(Base):
    """One rater's word on one stretch of one file; hangs on no batch, since labels outlive batches."""

    __tablename__ = "labels"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="scale"),
        Index(None, "rater_kind", "split", "file_sha256"),
        Index(None, "file_sha256", "rater"),
        Index(None, "content_hash", "rater"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    file_sha256: Mapped[str]
    rater: Mapped[str]
    rater_kind: Mapped[Raters]
    start_seconds: Mapped[float]
    length_seconds: Mapped[float]
    rating: Mapped[int]
    split: Mapped[Split]
    source: Mapped[LabelSource]
    decision_id: Mapped[str | None]
    content_hash: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class StudyLogRow(Base):
    """One line of a study's journal."""

    __tablename__ = "study_logs"

    study: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
