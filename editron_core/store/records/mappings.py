"""Which project the footage of a folder is for."""

from __future__ import annotations

from sqlalchemy import select

from editron_core.domain.intake import MappingRule
from editron_core.store.database import Database
from editron_core.store.models import ProjectRow, RuleRow
from editron_core.store.outbox import emit
from editron_core.store.records.common import locked, new_id, one
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut


class Mappings:
    """The rules that map folders to projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, rule: MappingRule) -> MappingRule:
        """Record a rule; its `id` is given here. Raises NotFound where its project is not there."""
        with self._database.write() as session:
            one(session, ProjectRow, rule.project_id)
            row = RuleRow(
                id=new_id(), pattern=rule.pattern, project_id=rule.project_id, priority=rule.priority
            )
            session.add(row)
            session.flush()
            emit(session, "rule.created", row.id, project_id=row.project_id, data={"pattern": row.pattern})
            return _rule(row)

    def list(self) -> tuple[MappingRule, ...]:
        """All rules, the oldest first."""
        with self._database.read() as session:
            rows = session.scalars(select(RuleRow).order_by(RuleRow.created_at, RuleRow.id))
            return tuple(_rule(row) for row in rows)

    def page(self, *, after: Key | None = None, limit: int = LIMIT) -> Slice[MappingRule]:
        """Rules, the newest first."""
        with self._database.read() as session:
            return cut(session, select(RuleRow), Order((RuleRow.created_at, RuleRow.id)), after, limit).map(
                _rule
            )

    def delete(self, rule_id: str) -> None:
        """Remove a rule. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, RuleRow, rule_id)
            emit(session, "rule.deleted", row.id, project_id=row.project_id)
            session.delete(row)


def _rule(row: RuleRow) -> MappingRule:
    return MappingRule(row.pattern, row.project_id, row.priority, row.id, row.created_at)
