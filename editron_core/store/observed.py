"""What operators watch of a store: counts and ages, read in one view of the database."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from editron_core.domain.batch import Hold
from editron_core.domain.job import RenderJobStatus, RenderPriority
from editron_core.domain.registry import ProfileStage
from editron_core.store.database import Database
from editron_core.store.models import (
    BatchRow,
    DeadLetterRow,
    DispatchRow,
    EndpointRow,
    EventRow,
    FileRow,
    JobRow,
    LeaseRow,
    ProfileRow,
    SourceRow,
    StageRow,
)
from editron_core.telemetry import Reading

HASH_LENGTH = 12
HOLDABLE: dict[str, type[BatchRow] | type[FileRow] | type[JobRow]] = {
    "batch": BatchRow,
    "file": FileRow,
    "job": JobRow,
}


def readings(database: Database) -> tuple[Reading, ...]:
    """The store's metrics as they are now. Raises StoreError where the database does not answer."""
    with database.read() as session:
        now = database.now(session)
        return (
            Reading("store_up", 1),
            *_queue(session, now),
            *_given_up(session),
            *_outbox(session, now),
            *_webhooks(session),
            *_sources(session, now),
            *_leases(session, now),
            *_stages(session),
            *_held(session),
            *_profiles(session),
        )


def _queue(session: Session, now: float) -> Iterator[Reading]:
    waiting = (JobRow.status == RenderJobStatus.QUEUED, JobRow.hold == Hold.NONE)
    query = select(JobRow.priority, func.count(), func.min(JobRow.created_at)).where(*waiting)
    found = {row[0]: row for row in session.execute(query.group_by(JobRow.priority))}
    for priority in RenderPriority:
        _, count, oldest = found.get(priority, (priority, 0, None))
        yield Reading("queue_depth", count, (priority,))
        age = max(0.0, now - oldest.timestamp()) if oldest else 0.0
        yield Reading("queue_oldest_seconds", age, (priority,))
    running = select(func.count()).where(JobRow.status == RenderJobStatus.RENDERING)
    yield Reading("jobs_running", session.scalar(running) or 0)


def _given_up(session: Session) -> Iterator[Reading]:
    query = select(DeadLetterRow.stage, func.count()).where(DeadLetterRow.resolved_at.is_(None))
    for stage, count in session.execute(query.group_by(DeadLetterRow.stage)):
        yield Reading("dead_letters", count, (stage,))


def _outbox(session: Session, now: float) -> Iterator[Reading]:
    query = select(func.count(), func.min(DispatchRow.created_at)).where(DispatchRow.done_at.is_(None))
    count, oldest = session.execute(query).one()
    yield Reading("dispatches_pending", count)
    yield Reading("dispatches_oldest_seconds", max(0.0, now - oldest.timestamp()) if oldest else 0.0)


def _webhooks(session: Session) -> Iterator[Reading]:
    slowest = session.scalar(select(func.min(EndpointRow.cursor)).where(EndpointRow.enabled))
    behind = select(func.count()).where(EventRow.id > slowest) if slowest is not None else None
    yield Reading("webhook_backlog", (session.scalar(behind) or 0) if behind is not None else 0)
    off = select(func.count()).where(~EndpointRow.enabled, EndpointRow.disabled_reason != "")
    yield Reading("webhooks_disabled", session.scalar(off) or 0)


def _sources(session: Session, now: float) -> Iterator[Reading]:
    mine = (SourceRow.auto_ingest, ~SourceRow.needs_reauth)
    dirty = select(func.count()).where(*mine, SourceRow.dirty_seq > SourceRow.synced_seq)
    yield Reading("sources_dirty", session.scalar(dirty) or 0)
    oldest = session.scalar(select(func.min(SourceRow.last_processed_at)).where(*mine))
    yield Reading("sources_oldest_seconds", max(0.0, now - oldest.timestamp()) if oldest else 0.0)
    lost = select(func.count()).where(SourceRow.needs_reauth)
    yield Reading("sources_need_reauth", session.scalar(lost) or 0)


def _leases(session: Session, now: float) -> Iterator[Reading]:
    # One that was given back has no end at all.
    held = select(func.count()).where(LeaseRow.expires_at > now)
    expired = select(func.count()).where(LeaseRow.expires_at > 0, LeaseRow.expires_at <= now)
    yield Reading("leases_held", session.scalar(held) or 0)
    yield Reading("leases_expired", session.scalar(expired) or 0)


def _stages(session: Session) -> Iterator[Reading]:
    query = select(StageRow.stage, StageRow.status, func.count()).group_by(StageRow.stage, StageRow.status)
    for stage, status, count in session.execute(query):
        yield Reading("stages_recorded", count, (stage, status))


def _held(session: Session) -> Iterator[Reading]:
    for subject, row in HOLDABLE.items():
        query = select(row.hold, func.count()).where(row.hold != Hold.NONE).group_by(row.hold)
        found = {hold: count for hold, count in session.execute(query)}
        for hold in (Hold.PAUSED, Hold.CANCELLED):
            yield Reading("held", found.get(hold, 0), (subject, hold))


def _profiles(session: Session) -> Iterator[Reading]:
    query = select(ProfileRow.name, ProfileRow.id).where(ProfileRow.stage == ProfileStage.PRODUCTION)
    for name, profile_hash in session.execute(query):
        yield Reading("profile_info", 1, (name, profile_hash[:HASH_LENGTH]))
