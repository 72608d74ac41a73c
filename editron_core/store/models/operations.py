"""The operators' tables: what was given up, and what waits to be dispatched."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from editron_core.store.models.base import Base, Dated, utc_now


class DeadLetterRow(Dated, Base):
    """A stage that was given up; `id` is the hash of stage and what it worked on."""

    __tablename__ = "dead_letters"
    __table_args__ = (
        Index(None, "resolved_at", "created_at"),
        Index(None, "batch_id"),
        Index(None, "file_id"),
        Index(None, "job_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str]
    subject: Mapped[str]
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("media_batches.id", ondelete="CASCADE"))
    file_id: Mapped[str | None] = mapped_column(ForeignKey("media_files.id", ondelete="CASCADE"))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("render_jobs.id", ondelete="CASCADE"))
    error_class: Mapped[str]
    message: Mapped[str]
    log_tail: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    resolved_at: Mapped[datetime | None]


class DispatchRow(Base):
    """The outbox: a stage of a batch that is to be begun; done once somebody has begun it."""

    __tablename__ = "dispatches"
    __table_args__ = (UniqueConstraint("batch_id", "stage", "attempt"), Index(None, "done_at", "created_at"))

    key: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("media_batches.id", ondelete="CASCADE"))
    stage: Mapped[str]
    attempt: Mapped[int]
    facts: Mapped[dict[str, Any]]
    traceparent: Mapped[str] = mapped_column(default="")
    done_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
