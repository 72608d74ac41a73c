"""Scoring profiles: what each weighs, where it stands, and its steps to production and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from editron_core.api.deps import Admin, Operator, Reviewer, StoreDep, Viewer
from editron_core.api.problem import Refused
from editron_core.api.shapes import Asked, Note, Shape
from editron_core.domain import codec
from editron_core.domain.access import Role
from editron_core.domain.registry import ProfileStage
from editron_core.errors import DefinitionError, NotFound
from editron_core.lane import promotion, registry
from editron_core.score.profile import Profile
from editron_core.store import Store

router = APIRouter(prefix="/api/profiles", tags=["profiles"])
NAME = r"^[A-Za-z0-9][A-Za-z0-9_ -]{0,99}$"
Name = Annotated[str, Path(pattern=NAME, description="A name or a hash.")]
Reason = Annotated[Note, Field(min_length=1, description="Whoever looks at the history reads it.")]


class ProfileRow(Shape):
    """A profile that ships or is registered."""

    name: str
    hash: str
    stage: ProfileStage
    shipped: bool
    since: datetime | None
    by: str | None
    description: str


class Profiles(Shape):
    """All profiles."""

    items: list[ProfileRow]


class ProfileDetail(Shape):
    """A profile, where it stands and how it came there."""

    hash: str
    document: Annotated[dict[str, Any], Field(description="Weights, prompts, lengths, selection.")]
    stage: ProfileStage
    promotions: list[dict[str, Any]]
    qa_runs: list[dict[str, Any]]


class NewProfile(Asked):
    """A profile with other weights than one that is there."""

    name: Annotated[str, Field(pattern=NAME)]
    base: Annotated[str, Field(pattern=NAME, description="Name or hash of the profile it is made from.")]
    weights: Annotated[
        dict[str, Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]],
        Field(min_length=1, max_length=100, description="By signal; they are scaled to sum to 1."),
    ]
    description: Note = ""


class Step(Asked):
    """A step to production."""

    reason: Reason
    to: Annotated[ProfileStage | None, Field(description="The stage to reach; without it the next.")] = None


class Back(Asked):
    """A step back."""

    reason: Reason


@router.get("")
def list_profiles(store: StoreDep, who: Viewer) -> Profiles:
    """Every profile that ships or was used here."""
    return Profiles(items=[ProfileRow.model_validate(row) for row in registry.listing(store)])


@router.post("", status_code=201)
def make_profile(store: StoreDep, body: NewProfile, who: Reviewer) -> ProfileDetail:
    """Register a profile for research: nothing scores with it until it is asked for by its hash.

    The same weights again are the same profile.
    """
    made = _found(store, body.base).with_weights(body.weights)
    made = replace(made, name=body.name, description=body.description or f"made by {who.name}")
    store.profiles.register(made.hash, made.name, made.to_data())
    return _detail(store, made)


@router.get("/{name}")
def show_profile(store: StoreDep, name: Name, who: Viewer) -> ProfileDetail:
    """What a profile weighs, asks for and keeps, where it stands and how it came there."""
    return _detail(store, _found(store, name))


@router.post("/{name}/promote")
def promote(store: StoreDep, name: Name, body: Step, who: Operator) -> ProfileDetail:
    """Take a profile one step on; to be approved, and to go to production, is an admin's to say.

    The gate makes a candidate and takes a minute. Approving reads the holdout, once for each profile.
    """
    from editron_core.lane.judges import judges

    found = _found(store, name)
    stage = ProfileStage(registry.standing(store, found.hash)["stage"])
    if stage.next in (ProfileStage.APPROVED, ProfileStage.PRODUCTION) and not who.role.may(Role.ADMIN):
        raise Refused(403, f"the step to {stage.next} is for the role {Role.ADMIN}")
    promotion.promote(store, found, promotion.Wish(who.name, body.reason, body.to), judges)
    return _detail(store, found)


@router.post("/{name}/rollback")
def rollback(store: StoreDep, name: Name, body: Back, who: Admin) -> ProfileDetail:
    """Bring back the profile that was in production before the one that is."""
    _, back = promotion.rollback(store, name, promotion.Wish(who.name, body.reason))
    return _detail(store, registry.opened(store, store.profiles.get(back.profile_hash)))


def _found(store: Store, name: str) -> Profile:
    try:
        return registry.find(store, name)
    except DefinitionError as error:
        raise NotFound(error.message, subject=error.subject) from error


def _detail(store: Store, profile: Profile) -> ProfileDetail:
    standing = registry.standing(store, profile.hash)
    return ProfileDetail(hash=profile.hash, document=codec.dump(profile.to_data()), **standing)
