"""The table of routes: who may call each, what bodies it takes, and whether it needs an Idempotency-Key.

Read once from the routes themselves, so that the gate can turn a request down before its body is read, and
so that a route that says nothing of who may call it keeps the app from starting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount, compile_path

from editron_core.api.deps import RULES, unkept
from editron_core.domain.access import Role

JSON_BYTES = 1 << 20
"""The largest JSON body."""
PLAIN_BYTES = 64 << 10
"""The largest body of a route that asks for none."""
JSON = ("application/json",)
FORM = ("application/x-www-form-urlencoded",)
IDEMPOTENCY_KEY = "idempotency-key"
WRITING = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Takes:
    """What bodies a route takes."""

    limit: int
    """Bytes."""
    media: tuple[str, ...] = ()
    """Media types; empty is any."""
    kind: Literal["json", "raw", "none"] = "raw"
    """`json` is read and checked before the route sees it, `raw` is left to the route, `none` is ignored."""


TAKES: dict[Callable[..., object], Takes] = {}
"""The dependencies that say what bodies a route takes."""


def takes(limit: int, *media: str) -> Callable[[], None]:
    """The dependency of a route that reads raw bytes: at most `limit` of them, of these media types."""

    async def body() -> None:
        return None

    TAKES[body] = Takes(limit, media)
    return body  # type: ignore[return-value]


@dataclass(frozen=True)
class Entry:
    """One route."""

    path: str
    """Its template, such as `/api/batches/{batch_id}`."""
    methods: frozenset[str]
    role: Role | None
    """Who may call it, at least; null is everybody."""
    body: Takes
    needs_key: bool
    """Whether the request must carry an Idempotency-Key."""
    unkept: bool
    """Whether its answer is a secret that nobody keeps."""
    regex: re.Pattern[str] = field(repr=False)


@dataclass(frozen=True)
class Match:
    """What a path and a method lead to."""

    entry: Entry | None
    """Null where there is no such path, or none of the method."""
    allow: tuple[str, ...] = ()
    """The methods that the path has; empty where there is no such path."""
    mounted: bool = False
    """Whether the path belongs to a mounted app, which knows its own rules."""


class Table:
    """All routes of an app. Raises TypeError for one that does not say who may call it."""

    def __init__(self, app: FastAPI) -> None:
        self.entries = tuple(_entries(app))
        self._fixed: dict[str, list[Entry]] = {}
        self._patterns: list[Entry] = []
        for entry in self.entries:
            if "{" in entry.path:
                self._patterns.append(entry)
            else:
                self._fixed.setdefault(entry.path, []).append(entry)
        self._mounts = tuple(route.path for route in app.routes if isinstance(route, Mount))

    def match(self, path: str, method: str) -> Match:
        """What a request leads to."""
        # A fixed path goes before a pattern that fits it too, whatever the method: its word is nobody's id.
        found = self._fixed.get(path) or [one for one in self._patterns if one.regex.match(path)]
        for entry in found:
            if method in entry.methods:
                return Match(entry)
        allow = tuple(sorted({method for entry in found for method in entry.methods}))
        mounted = not allow and any(path == at or path.startswith(f"{at}/") for at in self._mounts)
        return Match(None, allow, mounted)


def _entries(app: FastAPI) -> Iterator[Entry]:
    silent: list[str] = []
    for route in iter_route_contexts(app.routes):
        dependant: Dependant | None = getattr(route, "dependant", None)
        path = getattr(route, "path", None)
        if path is None or not getattr(route, "methods", None):
            continue  # a mount
        calls = list(_calls(dependant)) if dependant else []
        rules = [RULES[call] for call in calls if call in RULES]
        if not rules:
            silent.append(f"{sorted(route.methods or ())} {path}")
            continue
        regex, _, _ = compile_path(path)
        yield Entry(
            path=path,
            methods=frozenset(route.methods or ()),
            role=_strictest(rules),
            body=_body(calls, getattr(getattr(route, "body_field", None), "field_info", None)),
            needs_key=dependant is not None and _needs_key(dependant),
            unkept=unkept in calls,
            regex=regex,
        )
    if silent:
        raise TypeError(f"say who may call them, by needs(role) or public: {', '.join(silent)}")


def _calls(dependant: Dependant) -> Iterator[Callable[..., object]]:
    for one in dependant.dependencies:
        if one.call is not None:
            yield one.call
        yield from _calls(one)


def _strictest(rules: Sequence[Role | None]) -> Role | None:
    named = [role for role in rules if role is not None]
    return max(named, key=list(Role).index) if named else None


def _body(calls: Sequence[Callable[..., object]], info: object) -> Takes:
    """What a route takes: as `takes` says, else by what FastAPI knows of its body; null where it has none."""
    for call in calls:
        if call in TAKES:
            return TAKES[call]
    if info is None:
        return Takes(PLAIN_BYTES, (), "none")
    if isinstance(info, Form):
        return Takes(PLAIN_BYTES, FORM)
    return Takes(JSON_BYTES, JSON, "json")


def _needs_key(dependant: Dependant) -> bool:
    here = any(
        one.alias.lower() == IDEMPOTENCY_KEY and one.field_info.is_required()
        for one in dependant.header_params
    )
    return here or any(_needs_key(one) for one in dependant.dependencies)


def route_of(request: Request) -> str:
    """The template of the route that a request leads to, for metrics and spans."""
    entry: Entry | None = getattr(request.state, "entry", None)
    return entry.path if entry else ""
