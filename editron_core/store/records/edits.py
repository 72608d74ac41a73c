"""Edit sessions and the decisions about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from editron_core.domain import codec
from editron_core.domain.job import (
    Decision,
    EditSession,
    EditSessionStatus,
    Verdict,
)
from editron_core.domain.label import Label
from editron_core.domain.timeline import Timeline
from editron_core.errors import Conflict, Stale
from editron_core.store.database import Database
from editron_core.store.models import BatchRow, DecisionRow, SessionRow
from editron_core.store.models.base import utc_now
from editron_core.store.outbox import emit
from editron_core.store.records.common import by_prefix, locked, new_id, one, unchanged
from editron_core.store.records.labels import forget_decision, replace_labels
from editron_core.store.records.operations import announce
from editron_core.store.records.paging import LIMIT, Key, Order, Slice, cut
from editron_core.store.records.withdrawals import withdraw
from editron_core.times import Span


@dataclass(frozen=True, slots=True)
class NewSession:
    """An edit session that is about to be recorded."""

    batch_id: str
    deliverable_type: str
    """The blueprint's name."""
    timelines: tuple[Timeline, ...]
    aspect_ratios: tuple[str, ...]
    reference_style: str = ""
    """The brand kit's name."""
    include_captions: bool = True
    imovie_project: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """SHA-256 over the hashes of the timelines, in order."""
        return codec.content_hash([timeline.content_hash for timeline in self.timelines])


class Sessions:
    """The cuts of one blueprint from one batch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ensure(self, new: NewSession, *, instead_of: str = "", reason: str = "") -> EditSession:
        """Record a session, assembling. The same cuts of one batch and blueprint are one session.

        The render jobs of the session that it takes the place of are withdrawn for that `reason`.
        """
        with self._database.write() as session:
            locked(session, BatchRow, new.batch_id)
            if instead_of:
                withdraw(session, instead_of, reason)
            row = session.scalars(
                select(SessionRow).where(
                    SessionRow.batch_id == new.batch_id,
                    SessionRow.deliverable_type == new.deliverable_type,
                    SessionRow.content_hash == new.content_hash,
                )
            ).one_or_none()
            fresh = row is None
            if row is None:
                row = SessionRow(
                    id=new_id(),
                    batch_id=new.batch_id,
                    deliverable_type=new.deliverable_type,
                    status=EditSessionStatus.ASSEMBLING,
                    timelines=codec.dump(new.timelines),
                    content_hash=new.content_hash,
                )
                session.add(row)
            row.aspect_ratios = list(new.aspect_ratios)
            row.reference_style = new.reference_style
            row.include_captions = new.include_captions
            row.imovie_project = new.imovie_project
            row.facts = new.metadata
            session.flush()
            kind = f"session.{row.status}" if fresh else "session.changed"
            emit(session, kind, row.id, batch_id=new.batch_id, data={"blueprint": new.deliverable_type})
            return _session(row)

    def again(self, session_id: str, *, instead_of: str = "", reason: str = "") -> EditSession:
        """Count a session as made now: somebody went back to it, so that it is its family's newest.

        The render jobs of the session that it takes the place of are withdrawn for that `reason`.
        """
        with self._database.write() as session:
            locked(session, BatchRow, one(session, SessionRow, session_id).batch_id)
            row = locked(session, SessionRow, session_id)
            if instead_of:
                withdraw(session, instead_of, reason)
            row.created_at = utc_now()
            emit(session, "session.changed", row.id, batch_id=row.batch_id, data={"again": True})
            session.flush()
            return _session(row)

    def get(self, session_id: str) -> EditSession:
        """The session with this id or unique beginning of it. Raises NotFound, UsageError."""
        with self._database.read() as session:
            return _session(by_prefix(session, SessionRow, SessionRow.id, session_id))

    def some(self, ids: Iterable[str]) -> dict[str, EditSession]:
        """Those of these sessions that are still there, by id."""
        with self._database.read() as session:
            rows = session.scalars(select(SessionRow).where(SessionRow.id.in_(sorted(set(ids)))))
            return {row.id: _session(row) for row in rows}

    def list(self, batch_id: str) -> tuple[EditSession, ...]:
        """The sessions of a batch, the newest first."""
        with self._database.read() as session:
            query = select(SessionRow).where(SessionRow.batch_id == batch_id)
            rows = session.scalars(query.order_by(SessionRow.created_at.desc(), SessionRow.id.desc()))
            return tuple(_session(row) for row in rows)

    def page(
        self,
        *,
        batch_id: str | None = None,
        status: EditSessionStatus | None = None,
        after: Key | None = None,
        limit: int = LIMIT,
    ) -> Slice[EditSession]:
        """Sessions of a batch or of all, of one status or of all, the newest first."""
        query = select(SessionRow)
        query = query.where(SessionRow.batch_id == batch_id) if batch_id is not None else query
        query = query.where(SessionRow.status == status) if status is not None else query
        with self._database.read() as session:
            order = Order((SessionRow.created_at, SessionRow.id))
            return cut(session, query, order, after, limit).map(_session)

    def set_status(
        self, session_id: str, status: EditSessionStatus, *, expected: str | None = None
    ) -> EditSession:
        """Move a session on; that it is approved is announced as a dispatch of `render` with it.

        Raises StoreError where `status` cannot follow on what it is now; Stale where its version is no
        longer the `expected` one.
        """
        with self._database.write() as session:
            batch_id = one(session, SessionRow, session_id).batch_id
            locked(session, BatchRow, batch_id)  # batch before session, always
            row = locked(session, SessionRow, session_id)
            unchanged(_session(row).version, expected, f"session {session_id}")
            if not row.status.may_become(status):
                raise Conflict(f"cannot go from {row.status} to {status}", subject=f"session {session_id}")
            if status is EditSessionStatus.APPROVED and row.status is not status:
                announce(session, batch_id, "render", {"session": row.id})
            if row.status is not status:
                emit(session, f"session.{status}", row.id, batch_id=batch_id)
            row.status = status
            return _session(row)


class Decisions:
    """What people decided, each bound to the hash of what was shown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, decision: Decision, labels: Sequence[Label] = ()) -> Decision:
        """Record a decision (its `id` and `created_at` are given here) and the labels that follow from it.

        The labels take the place of those that earlier decisions of its author about this cut left.
        A rejection withdraws the session's render jobs. Raises StoreError where the session holds no
        timeline of that name and hash: what a person saw is not what would be signed.
        """
        with self._database.write() as session:
            row = locked(session, SessionRow, decision.session_id)
            shown = {(cut.name, cut.content_hash) for cut in _session(row).timelines}
            if (decision.timeline, decision.content_hash) not in shown:
                raise Stale(
                    "is not the cut that was shown", subject=decision.timeline, remedy="look at it again"
                )
            made = DecisionRow(
                id=new_id(),
                edit_session_id=decision.session_id,
                timeline=decision.timeline,
                content_hash=decision.content_hash,
                verdict=decision.verdict,
                author=decision.author,
                note=decision.note,
                trim=codec.dump(decision.trim) if decision.trim else None,
            )
            session.add(made)
            session.flush()
            replace_labels(session, [replace(label, decision_id=made.id) for label in labels])
            said = {"session": row.id, "timeline": made.timeline, "verdict": made.verdict.value}
            data = {**said, "author": made.author, "content_hash": made.content_hash}
            emit(session, "decision.made", made.id, batch_id=row.batch_id, data=data)
            if made.verdict is Verdict.REJECT:
                withdraw(session, row.id, f"{made.timeline} was rejected by {made.author}")
            return _decision(made)

    def withdraw(self, decision_id: str, labels: Sequence[Label] = ()) -> Decision:
        """Let a decision count no more; `labels` take the place of those that its author's word left.

        Where it was an approval, the session's render jobs are withdrawn. Raises NotFound; StoreError for
        one that was taken back before.
        """
        with self._database.write() as session:
            locked(session, SessionRow, one(session, DecisionRow, decision_id).edit_session_id)
            row = locked(session, DecisionRow, decision_id)
            if row.withdrawn_at is not None:
                raise Conflict("was taken back before", subject=f"decision {decision_id[:8]}")
            row.withdrawn_at = utc_now()
            forget_decision(session, row.author, row.content_hash)
            replace_labels(session, labels)
            said = {"session": row.edit_session_id, "timeline": row.timeline, "verdict": row.verdict.value}
            data = {**said, "author": row.author, "content_hash": row.content_hash}
            batch_id = one(session, SessionRow, row.edit_session_id).batch_id
            emit(session, "decision.withdrawn", row.id, batch_id=batch_id, data=data)
            if row.verdict is Verdict.APPROVE:
                reason = f"{row.author} took back the approval of {row.timeline}"
                withdraw(session, row.edit_session_id, reason)
            session.flush()
            return _decision(row)

    def page(
        self, *, session_id: str | None = None, after: Key | None = None, limit: int = LIMIT
    ) -> Slice[Decision]:
        """Decisions about a session's timelines or about all, the newest first."""
        query = select(DecisionRow)
        query = query.where(DecisionRow.edit_session_id == session_id) if session_id is not None else query
        with self._database.read() as session:
            order = Order((DecisionRow.created_at, DecisionRow.id))
            return cut(session, query, order, after, limit).map(_decision)

    def get(self, decision_id: str) -> Decision:
        """The decision with this id. Raises NotFound."""
        with self._database.read() as session:
            return _decision(one(session, DecisionRow, decision_id))

    def list(self, session_id: str) -> tuple[Decision, ...]:
        """The decisions about a session's timelines, the oldest first."""
        with self._database.read() as session:
            query = select(DecisionRow).where(DecisionRow.edit_session_id == session_id)
            rows = session.scalars(query.order_by(DecisionRow.created_at, DecisionRow.id))
            return tuple(_decision(row) for row in rows)


def _session(row: SessionRow) -> EditSession:
    return EditSession(
        id=row.id,
        batch_id=row.batch_id,
        deliverable_type=row.deliverable_type,
        status=row.status,
        timelines=tuple(codec.load(Timeline, timeline) for timeline in row.timelines),
        aspect_ratios=tuple(row.aspect_ratios),
        content_hash=row.content_hash,
        reference_style=row.reference_style,
        include_captions=row.include_captions,
        imovie_project=row.imovie_project,
        metadata=dict(row.facts),
        created_at=row.created_at,
    )


def _decision(row: DecisionRow) -> Decision:
    return Decision(
        id=row.id,
        session_id=row.edit_session_id,
        timeline=row.timeline,
        content_hash=row.content_hash,
        verdict=row.verdict,
        author=row.author,
        note=row.note,
        trim=codec.load(Span, row.trim) if row.trim else None,
        created_at=row.created_at,
        withdrawn_at=row.withdrawn_at,
    )
