"""Batches: what arrived together, taken in from places, held, tried again, removed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from editron_core.api import places
from editron_core.api.deps import (
    Caller,
    Operator,
    Page,
    PageDep,
    RequiredKey,
    SettingsDep,
    StoreDep,
    Viewer,
    page_of,
)
from editron_core.api.orders import OrderFields
from editron_core.api.shapes import Asked, Batch, File, HexId, Id, Line
from editron_core.config import Settings
from editron_core.domain import codec
from editron_core.domain.access import Role
from editron_core.domain.batch import BatchStatus, StorageTier, joined
from editron_core.domain.operations import Subject
from editron_core.errors import UsageError
from editron_core.lane import uploads
from editron_core.lane.lane import Lane
from editron_core.store import NewBatch, Store

router = APIRouter(prefix="/api/batches", tags=["batches"])
Source = Annotated[str, Field(min_length=1, max_length=4096)]


class NewBatchFields(Asked):
    """Footage that is to be produced."""

    sources: Annotated[
        list[Source],
        Field(
            max_length=1000,
            description="http(s) URLs, `upload:<id>` for what was sent, and absolute paths on the server.",
        ),
    ]
    project_id: HexId | None = None
    reference_name: Annotated[Line | None, Field(description="What people call it.")] = None
    storage_tier: StorageTier = StorageTier.HOT
    checksum_required: bool = True
    order: OrderFields = OrderFields()


@router.get("")
def list_batches(
    store: StoreDep,
    page: PageDep,
    who: Viewer,
    status: BatchStatus | None = None,
    project_id: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
) -> Page[Batch]:
    """Batches, the newest first."""
    found = store.batches.page(status=status, project_id=project_id, after=page.after, limit=page.limit)
    return page_of(found, Batch.model_validate)


@router.post("", status_code=201, dependencies=[Depends(RequiredKey)])
def make_batch(store: StoreDep, settings: SettingsDep, body: NewBatchFields, who: Operator) -> Batch:
    """Take in footage and produce it; what was asked for is written down, and begins by itself."""
    return Batch.model_validate(store.batches.order(_wanted(store, settings, body, who)))


@router.get("/{batch_id}")
def show_batch(store: StoreDep, batch_id: Id, who: Viewer) -> Batch:
    """One batch."""
    return Batch.model_validate(store.batches.get(batch_id))


@router.delete("/{batch_id}", status_code=204)
def delete_batch(store: StoreDep, batch_id: Id, who: Operator) -> Response:
    """Remove a batch with its files, analyses, sessions, decisions and jobs; a stage that runs is stopped."""
    store.batches.delete(batch_id)
    return Response(status_code=204)


@router.get("/{batch_id}/files")
def list_files(
    store: StoreDep, page: PageDep, batch_id: Id, who: Viewer, status: BatchStatus | None = None
) -> Page[File]:
    """The files of a batch, in the order they were added."""
    store.batches.get(batch_id)
    found = store.files.page(batch_id, status=status, after=page.after, limit=page.limit)
    return page_of(found, File.model_validate)


@router.post("/{batch_id}/pause")
def pause_batch(store: StoreDep, batch_id: Id, who: Operator) -> Batch:
    """Stop before the next stage; a stage that runs is stopped within seconds."""
    store.batches.get(batch_id)
    store.holds.pause(Subject(batch_id))
    return Batch.model_validate(store.batches.get(batch_id))


@router.post("/{batch_id}/resume")
def resume_batch(store: StoreDep, batch_id: Id, who: Operator) -> Batch:
    """Let a paused batch go on from its last finished stage."""
    store.holds.resume(Subject(batch_id))
    return Batch.model_validate(store.batches.get(batch_id))


@router.post("/{batch_id}/cancel")
def cancel_batch(store: StoreDep, batch_id: Id, who: Operator) -> Batch:
    """End work on a batch; nothing that is finished is lost."""
    store.holds.cancel(Subject(batch_id))
    return Batch.model_validate(store.batches.get(batch_id))


@router.post("/{batch_id}/retry")
def retry_batch(store: StoreDep, batch_id: Id, who: Operator) -> Batch:
    """Begin again with the files that failed, or all of it where it was cancelled."""
    store.holds.retry(Subject(batch_id))
    return Batch.model_validate(store.batches.get(batch_id))


def _source(store: Store, settings: Settings, who: Caller, asked: str) -> str:
    """A source as the lane reads it. Raises NotFound, and Conflict for an upload that is not whole."""
    sent = uploads.SOURCE.fullmatch(asked)
    if sent is None:
        return asked
    found = uploads.mine(store, sent[1], who.name, anybodys=who.role is Role.ADMIN)
    return uploads.source(store, settings, found)


def _wanted(store: Store, settings: Settings, body: NewBatchFields, who: Caller) -> NewBatch:
    """The batch to record. Raises UsageError, NotFound or DefinitionError for what cannot be carried out."""
    if not body.sources:
        raise UsageError("names nothing to take in", subject="sources")
    sources = [_source(store, settings, who, one) for one in body.sources]
    places.check_sources(who, settings, [one for one in sources if not uploads.SOURCE.fullmatch(one)])
    places.check_destinations(who, settings, body.order.destinations)
    order = body.order.order()
    Lane(store, settings).check(order)
    if body.project_id is not None:
        store.projects.get(body.project_id)
    return NewBatch(
        source_url=joined(sources),
        reference_name=body.reference_name or body.sources[0].rstrip("/").rsplit("/", 1)[-1],
        project_id=body.project_id,
        storage_tier=body.storage_tier,
        checksum_required=body.checksum_required,
        metadata={"order": codec.dump(order), "asked_by": who.name},
    )
