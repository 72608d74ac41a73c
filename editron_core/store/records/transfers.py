"""Downloads and uploads: how far they are, so that they go on where they were."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from editron_core.domain.intake import Download, TransferStatus, Upload
from editron_core.errors import Conflict
from editron_core.store.database import Database
from editron_core.store.models import BatchRow, DownloadRow, ProjectRow, UploadRow
from editron_core.store.outbox import emit
from editron_core.store.records.common import locked, new_id, one, why
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut

IDENTITY = ("source_id", "batch_id", "file_id", "remote_id", "rev", "content_hash", "size_bytes")


class Downloads:
    """The journal of downloads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, download: Download) -> Download:
        """Begin a download, or go on with it: returns how far it is. One of another rev, content or size
        than before begins anew."""
        with self._database.write() as session:
            row = session.get(DownloadRow, download.id, with_for_update=True)
            if row is None:
                row = DownloadRow(id=download.id, bytes_done=0, digests=b"")
                session.add(row)
            elif (row.rev, row.content_hash, row.size_bytes) != (
                download.rev,
                download.content_hash,
                download.size_bytes,
            ):
                row.bytes_done, row.digests = 0, b""
            for name in IDENTITY:
                setattr(row, name, getattr(download, name))
            row.status, row.attempts = TransferStatus.RUNNING, 0
            row.error_tag, row.last_error = "", None
            session.flush()
            _tell(session, row, "started", {"bytes": row.size_bytes, "done": row.bytes_done})
            return _download(row)

    def get(self, download_id: str) -> Download:
        """The download with this id. Raises NotFound."""
        with self._database.read() as session:
            return _download(one(session, DownloadRow, download_id))

    def advance(self, download_id: str, bytes_done: int, digests: bytes) -> None:
        """Record what is safely on the disk by now; the attempts begin to count anew. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, DownloadRow, download_id)
            row.bytes_done, row.digests, row.attempts = bytes_done, digests, 0
            _tell(session, row, "progress", {"bytes": row.size_bytes, "done": bytes_done})

    def attempted(self, download_id: str, error: str) -> int:
        """Record that an attempt ended; returns how many did since bytes last came in. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, DownloadRow, download_id)
            row.attempts += 1
            row.last_error = error
            return row.attempts

    def finish(self, download_id: str, *, error: str | None = None, tag: str = "") -> Download:
        """Record how a download ended: well, or with an error and Dropbox's own name for it."""
        with self._database.write() as session:
            row = locked(session, DownloadRow, download_id)
            if error is None:
                row.status, row.bytes_done, row.digests = TransferStatus.DONE, row.size_bytes, b""
            else:
                row.status = TransferStatus.FAILED
            row.last_error, row.error_tag = error, tag
            what = "done" if error is None else "failed"
            _tell(session, row, what, {"bytes": row.size_bytes, "tag": tag, **why(error)})
            return _download(row)

    def page(
        self, *, batch_id: str | None = None, after: Key | None = None, limit: int = LIMIT
    ) -> Slice[Download]:
        """The downloads of a batch or of all, the newest first."""
        query = select(DownloadRow)
        query = query.where(DownloadRow.batch_id == batch_id) if batch_id is not None else query
        with self._database.read() as session:
            order = Order((DownloadRow.created_at, DownloadRow.id))
            return cut(session, query, order, after, limit).map(_download)


class Uploads:
    """Files that are sent to us piece by piece."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, upload: Upload) -> Upload:
        """Record an upload, of which nothing has arrived; an `id` is given here where it has none. Raises
        NotFound where its project is not there."""
        with self._database.write() as session:
            if upload.project_id is not None:
                one(session, ProjectRow, upload.project_id)
            row = UploadRow(
                id=upload.id or new_id(),
                name=upload.name,
                size_bytes=upload.size_bytes,
                owner=upload.owner,
                status=TransferStatus.RUNNING,
                project_id=upload.project_id,
                facts=upload.metadata,
                expires_at=upload.expires_at,
            )
            session.add(row)
            session.flush()
            _sent(session, row, "created", {"bytes": row.size_bytes})
            return _upload(row)

    def get(self, upload_id: str) -> Upload:
        """The upload with this id. Raises NotFound."""
        with self._database.read() as session:
            return _upload(one(session, UploadRow, upload_id))

    def advance(self, upload_id: str, offset: int, expires_at: datetime | None = None) -> Upload:
        """Record how many bytes have arrived. Raises NotFound; Conflict for fewer than before or too many."""
        with self._database.write() as session:
            row = locked(session, UploadRow, upload_id)
            if not row.offset <= offset <= row.size_bytes or row.status is not TransferStatus.RUNNING:
                raise Conflict(f"is at {row.offset} of {row.size_bytes} bytes", subject=f"upload {row.id}")
            before, row.offset = row.offset, offset
            row.expires_at = expires_at or row.expires_at
            percent = [int(100 * done / max(1, row.size_bytes)) for done in (before, offset)]
            if percent[0] != percent[1]:
                _sent(session, row, "progress", {"percent": percent[1]})
            return _upload(row)

    def finish(self, upload_id: str, sha256: str = "", *, batch_id: str | None = None) -> Upload:
        """Record that all of it is here, what it is, and the batch that was made of it. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, UploadRow, upload_id)
            if batch_id is not None:
                row.batch_id = one(session, BatchRow, batch_id).id
            row.status, row.offset = TransferStatus.DONE, row.size_bytes
            row.sha256 = sha256 or row.sha256
            row.expires_at = None
            _sent(session, row, "done", {"bytes": row.size_bytes, "batch": row.batch_id})
            return _upload(row)

    def fail(self, upload_id: str, error: str) -> None:
        """Record that what arrived cannot be used. Raises NotFound; StoreError for one that is done."""
        with self._database.write() as session:
            row = locked(session, UploadRow, upload_id)
            if row.status is TransferStatus.DONE:
                raise Conflict("is done", subject=f"upload {row.id}")
            row.status, row.facts = TransferStatus.FAILED, {**row.facts, "error": error}
            _sent(session, row, "failed", why(error))

    def delete(self, upload_id: str) -> None:
        """Forget an upload. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, UploadRow, upload_id)
            _sent(session, row, "deleted", {})
            session.delete(row)

    def expired(self, now: datetime, limit: int = 100) -> tuple[Upload, ...]:
        """The uploads that nobody went on with in time."""
        unfinished = (UploadRow.status != TransferStatus.DONE, UploadRow.expires_at < now)
        with self._database.read() as session:
            query = select(UploadRow).where(*unfinished).order_by(UploadRow.expires_at).limit(limit)
            return tuple(_upload(row) for row in session.scalars(query))

    def page(
        self, *, owner: str | None = None, after: Key | None = None, limit: int = LIMIT
    ) -> Slice[Upload]:
        """The uploads of one caller or of all, the newest first."""
        query = select(UploadRow)
        query = query.where(UploadRow.owner == owner) if owner is not None else query
        with self._database.read() as session:
            return cut(session, query, Order((UploadRow.created_at, UploadRow.id)), after, limit).map(_upload)


def _tell(session: Session, row: DownloadRow, what: str, data: dict[str, Any]) -> None:
    data = {"file": row.file_id, **data}
    emit(session, f"download.{what}", row.id, batch_id=row.batch_id, data=data)


def _sent(session: Session, row: UploadRow, what: str, data: dict[str, Any]) -> None:
    emit(session, f"upload.{what}", row.id, project_id=row.project_id, data=data)


def _download(row: DownloadRow) -> Download:
    identity = {name: getattr(row, name) for name in IDENTITY}
    return Download(
        id=row.id,
        bytes_done=row.bytes_done,
        digests=row.digests,
        status=row.status,
        attempts=row.attempts,
        error_tag=row.error_tag,
        last_error=row.last_error,
        created_at=row.created_at,
        updated_at=row.updated_at,
        **identity,
    )


def _upload(row: UploadRow) -> Upload:
    return Upload(
        id=row.id,
        name=row.name,
        size_bytes=row.size_bytes,
        owner=row.owner,
        offset=row.offset or 0,
        status=row.status,
        sha256=row.sha256 or "",
        project_id=row.project_id,
        batch_id=row.batch_id,
        metadata=dict(row.facts),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
