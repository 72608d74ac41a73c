"""Endpoints: who is told of what happens, by signed webhooks (Standard Webhooks 1.0.0)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field, StringConstraints

from editron_core.api.deps import Admin, Page, PageDep, SettingsDep, StoreDep, page_of, unkept
from editron_core.api.shapes import UNSEEN, Asked, HexId, Id, Note, Shape
from editron_core.config import Settings
from editron_core.domain import webhook
from editron_core.domain.webhook import DeliveryStatus
from editron_core.lane import webhooks

router = APIRouter(tags=["endpoints"])
Address = Annotated[str, StringConstraints(max_length=2000, pattern=rf"^https?://[^{UNSEEN}]+$")]
Kind = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[a-z_.*?]+$")]
Kinds = Annotated[
    list[Kind], Field(min_length=1, max_length=50, description="Shell patterns, such as `finding.*`.")
]
DeliveryId = Annotated[str, Path(pattern=r"^msg_[0-9a-f]{32}$", description="The `webhook-id`.")]


class Endpoint(Shape):
    """A receiver of events, without its secret."""

    id: str
    url: str
    kinds: list[str]
    project_id: str | None
    description: str
    enabled: bool
    disabled_reason: str
    cursor: Annotated[int, Field(description="Number of the last event that is done with.")]
    created_at: datetime | None
    updated_at: datetime | None


class MadeEndpoint(Endpoint):
    """A receiver with the secret that was just made for it."""

    secret: Annotated[str, Field(description="What its messages are signed with; shown this once.")]


class NewEndpoint(Asked):
    """A receiver that is wanted."""

    url: Address
    kinds: Annotated[Kinds, Field(default_factory=lambda: ["*"])]
    project_id: HexId | None = None
    description: Note = ""


class EndpointChange(Asked):
    """What is to be other than it is."""

    url: Address | None = None
    kinds: Kinds | None = None
    description: Note | None = None
    enabled: bool | None = None


class NewSecret(Asked):
    """A secret that is to take the other one's place."""

    grace_hours: Annotated[
        float, Field(ge=0, le=720, description="For how long messages also carry the old one's signature.")
    ] = 24.0


class Delivery(Shape):
    """One event on its way to an endpoint."""

    id: str
    endpoint_id: str
    event_id: int
    kind: str
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    response_status: int | None
    last_error: str
    created_at: datetime | None
    delivered_at: datetime | None


@router.get("/api/endpoints")
def list_endpoints(store: StoreDep, page: PageDep, who: Admin) -> Page[Endpoint]:
    """All endpoints, the newest first."""
    return page_of(store.endpoints.page(after=page.after, limit=page.limit), Endpoint.model_validate)


@router.post("/api/endpoints", status_code=201, dependencies=[Depends(unkept)])
def make_endpoint(store: StoreDep, settings: SettingsDep, body: NewEndpoint, who: Admin) -> MadeEndpoint:
    """Tell a receiver of all that happens from now on."""
    webhooks.check(body.url, settings)
    secret = webhook.new_secret()
    fresh = webhook.Endpoint(
        id=webhooks.new_endpoint_id(),
        url=body.url,
        kinds=tuple(body.kinds),
        project_id=body.project_id,
        description=body.description,
    )
    made = store.endpoints.create(replace(fresh, secret=webhooks.sealed(fresh.id, secret, settings)))
    return _with_secret(made, secret)


@router.get("/api/endpoints/{endpoint_id}")
def show_endpoint(store: StoreDep, endpoint_id: Id, who: Admin) -> Endpoint:
    """One endpoint."""
    return Endpoint.model_validate(store.endpoints.get(endpoint_id))


@router.patch("/api/endpoints/{endpoint_id}")
def change_endpoint(
    store: StoreDep, settings: SettingsDep, endpoint_id: Id, body: EndpointChange, who: Admin
) -> Endpoint:
    """Change what is given. One that is turned on again goes on with the event that it stopped at."""
    given = {name: one for name, one in body.model_dump(exclude_unset=True).items() if one is not None}
    _check_url(given.get("url"), settings)
    if "kinds" in given:
        given["kinds"] = tuple(given["kinds"])
    return Endpoint.model_validate(store.endpoints.change(endpoint_id, given))


@router.post("/api/endpoints/{endpoint_id}/rotate", status_code=201, dependencies=[Depends(unkept)])
def rotate_secret(
    store: StoreDep, settings: SettingsDep, endpoint_id: Id, body: NewSecret, who: Admin
) -> MadeEndpoint:
    """Sign with a new secret from now on, and for a while with both."""
    secret = webhook.new_secret()
    kept = webhooks.sealed(endpoint_id, secret, settings)
    made = store.endpoints.rotate(endpoint_id, kept, timedelta(hours=body.grace_hours))
    return _with_secret(made, secret)


@router.delete("/api/endpoints/{endpoint_id}", status_code=204)
def delete_endpoint(store: StoreDep, endpoint_id: Id, who: Admin) -> Response:
    """Tell a receiver no more, and forget what it was told."""
    store.endpoints.delete(endpoint_id)
    return Response(status_code=204)


@router.get("/api/endpoints/{endpoint_id}/deliveries")
def list_deliveries(store: StoreDep, page: PageDep, endpoint_id: Id, who: Admin) -> Page[Delivery]:
    """What an endpoint was told, the newest first."""
    found = store.endpoints.deliveries(endpoint_id, after=page.after, limit=page.limit)
    return page_of(found, Delivery.model_validate)


@router.post("/api/deliveries/{delivery_id}/skip")
def skip_delivery(store: StoreDep, delivery_id: DeliveryId, who: Admin) -> Delivery:
    """Go on without a delivery that does not arrive."""
    return Delivery.model_validate(store.endpoints.skip(delivery_id))


def _check_url(url: str | None, settings: Settings) -> None:
    if url is not None:
        webhooks.check(url, settings)


def _with_secret(made: webhook.Endpoint, secret: str) -> MadeEndpoint:
    return MadeEndpoint(**Endpoint.model_validate(made).model_dump(), secret=secret)
