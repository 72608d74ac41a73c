"""Members: the team, to whom findings, tasks and reviews are given."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from editron_core.api.deps import Admin, Page, PageDep, StoreDep, Viewer, page_of
from editron_core.api.shapes import Asked, Id, Line, Shape
from editron_core.domain.access import Role

router = APIRouter(prefix="/api/members", tags=["members"])
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^@\x00-\x20\x7f-\xa0]+@[^@\x00-\x20\x7f-\xa0]+$"
    ),
]


class Member(Shape):
    """Somebody of the team."""

    id: str
    name: str
    email: str
    role: Role
    active: Annotated[bool, Field(description="Work is given to active members only.")]
    created_at: datetime | None


class NewMember(Asked):
    """Somebody who comes into the team."""

    name: Line
    email: Email
    role: Role = Role.REVIEWER


class MemberChange(Asked):
    """What is to be other than it is."""

    name: Line | None = None
    role: Role | None = None
    active: bool | None = None


@router.get("")
def list_members(store: StoreDep, page: PageDep, who: Viewer, active: bool | None = None) -> Page[Member]:
    """The team, by name."""
    found = store.members.page(active=active, after=page.after, limit=page.limit)
    return page_of(found, Member.model_validate)


@router.post("", status_code=201)
def make_member(store: StoreDep, body: NewMember, who: Admin) -> Member:
    """Take somebody into the team."""
    return Member.model_validate(store.members.create(body.name, body.email, body.role))


@router.get("/{member_id}")
def show_member(store: StoreDep, member_id: Id, who: Viewer) -> Member:
    """One member."""
    return Member.model_validate(store.members.get(member_id))


@router.patch("/{member_id}")
def change_member(store: StoreDep, member_id: Id, body: MemberChange, who: Admin) -> Member:
    """Change what is given. Whoever leaves becomes inactive: what they did keeps its name."""
    made = store.members.change(member_id, name=body.name, role=body.role, active=body.active)
    return Member.model_validate(made)
