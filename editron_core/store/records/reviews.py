"""What the review apps keep: caption edits, and how many must approve."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from editron_core.domain import codec
from editron_core.domain.review import ApprovalRule, CaptionEdit, CaptionLine
from editron_core.store.database import Database
from editron_core.store.models import (
    ApprovalRuleRow,
    CaptionEditRow,
    FileRow,
    ProjectRow,
)
from editron_core.store.outbox import emit
from editron_core.store.records.access import active_member
from editron_core.store.records.common import locked, new_id, one, unchanged
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut

DEFAULT = "default"


class Captions:
    """The captions of files as people left them; what was made by the analysis stays beside it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, edit: CaptionEdit, *, expected: str | None = None) -> CaptionEdit:
        """Keep an edit; its `id` and time are given here. The same captions again change nothing.

        Raises NotFound where there is no such file; Stale where the edit that is there (or `base`, where
        there is none) is no longer the `expected` version.
        """
        with self._database.write() as session:
            file = locked(session, FileRow, edit.file_id)
            last = session.scalars(_newest(edit.file_id)).first()
            there = _edit(last).version if last else edit.base
            unchanged(there, expected, f"captions of {file.filename}")
            if last is not None and there == edit.version:
                return _edit(last)
            row = CaptionEditRow(
                id=new_id(),
                file_id=edit.file_id,
                base=edit.base,
                lines=codec.dump(edit.lines),
                author=edit.author,
            )
            session.add(row)
            session.flush()
            data = {"author": edit.author, "lines": len(edit.lines), "version": edit.version}
            emit(session, "caption.edited", edit.file_id, batch_id=file.batch_id, data=data)
            return _edit(row)

    def latest(self, file_id: str) -> CaptionEdit | None:
        """The captions of a file as they were left last; null where nobody has edited them."""
        with self._database.read() as session:
            row = session.scalars(_newest(file_id)).first()
            return _edit(row) if row else None

    def page(self, file_id: str, *, after: Key | None = None, limit: int = LIMIT) -> Slice[CaptionEdit]:
        """The edits of a file's captions, the newest first."""
        query = select(CaptionEditRow).where(CaptionEditRow.file_id == file_id)
        with self._database.read() as session:
            order = Order((CaptionEditRow.created_at, CaptionEditRow.id))
            return cut(session, query, order, after, limit).map(_edit)


class Approvals:
    """How many people must approve, and who is asked to look."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rule(self, project_id: str | None) -> ApprovalRule:
        """The rule for a project's cuts: its own, else everybody's, else one approval by anybody."""
        with self._database.read() as session:
            return _rule(session, project_id)

    def set_rule(self, rule: ApprovalRule, *, keep_members: bool = False) -> ApprovalRule:
        """Record the rule of a project, or of all that have none of their own; returns it.

        With `keep_members` those whose word counts are the ones that the rule names which holds until now.
        Raises NotFound where the project is not there; UsageError where it names somebody who is no
        active member, or fewer people than must approve.
        """
        key = rule.project_id or DEFAULT
        with self._database.write() as session:
            self._database.alone(session, "approval rules")
            if rule.project_id is not None:
                one(session, ProjectRow, rule.project_id)
            if keep_members:
                rule = replace(rule, members=_rule(session, rule.project_id).members)
            else:
                for member_id in rule.members:
                    active_member(session, member_id)
            row = session.get(ApprovalRuleRow, key)
            if row is None:
                row = ApprovalRuleRow(id=key, project_id=rule.project_id)
                session.add(row)
            row.approvers, row.members = rule.approvers, list(rule.members)
            data = {"approvers": rule.approvers}
            emit(session, "project.changed", key, project_id=rule.project_id, data=data)
            return rule


def _rule(session: Session, project_id: str | None) -> ApprovalRule:
    own = session.get(ApprovalRuleRow, project_id) if project_id else None
    row = own or session.get(ApprovalRuleRow, DEFAULT)
    return ApprovalRule(row.approvers, tuple(row.members), row.project_id) if row else ApprovalRule()


def _newest(file_id: str) -> Select[tuple[CaptionEditRow]]:
    query = select(CaptionEditRow).where(CaptionEditRow.file_id == file_id)
    return query.order_by(CaptionEditRow.created_at.desc(), CaptionEditRow.id.desc()).limit(1)


def _edit(row: CaptionEditRow) -> CaptionEdit:
    return CaptionEdit(
        file_id=row.file_id,
        base=row.base,
        lines=tuple(codec.load(CaptionLine, line) for line in row.lines),
        author=row.author,
        id=row.id,
        created_at=row.created_at,
    )
