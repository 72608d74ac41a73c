"""Events: what happens, as it happens, and what has happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from editron_core.api import events
from editron_core.api.deps import MOST, StoreDep, Viewer
from editron_core.api.problem import Refused
from editron_core.api.shapes import HEX, Shape
from editron_core.domain.event import KINDS
from editron_core.errors import NotFound
from editron_core.store import Store
from editron_core.store.records.events import Wanted

router = APIRouter(prefix="/api/events", tags=["events"])
LONGEST = 18
"""Digits of an event's number."""


async def _wanted(
    batch_id: Annotated[str | None, Query(pattern=HEX, description="Only what belongs to it.")] = None,
    project_id: Annotated[str | None, Query(pattern=HEX, description="Only what belongs to it.")] = None,
) -> Wanted:
    return Wanted(batch_id, project_id)


async def _seen(
    last_event_id: Annotated[
        str | None, Header(description="Number of the last event that was seen.")
    ] = None,
    after: Annotated[
        int | None, Query(ge=0, lt=10**LONGEST, description="The same, for clients without headers.")
    ] = None,
) -> int | None:
    if not last_event_id:
        return after
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > LONGEST:
        raise Refused(400, "Last-Event-ID is no number of an event")
    return int(last_event_id)


WantedDep = Annotated[Wanted, Depends(_wanted)]
SeenDep = Annotated[int | None, Depends(_seen)]


class EventRow(Shape):
    """One thing that happened."""

    id: int
    kind: str
    subject_id: str
    batch_id: str | None
    project_id: str | None
    data: dict[str, Any]
    created_at: datetime | None


@router.get(
    "",
    response_class=EventSourceResponse,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        204: {"description": "The batch is gone, and all that happened to it was told: do not come back."},
    },
)
async def follow(
    request: Request, store: StoreDep, who: Viewer, wanted: WantedDep, seen: SeenDep
) -> Response:
    """Follow what happens (`text/event-stream`): all that happened since the number that was seen last, or
    from now on. Each message is an event as JSON, under its number."""
    start = await run_in_threadpool(_start, store, seen)
    if wanted.batch_id is not None and await run_in_threadpool(_over, store, wanted, start):
        return Response(status_code=204)
    hub = _hub(request, store)
    return events.Stream(hub, hub.join(wanted, who.key_id, who.session_id), start)


@router.get("/log")
def list_events(
    store: StoreDep,
    who: Viewer,
    wanted: WantedDep,
    after: Annotated[int, Query(ge=0, lt=10**LONGEST, description="Only events with greater numbers.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many.")] = MOST,
) -> list[EventRow]:
    """What happened after a number, the oldest first: for clients that ask instead of following."""
    found = store.events.after(after, limit, wanted=wanted)
    return [EventRow.model_validate(one) for one in found]


@router.get("/kinds")
def list_kinds(who: Viewer) -> list[str]:
    """Every kind of event that there is."""
    return list(KINDS)


def _hub(request: Request, store: Store) -> events.Hub:
    state = request.app.state
    hub: events.Hub | None = getattr(state, "hub", None)
    if hub is None or hub.store is not store:
        hub = state.hub = events.Hub(store)
    return hub


def _start(store: Store, seen: int | None) -> int:
    """Where to begin. A number that was never given (the store was restored from a backup) is the newest."""
    newest = store.events.newest()
    return newest if seen is None else min(seen, newest)


def _over(store: Store, wanted: Wanted, start: int) -> bool:
    if wanted.batch_id is None or store.events.after(start, 1, wanted=wanted):
        return False
    try:
        store.batches.get(wanted.batch_id)
    except NotFound:
        return True
    return False
