"""The QA board: what runs of the harness came to, and the golden frames that differed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.params import Path as InPath

from editron_core.api import streaming
from editron_core.api.deps import Page, PageDep, StoreDep, Viewer, page_of
from editron_core.api.shapes import Id, Shape
from editron_core.api.streaming import FOREVER, Streamed
from editron_core.domain.registry import QaKind
from editron_core.errors import NotFound
from editron_core.store.retention import BLOB

router = APIRouter(prefix="/api/qa", tags=["qa"])
Kind = Annotated[QaKind | None, Query(description="Of this kind only.")]
Number = Annotated[int, InPath(ge=0, le=999, description="Which of the run's frames.")]
PICTURE: dict[int | str, dict[str, Any]] = {200: {"description": "The frame.", "content": {"image/png": {}}}}


class Run(Shape):
    """One judgement of the machine."""

    id: str
    kind: QaKind
    profile_hash: str
    golden_hash: str
    result: dict[str, Any] | None
    created_at: datetime | None


@router.get("/runs")
def list_runs(store: StoreDep, page: PageDep, who: Viewer, kind: Kind = None) -> Page[Run]:
    """The runs, the newest first."""
    return page_of(store.qa_runs.page(kind=kind, after=page.after, limit=page.limit), Run.model_validate)


@router.get("/runs/{run_id}")
def show_run(store: StoreDep, run_id: Id, who: Viewer) -> Run:
    """One run; its result is null while it runs, and for ever where it was interrupted."""
    return Run.model_validate(store.qa_runs.get(run_id))


@router.get("/runs/{run_id}/frames/{number}/{side}", response_class=Response, responses=PICTURE)
def show_frame(
    request: Request,
    store: StoreDep,
    run_id: Id,
    number: Number,
    side: Literal["before", "after", "diff"],
    who: Viewer,
) -> Response:
    """A golden frame that differed: as it was blessed, as it was drawn, or both with their difference."""
    frames = (store.qa_runs.get(run_id).result or {}).get("frames", [])
    if number >= len(frames):
        raise NotFound(f"has no changed frame {number}", subject=f"QA run {run_id[:8]}")
    sha256 = str(frames[number][side]).removeprefix(BLOB)
    picture = Streamed(store.blobs.path(sha256), sha256, "image/png", f"{side}.png", cache=FOREVER)
    return streaming.give(request, picture)
