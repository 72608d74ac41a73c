"""Batches and their files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from editron_core.domain import codec
from editron_core.domain.batch import (
    BatchStatus,
    Hold,
    MediaBatch,
    MediaFile,
    MediaProbe,
    StorageTier,
)
from editron_core.errors import Conflict, NotFound, UsageError
from editron_core.store.database import Database
from editron_core.store.models import BatchRow, FileRow, ProjectRow
from editron_core.store.outbox import emit
from editron_core.store.records.common import by_prefix, digest, locked, new_id, one, why
from editron_core.store.records.operations import announce
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch that is about to be recorded."""

    source_url: str
    """The path or URL that it was asked for by."""
    reference_name: str = ""
    project_id: str | None = None
    storage_tier: StorageTier = StorageTier.HOT
    checksum_required: bool = True
    metadata: dict[str, Any] = field(default_factory=dict)
    """JSON-ready facts of whoever makes it."""


class Batches:
    """What arrived together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, new: NewBatch) -> MediaBatch:
        """Record a batch, queued and without files. Raises NotFound where its project is not there."""
        with self._database.write() as session:
            return read_batch(session, insert_batch(session, new))

    def order(self, new: NewBatch, stage: str = "produce", facts: dict[str, Any] | None = None) -> MediaBatch:
        """`create`, and ask for a stage of it in the same transaction: see `Dispatches`."""
        with self._database.write() as session:
            row = insert_batch(session, new)
            announce(session, row.id, stage, facts)
            return read_batch(session, row)

    def get(self, batch: str) -> MediaBatch:
        """The batch with this id or unique beginning of it. Raises NotFound, UsageError."""
        with self._database.read() as session:
            row = by_prefix(session, BatchRow, BatchRow.id, batch)
            return _batch(row, _failures(session, [row.id]).get(row.id, 0))

    def newest(self, source_url: str | None = None) -> MediaBatch:
        """The batch made last, of this source where one is given. Raises NotFound."""
        wanted = [] if source_url is None else [BatchRow.source_url == source_url]
        found = self._select(wanted, limit=1, offset=0)
        if not found:
            raise NotFound(
                "has no batch yet", subject=source_url or "the store", remedy="editron ingest SOURCE"
            )
        return found[0]

    def list(
        self,
        *,
        status: BatchStatus | None = None,
        project_id: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[MediaBatch, ...]:
        """Batches, the newest first."""
        return self._select(_wanted(status, project_id), limit, offset)

    def some(self, ids: Iterable[str]) -> dict[str, MediaBatch]:
        """Those of these batches that are still there, by id."""
        wanted = sorted(set(ids))
        with self._database.read() as session:
            rows = session.scalars(select(BatchRow).where(BatchRow.id.in_(wanted))).all()
            failures = _failures(session, wanted)
            return {row.id: _batch(row, failures.get(row.id, 0)) for row in rows}

    def page(
        self,
        *,
        status: BatchStatus | None = None,
        project_id: str | None = None,
        after: Key | None = None,
        limit: int = LIMIT,
    ) -> Slice[MediaBatch]:
        """Batches, the newest first."""
        query = select(BatchRow).where(*_wanted(status, project_id))
        with self._database.read() as session:
            rows = cut(session, query, Order((BatchRow.created_at, BatchRow.id)), after, limit)
            failures = _failures(session, [row.id for row in rows.items])
            return rows.map(lambda row: _batch(row, failures.get(row.id, 0)))

    def set_status(self, batch_id: str, status: BatchStatus, error: str | None = None) -> MediaBatch:
        """Move a batch on. Raises StoreError where `status` cannot follow on what it is now."""
        with self._database.write() as session:
            row = locked(session, BatchRow, batch_id)
            moved = (row.status, row.last_error) != (status, error)
            _move(row, status, f"batch {batch_id}")
            row.last_error = error
            session.flush()
            if moved:
                emit(session, f"batch.{status}", row.id, batch_id=row.id, data=why(error))
            return _batch(row, _failures(session, [row.id]).get(row.id, 0))

    def note(self, batch_id: str, facts: dict[str, Any]) -> None:
        """Add JSON-ready facts to what is known of a batch. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, BatchRow, batch_id)
            row.facts = {**row.facts, **facts}
            emit(session, "batch.changed", row.id, batch_id=row.id)

    def reorder(self, batch_id: str, order: dict[str, Any]) -> bool:
        """Order a batch anew and announce it; false where it is ordered just so already. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, BatchRow, batch_id)
            if row.facts.get("order") == order:
                return False
            row.facts = {**row.facts, "order": order}
            announce(session, batch_id, "produce")
            emit(session, "batch.changed", row.id, batch_id=row.id)
            return True

    def set_tier(self, batch_id: str, tier: StorageTier) -> None:
        """Say how close at hand a batch's originals are to be kept, from now on. Raises NotFound."""
        with self._database.write() as session:
            locked(session, BatchRow, batch_id).storage_tier = tier
            emit(session, "batch.changed", batch_id, batch_id=batch_id, data={"storage_tier": tier.value})

    def delete(self, batch_id: str) -> None:
        """Remove a batch with its files, analyses, sessions, decisions and jobs. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, BatchRow, batch_id)
            emit(session, "batch.deleted", batch_id, batch_id=batch_id, project_id=row.project_id)
            session.delete(row)

    def _select(
        self, wanted: Sequence[ColumnElement[bool]], limit: int, offset: int
    ) -> tuple[MediaBatch, ...]:
        order = (BatchRow.created_at.desc(), BatchRow.id.desc())
        with self._database.read() as session:
            query = select(BatchRow).where(*wanted).order_by(*order).limit(limit).offset(offset)
            rows = session.scalars(query).all()
            failures = _failures(session, [row.id for row in rows])
            return tuple(_batch(row, failures.get(row.id, 0)) for row in rows)


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
            _move(row, status, row.filename)
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


def _move(row: BatchRow | FileRow, status: BatchStatus, subject: str) -> None:
    if not row.status.may_become(status):
        raise Conflict(f"cannot go from {row.status} to {status}", subject=subject)
    row.status = status


def insert_batch(session: Session, new: NewBatch) -> BatchRow:
    """Record a batch in the caller's transaction. Raises NotFound where its project is not there."""
    if new.project_id is not None:
        one(session, ProjectRow, new.project_id)
    row = BatchRow(
        id=new_id(),
        project_id=new.project_id,
        reference_name=new.reference_name,
        source_url=new.source_url,
        storage_tier=new.storage_tier,
        checksum_required=new.checksum_required,
        status=BatchStatus.QUEUED,
        facts=new.metadata,
    )
    session.add(row)
    session.flush()
    emit(session, "batch.created", row.id, batch_id=row.id)
    return row


def read_batch(session: Session, row: BatchRow) -> MediaBatch:
    """The batch of a row."""
    return _batch(row, _failures(session, [row.id]).get(row.id, 0))


def _wanted(status: BatchStatus | None, project_id: str | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if status is not None:
        wanted.append(BatchRow.status == status)
    if project_id is not None:
        wanted.append(BatchRow.project_id == project_id)
    return wanted


def _failures(session: Session, batches: list[str]) -> dict[str, int]:
    query = (
        select(FileRow.batch_id, func.count())
        .where(FileRow.batch_id.in_(batches), FileRow.status == BatchStatus.FAILED)
        .group_by(FileRow.batch_id)
    )
    return {batch: count for batch, count in session.execute(query)}


def _batch(row: BatchRow, failed: int) -> MediaBatch:
    return MediaBatch(
        id=row.id,
        source_url=row.source_url,
        status=row.status,
        reference_name=row.reference_name,
        project_id=row.project_id,
        storage_tier=row.storage_tier,
        checksum_required=row.checksum_required,
        hold=row.hold,
        file_count=row.file_count,
        failed_count=failed,
        total_size_bytes=row.total_size_bytes,
        last_error=row.last_error,
        metadata=dict(row.facts),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


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
