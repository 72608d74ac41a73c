"""The gate that every request goes through, before any of its body is read.

Seen   gives it an id, a span and its place in the metrics, and answers what nobody expected with a 500
Gate   asks in turn: is this our name, may that page ask, who calls and how often, is there such a route,
       may the caller use it, and is its body one that the route takes
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from editron_core import log, telemetry
from editron_core.api import auth, headers, idempotency, origin, problem
from editron_core.api.auth import Keyring
from editron_core.api.deps import Caller
from editron_core.api.guards import guard
from editron_core.api.problem import Refused
from editron_core.api.rates import HOOKS, Rates
from editron_core.api.table import Entry, Match, Table
from editron_core.config import Settings
from editron_core.store.outbox import acting

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_log = log.get(__name__)


class Seen:
    """Names, times and counts each request; what goes wrong inside is answered and logged here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope)
        wanted = given.get("x-request-id", "")
        request_id = wanted if REQUEST_ID.fullmatch(wanted) else uuid.uuid4().hex
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        began, status = time.monotonic(), 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                out = MutableHeaders(scope=message)
                out["X-Request-Id"] = request_id
                headers.complete(out, scope["path"])
            await send(message)

        method = scope["method"] if scope["method"] in METHODS else "other"
        with (
            structlog.contextvars.bound_contextvars(request=request_id),
            telemetry.span(f"{method} request", parent=given.get("traceparent", "")) as seen,
        ):
            try:
                await self._app(scope, receive, told)
            except Exception as error:  # noqa: BLE001  the boundary: nothing gets past it
                refused = problem.of(error)
                if refused.status == 500:
                    _log.error("request_failed", error=repr(error), exc_info=error)
                    seen.failed(error)
                if not status:
                    await problem.answer(scope, refused)(scope, receive, told)
            finally:
                entry: Entry | None = state.get("entry")
                route = entry.path if entry else "none"
                seen.note(method=method, route=route, status=status, request=request_id)
                telemetry.count("requests", method=method, route=route, status=str(status))
                telemetry.observe("request_seconds", time.monotonic() - began, route=route)


class Gate:
    """Lets through what may go on."""

    def __init__(self, app: ASGIApp, table: Table, rates: Rates, settings: Settings) -> None:
        self._app = app
        self._table = table
        self._settings = settings
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or web socket."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            try:
                await self._request(scope, receive, send)
            except Refused as refused:
                await problem.answer(scope, refused)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        given, path, method = Headers(scope=scope), scope["path"], scope["method"]
        match = self._table.match(path, method)
        scope["state"]["entry"] = match.entry
        origin.check_host(given, self._settings)
        self._rates.address(path, _address(scope))
        origin.check_origin(method, given, self._settings)
        # Notifications have a signature instead of a key, and come by the thousand: nobody looks for one.
        who = None if path.startswith(HOOKS) else await self._caller(scope, given)
        if match.mounted:
            await self._app(scope, receive, send)
            return
        entry = _found(match, who)
        if who is not None:
            acting.set({"by": who.name, "request": scope["state"]["request_id"]})
        key = idempotency.key(given, entry, method)
        body = await guard(given, receive, entry.body)
        if key is None:
            await self._app(scope, body.receive, send)
        else:
            caller = who.key_id if who and who.key_id else ""
            claim = idempotency.Claim(key, caller, method, path, body, entry.unkept)
            await idempotency.once(self._app, claim, scope, send)

    async def _caller(self, scope: Scope, given: Headers) -> Caller | None:
        keys: Keyring = scope["app"].state.keyring
        found = auth.credential(given)
        who = keys.remembered(found) if found else None
        if who is None:
            try:
                who = await run_in_threadpool(keys.caller, found, _address(scope))
            except Refused:
                if found is None or not found.cookie:
                    self._rates.login(_address(scope))
                    raise
                who = None  # a session that ended: who looks at a page gets to sign in again
        if who is not None and who.key_id is not None:
            self._rates.key(scope["path"], who.key_id)
        scope["state"]["caller"] = who
        return who

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope)
        scope.setdefault("state", {})
        try:
            origin.check_host(given, self._settings)
            origin.check_origin("GET", given, self._settings, upgrade=True)
            self._rates.address(scope["path"], _address(scope))
            await self._caller(scope, given)
        except Refused as refused:
            await send({"type": "websocket.close", "code": 1008, "reason": refused.detail[:120]})
            return
        await self._app(scope, receive, send)


def _found(match: Match, who: Caller | None) -> Entry:
    """The route that is to be called. Raises Refused: 404, 405, 401 or 403."""
    entry = match.entry
    if entry is None and not match.allow:
        raise Refused(404, "there is nothing at this path")
    if entry is None:
        allow = ", ".join(match.allow)
        raise Refused(405, f"this path takes {allow} alone", {"Allow": allow})
    if entry.role is not None and who is None:
        raise auth.NO_KEY
    if entry.role is not None and who is not None and not who.role.may(entry.role):
        raise Refused(403, f"is for the role {entry.role} and those above it; this key is a {who.role}'s")
    return entry


def _address(scope: Mapping[str, Any]) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
