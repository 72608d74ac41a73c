"""Changes of a cut: each makes a session that takes the place of the one before, yet unsigned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from editron_core.domain.job import EditSession, EditSessionStatus
from editron_core.domain.timeline import Timeline
from editron_core.errors import Stale, UsageError
from editron_core.review import revisions, signoff
from editron_core.store import NewSession, Store


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to a cut, and by whom."""

    how: str
    """`trim`, `split`, `merge`, `remove`, `move` or `captions`."""
    author: str


def current(store: Store, session_id: str) -> EditSession:
    """The session with this id. Raises NotFound; Stale where another one has taken its place."""
    session = store.sessions.get(session_id)
    newer = revisions.superseding(session, store.sessions.list(session.batch_id))
    if newer is not None:
        how = newer.metadata.get(revisions.CHANGED, {})
        by = f" by {how['author']} ({how['how']})" if how else ""
        raise Stale(
            f"was changed{by} since you looked at it",
            subject=f"session {session.id[:8]}",
            remedy=f"look at session {newer.id[:8]}",
        )
    return session


def replace_cuts(
    store: Store,
    session: EditSession,
    cuts: tuple[Timeline, ...],
    done: Change,
    order: dict[str, Any] | None = None,
) -> EditSession:
    """The session with these cuts in place of its own, waiting for review and its family's newest.

    `order`, as JSON, takes the place of its own where it is given.
    """
    if cuts == session.timelines:
        return session
    new = NewSession(
        batch_id=session.batch_id,
        deliverable_type=session.deliverable_type,
        timelines=cuts,
        aspect_ratios=session.aspect_ratios,
        reference_style=session.reference_style,
        include_captions=any(one.cues for one in cuts),
        metadata={
            **session.metadata,
            **({"order": order} if order is not None else {}),
            revisions.FAMILY: revisions.family(session),
            revisions.BEFORE: session.id,
            revisions.CHANGED: {
                "how": done.how,
                "author": done.author,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
            },
        },
    )
    reason = f"it was changed by {done.author} ({done.how})"
    made = store.sessions.ensure(new, instead_of=session.id, reason=reason)
    if made.status is EditSessionStatus.ASSEMBLING:
        return store.sessions.set_status(made.id, EditSessionStatus.NEEDS_REVIEW)
    return taken_up(store, made.id, session.id)  # somebody brought it into this form before


def undo(store: Store, session_id: str) -> EditSession:
    """Go back to the session that this one was made from; what was decided about that one stands again.

    Raises Stale where the session is not the current one, UsageError where it was made from none.
    """
    session = current(store, session_id)
    before = session.metadata.get(revisions.BEFORE)
    if not before:
        raise UsageError("was changed by nobody yet", subject=f"session {session.id[:8]}")
    return taken_up(store, str(before), session.id)


def taken_up(store: Store, session_id: str, instead_of: str) -> EditSession:
    """Go back to a session in place of another one; what was decided about it stands again.

    Where it is signed but was not rendered, it is announced again: what was queued of it had been withdrawn.
    """
    session = store.sessions.again(session_id, instead_of=instead_of, reason="an earlier form took its place")
    if session.status is EditSessionStatus.APPROVED:
        session = store.sessions.set_status(session.id, EditSessionStatus.NEEDS_REVIEW)
    return settled(store, session)


def settled(store: Store, session: EditSession) -> EditSession:
    """The current session of a family in the status that follows from what was decided about its cuts."""
    now = signoff.of(store, session)
    if session.status is EditSessionStatus.RENDERING and store.jobs.list(session.id)[0].withdrawn:
        session = store.sessions.set_status(session.id, EditSessionStatus.NEEDS_REVIEW)
    if session.status in (EditSessionStatus.NEEDS_REVIEW, EditSessionStatus.APPROVED):
        reached = EditSessionStatus.NEEDS_REVIEW if now.unsigned else EditSessionStatus.APPROVED
        return store.sessions.set_status(session.id, reached)
    rejected = any(now.word(cut).standing is signoff.Standing.REJECTED for cut in session.timelines)
    if session.status is EditSessionStatus.COMPLETE and rejected:
        return store.sessions.set_status(session.id, EditSessionStatus.NEEDS_REVIEW)
    return session
