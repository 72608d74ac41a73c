"""The board's rows, moved in the transaction of the change that moves them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from editron_core.domain.board import BatchState, BoardStage, TaskStatus, project
from editron_core.domain.job import EditSessionStatus
from editron_core.store.models import BatchRow, DecisionRow, JobRow, SessionRow, TaskRow, utc_now

_QUIET = {
    frozenset({"job.queued"}): (TaskStatus.TODO, TaskStatus.DOING),
    frozenset({"job.rendering"}): (TaskStatus.DOING,),
}
"""Where the task of rendering stays as it is when this happens, so that a batch with thousands of jobs need
not be looked at whole for each of them."""


def move(session: Session, batch_id: str, kinds: set[str]) -> list[dict[str, Any]]:
    """Bring the tasks of a batch to where its state says they are, after events of these kinds.

    Returns the events of the tasks that moved. The tasks are locked before the state is read: of two
    transactions that change one batch, the second sees what the first has done.
    """
    quiet = _QUIET.get(frozenset(kinds), ())
    if quiet:
        rendering = TaskRow.id == f"{batch_id}:{BoardStage.RENDER}"
        if session.scalar(select(TaskRow.status).where(rendering)) in quiet:
            return []
    if session.scalar(select(BatchRow.id).where(BatchRow.id == batch_id)) is None:
        return []  # deleted, and its tasks with it
    tasks = _locked(session, batch_id)
    state, project_id = _state(session, batch_id)
    events: list[dict[str, Any]] = []
    for stage, standing in project(state).items():
        task = tasks[stage]
        if (task.status, task.note) == (standing.status, standing.note):
            continue
        if task.status is not standing.status:
            events.append(_event(task, standing.status, project_id))
        task.status, task.note = standing.status, standing.note
    session.flush()
    return events


def _locked(session: Session, batch_id: str) -> dict[BoardStage, TaskRow]:
    mine = select(TaskRow).where(TaskRow.batch_id == batch_id).order_by(TaskRow.id)
    ask = mine.with_for_update().execution_options(populate_existing=True)
    found = {row.stage: row for row in session.scalars(ask)}
    if len(found) < len(BoardStage):
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        now = utc_now()
        rows = [
            {
                "id": f"{batch_id}:{stage}",
                "batch_id": batch_id,
                "stage": stage,
                "status": TaskStatus.TODO,
                "note": "",
                "created_at": now,
                "updated_at": now,
            }
            for stage in BoardStage
        ]
        session.execute(insert(TaskRow).values(rows).on_conflict_do_nothing(index_elements=["id"]))
        found = {row.stage: row for row in session.scalars(ask)}
    return found


def _state(session: Session, batch_id: str) -> tuple[BatchState, str | None]:
    columns = (
        BatchRow.status,
        BatchRow.hold,
        BatchRow.last_error,
        BatchRow.total_size_bytes,
        BatchRow.project_id,
    )
    status, hold, error, size, project_id = session.execute(
        select(*columns).where(BatchRow.id == batch_id)
    ).one()
    sessions = _sessions(session, batch_id)
    decided = set(
        session.scalars(
            select(DecisionRow.edit_session_id).where(
                DecisionRow.edit_session_id.in_(sessions), DecisionRow.withdrawn_at.is_(None)
            )
        )
        if sessions
        else ()
    )
    state = BatchState(
        status=status,
        hold=hold,
        error=error or "",
        arrived=size > 0,
        sessions=tuple((one, key in decided) for key, one in sessions.items()),
        jobs=tuple(_jobs(session, list(sessions))),
    )
    return state, project_id


def _sessions(session: Session, batch_id: str) -> dict[str, EditSessionStatus]:
    """The newest session of each family: a trim makes a new one of the cut that it was made from."""
    columns = (SessionRow.id, SessionRow.status, SessionRow.content_hash, SessionRow.facts)
    query = select(*columns).where(SessionRow.batch_id == batch_id)
    newest: dict[str, tuple[str, EditSessionStatus]] = {}
    for key, status, content_hash, facts in session.execute(
        query.order_by(SessionRow.created_at, SessionRow.id)
    ):
        newest[str(facts.get("trimmed_from", content_hash))] = (key, status)
    return dict(newest.values())


def _jobs(session: Session, sessions: list[str]) -> list[Any]:
    """Of each session and set of formats the newest job: one that was begun again does not count."""
    if not sessions:
        return []
    columns = (JobRow.edit_session_id, JobRow.formats, JobRow.status, JobRow.hold, JobRow.last_error)
    query = select(*columns).where(JobRow.edit_session_id.in_(sessions))
    newest: dict[tuple[str, str], Any] = {}
    for key, formats, status, hold, error in session.execute(query.order_by(JobRow.created_at, JobRow.id)):
        newest[key, str(formats)] = (status, hold, error or "")
    return list(newest.values())


def _event(task: TaskRow, status: TaskStatus, project_id: str | None) -> dict[str, Any]:
    return {
        "kind": f"task.{status}",
        "subject_id": task.id,
        "batch_id": task.batch_id,
        "project_id": project_id,
        "data": {"stage": task.stage.value},
    }
