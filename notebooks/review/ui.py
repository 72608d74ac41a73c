"""What every app is made of: the bar at the top, and views that are drawn by a module under static/.

A view shows what its `load` returns for the present query. The module asks for more by changing the
query; what it changes in the world it sends to the API, with the caller's own cookie.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import anywidget
import marimo as mo
import traitlets

from editron_core.api.apps import STATIC, drawn_with
from editron_core.config import settings
from editron_core.errors import EditronError
from editron_core.store import Store

Query = dict[str, Any]
Load = Callable[[Query], dict[str, Any]]


class View(anywidget.AnyWidget):
    """A view of what `load` returns; an EditronError becomes `{"error": line}`, which every view shows."""

    _esm = STATIC / "view.js"
    module = traitlets.Unicode().tag(sync=True)
    """Address of the module under static/ that draws it."""
    query = traitlets.Dict().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    answered = traitlets.Int(0).tag(sync=True)
    """The `asked` of the query that `data` answers; it changes after `data`, even where that stays."""

    def __init__(self, module: str, load: Load, query: Query | None = None) -> None:
        self._load = load
        super().__init__(
            module=f"{drawn_with()}/{module}.js", query=query or {}, data=_told(load, query or {})
        )

    @traitlets.observe("query")
    def _asked(self, change: dict[str, Any]) -> None:
        if hasattr(self, "data"):
            self.data = _told(self._load, change["new"])
            self.answered = change["new"].get("asked", 0)


def view(module: str, load: Load, **query: Any) -> Any:
    """A view as a marimo element; `query` is what it first asks for, beside the role of who looks."""
    return mo.ui.anywidget(View(module, load, {**_address(), "role": who()["role"], **query}))


def bar(active: str) -> Any:
    """The bar with the way to the other apps and the caller's name."""
    return mo.ui.anywidget(View("bar", lambda _: {"active": active, "who": who()}))


@cache
def store() -> Store:
    """The store of this process, opened once."""
    here = settings()
    return Store.open(here.database, here.blobs)


def who() -> dict[str, str]:
    """Name and role of the person that looks."""
    request = mo.app_meta().request
    user = request.user if request is not None else None
    return dict(user) if isinstance(user, dict) else {"name": "somebody", "role": "admin"}


def _address() -> Query:
    return {name: value for name, value in mo.query_params().to_dict().items() if isinstance(value, str)}


def _told(load: Load, query: Query) -> dict[str, Any]:
    try:
        return load(query)
    except EditronError as error:
        return {"error": str(error)}
