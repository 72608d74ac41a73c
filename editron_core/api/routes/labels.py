"""Labels: people rate two-second windows of footage, blind: nothing here tells a score."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from editron_core.api.deps import Reviewer, StoreDep, Viewer
from editron_core.api.shapes import Asked, Id, Shape, Shown
from editron_core.domain.label import Raters
from editron_core.errors import UsageError
from editron_core.review import labels
from editron_core.review.labels import Footage
from editron_core.store import Store
from editron_core.times import Span

router = APIRouter(tags=["labels"])
Rating = Annotated[int, Field(ge=1, le=5, description="1 leave it out, 5 show it.")]


class Windows(Shape):
    """What there is to rate in a file."""

    file: Shown
    sha256: str
    duration: Fraction
    windows: list[Span]
    mine: Annotated[list[int] | None, Field(description="What the caller said before; null: nothing.")]


class Ratings(Asked):
    """What somebody says of every window of a file."""

    ratings: Annotated[list[Rating], Field(min_length=1, max_length=43_200)]
    again: Annotated[bool, Field(description="Replace what the caller said before.")] = False


class Agreement(Shape):
    """What there is of one file, and how far its raters agree."""

    file: Annotated[str | None, Field(description="Its name; null where only its SHA-256 is known.")]
    file_sha256: str
    kind: Raters
    splits: list[str]
    raters: list[str]
    ratings: int
    from_decisions: int
    agreement: Annotated[float | None, Field(description="Mean rho of a rater with the mean of the others.")]


class Agreements(Shape):
    """All files that were rated."""

    items: list[Agreement]


@router.get("/api/files/{file_id}/windows")
def list_windows(store: StoreDep, file_id: Id, who: Reviewer) -> Windows:
    """The windows of a file, and what the caller said of them before."""
    footage = _footage(store, file_id)
    said = [
        label
        for label in store.labels.list(Raters.PEOPLE, file_sha256=footage.sha256)
        if label.rater == who.name
    ]
    blind = sorted((label.span.start, label.rating) for label in said if label.decision_id is None)
    return Windows(
        file=footage.name,
        sha256=footage.sha256,
        duration=footage.duration,
        windows=list(footage.windows),
        mine=[rating for _, rating in blind] or None,
    )


@router.put("/api/files/{file_id}/ratings")
def rate(store: StoreDep, file_id: Id, body: Ratings, who: Reviewer) -> Windows:
    """Rate every window of a file, under the name of the caller's key."""
    labels.rate(store, _footage(store, file_id), who.name, body.ratings, again=body.again)
    return list_windows(store, file_id, who)


@router.get("/api/labels")
def list_agreements(store: StoreDep, who: Viewer, kind: Raters = Raters.PEOPLE) -> Agreements:
    """What was rated and by whom, and how far raters agree; kinds of raters are never mixed."""
    return Agreements(items=[Agreement.model_validate(row) for row in labels.summary(store, kind)])


def _footage(store: Store, file_id: str) -> Footage:
    file = store.files.get(file_id)
    if file.probe is None:
        raise UsageError("was never probed", subject=file.name, remedy="retry it")
    return Footage(file.name, file.sha256, file.probe.duration)
