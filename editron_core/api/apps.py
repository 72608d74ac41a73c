"""The review and operator apps: marimo notebooks under `notebooks/review`, mounted beside the API.

marimo runs the notebooks as apps, never as editors, behind the same gate as the API: who has no key gets
to see the page that asks for one.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from editron_core.api.streaming import FOREVER
from editron_core.config import ROOT

FOLDER = ROOT / "notebooks" / "review"
AT = "/apps"
STATIC = FOLDER / "static"
HEAD = f'<link rel="stylesheet" href="{AT}/static/theme.css">'
VERSION = re.compile(r"^v[0-9a-f]{16}/")
"""What `drawn_with` puts before a file's path."""
IDLE_S = 600
"""How long the server keeps what an app knows after its page was closed or the network went."""


def names() -> list[str]:
    """The apps, by the last part of their address."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if "marimo.App(" in path.read_text("utf-8"))


def drawn_with() -> str:
    """The address of what the apps are drawn with. It changes with every file there, so that a browser can
    keep what it has for ever and asks for nothing twice."""
    files = sorted(path for path in STATIC.rglob("*") if path.is_file())
    facts = [(str(path.relative_to(STATIC)), path.stat().st_mtime_ns, path.stat().st_size) for path in files]
    return f"{AT}/static/v{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}"


def mount(app: FastAPI) -> Callable[[], None]:
    """Serve every app at `/apps/NAME/`, and what they are drawn with at `/apps/static/`.

    What is returned ends what runs behind the pages: a mounted app is not told that its server ends, and
    each page has a thread, which the process would wait for.
    """
    import marimo

    managers: list[Any] = []

    def known(app: Any) -> Any:
        managers.append(app.state.session_manager)
        return app

    if str(FOLDER) not in sys.path:  # the apps share `ui`
        sys.path.append(str(FOLDER))
    builder = marimo.create_asgi_app(
        quiet=True, include_code=False, session_ttl=IDLE_S, html_head=HEAD, asset_url=f"{AT}/marimo"
    )
    for name in names():
        builder = builder.with_app(path=f"/{name}", root=str(FOLDER / f"{name}.py"), middleware=[known])
    app.mount(f"{AT}/static/fonts", StaticFiles(directory=_fonts()), "fonts")
    app.mount(f"{AT}/static", _Own(directory=STATIC), "static")
    app.mount(f"{AT}/marimo", _Kept(directory=_marimo()), "marimo")
    app.mount(AT, _Known(builder.build()), "apps")

    def close() -> None:
        for manager in managers:
            manager.close_all_sessions()

    return close


class _Kept(StaticFiles):
    """marimo's own files, one copy for all apps; the browser keeps those that have a hash in their name."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        answer = super().file_response(*args, **more)
        if Path(args[0]).parent.name == "assets":
            answer.headers["Cache-Control"] = FOREVER
        return answer


class _Own(StaticFiles):
    """Our own files; the browser keeps those that it asks for by the version that they had when we began.

    Of any other version, it asks each time whether they changed: somebody works on them, or another server
    told it of them, which is newer or older than we are.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)
        self._now = f"{drawn_with()}/"

    def lookup_path(self, path: str) -> Any:
        return super().lookup_path(VERSION.sub("", path))

    def file_response(
        self, full_path: Any, stat_result: Any, scope: Scope, status_code: int = 200
    ) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)
        kept = scope["path"].startswith(self._now)
        answer.headers["Cache-Control"] = FOREVER if kept else "no-cache"
        return answer


class _Known:
    """Lets callers in that the gate knows, and tells the apps who looks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        who: Any = scope.get("state", {}).get("caller")
        if who is not None:  # every role may look
            await self._app({**scope, "user": {"name": who.name, "role": str(who.role)}}, receive, send)
        elif scope["type"] == "http":
            await RedirectResponse(f"/login?next={scope['path']}", 303)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": "needs a key"})


def _fonts() -> Path:
    import font_source_sans_pro

    return Path(font_source_sans_pro.__file__).parent / "files"


def _marimo() -> Path:
    import marimo

    return Path(str(marimo.__file__)).parent / "_static"
