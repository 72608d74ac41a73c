"""Revisions: a cut that people change becomes a new session of the same family, which takes its place.

A family is what one assembly of moments gave, in all the forms that people brought it into. Its newest
session is the current one; going back to an earlier one makes that the newest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from editron_core.domain import codec
from editron_core.domain.job import EditSession
from editron_core.domain.timeline import Timeline

FAMILY, BEFORE, CHANGED = "trimmed_from", "before", "changed"
"""Keys of a session's metadata: its family, the session that it was made from, and who made it how."""


def family_of(timelines: Sequence[Timeline]) -> str:
    """What identifies a family: its cuts as they were assembled, whatever is captioned and how it looks."""
    return codec.content_hash([codec.dump(replace(each, cues=(), look="")) for each in timelines])


def family(session: EditSession) -> str:
    """The family of a session."""
    return str(session.metadata.get(FAMILY, session.content_hash))


def current(sessions: Sequence[EditSession]) -> tuple[EditSession, ...]:
    """The current session of each family, of `sessions` that are the newest first; the newest first."""
    found: dict[tuple[str, str], EditSession] = {}
    for session in sessions:
        found.setdefault((session.deliverable_type, family(session)), session)
    return tuple(found.values())


def superseding(session: EditSession, sessions: Sequence[EditSession]) -> EditSession | None:
    """The session that took the place of `session`; null while it is the current one."""
    mine = (session.deliverable_type, family(session))
    newest = next((one for one in sessions if (one.deliverable_type, family(one)) == mine), session)
    return None if newest.id == session.id else newest
