"""Edit sessions and the decisions about them."""

from __future__ import annotations

from collections.abc import Sequence
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
from editron_core.errors import StoreError
from editron_core.store.database import Database
from editron_core.store.models import BatchRow, DecisionRow, SessionRow
from editron_core.store.records.common import by_prefix, locked, new_id, one
from editron_core.store.records.labels import replace_labels
from editron_core.store.records.operations import announce
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

    def ensure(self, new: NewSession) -> EditSession:
        """Record a session, assembling. The same cuts of one batch and blueprint are one session."""
        with self._database.write() as session:
            locked(session, BatchRow, new.batch_id)
            row = session.scalars(
                select(SessionRow).where(
                    SessionRow.batch_id == new.batch_id,
                    SessionRow.deliverable_type == new.deliverable_type,
                    SessionRow.content_hash == new.content_hash,
                )
            ).one_or_none()
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
            return _session(row)

    def get(self, session_id: str) -> EditSession:
        """The session with this id or unique beginning of it. Raises NotFound, UsageError."""
        with self._database.read() as session:
            return _session(by_prefix(session, SessionRow, SessionRow.id, session_id))

    def list(self, batch_id: str) -> tuple[EditSession, ...]:
        """The sessions of a batch, the newest first."""
        with self._database.read() as session:
            query = select(SessionRow).where(SessionRow.batch_id == batch_id)
            rows = session.scalars(query.order_by(SessionRow.created_at.desc(), SessionRow.id.desc()))
            return tuple(_session(row) for row in rows)

    def set_status(self, session_id: str, status: EditSessionStatus) -> EditSession:
        """Move a session on; that it is approved is announced as a dispatch of `render` with it.

        Raises StoreError where `status` cannot follow on what it is now.
        """
        with self._database.write() as session:
            batch_id = one(session, SessionRow, session_id).batch_id
            locked(session, BatchRow, batch_id)  # batch before session, always
            row = locked(session, SessionRow, session_id)
            if not row.status.may_become(status):
                raise StoreError(f"cannot go from {row.status} to {status}", subject=f"session {session_id}")
            if status is EditSessionStatus.APPROVED and row.status is not status:
                announce(session, batch_id, "render", {"session": row.id})
            row.status = status
            return _session(row)


class Decisions:
    """What people decided, each bound to the hash of what was shown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, decision: Decision, labels: Sequence[Label] = ()) -> Decision:
        """Record a decision (its `id` and `created_at` are given here) and the labels that follow from it.

        The labels take the place of those that earlier decisions of its author about this cut left.
        Raises StoreError where the session holds no timeline of that name and hash: what a person saw
        is not what would be signed.
        """
        with self._database.write() as session:
            row = locked(session, SessionRow, decision.session_id)
            shown = {(cut.name, cut.content_hash) for cut in _session(row).timelines}
            if (decision.timeline, decision.content_hash) not in shown:
                raise StoreError(
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
            return _decision(made)

    def latest(self, content_hash: str) -> Decision | None:
        """The last decision about the cut with this hash; null where nobody has decided."""
        with self._database.read() as session:
            query = select(DecisionRow).where(DecisionRow.content_hash == content_hash)
            row = session.scalars(
                query.order_by(DecisionRow.created_at.desc(), DecisionRow.id.desc()).limit(1)
            ).first()
            return _decision(row) if row else None

    def signed(self, content_hash: str) -> bool:
        """Whether the last decision about the cut with this hash approves it."""
        last = self.latest(content_hash)
        return last is not None and last.verdict is Verdict.APPROVE

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
    )
