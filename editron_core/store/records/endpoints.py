"""Outgoing webhooks: who is told, how far each has come, and what became of every delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from editron_core.domain.event import KINDS, Event
from editron_core.domain.webhook import Delivery, DeliveryStatus, Endpoint
from editron_core.errors import Conflict, UsageError
from editron_core.store.database import Database
from editron_core.store.models import DeliveryRow, EndpointRow, ProjectRow, utc_now
from editron_core.store.outbox import emit
from editron_core.store.records.common import locked, new_id, one
from editron_core.store.records.events import Events, newest
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut

CHANGING = ("url", "kinds", "project_id", "description", "enabled")
LOOK_AHEAD = 1000
"""Events looked through at a time for the next one that an endpoint wants."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver: what is sent, as what."""

    endpoint: Endpoint
    delivery: Delivery
    event: Event


class Endpoints:
    """The receivers of events."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events = Events(database)

    def create(self, endpoint: Endpoint) -> Endpoint:
        """Record a receiver of all that happens from now on; its cursor is given here, and its `id` where it
        has none.

        Raises UsageError where it wants what never happens, NotFound where its project is not there.
        """
        with self._database.write() as session:
            row = EndpointRow(id=endpoint.id or new_id(), secret=endpoint.secret, cursor=newest(session))
            row.disabled_reason, row.old_secret = "", ""
            _change(session, row, endpoint)
            session.add(row)
            session.flush()
            emit(session, "endpoint.created", row.id, project_id=row.project_id)
            return _endpoint(row)

    def get(self, endpoint_id: str) -> Endpoint:
        """The endpoint with this id. Raises NotFound."""
        with self._database.read() as session:
            return _endpoint(one(session, EndpointRow, endpoint_id))

    def page(self, *, after: Key | None = None, limit: int = LIMIT) -> Slice[Endpoint]:
        """Endpoints, the newest first."""
        with self._database.read() as session:
            order = Order((EndpointRow.created_at, EndpointRow.id))
            return cut(session, select(EndpointRow), order, after, limit).map(_endpoint)

    def change(self, endpoint_id: str, changes: Mapping[str, Any]) -> Endpoint:
        """Change some of `CHANGING`. One that is turned on again goes on with the event that it stopped at,
        which is tried at once. Raises NotFound, UsageError."""
        odd = sorted(set(changes) - set(CHANGING))
        if odd:
            raise UsageError("cannot be changed", subject=", ".join(odd))
        with self._database.write() as session:
            row = locked(session, EndpointRow, endpoint_id)
            was_on = row.enabled
            _change(session, row, replace(_endpoint(row), **changes))
            if row.enabled and not was_on:
                row.disabled_reason = ""
                _again(session, row)
            emit(
                session, "endpoint.changed", row.id, project_id=row.project_id, data={"enabled": row.enabled}
            )
            return _endpoint(row)

    def rotate(self, endpoint_id: str, secret: str, grace: timedelta) -> Endpoint:
        """Sign with `secret` from now on, and beside it with the one before for `grace`. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, EndpointRow, endpoint_id)
            row.old_secret, row.old_secret_until = row.secret, utc_now() + grace
            row.secret = secret
            emit(session, "endpoint.changed", row.id, project_id=row.project_id, data={"secret": "rotated"})
            return _endpoint(row)

    def delete(self, endpoint_id: str) -> None:
        """Remove an endpoint with its deliveries. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, EndpointRow, endpoint_id)
            emit(session, "endpoint.deleted", row.id, project_id=row.project_id)
            session.delete(row)

    def due(self) -> tuple[str, ...]:
        """The endpoints that are on and have something to send now."""
        now = utc_now()
        waiting = select(DeliveryRow.endpoint_id, DeliveryRow.next_attempt_at).where(
            DeliveryRow.status == DeliveryStatus.PENDING
        )
        on = select(EndpointRow.id, EndpointRow.cursor).where(EndpointRow.enabled)
        with self._database.read() as session:
            last = newest(session)
            behind = [key for key, cursor in session.execute(on.order_by(EndpointRow.id)) if cursor < last]
            if not behind:
                return ()
            later = {key for key, at in session.execute(waiting) if at is not None and at > now}
        return tuple(key for key in behind if key not in later)

    def begin(self, endpoint_id: str, limit: int = LOOK_AHEAD) -> Attempt | None:
        """Begin the next attempt of an endpoint; null where it is off, waits, or there is nothing to send.

        Whoever calls this holds the endpoint's lease. The delivery and its id are recorded before anything
        is sent, so that an attempt after a crash carries the same id. Events that the endpoint does not
        want are passed over for good. Raises NotFound.
        """
        endpoint = self.get(endpoint_id)
        if not endpoint.enabled:
            return None
        events = self._events.after(endpoint.cursor, limit)
        event = next((one for one in events if endpoint.wants(one)), None)
        passed = events[-1].id if events and event is None else event.id - 1 if event else endpoint.cursor
        with self._database.write() as session:
            row = locked(session, EndpointRow, endpoint_id)
            row.cursor = max(row.cursor, passed)
            if event is None:
                return None
            found = _begun(session, row, event)
            return Attempt(_endpoint(row), _delivery(found), event) if found else None

    def delivered(self, delivery_id: str, response_status: int) -> None:
        """Record that a delivery has arrived; the endpoint goes on to the next event. Raises NotFound."""
        with self._database.write() as session:
            row = locked(session, DeliveryRow, delivery_id)
            row.status, row.delivered_at = DeliveryStatus.DELIVERED, utc_now()
            row.response_status, row.last_error, row.next_attempt_at = response_status, "", None
            endpoint = locked(session, EndpointRow, row.endpoint_id)
            endpoint.cursor = max(endpoint.cursor, row.event_id)

    def failed(
        self, delivery_id: str, error: str, response_status: int | None, again_at: datetime | None
    ) -> Delivery:
        """Record that an attempt failed, and when the next follows; where none does, the endpoint is off.

        Raises NotFound.
        """
        with self._database.write() as session:
            row = locked(session, DeliveryRow, delivery_id)
            row.response_status, row.last_error, row.next_attempt_at = response_status, error, again_at
            if again_at is None:
                row.status = DeliveryStatus.FAILED
                endpoint = locked(session, EndpointRow, row.endpoint_id)
                endpoint.enabled, endpoint.disabled_reason = False, error
                data = {"reason": error, "event": row.event_id}
                emit(session, "endpoint.disabled", endpoint.id, project_id=endpoint.project_id, data=data)
            return _delivery(row)

    def skip(self, delivery_id: str) -> Delivery:
        """Go on without a delivery that has not arrived. Raises NotFound; Conflict for one that has."""
        with self._database.write() as session:
            row = locked(session, DeliveryRow, delivery_id)
            if row.status is DeliveryStatus.DELIVERED:
                raise Conflict("has arrived", subject=f"delivery {delivery_id}")
            row.status, row.next_attempt_at = DeliveryStatus.SKIPPED, None
            endpoint = locked(session, EndpointRow, row.endpoint_id)
            endpoint.cursor = max(endpoint.cursor, row.event_id)
            return _delivery(row)

    def deliveries(
        self, endpoint_id: str, *, after: Key | None = None, limit: int = LIMIT
    ) -> Slice[Delivery]:
        """The deliveries to an endpoint, the newest first. Raises NotFound."""
        query = select(DeliveryRow).where(DeliveryRow.endpoint_id == endpoint_id)
        with self._database.read() as session:
            one(session, EndpointRow, endpoint_id)
            return cut(session, query, Order((DeliveryRow.event_id, DeliveryRow.id)), after, limit).map(
                _delivery
            )


def _change(session: Session, row: EndpointRow, endpoint: Endpoint) -> None:
    for pattern in endpoint.kinds:
        if not any(fnmatchcase(kind, pattern) for kind in KINDS):
            raise UsageError(
                "is no kind of event", subject=pattern, remedy="such as finding.* or batch.ready"
            )
    if not endpoint.kinds:
        raise UsageError("wants nothing", subject="kinds", remedy="such as finding.* or batch.ready")
    if endpoint.project_id is not None:
        one(session, ProjectRow, endpoint.project_id)
    row.url, row.kinds, row.project_id = endpoint.url, list(endpoint.kinds), endpoint.project_id
    row.description, row.enabled = endpoint.description, endpoint.enabled


def _again(session: Session, endpoint: EndpointRow) -> None:
    """Let what was given up be tried again, with all its attempts."""
    mine = (DeliveryRow.endpoint_id == endpoint.id, DeliveryRow.event_id > endpoint.cursor)
    for row in session.scalars(select(DeliveryRow).where(*mine).with_for_update()):
        if row.status in (DeliveryStatus.FAILED, DeliveryStatus.PENDING):
            row.status, row.attempts, row.next_attempt_at = DeliveryStatus.PENDING, 0, None


def _begun(session: Session, endpoint: EndpointRow, event: Event) -> DeliveryRow | None:
    if not endpoint.enabled or endpoint.cursor >= event.id:
        return None
    mine = (DeliveryRow.endpoint_id == endpoint.id, DeliveryRow.event_id == event.id)
    row = session.scalars(select(DeliveryRow).where(*mine).with_for_update()).one_or_none()
    if row is None:
        row = DeliveryRow(id=f"msg_{new_id()}", endpoint_id=endpoint.id, event_id=event.id, kind=event.kind)
        row.status, row.attempts, row.last_error = DeliveryStatus.PENDING, 0, ""
        session.add(row)
    elif row.next_attempt_at is not None and row.next_attempt_at > utc_now():
        return None
    row.attempts += 1
    session.flush()
    return row


def _endpoint(row: EndpointRow) -> Endpoint:
    return Endpoint(
        id=row.id,
        url=row.url,
        kinds=tuple(row.kinds),
        project_id=row.project_id,
        description=row.description,
        enabled=row.enabled,
        disabled_reason=row.disabled_reason,
        secret=row.secret,
        old_secret=row.old_secret,
        old_secret_until=row.old_secret_until,
        cursor=row.cursor,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        id=row.id,
        endpoint_id=row.endpoint_id,
        event_id=row.event_id,
        kind=row.kind,
        status=row.status,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        response_status=row.response_status,
        last_error=row.last_error,
        created_at=row.created_at,
        delivered_at=row.delivered_at,
    )
