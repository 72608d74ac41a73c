"""Analyses: what the footage of a batch comes to, for each brief and profile that was applied."""

from __future__ import annotations

from fastapi import APIRouter

from editron_core.api.deps import Page, PageDep, StoreDep, Viewer, page_of
from editron_core.api.shapes import Analysis, Id
from editron_core.errors import NotFound

router = APIRouter(prefix="/api/batches/{batch_id}", tags=["analyses"])


@router.get("/analyses")
def list_analyses(store: StoreDep, page: PageDep, batch_id: Id, who: Viewer) -> Page[Analysis]:
    """The analyses of a batch, the one saved last first."""
    store.batches.get(batch_id)
    found = store.analyses.page(batch_id, after=page.after, limit=page.limit)
    return page_of(found, Analysis.model_validate)


@router.get("/analysis")
def show_analysis(store: StoreDep, batch_id: Id, who: Viewer) -> Analysis:
    """The analysis that was saved last."""
    found = store.analyses.latest(store.batches.get(batch_id).id)
    if found is None:
        raise NotFound("has no analysis yet", subject=f"batch {batch_id[:8]}")
    return Analysis.model_validate(found)
