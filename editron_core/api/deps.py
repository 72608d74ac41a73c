"""What routes ask for: the store, the settings, who calls, and which page of a list.

    @router.get("/api/batches")
    def list_batches(store: StoreDep, page: PageDep, who: Viewer) -> Page[Batch]: ...

A route without `needs(role)` or `public` among its dependencies is not served: the app refuses to start.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel, Field

from editron_core.api.problem import Refused
from editron_core.config import Settings
from editron_core.domain.access import Role
from editron_core.errors import UsageError
from editron_core.store import Store
from editron_core.store.records.paging import Slice

S = TypeVar("S")
T = TypeVar("T")
Rule = Callable[[Request], Coroutine[Any, Any, Any]]

KEY = r'^("[!#-\[\]-~]{1,255}"|[!#-\[\]-~]{1,255})$'
"""An Idempotency-Key: a structured field string, or the same without its quotes."""
LIMIT, MOST = 50, 200
"""How many items a page holds unless asked, and at most."""
RULES: dict[Rule, Role | None] = {}
"""The dependencies that say who may call a route; null is everybody."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls."""

    name: str
    """The key's name, which decisions are signed with; `local` where no key exists yet."""
    role: Role
    key_id: str | None
    """Null for a caller on this machine while no key exists."""
    session_id: str | None = None
    """The browser's session that they came with; null for a key by itself."""


async def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


async def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


StoreDep = Annotated[Store, Depends(_store)]
SettingsDep = Annotated[Settings, Depends(_settings)]


@cache
def needs(role: Role) -> Rule:
    """The dependency that gives the `Caller`, who must have `role` or a higher one.

    The gate has checked that before the body was read; here it is checked once more.
    """

    async def caller(request: Request) -> Caller:
        who: Caller | None = getattr(request.state, "caller", None)
        if who is None:
            raise Refused(401, "needs a key")
        if not who.role.may(role):
            raise Refused(403, f"is for the role {role}, and this key is a {who.role}'s")
        return who

    RULES[caller] = role
    return caller


async def public(request: Request) -> None:
    """The dependency of routes that everybody may call, because they check by themselves or tell nothing."""


RULES[public] = None

Viewer = Annotated[Caller, Depends(needs(Role.VIEWER))]
Reviewer = Annotated[Caller, Depends(needs(Role.REVIEWER))]
Operator = Annotated[Caller, Depends(needs(Role.OPERATOR))]
Admin = Annotated[Caller, Depends(needs(Role.ADMIN))]


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page of a list is wanted."""

    limit: int
    """How many items, 1..200."""
    after: tuple[str, ...] | None
    """The sort key of the last item of the page before; null for the first page."""


async def _page(
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many items.")] = LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=512, description="`next` of the page before; without it the first.")
    ] = None,
) -> PageQuery:
    return PageQuery(limit, read_cursor(cursor) if cursor is not None else None)


PageDep = Annotated[PageQuery, Depends(_page)]


async def _keyed(
    idempotency_key: Annotated[
        str,
        Header(pattern=KEY, description="A fresh UUID, in quotes: sent again, nothing happens twice."),
    ],
) -> None:
    """The gate has seen to it."""


async def unkept() -> None:
    """The dependency of a POST whose answer holds a secret: an Idempotency-Key keeps it from happening
    twice, and its answer is not kept to be given again."""


RequiredKey = _keyed
"""The dependency of a POST that starts work: it must carry an Idempotency-Key."""


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last.")] = None


def page_of(found: Slice[S], make: Callable[[S], T]) -> Page[T]:
    """The page of a slice of records, each in the form that the API gives it."""
    following = write_cursor(found.next) if found.next is not None else None
    return Page[Any](items=[make(item) for item in found.items], next=following)


def write_cursor(key: Sequence[str]) -> str:
    """A sort key as an opaque word for URLs."""
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[str, ...]:
    """The inverse. Raises UsageError for what is no cursor of ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        key = None
    if not isinstance(key, list) or not all(isinstance(part, str) for part in key):
        raise UsageError("is no cursor", subject="cursor", remedy="take `next` of the page before, or none")
    return tuple(key)
