"""Tasks: the project board, a task for each stage of each batch. They move by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from editron_core.api.deps import Operator, Page, PageDep, StoreDep, Viewer, page_of
from editron_core.api.shapes import HEX, Asked, HexId, Id, Shape, Shown
from editron_core.domain.board import BoardStage, TaskStatus
from editron_core.store.records.tasks import TaskFilter

router = APIRouter(tags=["tasks"])
TaskId = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{32}:(ingest|analyze|edit|review|render)$",
        description="The batch's id, a colon and the stage.",
    ),
]
Ref = Annotated[str | None, Query(pattern=HEX, description="32 hex digits.")]


class Task(Shape):
    """One stage of one batch."""

    id: str
    batch_id: str
    project_id: str | None
    stage: BoardStage
    status: TaskStatus
    note: Shown
    assignee_id: str | None
    updated_at: datetime | None


class Assignment(Asked):
    """Who is to look after a task."""

    assignee_id: HexId | None


async def _which(
    status: TaskStatus | None = None,
    stage: BoardStage | None = None,
    batch_id: Ref = None,
    project_id: Ref = None,
    assignee_id: Ref = None,
) -> TaskFilter:
    return TaskFilter(status, stage, batch_id, project_id, assignee_id)


@router.get("/api/tasks")
def list_tasks(
    store: StoreDep, page: PageDep, which: Annotated[TaskFilter, Depends(_which)], who: Viewer
) -> Page[Task]:
    """Tasks of the board, the one that moved last first."""
    return page_of(store.tasks.page(which, after=page.after, limit=page.limit), Task.model_validate)


@router.get("/api/batches/{batch_id}/tasks")
def list_tasks_of_batch(store: StoreDep, batch_id: Id, who: Viewer) -> list[Task]:
    """The tasks of a batch, in the lane's order."""
    return [Task.model_validate(one) for one in store.tasks.list(batch_id)]


@router.get("/api/tasks/{task_id}")
def show_task(store: StoreDep, task_id: TaskId, who: Viewer) -> Task:
    """One task."""
    return Task.model_validate(store.tasks.get(task_id))


@router.patch("/api/tasks/{task_id}")
def assign_task(store: StoreDep, task_id: TaskId, body: Assignment, who: Operator) -> Task:
    """Give a task to an active member, or to nobody."""
    return Task.model_validate(store.tasks.assign(task_id, body.assignee_id))
