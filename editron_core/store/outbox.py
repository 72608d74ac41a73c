"""The outbox of events: what happened is written in the transaction in which it happens.

Records call `emit` beside each change. The rows are written when the transaction is about to end, and with
them the board, which is made from the same state. Writers of events then stand in line until their commit,
so that numbers become visible in their order: a reader who has seen number n will never see a smaller one
appear. They stand in line only there, with all other locks taken, and wait for nothing more: no deadlock.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from editron_core.domain.event import KINDS
from editron_core.store import board
from editron_core.store.models import BatchRow, EventRow, IdempotencyRow

_PENDING = "events"
_KNOWN = frozenset(KINDS)
_MOVING = ("batch.", "session.", "decision.", "job.")
"""What the board is made from; files do not move it by themselves."""
_UNMOVING = ("batch.changed", "job.progress", "job.changed", "job.delivered", "job.complete")
"""Of these, what leaves it as it is. That the last job is complete is followed by its session's event."""

claimed: ContextVar[tuple[str, str] | None] = ContextVar("claimed", default=None)
"""Scope and key of the request that is being carried out, so that its effect is recorded with it."""

acting: ContextVar[dict[str, str]] = ContextVar("acting")
"""`by` (whose key) and `request` (its id) while a request is carried out, which its events then tell."""


def emit(
    session: Session,
    kind: str,
    subject_id: str,
    *,
    batch_id: str | None = None,
    project_id: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Say in the transaction of a change what happened. `kind` is one of `domain.event.KINDS`.

    The project is that of the batch where none is given. `data` is JSON-ready and short.
    """
    if kind not in _KNOWN:
        raise ValueError(f"{kind} is no kind of event")
    row = {
        "kind": kind,
        "subject_id": subject_id,
        "batch_id": batch_id,
        "project_id": project_id,
        "data": data or {},
    }
    session.info.setdefault(_PENDING, []).append(row)


def settle(session: Session, stand_in_line: Callable[[Session, str], None]) -> None:
    """Write down what was emitted, and move the board; the last thing that a transaction does."""
    rows: list[dict[str, Any]] = session.info.pop(_PENDING, [])
    if not rows:
        return
    session.flush()
    _note_effect(session, rows[0])
    _add_projects(session, rows)
    moving: dict[str, set[str]] = {}
    for row in filter(_moves, rows):
        moving.setdefault(row["batch_id"], set()).add(row["kind"])
    for batch_id, kinds in sorted(moving.items()):
        rows += board.move(session, batch_id, kinds)
    who = acting.get({})
    rows = [{**row, "data": {**row["data"], **who}} for row in rows] if who else rows
    stand_in_line(session, "events")
    session.execute(insert(EventRow), rows)


def _moves(row: dict[str, Any]) -> bool:
    kind: str = row["kind"]
    return row["batch_id"] is not None and kind.startswith(_MOVING) and kind not in _UNMOVING


def _add_projects(session: Session, rows: list[dict[str, Any]]) -> None:
    unknown = {row["batch_id"] for row in rows if row["batch_id"] and row["project_id"] is None}
    query = select(BatchRow.id, BatchRow.project_id).where(BatchRow.id.in_(unknown))
    projects = {key: project for key, project in session.execute(query)} if unknown else {}
    for row in rows:
        row["project_id"] = row["project_id"] or projects.get(row["batch_id"])


def _note_effect(session: Session, first: dict[str, Any]) -> None:
    request = claimed.get()
    if request is not None:
        mine = (IdempotencyRow.scope == request[0], IdempotencyRow.key == request[1])
        effect = f"{first['kind']} {first['subject_id']}"
        session.execute(update(IdempotencyRow).where(*mine).values(effect=effect))
