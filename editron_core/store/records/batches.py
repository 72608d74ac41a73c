"""Projects, batches, their files, and what the analysis of a batch came to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from editron_core.domain import codec
from editron_core.domain.batch import (
    BatchAnalysis,
    BatchStatus,
    MediaBatch,
    MediaFile,
    MediaProbe,
    Project,
    StorageTier,
)
from editron_core.domain.moment import Moment
from editron_core.errors import NotFound, StoreError, UsageError
from editron_core.store.database import Database
from editron_core.store.models import AnalysisRow, BatchRow, FileRow, ProjectRow
from editron_core.store.records.common import by_prefix, locked, new_id, one


class Projects:
    """Whom footage is for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ensure(self, name: str) -> Project:
        """The project of this name, made where there is none."""
        with self._database.write() as session:
            self._database.insert_missing(session, ProjectRow, {"id": new_id(), "name": name}, by="name")
            row = session.scalars(select(ProjectRow).where(ProjectRow.name == name)).one()
            return Project(row.id, row.name)

    def list(self) -> tuple[Project, ...]:
        """All projects by name."""
        with self._database.read() as session:
            rows = session.scalars(select(ProjectRow).order_by(ProjectRow.name))
            return tuple(Project(row.id, row.name) for row in rows)


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
        """Record a batch, queued and without files. Raises StoreError where its project is not there."""
        with self._database.write() as session:
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
            return _batch(row, 0)

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
        wanted: list[ColumnElement[bool]] = []
        if status is not None:
            wanted.append(BatchRow.status == status)
        if project_id is not None:
            wanted.append(BatchRow.project_id == project_id)
        return self._select(wanted, limit, offset)

    def set_status(self, batch_id: str, status: BatchStatus, error: str | None = None) -> MediaBatch:
        """Move a batch on. Raises StoreError where `status` cannot follow on what it is now."""
        with self._database.write() as session:
            row = locked(session, BatchRow, batch_id)
            _move(row, status, f"batch {batch_id}")
            row.last_error = error
            session.flush()
            return _batch(row, _failures(session, [row.id]).get(row.id, 0))

    def note(self, batch_id: str, facts: dict[str, Any]) -> None:
        """Add JSON-ready facts to what is known of a batch. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, BatchRow, batch_id)
            row.facts = {**row.facts, **facts}

    def set_tier(self, batch_id: str, tier: StorageTier) -> None:
        """Say how close at hand a batch's originals are to be kept, from now on. Raises NotFound."""
        with self._database.write() as session:
            locked(session, BatchRow, batch_id).storage_tier = tier

    def delete(self, batch_id: str) -> None:
        """Remove a batch with its files, analyses, sessions, decisions and jobs. Raises NotFound."""
        with self._database.write() as session:
            session.delete(locked(session, BatchRow, batch_id))

    def _select(
        self, wanted: Sequence[ColumnElement[bool]], limit: int, offset: int
    ) -> tuple[MediaBatch, ...]:
        order = (BatchRow.created_at.desc(), BatchRow.id.desc())
        with self._database.read() as session:
            query = select(BatchRow).where(*wanted).order_by(*order).limit(limit).offset(offset)
            rows = session.scalars(query).all()
            failures = _failures(session, [row.id for row in rows])
            return tuple(_batch(row, failures.get(row.id, 0)) for row in rows)


class Files:
    """The media files of batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, batch_id: str, name: str, source: str) -> MediaFile:
        """Record a file of a batch, queued. What came from the same source before is given back as it is."""
        key = _digest(batch_id, source)
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

    def list(self, batch_id: str) -> tuple[MediaFile, ...]:
        """The files of a batch in the order they were added."""
        with self._database.read() as session:
            rows = session.scalars(
                select(FileRow).where(FileRow.batch_id == batch_id).order_by(FileRow.position)
            )
            return tuple(_file(row) for row in rows)

    def arrived(
        self, file_id: str, path: str, sha256: str, size_bytes: int, transcript_path: str | None = None
    ) -> MediaFile:
        """Record where a file's bytes lie and what they are; keeps the batch's size right."""
        with self._database.write() as session:
            batch, row = self._both(session, file_id)
            batch.total_size_bytes += size_bytes - row.size_bytes
            row.file_path, row.checksum_sha256, row.size_bytes = path, sha256, size_bytes
            row.transcript_path = transcript_path
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
            return _file(row)

    def set_status(self, file_id: str, status: BatchStatus, error: str | None = None) -> MediaFile:
        """Move a file on. Raises StoreError where `status` cannot follow on what it is now."""
        with self._database.write() as session:
            row = locked(session, FileRow, file_id)
            _move(row, status, row.filename)
            row.error = error
            return _file(row)

    def _both(self, session: Session, file_id: str) -> tuple[BatchRow, FileRow]:
        # Batch before file, always: two transactions that lock in one order cannot deadlock.
        batch_id = session.scalar(select(FileRow.batch_id).where(FileRow.id == file_id))
        if batch_id is None:
            raise NotFound("is no file", subject=file_id)
        return locked(session, BatchRow, batch_id), locked(session, FileRow, file_id)


class Analyses:
    """What the analysis of a batch came to, one row for each brief and profile."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, analysis: BatchAnalysis) -> None:
        """Record an analysis; the same batch, brief and profile again replaces what was there."""
        key = _digest(analysis.batch_id, analysis.profile_hash, analysis.brief)
        with self._database.write() as session:
            locked(session, BatchRow, analysis.batch_id)
            row = session.get(AnalysisRow, key)
            if row is None:
                row = AnalysisRow(
                    id=key,
                    batch_id=analysis.batch_id,
                    brief=analysis.brief,
                    profile_hash=analysis.profile_hash,
                )
                session.add(row)
            row.summary = analysis.summary
            row.passes_completed = analysis.passes_completed
            row.deliverable_targets = list(analysis.deliverable_targets)
            row.hero_moments = codec.dump(analysis.hero_moments)
            row.insights = analysis.insights
            row.touch()

    def latest(self, batch_id: str) -> BatchAnalysis | None:
        """The analysis of a batch that was saved last; null where there is none."""
        with self._database.read() as session:
            query = select(AnalysisRow).where(AnalysisRow.batch_id == batch_id)
            row = session.scalars(
                query.order_by(AnalysisRow.updated_at.desc(), AnalysisRow.id).limit(1)
            ).first()
            return _analysis(row) if row else None


def _digest(*parts: str) -> str:
    # Names from a disk may hold bytes that are no UTF-8; `surrogatepass` keeps them apart.
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _move(row: BatchRow | FileRow, status: BatchStatus, subject: str) -> None:
    if not row.status.may_become(status):
        raise StoreError(f"cannot go from {row.status} to {status}", subject=subject)
    row.status = status


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


def _analysis(row: AnalysisRow) -> BatchAnalysis:
    return BatchAnalysis(
        batch_id=row.batch_id,
        brief=row.brief,
        summary=row.summary,
        hero_moments=tuple(codec.load(Moment, moment) for moment in row.hero_moments),
        insights=row.insights,
        deliverable_targets=tuple(row.deliverable_targets),
        passes_completed=row.passes_completed,
        profile_hash=row.profile_hash,
    )
