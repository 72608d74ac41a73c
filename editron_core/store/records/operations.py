"""Dead letters, and the outbox of what is to be dispatched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, select, update
from sqlalchemy.orm import Session

from editron_core import telemetry
from editron_core.domain.job import RenderPriority
from editron_core.domain.operations import DeadLetter, Dispatch, Subject
from editron_core.store.database import Database
from editron_core.store.models import BatchRow, DeadLetterRow, DispatchRow, utc_now
from editron_core.store.outbox import emit
from editron_core.store.records.common import digest, locked, one, why
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut


class DeadLetters:
    """Stages that were given up, each with its reason."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, letter: DeadLetter) -> DeadLetter:
        """Record a stage that was given up; its `id` and times are given here.

        The same stage of the same subject again is one letter: it takes the new reason, its attempts are
        added up, and it is open again.
        """
        parts = (letter.stage, letter.subject, letter.batch_id, letter.file_id, letter.job_id)
        letter_id = digest(*(part or "" for part in parts))
        values = {
            "id": letter_id,
            "stage": letter.stage,
            "subject": letter.subject,
            "batch_id": letter.batch_id,
            "file_id": letter.file_id,
            "job_id": letter.job_id,
            "error_class": "",
            "message": "",
            "log_tail": "",
            "attempts": 0,
        }
        with self._database.write() as session:
            self._database.insert_missing(session, DeadLetterRow, values, by="id")
            row = locked(session, DeadLetterRow, letter_id)
            row.error_class, row.message, row.log_tail = letter.error_class, letter.message, letter.log_tail
            row.attempts += letter.attempts
            row.resolved_at = None
            row.touch()
            session.flush()
            data = {"stage": row.stage, "class": row.error_class, **why(row.message)}
            emit(session, "letter.recorded", row.id, batch_id=row.batch_id, data=data)
            return _letter(row)

    def list(
        self, *, batch_id: str | None = None, open_only: bool = True, limit: int = 100
    ) -> tuple[DeadLetter, ...]:
        """Dead letters, the newest first: of one batch or of all, by default those nobody has dealt with."""
        wanted: list[ColumnElement[bool]] = []
        if batch_id is not None:
            wanted.append(DeadLetterRow.batch_id == batch_id)
        if open_only:
            wanted.append(DeadLetterRow.resolved_at.is_(None))
        order = (DeadLetterRow.updated_at.desc(), DeadLetterRow.id)
        with self._database.read() as session:
            rows = session.scalars(select(DeadLetterRow).where(*wanted).order_by(*order).limit(limit))
            return tuple(_letter(row) for row in rows)

    def page(
        self,
        *,
        batch_id: str | None = None,
        open_only: bool = True,
        after: Key | None = None,
        limit: int = LIMIT,
    ) -> Slice[DeadLetter]:
        """Dead letters, the one made last first: of one batch or of all, by default those that are open."""
        query = select(DeadLetterRow)
        query = query.where(DeadLetterRow.batch_id == batch_id) if batch_id is not None else query
        query = query.where(DeadLetterRow.resolved_at.is_(None)) if open_only else query
        with self._database.read() as session:
            order = Order((DeadLetterRow.created_at, DeadLetterRow.id))
            return cut(session, query, order, after, limit).map(_letter)

    def resolve(self, subject: Subject, stage: str = "", name: str = "") -> int:
        """Mark the open letters of a subject as dealt with; returns how many.

        With `stage`, only those of one stage, and with `name` those of what that stage worked on.
        """
        mine = of_subject(subject)
        mine += [DeadLetterRow.stage == stage] if stage else []
        mine += [DeadLetterRow.subject == name] if name else []
        with self._database.read() as session:  # most subjects have none: spare them a transaction
            if session.scalar(select(func.count()).select_from(DeadLetterRow).where(*mine)) == 0:
                return 0
        with self._database.write() as session:
            return resolve_letters(session, mine)


class Dispatches:
    """The outbox. Who starts the work reads it, starts it under the key, and says that it is done."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, batch_id: str, stage: str, facts: dict[str, Any] | None = None) -> Dispatch:
        """Ask for a stage of a batch where no other change goes with it. Raises NotFound."""
        with self._database.write() as session:
            locked(session, BatchRow, batch_id)
            return announce(session, batch_id, stage, facts)

    def pending(self, limit: int = 100, *, batch_id: str | None = None) -> tuple[Dispatch, ...]:
        """What nobody has begun, of one batch or of all: what is in a rush, then the oldest first."""
        query = select(DispatchRow).join(BatchRow).where(DispatchRow.done_at.is_(None))
        rush = BatchRow.facts["order"]["priority"].as_string() == RenderPriority.RUSH.value
        order = (case((rush, 0), else_=1), DispatchRow.created_at, DispatchRow.key)
        query = query.where(DispatchRow.batch_id == batch_id) if batch_id is not None else query
        with self._database.read() as session:
            rows = session.scalars(query.order_by(*order).limit(limit))
            return tuple(_dispatch(row) for row in rows)

    def waits(self, key: str) -> bool:
        """Whether a dispatch is there that nobody has begun."""
        query = select(exists().where(DispatchRow.key == key, DispatchRow.done_at.is_(None)))
        with self._database.read() as session:
            return bool(session.scalar(query))

    def get(self, key: str) -> Dispatch:
        """The dispatch with this key. Raises NotFound."""
        with self._database.read() as session:
            return _dispatch(one(session, DispatchRow, key))

    def done(self, key: str) -> None:
        """Say that a dispatch was begun; saying it twice changes nothing. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, DispatchRow, key)
            row.done_at = row.done_at or utc_now()


def announce(session: Session, batch_id: str, stage: str, facts: dict[str, Any] | None = None) -> Dispatch:
    """Write a dispatch in the transaction of the change that it announces; the batch's row is locked."""
    mine = (DispatchRow.batch_id == batch_id, DispatchRow.stage == stage)
    attempt = 1 + (session.scalar(select(func.max(DispatchRow.attempt)).where(*mine)) or 0)
    row = DispatchRow(
        key=f"{batch_id}:{stage}:{attempt}",
        batch_id=batch_id,
        stage=stage,
        attempt=attempt,
        facts=facts or {},
        traceparent=telemetry.traceparent(),
    )
    session.add(row)
    session.flush()
    return _dispatch(row)


def of_subject(subject: Subject) -> list[ColumnElement[bool]]:
    """The open letters of a subject; a batch's include those of its files and jobs."""
    is_open = DeadLetterRow.resolved_at.is_(None)
    if subject.file_id:
        return [is_open, DeadLetterRow.file_id == subject.file_id]
    if subject.job_id:
        return [is_open, DeadLetterRow.job_id == subject.job_id]
    return [is_open, DeadLetterRow.batch_id == subject.batch_id]


def resolve_letters(session: Session, which: Sequence[ColumnElement[bool]]) -> int:
    """Mark letters as dealt with; returns how many."""
    found = session.execute(select(DeadLetterRow.id, DeadLetterRow.batch_id).where(*which).with_for_update())
    letters = {key: batch_id for key, batch_id in found}
    for key, batch_id in letters.items():
        emit(session, "letter.resolved", key, batch_id=batch_id)
    keys, now = list(letters), utc_now()
    session.execute(
        update(DeadLetterRow).where(DeadLetterRow.id.in_(keys)).values(resolved_at=now, updated_at=now)
    )
    return len(keys)


def _letter(row: DeadLetterRow) -> DeadLetter:
    return DeadLetter(
        stage=row.stage,
        subject=row.subject,
        error_class=row.error_class,
        message=row.message,
        log_tail=row.log_tail,
        attempts=row.attempts,
        batch_id=row.batch_id,
        file_id=row.file_id,
        job_id=row.job_id,
        id=row.id,
        created_at=row.created_at,
        resolved_at=row.resolved_at,
    )


def _dispatch(row: DispatchRow) -> Dispatch:
    facts = dict(row.facts)
    return Dispatch(row.key, row.batch_id, row.stage, row.attempt, facts, row.created_at, row.traceparent)
