"""Render jobs: recorded, queued by priority, claimed with a lease, and how they ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from editron_core.domain import codec
from editron_core.domain.batch import Hold
from editron_core.domain.job import (
    MOST_URGENT_FIRST,
    Deliverable,
    RenderJob,
    RenderJobStatus,
    RenderPriority,
)
from editron_core.errors import Busy, Conflict
from editron_core.store.database import Database
from editron_core.store.leases import Holder, Lease, Leases
from editron_core.store.models import BatchRow, JobRow, LeaseRow, SessionRow
from editron_core.store.records.common import by_prefix, locked, new_id, why
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut
from editron_core.store.records.withdrawals import (
    UNFINISHED,
    WITHDRAWN,
    assure_wanted,
    begin_again,
    tell,
    withdraw_those,
)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A render job that is about to be recorded."""

    session_id: str
    formats: tuple[str, ...]
    """Names of the presets."""
    destinations: tuple[str, ...] = ()
    priority: RenderPriority = RenderPriority.STANDARD
    metadata: dict[str, Any] = field(default_factory=dict)
    """JSON-ready; all that it takes to render."""


class Jobs:
    """The renderings of edit sessions."""

    def __init__(self, database: Database, leases: Leases) -> None:
        self._database = database
        self._leases = leases

    def create(self, new: NewJob) -> RenderJob:
        """Record a render job, queued. Raises NotFound where there is no such session."""
        with self._database.write() as session:
            locked(session, SessionRow, new.session_id)
            return _job(self._insert(session, new))

    def ensure(self, new: NewJob) -> RenderJob:
        """The job of this session that is yet to be finished and asks for the same; else a new one.

        Of two requests for one rendering, the more urgent priority counts. A job that was cancelled is
        given back as it is: to render all the same, it has to be retried.
        """
        with self._database.write() as session:
            locked(session, SessionRow, new.session_id)
            query = select(JobRow).where(
                JobRow.edit_session_id == new.session_id,
                JobRow.status.in_(UNFINISHED) | (JobRow.hold != Hold.NONE),
            )
            wanted = (list(new.formats), list(new.destinations), new.metadata)
            for row in session.scalars(query.order_by(JobRow.created_at.desc(), JobRow.id).with_for_update()):
                if (row.formats, row.destinations, row.facts.get("request")) == wanted:
                    row.priority = min(row.priority, new.priority, key=MOST_URGENT_FIRST.index)
                    return _job(row)
            return _job(self._insert(session, new))

    def get(self, job_id: str) -> RenderJob:
        """The job with this id or unique beginning of it. Raises NotFound, UsageError."""
        with self._database.read() as session:
            return _job(by_prefix(session, JobRow, JobRow.id, job_id))

    def list(self, session_id: str) -> tuple[RenderJob, ...]:
        """The jobs of a session, the newest first."""
        with self._database.read() as session:
            query = select(JobRow).where(JobRow.edit_session_id == session_id)
            rows = session.scalars(query.order_by(JobRow.created_at.desc(), JobRow.id.desc()))
            return tuple(_job(row) for row in rows)

    def page(
        self,
        *,
        session_id: str | None = None,
        batch_id: str | None = None,
        status: RenderJobStatus | None = None,
        after: Key | None = None,
        limit: int = LIMIT,
    ) -> Slice[RenderJob]:
        """Jobs of a session, of a batch or of all, of one status or of all, the newest first."""
        query = select(JobRow)
        query = query.where(JobRow.edit_session_id == session_id) if session_id is not None else query
        query = query.where(JobRow.status == status) if status is not None else query
        if batch_id is not None:
            query = query.join(SessionRow).where(SessionRow.batch_id == batch_id)
        with self._database.read() as session:
            return cut(session, query, Order((JobRow.created_at, JobRow.id)), after, limit).map(_job)

    def queue(self, limit: int = 100) -> tuple[RenderJob, ...]:
        """The jobs that are queued or rendering, in the order in which they are claimed."""
        found: list[RenderJob] = []
        with self._database.read() as session:
            for priority in MOST_URGENT_FIRST:
                query = select(JobRow).where(JobRow.status.in_(UNFINISHED), JobRow.priority == priority)
                rows = session.scalars(query.order_by(JobRow.created_at, JobRow.id).limit(limit))
                found += [_job(row) for row in rows]
        return tuple(found[:limit])

    def claim(self, worker: str) -> RenderJob | None:
        """Take the next job: rush before standard before low, then by age; null where none is waiting.

        A job whose holder died, or let its lease run out, is waiting again. One that is paused or
        cancelled, or whose batch is, is passed over. The job is rendering, and its `fence` is the lease
        that `holding` keeps and `complete` asks for.
        """
        while True:
            try:
                with self._database.write() as session:
                    key = self._next(session, worker)
                    return self._taken(session, key) if key else None
            except Busy:  # somebody else took the abandoned job since we looked: look again
                continue

    def claim_one(self, job_id: str, worker: str) -> RenderJob:
        """Take one particular job, held or not. Raises Busy where somebody alive is at it, StoreError
        where it has ended."""
        with self._database.write() as session:
            row = locked(session, JobRow, job_id)
            if row.status not in UNFINISHED:
                raise Conflict(f"is {row.status} already", subject=f"render job {row.id}")
            row.status, row.worker = RenderJobStatus.RENDERING, worker
            session.flush()  # before the lease is taken
            return self._taken(session, row.id)

    @contextmanager
    def holding(self, job: RenderJob) -> Iterator[None]:
        """Renew the lease of a claimed job while the block runs."""
        with self._leases.beating(_lease(job)):
            yield

    def set_status(
        self, job_id: str, status: RenderJobStatus, error: str | None = None, *, fence: int = 0
    ) -> RenderJob:
        """Move a job on. Raises StoreError where `status` cannot follow on what it is now.

        With the `fence` of a claim, raises LeaseLost where somebody else has taken the job over; a job
        that rests then can be claimed by others. Raises Withdrawn where people want it no more.
        """
        with self._database.write() as session:
            row = locked(session, JobRow, job_id)
            self._settle(session, row, status, fence)
            if status is RenderJobStatus.QUEUED:
                begin_again(row)
            row.last_error = error
            tell(session, row, status.value, why(error))
            return _job(row)

    def set_priority(self, job_id: str, priority: RenderPriority) -> RenderJob:
        """Move a job up or down the queue. Raises NotFound; Conflict where it does not wait any more."""
        with self._database.write() as session:
            row = locked(session, JobRow, job_id)
            if row.status is not RenderJobStatus.QUEUED:
                raise Conflict(f"is {row.status} and waits no more", subject=f"render job {job_id[:8]}")
            if row.priority is not priority:
                row.priority = priority
                tell(session, row, "changed", {"priority": priority.value})
            return _job(row)

    def progress(self, job_id: str, percent: float) -> None:
        """Record how much of a job is rendered, 0..100; it never runs backwards.

        Raises Withdrawn where people want it no more.
        """
        with self._database.write() as session:
            row = locked(session, JobRow, job_id)
            assure_wanted(row)
            before = row.progress_percent
            row.progress_percent = max(before, min(100.0, percent))
            if int(row.progress_percent) > int(before):
                tell(session, row, "progress", {"percent": int(row.progress_percent)})

    def delivered(self, job_id: str, deliverables: Sequence[Deliverable], urls: Sequence[str] = ()) -> None:
        """Record what a job has left so far, and where copies of it lie, whether or not it is complete."""
        with self._database.write() as session:
            row = locked(session, JobRow, job_id)
            _leave(row, deliverables, urls)
            tell(session, row, "delivered", {"deliverables": len(deliverables)})

    def complete(
        self, job_id: str, deliverables: Sequence[Deliverable], urls: Sequence[str] = (), *, fence: int = 0
    ) -> RenderJob:
        """Record what a job left and where its copies lie, and that it is complete.

        With the `fence` of a claim, raises LeaseLost where somebody else has taken the job over. Raises
        Withdrawn where people want it no more.
        """
        with self._database.write() as session:
            row = locked(session, JobRow, job_id)
            self._settle(session, row, RenderJobStatus.COMPLETE, fence)
            row.progress_percent, row.last_error = 100.0, None
            _leave(row, deliverables, urls)
            tell(session, row, "complete", {"deliverables": len(deliverables)})
            return _job(row)

    def withdraw(self, job_id: str, reason: str) -> None:
        """Let a job that waits or renders fail, since people want it no more; others are left as they are."""
        with self._database.write() as session:
            withdraw_those(session, JobRow.id == job_id, reason)

    def _insert(self, session: Session, new: NewJob) -> JobRow:
        row = JobRow(
            id=new_id(),
            edit_session_id=new.session_id,
            formats=list(new.formats),
            destinations=list(new.destinations),
            priority=new.priority,
            status=RenderJobStatus.QUEUED,
            facts={"request": new.metadata},
        )
        session.add(row)
        session.flush()
        tell(session, row, "queued", {"priority": row.priority.value})
        return row

    def _next(self, session: Session, worker: str) -> str | None:
        free = self._abandoned(session)
        for priority in MOST_URGENT_FIRST:
            urgent = JobRow.priority == priority
            queued, rendering = (JobRow.status == status for status in UNFINISHED)
            # Whoever was quicker with an abandoned job may have ended it since we looked.
            for which in ((rendering, JobRow.id.in_(free)), (queued,)) if free else ((queued,),):
                pick = (
                    select(JobRow.id)
                    .where(urgent, *which, *_not_held())
                    .order_by(JobRow.created_at, JobRow.id)
                    .limit(1)
                    .with_for_update(skip_locked=True, of=JobRow)
                )
                taken = (
                    update(JobRow)
                    .where(JobRow.id == pick.scalar_subquery())
                    .values(status=RenderJobStatus.RENDERING, worker=worker)
                    .returning(JobRow.id)
                )
                key = session.scalar(taken, execution_options={"synchronize_session": False})
                if key is not None:
                    return key
        return None

    def _abandoned(self, session: Session) -> Sequence[str]:
        """The jobs that are rendering in name only: nobody holds their lease, or a dead process does."""
        query = (
            select(JobRow.id, LeaseRow)
            .outerjoin(LeaseRow, LeaseRow.name == "job:" + JobRow.id)
            .where(JobRow.status == RenderJobStatus.RENDERING)
        )
        now = self._database.now(session)
        return [key for key, lease in session.execute(query) if _free(lease, now)]

    def _taken(self, session: Session, job_id: str) -> RenderJob:
        # The job before its lease, here and where it ends: one order of locks, no deadlock.
        row = locked(session, JobRow, job_id)
        lease = self._leases.take(session, f"job:{job_id}")
        tell(session, row, "rendering", {"worker": row.worker})
        return _job(row, lease.fence)

    def _settle(self, session: Session, row: JobRow, status: RenderJobStatus, fence: int) -> None:
        """Move a job on; check the fence of a claim, and give its lease back where it renders no more."""
        lease = Lease(f"job:{row.id}", fence)
        if fence:
            self._leases.assure(session, lease)
            assure_wanted(row)
        if not row.status.may_become(status):
            raise Conflict(f"cannot go from {row.status} to {status}", subject=f"render job {row.id}")
        row.status = status
        if fence and status is not RenderJobStatus.RENDERING:
            self._leases.drop(session, lease)


def _free(lease: LeaseRow | None, now: float) -> bool:
    return lease is None or lease.expires_at <= now or Holder(lease.host, lease.pid, lease.process_start).dead


def _not_held() -> tuple[ColumnElement[bool], ...]:
    held_batch = (
        exists()
        .where(SessionRow.id == JobRow.edit_session_id, BatchRow.id == SessionRow.batch_id)
        .where(BatchRow.hold != Hold.NONE)
    )
    return JobRow.hold == Hold.NONE, ~held_batch


def _lease(job: RenderJob) -> Lease:
    if not job.fence:
        raise Busy("was not claimed", subject=f"render job {job.id}")
    return Lease(f"job:{job.id}", job.fence)


def _leave(row: JobRow, deliverables: Sequence[Deliverable], urls: Sequence[str]) -> None:
    row.output_urls = [*(deliverable.path for deliverable in deliverables), *urls]
    row.facts = {**row.facts, "deliverables": codec.dump(tuple(deliverables))}


def _job(row: JobRow, fence: int = 0) -> RenderJob:
    left = row.facts.get("deliverables", [])
    return RenderJob(
        id=row.id,
        session_id=row.edit_session_id,
        status=row.status,
        formats=tuple(row.formats),
        destinations=tuple(row.destinations),
        priority=row.priority,
        progress_percent=row.progress_percent,
        last_error=row.last_error,
        output_urls=tuple(row.output_urls),
        deliverables=tuple(codec.load(Deliverable, one) for one in left),
        created_at=row.created_at,
        hold=row.hold,
        worker=row.worker,
        fence=fence,
        metadata=dict(row.facts.get("request", {})),
        withdrawn=bool(row.facts.get(WITHDRAWN)),
    )
