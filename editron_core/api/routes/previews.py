"""Previews: a frame of a deliverable as the export draws it, and the look of its captions."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from editron_core.api.deps import Reviewer, StoreDep, Viewer
from editron_core.api.routes.captions import CaptionsEdited, read_lines
from editron_core.api.routes.sessions import TimelineName
from editron_core.api.seconds import Seconds, SecondsAsked
from editron_core.api.shapes import Asked, Id, Shape
from editron_core.lane import dressing
from editron_core.lane.dressing import Draft, Frame
from editron_core.store import Store

router = APIRouter(tags=["captions"])
PNG = "image/png"
AspectName = Annotated[str, Query(max_length=8, description="Which shape; empty for the blueprint's first.")]
PresetName = Annotated[
    str, Query(max_length=20, description="The caption preset to try, or `off`; empty for the cut's own.")
]
WAIT_S = 25.0
PICTURE: dict[int | str, dict[str, Any]] = {200: {"description": "The frame.", "content": {PNG: {}}}}


class DraftPreview(CaptionsEdited):
    """A frame with captions that are not saved yet."""

    timeline: TimelineName = ""
    aspect: Annotated[str, Field(max_length=8)] = ""
    at: Seconds
    preset: Annotated[str, Field(max_length=20)] = ""
    file_id: Id


class Look(Asked):
    """How captions are to look."""

    preset: Annotated[str, Field(max_length=20, description="A caption preset, or `off`.")]


class Chosen(Shape):
    """What came of a new look."""

    sessions: Annotated[list[str], Field(description="Sessions that look otherwise, to be signed anew.")]


async def _frame(
    at: SecondsAsked = Fraction(0),
    timeline: Annotated[str, Query(max_length=200)] = "",
    aspect: AspectName = "",
    preset: PresetName = "",
) -> Frame:
    return Frame(timeline, aspect, at, preset)


@router.get("/api/sessions/{session_id}/preview", response_class=Response, responses=PICTURE)
def show_preview(
    store: StoreDep, session_id: Id, who: Viewer, wanted: Annotated[Frame, Depends(_frame)]
) -> Response:
    """One frame of a deliverable, as the export draws it, as PNG."""
    return _drawn(store, session_id, wanted, None)


@router.post("/api/sessions/{session_id}/preview", response_class=Response, responses=PICTURE)
def draw_preview(store: StoreDep, session_id: Id, body: DraftPreview, who: Reviewer) -> Response:
    """The same with lines of captions that are not saved yet."""
    wanted = Frame(body.timeline, body.aspect, body.at, body.preset)
    return _drawn(store, session_id, wanted, Draft(body.file_id, read_lines(body.lines)))


@router.put("/api/batches/{batch_id}/caption-look")
def choose_look(store: StoreDep, batch_id: Id, body: Look, who: Reviewer) -> Chosen:
    """Let the captions of all cuts of a batch look alike; those that looked otherwise are unsigned."""
    made = dressing.choose(store, batch_id, body.preset, who.name)
    return Chosen(sessions=[session.id for session in made])


def _drawn(store: Store, session_id: str, wanted: Frame, draft: Draft | None) -> Response:
    # Drawing costs a processor for a second: one at a time for each session.
    with store.leases.hold(f"preview:{session_id}", wait_s=WAIT_S):
        picture = dressing.frame(store, session_id, wanted, draft)
    return Response(picture, media_type=PNG, headers={"Cache-Control": "no-store"})
