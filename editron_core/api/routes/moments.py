"""Moments: what was chosen, why, in which cuts it plays, and what people decided about these."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from editron_core.api.deps import StoreDep, Viewer
from editron_core.api.shapes import Decision, Id, Moment, Shape, Shown
from editron_core.domain.moment import Moment as Chosen
from editron_core.errors import NotFound
from editron_core.review import signoff
from editron_core.review.signoff import Standing
from editron_core.store import Store
from editron_core.times import Span

router = APIRouter(prefix="/api/batches/{batch_id}/moments", tags=["moments"])


class Place(Shape):
    """Where a moment plays."""

    session_id: str
    timeline: str
    at: Annotated[Span, Field(description="On the timeline.")]
    standing: Standing
    decisions: list[Decision]


class PlacedMoment(Moment):
    """A moment, its file, and the cuts that show it."""

    rank: Annotated[int, Field(description="1 is the best.")]
    file: Annotated[Shown, Field(description="The name of its file.")]
    file_id: Annotated[str | None, Field(description="Null where the file was taken out of the batch.")]
    places: list[Place]


class Moments(Shape):
    """The moments of a batch, best first."""

    brief: str
    profile_hash: str
    items: list[PlacedMoment]


@router.get("")
def list_moments(store: StoreDep, batch_id: Id, who: Viewer) -> Moments:
    """The moments of the analysis that was saved last, each with the cuts that show it."""
    analysis = store.analyses.latest(store.batches.get(batch_id).id)
    if analysis is None:
        raise NotFound("has no analysis yet", subject=f"batch {batch_id[:8]}")
    files = {file.sha256: file for file in store.files.list(batch_id)}
    placed = _placed(store, batch_id)
    items = []
    for rank, moment in enumerate(analysis.hero_moments, start=1):
        file = files.get(moment.file_id)
        items.append(
            PlacedMoment(
                **Moment.model_validate(moment).model_dump(),
                rank=rank,
                file=file.name if file else moment.file_id[:12],
                file_id=file.id if file else None,
                places=[place for shown, place in placed if _same(shown, moment)],
            )
        )
    return Moments(brief=analysis.brief, profile_hash=analysis.profile_hash, items=items)


def _placed(store: Store, batch_id: str) -> list[tuple[Chosen, Place]]:
    found: list[tuple[Chosen, Place]] = []
    for session in store.sessions.list(batch_id):
        now = signoff.of(store, session)
        for timeline in session.timelines:
            standing = now.word(timeline).standing
            about = [Decision.model_validate(one) for one in now.decisions if one.timeline == timeline.name]
            for at, clip in timeline.placed():
                if clip.moment is not None:
                    place = Place(
                        session_id=session.id,
                        timeline=timeline.name,
                        at=at,
                        standing=standing,
                        decisions=about,
                    )
                    found.append((clip.moment, place))
    return found


def _same(one: Chosen, other: Chosen) -> bool:
    return one.file_id == other.file_id and one.span == other.span
