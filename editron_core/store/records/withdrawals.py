"""Renders that people want no more: withdrawn in the transaction of the decision or change that says so."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from editron_core.domain.batch import Hold
from editron_core.domain.job import RenderJobStatus
from editron_core.errors import Withdrawn
from editron_core.store.models import JobRow, LeaseRow, SessionRow
from editron_core.store.outbox import emit
from editron_core.store.records.common import locked, why

UNFINISHED = (RenderJobStatus.QUEUED, RenderJobStatus.RENDERING)
WITHDRAWN = "withdrawn"
"""Key of the facts of a job that failed because it was withdrawn, and how its error begins."""


def withdraw(session: Session, session_id: str, reason: str) -> None:
    """Let the jobs of an edit session fail that wait or render, in the transaction of what makes it so.

    Whoever is at one of them learns of it and publishes nothing. One that was cancelled stays so.
    """
    locked(session, SessionRow, session_id)  # nobody queues another one meanwhile
    withdraw_those(session, JobRow.edit_session_id == session_id, reason)


def withdraw_those(session: Session, which: ColumnElement[bool], reason: str) -> None:
    """`withdraw`, for some jobs alone."""
    mine = (which, JobRow.status.in_(UNFINISHED), JobRow.hold != Hold.CANCELLED)
    for row in session.scalars(select(JobRow).where(*mine).order_by(JobRow.id).with_for_update()):
        row.status, row.hold = RenderJobStatus.FAILED, Hold.NONE
        row.last_error = f"{WITHDRAWN}: {reason}"
        row.facts = {**row.facts, WITHDRAWN: True}
        # Given back but not passed on: its holder beats on in vain, and whoever retries the job is not kept.
        session.execute(update(LeaseRow).where(LeaseRow.name == f"job:{row.id}").values(expires_at=0.0))
        tell(session, row, "failed", why(row.last_error))


def begin_again(row: JobRow) -> None:
    """Queue a job from its start; that it was withdrawn counts no more."""
    row.status, row.last_error, row.progress_percent = RenderJobStatus.QUEUED, None, 0.0
    row.facts = {key: value for key, value in row.facts.items() if key != WITHDRAWN}


def assure_wanted(row: JobRow) -> None:
    """Raises Withdrawn for a job that was withdrawn."""
    if row.facts.get(WITHDRAWN):
        raise Withdrawn(str(row.last_error), subject=f"render job {row.id[:8]}")


def tell(session: Session, row: JobRow, what: str, data: dict[str, Any]) -> None:
    """Say what happened to a job; see `emit`."""
    batch_id = session.scalar(select(SessionRow.batch_id).where(SessionRow.id == row.edit_session_id))
    data = {"session": row.edit_session_id, **data}
    emit(session, f"job.{what}", row.id, batch_id=batch_id, data=data)
