"""Edits of cuts: each gives a new session that takes the place of the one that was shown, and is unsigned.

Whoever edits says which version of the session they saw, by If-Match; what was changed meanwhile is a 412.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from editron_core.api.deps import Reviewer, StoreDep
from editron_core.api.etags import IfMatch
from editron_core.api.routes.sessions import WAIT_S, TimelineName, check, shown
from editron_core.api.seconds import Seconds
from editron_core.api.shapes import Asked, Id, Session
from editron_core.domain.job import EditSession
from editron_core.errors import UsageError
from editron_core.lane import revising, signing
from editron_core.store import Store
from editron_core.times import Span

router = APIRouter(prefix="/api/sessions/{session_id}", tags=["sessions"])
Number = Annotated[int, Field(ge=0, le=10_000, description="Which clip of the cut, counted from 0.")]


class OfCut(Asked):
    """Which cut."""

    timeline: TimelineName = ""


class Split(OfCut):
    """Where a clip is cut in two."""

    at: Seconds


class OfClip(OfCut):
    """Which clip of a cut."""

    clip: Number


class Retime(OfClip):
    """What of its file a clip is to show."""

    start: Annotated[Seconds, Field(description="Seconds from the file's first frame.")]
    end: Annotated[Seconds, Field(description="Seconds from the file's first frame.")]


class Move(OfClip):
    """Where a clip goes."""

    to: Number


@router.post("/split")
def split(
    store: StoreDep, session_id: Id, body: Split, who: Reviewer, response: Response, if_match: IfMatch = None
) -> Session:
    """Cut the clip that shows at an instant in two."""

    def edit() -> EditSession:
        return signing.split(store, session_id, body.timeline, body.at, who.name)

    return _edited(store, session_id, if_match, response, edit)


@router.post("/retime")
def retime(
    store: StoreDep, session_id: Id, body: Retime, who: Reviewer, response: Response, if_match: IfMatch = None
) -> Session:
    """Let a clip begin and end elsewhere in its file; where that is less than it showed, it is a trim."""
    if body.end <= body.start:
        raise UsageError("ends before it begins", subject="what is shown")

    def edit() -> EditSession:
        source = Span(body.start, body.end)
        return signing.retime(store, session_id, body.timeline, body.clip, source, who.name)

    return _edited(store, session_id, if_match, response, edit)


@router.post("/merge")
def merge(
    store: StoreDep, session_id: Id, body: OfClip, who: Reviewer, response: Response, if_match: IfMatch = None
) -> Session:
    """Make one clip of a clip and the next, which must go on in the footage where it ends."""

    def edit() -> EditSession:
        return signing.merge(store, session_id, body.timeline, body.clip, who.name)

    return _edited(store, session_id, if_match, response, edit)


@router.post("/remove")
def remove(
    store: StoreDep, session_id: Id, body: OfClip, who: Reviewer, response: Response, if_match: IfMatch = None
) -> Session:
    """Take a clip out, and let what follows move up."""

    def edit() -> EditSession:
        return signing.remove(store, session_id, body.timeline, body.clip, who.name)

    return _edited(store, session_id, if_match, response, edit)


@router.post("/move")
def move(
    store: StoreDep, session_id: Id, body: Move, who: Reviewer, response: Response, if_match: IfMatch = None
) -> Session:
    """Put a clip where another one is."""

    def edit() -> EditSession:
        return signing.move(store, session_id, body.timeline, (body.clip, body.to), who.name)

    return _edited(store, session_id, if_match, response, edit)


@router.post("/undo")
def undo(
    store: StoreDep, session_id: Id, who: Reviewer, response: Response, if_match: IfMatch = None
) -> Session:
    """Go back to the session that this one was made from; what was decided about that one stands again."""
    return _edited(store, session_id, if_match, response, lambda: revising.undo(store, session_id))


@router.post("/withdraw")
def withdraw(
    store: StoreDep, session_id: Id, body: OfCut, who: Reviewer, response: Response, if_match: IfMatch = None
) -> Session:
    """Take back one's own last word on a cut."""

    def edit() -> EditSession:
        return signing.withdraw(store, session_id, body.timeline, who.name)

    return _edited(store, session_id, if_match, response, edit)


def _edited(
    store: Store, session_id: str, if_match: str | None, response: Response, edit: Callable[[], EditSession]
) -> Session:
    with store.leases.hold(f"review:{session_id}", wait_s=WAIT_S):
        check(store, session_id, if_match)
        made = edit()
    return shown(store, made, response)
