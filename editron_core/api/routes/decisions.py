"""Decisions: what people said about cuts."""

from __future__ import annotations

from fastapi import APIRouter

from editron_core.api.deps import Page, PageDep, StoreDep, Viewer, page_of
from editron_core.api.shapes import Decision, Id

router = APIRouter(tags=["decisions"])


@router.get("/api/decisions")
def list_decisions(store: StoreDep, page: PageDep, who: Viewer) -> Page[Decision]:
    """Decisions about all cuts, the newest first."""
    return page_of(store.decisions.page(after=page.after, limit=page.limit), Decision.model_validate)


@router.get("/api/sessions/{session_id}/decisions")
def list_of_session(store: StoreDep, page: PageDep, session_id: Id, who: Viewer) -> Page[Decision]:
    """The decisions about a session's cuts, the newest first."""
    store.sessions.get(session_id)
    found = store.decisions.page(session_id=session_id, after=page.after, limit=page.limit)
    return page_of(found, Decision.model_validate)
