"""Who may do what: keys, members, and requests that must not take effect twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from editron_core.domain.access import Role
from editron_core.store.models.base import Base, Dated, utc_now


class ApiKeyRow(Base):
    """A key, without its secret."""

    __tablename__ = "api_keys"
    __table_args__ = (Index(None, "created_at", "id"), Index(None, "replaces"))

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[Role]
    hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    replaces: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))


class MemberRow(Dated, Base):
    """Somebody of the team."""

    __tablename__ = "members"
    __table_args__ = (Index(None, "name", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)  # in lower case
    role: Mapped[Role]
    active: Mapped[bool] = mapped_column(default=True)


class EndedSessionRow(Base):
    """A browser's session that was signed out of before its time was over."""

    __tablename__ = "ended_sessions"
    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


class IdempotencyRow(Base):
    """One keyed request: at work while `status` is null, else with the answer it was given."""

    __tablename__ = "idempotency"
    __table_args__ = (Index(None, "expires_at"),)

    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    holder: Mapped[str]
    status: Mapped[int | None]
    effect: Mapped[str] = mapped_column(default="")  # what it changed first, as soon as that is committed
    content_type: Mapped[str] = mapped_column(default="")
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
