"""Decisions: what people said about cuts."""

from __future__ import annotations

from fastapi import APIRouter

from editron_core.api.deps import StoreDep, Viewer
from editron_core.api.shapes import Decision, Id

router = APIRouter(tags=["decisions"])


@router.get("/api/sessions/{session_id}/decisions")
def list_decisions(store: StoreDep, session_id: Id, who: Viewer) -> list[Decision]:
    """The decisions about a session's cuts, the oldest first."""
    return [Decision.model_validate(one) for one in store.decisions.list(store.sessions.get(session_id).id)]
