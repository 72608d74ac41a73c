"""Edit sessions: the cuts of a batch, looked at and signed, each decision bound to what was shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from editron_core.api import etags
from editron_core.api.deps import Page, PageDep, Reviewer, StoreDep, Viewer, page_of
from editron_core.api.etags import IfMatch
from editron_core.api.seconds import Seconds
from editron_core.api.shapes import Asked, Cut, Decision, Id, Note, Session, SessionRow, Shape
from editron_core.domain.job import EditSession, Verdict
from editron_core.domain.timeline import Cue
from editron_core.errors import UsageError
from editron_core.lane import signing
from editron_core.review import signoff
from editron_core.store import Store
from editron_core.times import Span

router = APIRouter(tags=["sessions"])
TimelineName = Annotated[str, Field(max_length=200, description="Which cut; empty for all of the session.")]
WAIT_S = 5.0


class Approval(Asked):
    """A word to go with a signature."""

    timeline: TimelineName = ""
    note: Note = ""


class Rejection(Asked):
    """Why a cut is turned down."""

    timeline: TimelineName = ""
    reason: Annotated[Note, Field(min_length=1)]


class Trim(Asked):
    """What of the clip that plays there is kept."""

    timeline: TimelineName = ""
    start: Seconds
    end: Seconds


class Captions(Shape):
    """What is captioned in one cut."""

    timeline: str
    content_hash: str
    cues: list[Cue]


@router.get("/api/batches/{batch_id}/sessions")
def list_sessions(store: StoreDep, page: PageDep, batch_id: Id, who: Viewer) -> Page[SessionRow]:
    """The sessions of a batch, the newest first."""
    store.batches.get(batch_id)
    found = store.sessions.page(batch_id=batch_id, after=page.after, limit=page.limit)
    return page_of(found, SessionRow.model_validate)


@router.get("/api/sessions/{session_id}")
def show_session(store: StoreDep, session_id: Id, who: Viewer, response: Response) -> Session:
    """The cuts of a session and where each stands; its ETag is for `If-Match`."""
    return shown(store, store.sessions.get(session_id), response)


@router.get("/api/sessions/{session_id}/captions")
def show_captions(
    store: StoreDep, session_id: Id, who: Viewer, timeline: Annotated[str, Query(max_length=200)] = ""
) -> Captions:
    """The captions of one cut: of the only one where `timeline` is empty."""
    cut = signoff.find_timeline(store.sessions.get(session_id), timeline)
    return Captions(timeline=cut.name, content_hash=cut.content_hash, cues=list(cut.cues))


@router.post("/api/sessions/{session_id}/approve")
def approve(
    store: StoreDep,
    session_id: Id,
    body: Approval,
    who: Reviewer,
    response: Response,
    if_match: IfMatch = None,
) -> Session:
    """Sign off a cut as it was shown, or all cuts of the session."""
    opinion = signing.Opinion(Verdict.APPROVE, who.name, body.note)
    return _decided(store, session_id, body.timeline, opinion, if_match, response)


@router.post("/api/sessions/{session_id}/reject")
def reject(
    store: StoreDep,
    session_id: Id,
    body: Rejection,
    who: Reviewer,
    response: Response,
    if_match: IfMatch = None,
) -> Session:
    """Turn a cut down as it was shown, or all cuts of the session, with the reason."""
    opinion = signing.Opinion(Verdict.REJECT, who.name, body.reason)
    return _decided(store, session_id, body.timeline, opinion, if_match, response)


@router.post("/api/sessions/{session_id}/trim")
def trim(
    store: StoreDep, session_id: Id, body: Trim, who: Reviewer, response: Response, if_match: IfMatch = None
) -> Session:
    """Keep a part of the clip that plays there, and let what follows move up.

    Returns the session of the new cut, which is to be signed anew.
    """
    if body.end <= body.start:
        raise UsageError("ends before it begins", subject="what is kept")
    with store.leases.hold(f"review:{session_id}", wait_s=WAIT_S):
        check(store, session_id, if_match)
        made = signing.trim(store, session_id, body.timeline, Span(body.start, body.end), who.name)
    return shown(store, made, response)


def _decided(
    store: Store,
    session_id: str,
    timeline: str,
    opinion: signing.Opinion,
    if_match: str | None,
    response: Response,
) -> Session:
    # Two people at once: the second one's version is compared with what the first one left.
    with store.leases.hold(f"review:{session_id}", wait_s=WAIT_S):
        check(store, session_id, if_match)
        decided = signing.decide(store, session_id, timeline, opinion)
    return shown(store, decided, response)


def check(store: Store, session_id: str, if_match: str | None) -> None:
    """Raises Stale (412) where a session is not what was seen any more, Refused (428) where nobody says."""
    session = store.sessions.get(session_id)
    etags.check(if_match, signoff.of(store, session).version, f"session {session_id[:8]}")


def shown(store: Store, session: EditSession, response: Response) -> Session:
    """A session with its cuts, and its ETag in the response."""
    now = signoff.of(store, session)
    response.headers["ETag"] = etags.quoted(now.version)
    cuts = [
        Cut(
            timeline=timeline,
            content_hash=timeline.content_hash,
            duration=timeline.duration,
            standing=(said := now.word(timeline)).standing,
            approved=list(said.approved),
            missing=said.missing,
            decisions=[Decision.model_validate(d) for d in now.decisions if d.timeline == timeline.name],
        )
        for timeline in session.timelines
    ]
    row = SessionRow.model_validate(session)
    return Session(**row.model_dump(), version=now.version, cuts=cuts)
