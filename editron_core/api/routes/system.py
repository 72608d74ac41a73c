"""Whether the server is well, what it counts, and how it is called."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Literal

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from editron_core import __version__, telemetry
from editron_core.api import pages
from editron_core.api.deps import SettingsDep, StoreDep, Viewer, public
from editron_core.api.headers import APPS_AT
from editron_core.errors import StoreError
from editron_core.lane import gauges

router = APIRouter(tags=["system"])
FIRST_APP = f"{APPS_AT}/batches/"


class Health(BaseModel):
    """Whether the server can do its work."""

    status: Literal["ok", "down"]
    version: str


@router.get("/healthz", dependencies=[Depends(public)], responses={503: {"model": Health}})
def health(store: StoreDep, response: Response) -> Health:
    """Whether the server and its database answer."""
    try:
        store.projects.list()
    except StoreError:
        response.status_code = 503
        return Health(status="down", version=__version__)
    return Health(status="ok", version=__version__)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(store: StoreDep, settings: SettingsDep, who: Viewer) -> Response:
    """Everything that is counted, for Prometheus."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    found = generate_latest(telemetry.registry(gauges.reader(store, settings)))
    return Response(found, headers={"Content-Type": CONTENT_TYPE_LATEST})


@lru_cache(maxsize=4)
def _described(app: FastAPI) -> bytes:
    return json.dumps(app.openapi(), separators=(",", ":")).encode()


@router.get("/openapi.json", dependencies=[Depends(public)], include_in_schema=False)
def openapi(request: Request) -> Response:
    """The description of the API (OpenAPI 3.1)."""
    return Response(_described(request.app), media_type="application/json")


@router.get("/docs", dependencies=[Depends(public)], include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """The description of the API as a page."""
    return pages.docs(request.app.openapi())


@router.get("/", dependencies=[Depends(public)], include_in_schema=False)
def start(request: Request) -> Response:
    """To the review apps where they are served, else to the description."""
    apps = any(getattr(route, "path", "") == APPS_AT for route in request.app.routes)
    return RedirectResponse(FIRST_APP if apps else "/docs", 303)
