"""Sign-off: what people's decisions say about a cut as it is now.

A decision is bound to the hash of what was shown. When the cut changes, by a trim or a new edit, the
hash changes with it and earlier decisions say nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from editron_core.domain import codec
from editron_core.domain.job import Decision, EditSession, Verdict
from editron_core.domain.timeline import Timeline
from editron_core.errors import UsageError


class Standing(StrEnum):
    """Where a cut stands with the people who sign off."""

    UNSIGNED = "unsigned"
    APPROVED = "approved"
    REJECTED = "rejected"


def standing(timeline: Timeline, decisions: Iterable[Decision]) -> Standing:
    """The latest word on `timeline` as it is now; `decisions` are in the order they were made.

    Each author's latest decision counts; one rejection outweighs any number of approvals.
    """
    shown = timeline.content_hash
    latest = {
        d.author: d.verdict for d in decisions if d.content_hash == shown and d.verdict is not Verdict.TRIM
    }
    if Verdict.REJECT in latest.values():
        return Standing.REJECTED
    return Standing.APPROVED if latest else Standing.UNSIGNED


def unsigned(session: EditSession, decisions: Iterable[Decision]) -> tuple[Timeline, ...]:
    """The timelines of a session that nobody has approved as they are now."""
    made = tuple(decisions)
    return tuple(t for t in session.timelines if standing(t, made) is not Standing.APPROVED)


def version(session: EditSession, decisions: Iterable[Decision]) -> str:
    """Hash of what somebody saw who looked at a session: its cuts, and what had been decided about them."""
    return codec.content_hash([session.content_hash, *(decision.id for decision in decisions)])[:32]


def find_timeline(session: EditSession, name: str) -> Timeline:
    """The timeline of that name, or the only one where `name` is empty. Raises UsageError."""
    if not name and len(session.timelines) == 1:
        return session.timelines[0]
    for timeline in session.timelines:
        if timeline.name == name:
            return timeline
    known = ", ".join(timeline.name for timeline in session.timelines)
    raise UsageError(f"no timeline {name!r}", subject=f"session {session.id[:8]}", remedy=f"it holds {known}")
