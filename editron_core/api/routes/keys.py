"""Keys: who may use the API. A key's text is shown once, when it is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field

from editron_core.api.auth import Keyring
from editron_core.api.deps import Admin, Page, PageDep, StoreDep, page_of, unkept
from editron_core.api.shapes import Asked, Line, Shape
from editron_core.domain.access import Role
from editron_core.errors import UsageError

router = APIRouter(prefix="/api/keys", tags=["keys"])
KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="16 hex digits.")]
Days = Annotated[int | None, Field(ge=1, le=3650, description="Valid for so many days; null: for ever.")]


class KeyRow(Shape):
    """A key, without its text."""

    id: str
    name: str
    role: Role
    created_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaces: str | None


class MadeKey(KeyRow):
    """A key that was just made."""

    key: Annotated[str, Field(description="Its text, which is shown this once.")]


class NewKey(Asked):
    """A key that is wanted."""

    name: Line
    role: Role
    days: Days = None


class Rotation(Asked):
    """A key that is to take another one's place."""

    grace_hours: Annotated[
        float, Field(ge=0, le=720, description="For how long the old one stays valid.")
    ] = 24.0


@router.get("")
def list_keys(store: StoreDep, page: PageDep, who: Admin) -> Page[KeyRow]:
    """All keys, the newest first."""
    return page_of(store.keys.page(after=page.after, limit=page.limit), KeyRow.model_validate)


@router.post("", status_code=201, dependencies=[Depends(unkept)])
def make_key(store: StoreDep, request: Request, body: NewKey, who: Admin) -> MadeKey:
    """Make a key. The first one must be an admin's: from then on, nobody gets in without."""
    ring: Keyring = request.app.state.keyring
    if body.role is not Role.ADMIN and ring.empty():
        raise UsageError(
            "must be an admin's", subject="the first key", remedy="else nobody could make others"
        )
    until = datetime.now(UTC) + timedelta(days=body.days) if body.days else None
    key, text = store.keys.issue(body.name, body.role, expires_at=until)
    ring.forget()
    return MadeKey(**KeyRow.model_validate(key).model_dump(), key=text)


@router.post("/{key_id}/rotate", status_code=201, dependencies=[Depends(unkept)])
def rotate_key(store: StoreDep, request: Request, key_id: KeyId, body: Rotation, who: Admin) -> MadeKey:
    """Make a key in place of another, which stays valid for a while."""
    key, text = store.keys.rotate(key_id, timedelta(hours=body.grace_hours))
    request.app.state.keyring.forget()
    return MadeKey(**KeyRow.model_validate(key).model_dump(), key=text)


@router.post("/{key_id}/revoke")
def revoke_key(store: StoreDep, request: Request, key_id: KeyId, who: Admin) -> KeyRow:
    """End a key at once, and the sessions of browsers that were opened with it."""
    ended = store.keys.revoke(key_id)
    request.app.state.keyring.forget()
    return KeyRow.model_validate(ended)
