"""Findings of the QA board, and what people say about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from editron_core.domain import codec
from editron_core.domain.finding import Comment, Finding, FindingStatus, Overlay
from editron_core.errors import UsageError
from editron_core.store.database import Database
from editron_core.store.models import BatchRow, CommentRow, FindingRow, QaRunRow, SessionRow
from editron_core.store.outbox import emit
from editron_core.store.records.access import active_member
from editron_core.store.records.common import locked, new_id, one, unchanged
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut

CHANGING = ("title", "text", "status", "assignee_id", "due_on", "overlays")
"""What of a finding can be changed: the rest says where it was found, and stays."""


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are wanted; without anything, all."""

    status: FindingStatus | None = None
    assignee_id: str | None = None
    batch_id: str | None = None
    locale: str | None = None
    genre: str | None = None


class Findings:
    """What somebody saw that is not as it should be."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, finding: Finding) -> Finding:
        """Record a finding; its `id` and times are given here. Raises NotFound where its batch, session or
        QA run is not there, UsageError where it is given to somebody who is no active member."""
        with self._database.write() as session:
            row = FindingRow(
                id=new_id(),
                author=finding.author,
                locale=finding.locale,
                genre=finding.genre,
                subject=finding.subject,
                batch_id=_batch(session, finding),
                edit_session_id=finding.session_id,
                qa_run_id=one(session, QaRunRow, finding.qa_run_id).id if finding.qa_run_id else None,
                at_seconds=finding.at_seconds,
            )
            self._change(session, row, finding)
            session.add(row)
            session.flush()
            _tell(session, row, "created", {"status": row.status.value, "assignee": row.assignee_id})
            return _finding(row)

    def get(self, finding_id: str) -> Finding:
        """The finding with this id. Raises NotFound."""
        with self._database.read() as session:
            return _finding(one(session, FindingRow, finding_id))

    def change(self, finding_id: str, changes: Mapping[str, Any], *, expected: str | None = None) -> Finding:
        """Change some of `CHANGING`. Raises NotFound; Stale where its version is no longer the `expected`
        one; UsageError for other fields, and where it is given to somebody who is no active member."""
        odd = sorted(set(changes) - set(CHANGING))
        if odd:
            raise UsageError("cannot be changed", subject=", ".join(odd))
        with self._database.write() as session:
            row = locked(session, FindingRow, finding_id)
            before = _finding(row)
            unchanged(before.version, expected, f"finding {finding_id}")
            after = replace(before, **changes)
            if after.version == before.version:
                return before
            self._change(session, row, after)
            session.flush()
            changed = [name for name in CHANGING if getattr(before, name) != getattr(after, name)]
            due = after.due_on.isoformat() if after.due_on else None
            data = {"status": after.status.value, "assignee": after.assignee_id, "due_on": due}
            _tell(session, row, "changed", {**data, "changed": changed})
            return _finding(row)

    def delete(self, finding_id: str, *, expected: str | None = None) -> None:
        """Remove a finding with its comments. Raises NotFound, and Stale as `change` does."""
        with self._database.write() as session:
            row = locked(session, FindingRow, finding_id)
            unchanged(_finding(row).version, expected, f"finding {finding_id}")
            _tell(session, row, "deleted", {})
            session.delete(row)

    def page(
        self, which: FindingFilter | None = None, *, after: Key | None = None, limit: int = LIMIT
    ) -> Slice[Finding]:
        """Findings, the newest first."""
        which = which or FindingFilter()
        wanted = {
            FindingRow.status: which.status,
            FindingRow.assignee_id: which.assignee_id,
            FindingRow.batch_id: which.batch_id,
            FindingRow.locale: which.locale,
            FindingRow.genre: which.genre,
        }
        given = (column == value for column, value in wanted.items() if value is not None)
        with self._database.read() as session:
            order = Order((FindingRow.created_at, FindingRow.id))
            return cut(session, select(FindingRow).where(*given), order, after, limit).map(_finding)

    def comment(self, finding_id: str, author: str, text: str) -> Comment:
        """Say something about a finding. Raises NotFound."""
        with self._database.write() as session:
            finding = locked(session, FindingRow, finding_id)
            row = CommentRow(id=new_id(), finding_id=finding_id, author=author, text=text)
            session.add(row)
            session.flush()
            _tell(session, finding, "commented", {"comment": row.id, "author": author})
            return _comment(row)

    def comments(self, finding_id: str, *, after: Key | None = None, limit: int = LIMIT) -> Slice[Comment]:
        """What was said about a finding, the oldest first. Raises NotFound."""
        query = select(CommentRow).where(CommentRow.finding_id == finding_id)
        order = Order((CommentRow.created_at, CommentRow.id), descending=False)
        with self._database.read() as session:
            one(session, FindingRow, finding_id)
            return cut(session, query, order, after, limit).map(_comment)

    def _change(self, session: Session, row: FindingRow, wanted: Finding) -> None:
        if wanted.assignee_id is not None and wanted.assignee_id != row.assignee_id:
            active_member(session, wanted.assignee_id)
        row.title, row.text, row.status = wanted.title, wanted.text, wanted.status
        row.assignee_id, row.due_on = wanted.assignee_id, wanted.due_on
        row.overlays = codec.dump(wanted.overlays)


def _batch(session: Session, finding: Finding) -> str | None:
    """The batch of a finding: that of its session where it names one."""
    if finding.session_id is not None:
        return one(session, SessionRow, finding.session_id).batch_id
    return one(session, BatchRow, finding.batch_id).id if finding.batch_id is not None else None


def _tell(session: Session, row: FindingRow, what: str, data: dict[str, Any]) -> None:
    emit(session, f"finding.{what}", row.id, batch_id=row.batch_id, data={"title": row.title[:200], **data})


def _finding(row: FindingRow) -> Finding:
    return Finding(
        id=row.id,
        title=row.title,
        text=row.text,
        status=row.status,
        author=row.author,
        assignee_id=row.assignee_id,
        due_on=row.due_on,
        locale=row.locale,
        genre=row.genre,
        subject=row.subject,
        batch_id=row.batch_id,
        session_id=row.edit_session_id,
        qa_run_id=row.qa_run_id,
        at_seconds=row.at_seconds,
        overlays=tuple(codec.load(Overlay, one) for one in row.overlays),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _comment(row: CommentRow) -> Comment:
    return Comment(row.id, row.finding_id, row.author, row.text, row.created_at)
