"""The app: every route there is, behind one gate."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from editron_core import __version__
from editron_core.api import problem, routes
from editron_core.config import Settings
from editron_core.errors import EditronError
from editron_core.store import Store


def create_app(settings: Settings) -> FastAPI:
    """The API over the store that the settings name; the store is open while the app runs."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        with Store.open(settings.database, settings.blobs) as store:
            app.state.store = store
            yield

    app = FastAPI(title="Editron", version=__version__, lifespan=life, docs_url=None, redoc_url=None)
    app.state.settings = settings
    for router in routers():
        app.include_router(router)
    for kind in (EditronError, problem.Refused, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, problem.handle)
    return app


def routers() -> list[APIRouter]:
    """The router of every module in `routes`, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(routes.__path__))
    return [importlib.import_module(f"{routes.__name__}.{name}").router for name in names]
