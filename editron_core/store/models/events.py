"""What happened and who is told: events, the board made from them, and outgoing webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from editron_core.domain.board import BoardStage, TaskStatus
from editron_core.domain.webhook import DeliveryStatus
from editron_core.store.models.base import Base, Dated, utc_now

COUNTER = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts up by itself in columns that are called INTEGER, and in no others."""


class EventRow(Base):
    """One thing that happened. It hangs on nothing: that a batch was deleted is told when it is gone."""

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "batch_id", "id"),
        Index(None, "project_id", "id"),
        Index(None, "created_at"),
        {"sqlite_autoincrement": True},  # a number never comes twice, whatever was removed
    )

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True, autoincrement=True)
    kind: Mapped[str]
    subject_id: Mapped[str]
    batch_id: Mapped[str | None]
    project_id: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class TaskRow(Dated, Base):
    """One stage of one batch on the board."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("batch_id", "stage"),
        Index(None, "status", "updated_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "assignee_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("media_batches.id", ondelete="CASCADE"))
    stage: Mapped[BoardStage]
    status: Mapped[TaskStatus]
    note: Mapped[str] = mapped_column(default="")
    assignee_id: Mapped[str | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"))


class EndpointRow(Dated, Base):
    """A receiver of events, and how far it has come."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (Index(None, "created_at", "id"), Index(None, "project_id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    kinds: Mapped[list[Any]]
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    description: Mapped[str] = mapped_column(default="")
    enabled: Mapped[bool] = mapped_column(default=True)
    disabled_reason: Mapped[str] = mapped_column(default="")
    secret: Mapped[str]
    old_secret: Mapped[str] = mapped_column(default="")
    old_secret_until: Mapped[datetime | None]
    cursor: Mapped[int] = mapped_column(BigInteger, default=0)


class DeliveryRow(Base):
    """One event on its way to one endpoint, or arrived. It names the event, which may go before it does."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index(None, "status", "next_attempt_at"),
        Index(None, "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    status: Mapped[DeliveryStatus]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    response_status: Mapped[int | None]
    last_error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    delivered_at: Mapped[datetime | None]
