"""The media files of batches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from editron_core.domain import codec
from editron_core.domain.batch import BatchStatus, Hold, MediaFile, MediaProbe
from editron_core.errors import NotFound, UsageError
from editron_core.store.database import Database
from editron_core.store.models import BatchRow, FileRow
from editron_core.store.outbox import emit
from editron_core.store.records.batches import move
from editron_core.store.records.common import by_prefix, digest, locked, one, why
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut


@dataclass(frozen=True, slots=True)
class FileInShort:
    """One file as a list shows it."""

    id: str
    name: str
    sha256: str
    status: BatchStatus
    hold: Hold
    error: str | None
    seconds: float | None
    """Its length; null where it was not probed."""


class Files:
    """The media files of batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, batch_id: str, name: str, source: str) -> MediaFile:
        """Record a file of a batch, queued. What came from the same source before is given back as it is."""
        key = digest(batch_id, source)
        with self._database.write() as session:
            batch = locked(session, BatchRow, batch_id)
            row = session.get(FileRow, key)
            if row is None:
                row = FileRow(
                    id=key,
                    batch_id=batch_id,
                    position=batch.file_count,
                    filename=name,
                    source=source,
                    status=BatchStatus.QUEUED,
                )
                session.add(row)
                batch.file_count += 1
                session.flush()
                emit(session, "file.added", row.id, batch_id=batch_id)
            return _file(row)

    def get(self, file_id: str) -> MediaFile:
        """The file with this id. Raises NotFound."""
        with self._database.read() as session:
            return _file(one(session, FileRow, file_id))

    def find(self, wanted: str) -> MediaFile:
        """The file with this name, id or unique beginning of an id, in any batch.

        Raises NotFound; UsageError where several files of different content have that name.
        """
        named = select(FileRow).where(FileRow.filename == wanted, FileRow.checksum_sha256 != "")
        with self._database.read() as session:
            rows = session.scalars(named.order_by(FileRow.created_at, FileRow.id)).all()
            if len({row.checksum_sha256 for row in rows}) > 1:
                known = ", ".join(row.id[:12] for row in rows)
                raise UsageError("is the name of several files", subject=wanted, remedy=f"ids are {known}")
            return _file(rows[-1] if rows else by_prefix(session, FileRow, FileRow.id, wanted))

    def in_short(self, batch_id: str) -> tuple[FileInShort, ...]:
        """What a list of a batch's files shows, in the order they were added: quick for tens of thousands."""
        columns = (
            FileRow.id,
            FileRow.filename,
            FileRow.checksum_sha256,
            FileRow.status,
            FileRow.hold,
            FileRow.error,
            FileRow.duration_seconds,
        )
        query = select(*columns).where(FileRow.batch_id == batch_id).order_by(FileRow.position)
        with self._database.read() as session:
            return tuple(FileInShort(*row) for row in session.execute(query).tuples())

    def tally(self, *, of: Iterable[BatchStatus]) -> dict[str, dict[BatchStatus, int]]:
        """How many files each batch in one of these states has, by the files' own state."""
        query = (
            select(FileRow.batch_id, FileRow.status, func.count())
            .join(BatchRow, BatchRow.id == FileRow.batch_id)
            .where(BatchRow.status.in_(list(of)))
            .group_by(FileRow.batch_id, FileRow.status)
        )
        found: dict[str, dict[BatchStatus, int]] = {}
        with self._database.read() as session:
            for batch, status, count in session.execute(query):
                found.setdefault(batch, {})[status] = count
        return found

    def list(self, batch_id: str) -> tuple[MediaFile, ...]:
        """The files of a batch in the order they were added."""
        with self._database.read() as session:
            rows = session.scalars(
                select(FileRow).where(FileRow.batch_id == batch_id).order_by(FileRow.position)
            )
            return tuple(_file(row) for row in rows)

    def page(
        self,
        batch_id: str,
        *,
        status: BatchStatus | None = None,
        after: Key | None = None,
        limit: int = LIMIT,
    ) -> Slice[MediaFile]:
        """The files of a batch, of one status or of all, in the order they were added."""
        query = select(FileRow).where(FileRow.batch_id == batch_id)
        if status is not None:
            query = query.where(FileRow.status == status)
        order = Order((FileRow.position, FileRow.id), descending=False)
        with self._database.read() as session:
            return cut(session, query, order, after, limit).map(_file)

    def arrived(
        self, file_id: str, path: str, sha256: str, size_bytes: int, transcript_path: str | None = None
    ) -> MediaFile:
        """Record where a file's bytes lie and what they are; keeps the batch's size right."""
        with self._database.write() as session:
            batch, row = self._both(session, file_id)
            batch.total_size_bytes += size_bytes - row.size_bytes
            row.file_path, row.checksum_sha256, row.size_bytes = path, sha256, size_bytes
            row.transcript_path = transcript_path
            emit(session, "file.arrived", row.id, batch_id=row.batch_id, data={"bytes": size_bytes})
            return _file(row)

    def probed(self, file_id: str, probe: MediaProbe) -> MediaFile:
        """Record what the probe says of a file."""
        with self._database.write() as session:
            row = locked(session, FileRow, file_id)
            video, audio = probe.video, probe.audio
            row.duration_seconds = float(probe.duration)
            row.resolution = f"{video.width}x{video.height}" if video else None
            row.codec = video.codec if video else audio.codec if audio else None
            row.fps = float(video.fps) if video else None
            row.facts = {**row.facts, "probe": codec.dump(probe)}
            emit(session, "file.probed", row.id, batch_id=row.batch_id)
            return _file(row)

    def set_status(self, file_id: str, status: BatchStatus, error: str | None = None) -> MediaFile:
        """Move a file on. Raises StoreError where `status` cannot follow on what it is now."""
        with self._database.write() as session:
            row = locked(session, FileRow, file_id)
            moved = (row.status, row.error) != (status, error)
            move(row, status, row.filename)
            row.error = error
            if moved:
                emit(session, f"file.{status}", row.id, batch_id=row.batch_id, data=why(error))
            return _file(row)

    def _both(self, session: Session, file_id: str) -> tuple[BatchRow, FileRow]:
        # Batch before file, always: two transactions that lock in one order cannot deadlock.
        batch_id = session.scalar(select(FileRow.batch_id).where(FileRow.id == file_id))
        if batch_id is None:
            raise NotFound("is no file", subject=file_id)
        return locked(session, BatchRow, batch_id), locked(session, FileRow, file_id)


def _file(row: FileRow) -> MediaFile:
    probe = (row.facts or {}).get("probe")
    return MediaFile(
        id=row.id,
        batch_id=row.batch_id,
        name=row.filename,
        path=row.file_path or "",
        sha256=row.checksum_sha256 or "",
        size_bytes=row.size_bytes or 0,
        status=row.status,
        probe=codec.load(MediaProbe, probe) if probe else None,
        error=row.error,
        transcript_path=row.transcript_path,
        source=row.source,
        hold=row.hold,
    )
