"""Where footage comes from by itself: sources, what they list, rules, downloads and uploads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from editron_core.domain.batch import StorageTier
from editron_core.domain.intake import SourceKind, TransferStatus
from editron_core.store.models.base import Base, Dated, utc_now


class SourceRow(Dated, Base):
    """A Dropbox folder or shared link whose footage is taken in."""

    __tablename__ = "dropbox_sources"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "account_id"),
        Index(None, "project_id"),
        Index(None, "auto_ingest", "last_processed_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    label: Mapped[str]
    source_url: Mapped[str]
    folder_path: Mapped[str]
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    storage_tier: Mapped[StorageTier]
    checksum_required: Mapped[bool]
    reference_name_template: Mapped[str]
    ingest_strategy: Mapped[SourceKind]
    access_token: Mapped[str]
    refresh_token: Mapped[str]
    link_password: Mapped[str]
    cursor: Mapped[str] = mapped_column(default="")
    dirty_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    synced_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    asked_seq: Mapped[int] = mapped_column(BigInteger, default=0)  # `dirty_seq` as a person left it last
    auto_ingest: Mapped[bool]
    needs_reauth: Mapped[bool] = mapped_column(default=False)
    last_error: Mapped[str | None]
    last_processed_at: Mapped[datetime | None]


class EntryRow(Base):
    """One file as a source lists it."""

    __tablename__ = "dropbox_entries"
    __table_args__ = (Index(None, "source_id", "taken_at"), Index(None, "batch_id"))

    source_id: Mapped[str] = mapped_column(
        ForeignKey("dropbox_sources.id", ondelete="CASCADE"), primary_key=True
    )
    remote_id: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str]
    path_key: Mapped[str]  # in lower case: by it Dropbox says what was deleted
    rev: Mapped[str]
    content_hash: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    taken_at: Mapped[datetime | None]
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("media_batches.id", ondelete="SET NULL"))


class RuleRow(Base):
    """Which project the footage of a folder is for."""

    __tablename__ = "mapping_rules"
    __table_args__ = (Index(None, "created_at", "id"), Index(None, "project_id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    pattern: Mapped[str]
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    priority: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class DownloadRow(Dated, Base):
    """How far a download is."""

    __tablename__ = "downloads"
    __table_args__ = (
        Index(None, "batch_id", "created_at", "id"),
        Index(None, "file_id"),
        Index(None, "source_id"),
        Index(None, "status", "updated_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[str | None] = mapped_column(ForeignKey("dropbox_sources.id", ondelete="SET NULL"))
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("media_batches.id", ondelete="CASCADE"))
    file_id: Mapped[str | None] = mapped_column(ForeignKey("media_files.id", ondelete="CASCADE"))
    remote_id: Mapped[str]
    rev: Mapped[str]
    content_hash: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    bytes_done: Mapped[int] = mapped_column(BigInteger, default=0)
    digests: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    status: Mapped[TransferStatus]
    attempts: Mapped[int] = mapped_column(default=0)
    error_tag: Mapped[str] = mapped_column(default="")
    last_error: Mapped[str | None]


class UploadRow(Dated, Base):
    """A file that somebody sends us piece by piece."""

    __tablename__ = "uploads"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "status", "expires_at"),
        Index(None, "batch_id"),
        Index(None, "project_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    offset: Mapped[int] = mapped_column("offset_bytes", BigInteger, default=0)
    owner: Mapped[str]
    status: Mapped[TransferStatus]
    sha256: Mapped[str] = mapped_column(default="")
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("media_batches.id", ondelete="SET NULL"))
    facts: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    expires_at: Mapped[datetime | None]
