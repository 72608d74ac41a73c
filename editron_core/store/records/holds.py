"""Holds: what operators paused, cancelled, let go on, or want tried again.

Each of these is one transaction with the dispatch that follows from it, so that work that may go on is
never forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from editron_core.domain.batch import BatchStatus, Hold
from editron_core.domain.job import RenderJobStatus
from editron_core.domain.operations import Subject
from editron_core.errors import NotFound, UsageError
from editron_core.store.database import Database
from editron_core.store.models import BatchRow, FileRow, JobRow, SessionRow
from editron_core.store.outbox import emit
from editron_core.store.records.common import by_prefix, locked, one
from editron_core.store.records.operations import announce, of_subject, resolve_letters
from editron_core.store.records.withdrawals import begin_again

Row = BatchRow | FileRow | JobRow
TABLES: tuple[type[BatchRow] | type[FileRow] | type[JobRow], ...] = (BatchRow, FileRow, JobRow)


class Holds:
    """What may not be worked on now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, text: str) -> Subject:
        """The batch, file or render job with this id or unique beginning of it.

        Raises NotFound where there is none, UsageError where there are several.
        """
        found = []
        with self._database.read() as session:
            for kind in TABLES:
                with suppress(NotFound):
                    row: Row = by_prefix(session, kind, kind.id, text)
                    found.append(_subject(session, row))
        if not found:
            raise NotFound(
                "is neither a batch, a file nor a render job", subject=text, remedy="editron jobs list"
            )
        if len(found) > 1:
            kinds = " and ".join(f"a {one.kind}" for one in found)
            raise UsageError(f"begins {kinds}", subject=text, remedy="give more of its digits")
        return found[0]

    def of(self, subject: Subject) -> Hold:
        """What is asked of a thing itself, whatever is asked of its batch. Raises NotFound."""
        with self._database.read() as session:
            return _row(session, subject).hold

    def standing(self, subjects: Sequence[Subject]) -> tuple[Subject, Hold] | None:
        """The first of these things (or of their batches) that is paused or cancelled; null for none."""
        with self._database.read() as session:
            for subject in subjects:
                whole = Subject(subject.batch_id)
                for one in (whole, subject) if subject != whole else (whole,):
                    table = _table(one)
                    hold = session.scalar(select(table.hold).where(table.id == one.id))
                    if hold not in (None, Hold.NONE):
                        return one, Hold(hold)
        return None

    def list(self) -> tuple[tuple[Subject, Hold], ...]:
        """Everything that is paused or cancelled: batches, then files, then render jobs, by age."""
        found: list[tuple[Subject, Hold]] = []
        with self._database.read() as session:
            for table in TABLES:
                query = select(table).where(table.hold != Hold.NONE).order_by(table.created_at, table.id)
                rows: Sequence[Any] = session.scalars(query).all()
                found += [(_subject(session, row), row.hold) for row in rows]
        return tuple(found)

    def pause(self, subject: Subject) -> None:
        """Keep a thing from being worked on until it is resumed. Raises UsageError where it was
        cancelled, or is a render job that has ended."""
        with self._database.write() as session:
            row = self._locked(session, subject)
            _refuse(row.hold is Hold.CANCELLED, "was cancelled", subject, "retry")
            _refuse(_ended(row), "has ended", subject, "retry")
            row.hold = Hold.PAUSED
            _tell(session, subject, "paused")

    def cancel(self, subject: Subject) -> None:
        """Keep a thing from being worked on for good. Raises UsageError for a render job that is complete."""
        with self._database.write() as session:
            row = self._locked(session, subject)
            complete = isinstance(row, JobRow) and row.status is RenderJobStatus.COMPLETE
            _refuse(complete, "is complete", subject)
            row.hold = Hold.CANCELLED
            _tell(session, subject, "cancelled")

    def resume(self, subject: Subject) -> None:
        """Let a paused thing go on, and announce it. Raises UsageError where it was cancelled."""
        with self._database.write() as session:
            row = self._locked(session, subject)
            _refuse(row.hold is Hold.CANCELLED, "was cancelled", subject, "retry")
            if row.hold is Hold.PAUSED:
                row.hold = Hold.NONE
                _announce(session, subject)
                _tell(session, subject, "resumed")

    def retry(self, subject: Subject) -> int:
        """Begin again with what failed or was cancelled, and announce it; returns how many dead letters
        are dealt with by that. Raises UsageError for a render job that is complete."""
        with self._database.write() as session:
            row = self._locked(session, subject)
            row.hold = Hold.NONE
            if isinstance(row, BatchRow):
                for file in session.scalars(
                    select(FileRow).where(FileRow.batch_id == row.id, FileRow.status == BatchStatus.FAILED)
                ):
                    _requeue_file(session, file)
                session.flush()
            elif isinstance(row, FileRow):
                if row.status is BatchStatus.FAILED:
                    _requeue_file(session, row)
                session.flush()
            else:
                _refuse(row.status is RenderJobStatus.COMPLETE, "is complete", subject)
                if row.status is RenderJobStatus.FAILED:
                    begin_again(row)
            _requeue_batch(session, subject.batch_id)
            _announce(session, subject)
            _tell(session, subject, "retried")
            return resolve_letters(session, of_subject(subject))

    def _locked(self, session: Session, subject: Subject) -> Row:
        batch = locked(session, BatchRow, subject.batch_id)  # batch before all that hangs on it, always
        if subject.job_id:
            return locked(session, JobRow, subject.job_id)
        return locked(session, FileRow, subject.file_id) if subject.file_id else batch


def _subject(session: Session, row: Row) -> Subject:
    if isinstance(row, BatchRow):
        return Subject(row.id)
    if isinstance(row, FileRow):
        return Subject(row.batch_id, file_id=row.id)
    batch_id = session.scalar(select(SessionRow.batch_id).where(SessionRow.id == row.edit_session_id))
    assert batch_id is not None  # a job goes with its session
    return Subject(batch_id, job_id=row.id)


def _table(subject: Subject) -> type[BatchRow] | type[FileRow] | type[JobRow]:
    return FileRow if subject.file_id else JobRow if subject.job_id else BatchRow


def _row(session: Session, subject: Subject) -> Row:
    table = _table(subject)
    row: Row = one(session, table, subject.id)
    return row


def _ended(row: Row) -> bool:
    return isinstance(row, JobRow) and row.status in (RenderJobStatus.COMPLETE, RenderJobStatus.FAILED)


def _refuse(wrong: bool, why: str, subject: Subject, remedy: str = "") -> None:
    if wrong:
        command = f"editron jobs {remedy} {subject.id[:8]}" if remedy else ""
        raise UsageError(why, subject=f"{subject.kind} {subject.id[:8]}", remedy=command)


def _announce(session: Session, subject: Subject) -> None:
    if subject.job_id:
        announce(session, subject.batch_id, "render", {"job": subject.job_id})
    else:
        announce(session, subject.batch_id, "produce", {"file": subject.file_id} if subject.file_id else {})


def _tell(session: Session, subject: Subject, what: str) -> None:
    noun = "file" if subject.file_id else "job" if subject.job_id else "batch"
    emit(session, f"{noun}.{what}", subject.id, batch_id=subject.batch_id)


def _requeue_file(session: Session, row: FileRow) -> None:
    """Back to where its next stage begins: to be analysed where its bytes are here, else to be taken in."""
    here = bool(row.file_path and row.checksum_sha256 and (row.facts or {}).get("probe"))
    row.status, row.error = (BatchStatus.READY if here else BatchStatus.QUEUED), None
    emit(session, f"file.{row.status}", row.id, batch_id=row.batch_id)


def _requeue_batch(session: Session, batch_id: str) -> None:
    batch = locked(session, BatchRow, batch_id)
    if batch.status is not BatchStatus.FAILED:
        return
    statuses = session.scalars(select(FileRow.status).where(FileRow.batch_id == batch_id)).all()
    taken = any(s in (BatchStatus.READY, BatchStatus.ANALYZING, BatchStatus.ANALYZED) for s in statuses)
    batch.status, batch.last_error = (BatchStatus.READY if taken else BatchStatus.QUEUED), None
    emit(session, f"batch.{batch.status}", batch_id, batch_id=batch_id)
