"""Events as they are read: by whoever follows them, and by the senders of webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from editron_core.domain.event import Event
from editron_core.store.database import Database
from editron_core.store.models import EndpointRow, EventRow

LIMIT = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events somebody follows; without anything, all."""

    batch_id: str | None = None
    project_id: str | None = None

    def holds(self, event: Event) -> bool:
        """Whether an event is among them."""
        return self.batch_id in (None, event.batch_id) and self.project_id in (None, event.project_id)


class Events:
    """What happened, in order."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after(
        self, number: int, limit: int = LIMIT, *, wanted: Wanted | None = None, upto: int | None = None
    ) -> tuple[Event, ...]:
        """Up to `limit` events with numbers above `number` (and not above `upto`), the oldest first."""
        which: list[ColumnElement[bool]] = [EventRow.id > number]
        if upto is not None:
            which.append(EventRow.id <= upto)
        if wanted is not None and wanted.batch_id is not None:
            which.append(EventRow.batch_id == wanted.batch_id)
        if wanted is not None and wanted.project_id is not None:
            which.append(EventRow.project_id == wanted.project_id)
        with self._database.read() as session:
            rows = session.scalars(select(EventRow).where(*which).order_by(EventRow.id).limit(limit))
            return tuple(_event(row) for row in rows)

    def get(self, number: int) -> Event | None:
        """The event with this number; null where there is none, or none any more."""
        with self._database.read() as session:
            row = session.get(EventRow, number)
            return _event(row) if row else None

    def newest(self) -> int:
        """The number of the last event; 0 where nothing has happened or all of it was removed."""
        with self._database.read() as session:
            return newest(session)

    def oldest(self) -> int:
        """The number of the first event that is still there; 0 where there is none."""
        with self._database.read() as session:
            return session.scalar(select(func.min(EventRow.id))) or 0


def newest(session: Session) -> int:
    """The number of the last event."""
    return session.scalar(select(func.max(EventRow.id))) or 0


def outlived(before: datetime) -> Sequence[ColumnElement[bool]]:
    """Which events are older than `before` and wait for no endpoint that is on."""
    awaited = select(func.min(EndpointRow.cursor)).where(EndpointRow.enabled)
    last = func.coalesce(awaited.scalar_subquery(), select(func.max(EventRow.id)).scalar_subquery())
    return EventRow.created_at < before, EventRow.id <= last


def _event(row: EventRow) -> Event:
    return Event(
        id=row.id,
        kind=row.kind,
        subject_id=row.subject_id,
        batch_id=row.batch_id,
        project_id=row.project_id,
        data=dict(row.data),
        created_at=row.created_at,
    )
