"""The app: every route there is, behind one gate."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from editron_core import __version__
from editron_core.api import mcp_server, openapi, problem, routes
from editron_core.api.auth import Keyring
from editron_core.api.gate import Gate, Seen
from editron_core.api.rates import Rates
from editron_core.api.table import Table
from editron_core.config import Settings
from editron_core.errors import EditronError
from editron_core.store import Store


def create_app(settings: Settings, *, apps: bool = False) -> FastAPI:
    """The API over the store that the settings name; the store is open while the app runs.

    With `apps` the review apps are mounted beside it. Raises TypeError for a route that does not say who
    may call it.
    """

    agents, ending = mcp_server.Door(), ExitStack()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        with Store.open(settings.database, settings.blobs) as store:
            app.state.store, app.state.keyring = store, Keyring(store, settings)
            async with agents.open(app):
                yield
            ending.close()

    app = FastAPI(
        title="Editron",
        version=__version__,
        description=__doc__,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # our own route gives it, behind the gate
        redirect_slashes=False,
    )
    app.state.settings, app.state.rates = settings, Rates(settings)
    for router in routers():
        app.include_router(router)
    for kind in (EditronError, problem.Refused, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, problem.handle)
    if apps:
        from editron_core.api import apps as review

        ending.callback(review.mount(app))
    agents.mount(app)
    app.state.table = Table(app)
    openapi.describe(app, app.state.table)
    app.add_middleware(Gate, table=app.state.table, rates=app.state.rates, settings=settings)
    app.add_middleware(Seen)
    return app


def routers() -> list[APIRouter]:
    """The router of every module in `routes`."""
    names = sorted(module.name for module in pkgutil.iter_modules(routes.__path__))
    # Routes are looked through in their order, and of notifications thousands may come at once.
    names.sort(key=lambda name: name != "webhooks")
    return [importlib.import_module(f"{routes.__name__}.{name}").router for name in names]
