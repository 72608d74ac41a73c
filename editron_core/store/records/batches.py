"""Batches: what arrived together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from editron_core.domain.batch import (
    BatchStatus,
    MediaBatch,
    StorageTier,
)
from editron_core.errors import Conflict, NotFound
from editron_core.store.database import Database
from editron_core.store.models import BatchRow, FileRow, ProjectRow
from editron_core.store.outbox import emit
from editron_core.store.records.common import by_prefix, locked, new_id, one, why
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
            move(row, status, f"batch {batch_id}")
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


def move(row: BatchRow | FileRow, status: BatchStatus, subject: str) -> None:
    """Bring a batch or a file to its next state. Raises Conflict where `status` cannot follow."""
    if not row.status.may_become(status):
        raise Conflict(f"cannot go from {row.status} to {status}", subject=subject)
    row.status = status
