"""Render jobs: asked for, watched, held, tried again, and what they left."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from editron_core.api import places
from editron_core.api.deps import (
    Operator,
    Page,
    PageDep,
    RequiredKey,
    SettingsDep,
    StoreDep,
    Viewer,
    page_of,
)
from editron_core.api.shapes import Asked, Id, RenderJob, Shape
from editron_core.domain.job import RenderJobStatus, RenderPriority
from editron_core.domain.operations import Subject
from editron_core.lane import asking
from editron_core.lane.lane import Lane
from editron_core.store import Store

router = APIRouter(tags=["render jobs"])
Format = Annotated[str, Field(pattern=r"^[a-z0-9:_-]{1,40}$")]
Destination = Annotated[str, Field(min_length=1, max_length=1000)]


class NewJob(Asked):
    """How a session is to be rendered."""

    priority: RenderPriority = RenderPriority.STANDARD
    destinations: Annotated[
        tuple[Destination, ...],
        Field(max_length=10, description="Where copies go: folders, or `blobs` for the blob store."),
    ] = ()
    formats: Annotated[
        tuple[Format, ...],
        Field(max_length=10, description="Aspect ratios or presets of its blueprint; none is all of them."),
    ] = ()


class Priority(Asked):
    """How urgent a job is."""

    priority: RenderPriority


class Log(Shape):
    """What was said before a job failed."""

    error: str | None
    lines: list[str]


@router.get("/api/jobs")
def list_jobs(
    store: StoreDep,
    page: PageDep,
    who: Viewer,
    status: RenderJobStatus | None = None,
    session_id: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
) -> Page[RenderJob]:
    """Render jobs, the newest first."""
    found = store.jobs.page(status=status, session_id=session_id, after=page.after, limit=page.limit)
    return page_of(found, RenderJob.model_validate)


@router.post("/api/sessions/{session_id}/jobs", status_code=201, dependencies=[Depends(RequiredKey)])
def make_job(
    store: StoreDep, settings: SettingsDep, session_id: Id, body: NewJob, who: Operator
) -> RenderJob:
    """Render a session; a job that asks for the same and is not finished counts, at the higher priority."""
    places.check_destinations(who, settings, body.destinations)
    wish = asking.RenderWish(body.priority, body.destinations, body.formats)
    return RenderJob.model_validate(asking.render(Lane(store, settings), session_id, wish))


@router.get("/api/jobs/{job_id}")
def show_job(store: StoreDep, job_id: Id, who: Viewer) -> RenderJob:
    """One render job: how far it is, and what it left."""
    return RenderJob.model_validate(store.jobs.get(job_id))


@router.get("/api/jobs/{job_id}/log")
def show_log(store: StoreDep, job_id: Id, who: Viewer) -> Log:
    """The last lines that were said before a job failed."""
    job = store.jobs.get(job_id)
    subject = _subject(store, job_id)
    letters = [one for one in store.dead_letters.list(batch_id=subject.batch_id) if one.job_id == job.id]
    lines = letters[0].log_tail.splitlines() if letters else []
    return Log(error=job.last_error or (letters[0].message if letters else None), lines=lines)


@router.patch("/api/jobs/{job_id}")
def set_priority(store: StoreDep, job_id: Id, body: Priority, who: Operator) -> RenderJob:
    """Move a job up or down the queue."""
    return RenderJob.model_validate(store.jobs.set_priority(job_id, body.priority))


@router.post("/api/jobs/{job_id}/pause")
def pause_job(store: StoreDep, job_id: Id, who: Operator) -> RenderJob:
    """Stop a job within seconds; what is finished of it stays."""
    store.holds.pause(_subject(store, job_id))
    return RenderJob.model_validate(store.jobs.get(job_id))


@router.post("/api/jobs/{job_id}/resume")
def resume_job(store: StoreDep, job_id: Id, who: Operator) -> RenderJob:
    """Let a paused job go on."""
    store.holds.resume(_subject(store, job_id))
    return RenderJob.model_validate(store.jobs.get(job_id))


@router.post("/api/jobs/{job_id}/cancel")
def cancel_job(store: StoreDep, job_id: Id, who: Operator) -> RenderJob:
    """End a job for good; `retry` takes it up all the same."""
    store.holds.cancel(_subject(store, job_id))
    return RenderJob.model_validate(store.jobs.get(job_id))


@router.post("/api/jobs/{job_id}/retry")
def retry_job(store: StoreDep, job_id: Id, who: Operator) -> RenderJob:
    """Try a job again that failed or was cancelled."""
    store.holds.retry(_subject(store, job_id))
    return RenderJob.model_validate(store.jobs.get(job_id))


def _subject(store: Store, job_id: str) -> Subject:
    session_id = store.jobs.get(job_id).session_id
    return Subject(store.sessions.get(session_id).batch_id, job_id=job_id)
