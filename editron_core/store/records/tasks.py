"""Tasks of the project board, as they are read and given to people. Only the outbox moves them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from editron_core.domain.board import BoardStage, Task, TaskStatus, order
from editron_core.store.database import Database
from editron_core.store.models import BatchRow, TaskRow
from editron_core.store.outbox import emit
from editron_core.store.records.access import active_member
from editron_core.store.records.common import locked, one
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks of the board are wanted; without anything, all."""

    status: TaskStatus | None = None
    stage: BoardStage | None = None
    batch_id: str | None = None
    project_id: str | None = None
    assignee_id: str | None = None


class Tasks:
    """The tasks of all batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, task_id: str) -> Task:
        """The task with this id (`<batch id>:<stage>`). Raises NotFound."""
        with self._database.read() as session:
            row = one(session, TaskRow, task_id)
            return _task(row, one(session, BatchRow, row.batch_id).project_id)

    def list(self, batch_id: str) -> tuple[Task, ...]:
        """The tasks of a batch in the lane's order; none where it has not moved since the board is there."""
        with self._database.read() as session:
            project_id = one(session, BatchRow, batch_id).project_id
            rows = session.scalars(select(TaskRow).where(TaskRow.batch_id == batch_id)).all()
            return order([_task(row, project_id) for row in rows])

    def page(
        self, which: TaskFilter | None = None, *, after: Key | None = None, limit: int = LIMIT
    ) -> Slice[Task]:
        """Tasks, the one that moved last first."""
        which = which or TaskFilter()
        wanted = {
            TaskRow.status: which.status,
            TaskRow.stage: which.stage,
            TaskRow.batch_id: which.batch_id,
            TaskRow.assignee_id: which.assignee_id,
        }
        query = select(TaskRow).where(*(column == value for column, value in wanted.items() if value))
        if which.project_id is not None:
            query = query.join(BatchRow).where(BatchRow.project_id == which.project_id)
        with self._database.read() as session:
            rows = cut(session, query, Order((TaskRow.updated_at, TaskRow.id)), after, limit)
            batches = {row.batch_id for row in rows.items}
            found = select(BatchRow.id, BatchRow.project_id).where(BatchRow.id.in_(batches))
            projects = {key: project_id for key, project_id in session.execute(found)}
            return rows.map(lambda row: _task(row, projects.get(row.batch_id)))

    def assign(self, task_id: str, member_id: str | None) -> Task:
        """Give a task to an active member, or to nobody. Raises NotFound; UsageError for others."""
        with self._database.write() as session:
            row = locked(session, TaskRow, task_id)
            if member_id is not None:
                active_member(session, member_id)
            row.assignee_id = member_id
            data = {"stage": row.stage.value, "assignee": member_id}
            emit(session, "task.assigned", row.id, batch_id=row.batch_id, data=data)
            return _task(row, one(session, BatchRow, row.batch_id).project_id)


def _task(row: TaskRow, project_id: str | None) -> Task:
    return Task(
        id=row.id,
        batch_id=row.batch_id,
        stage=row.stage,
        status=row.status,
        note=row.note,
        assignee_id=row.assignee_id,
        project_id=project_id,
        updated_at=row.updated_at,
    )
