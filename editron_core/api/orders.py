"""An order as the API takes it: names only, never paths of this machine."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from editron_core.api.shapes import Asked, Note
from editron_core.domain.job import RenderPriority
from editron_core.lane.order import Order

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_ -]{0,99}$")]
"""A name or a hash: nothing that leads to a file."""
Knob = Annotated[float, Field(ge=-1, le=1)]


class Knobs(Asked):
    """The three knobs, -1..1; 0 leaves the profile alone."""

    energy: Knob = 0.0
    talk: Knob = 0.0
    beauty: Knob = 0.0


class OrderFields(Asked):
    """How a batch is to be scored, cut and rendered."""

    brief: Annotated[Note, Field(description="What the cut is about: steers which moments are chosen.")] = ""
    profile: Annotated[Name, Field(description="A scoring profile: a name or a registered hash.")] = "default"
    knobs: Knobs = Knobs()
    blueprints: Annotated[tuple[Name, ...], Field(min_length=1, max_length=10)] = ("hero-reel",)
    priority: RenderPriority = RenderPriority.STANDARD
    destinations: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=1000)], ...],
        Field(max_length=10, description="Where copies go: folders, or `blobs` for the blob store."),
    ] = ()

    def order(self) -> Order:
        """The order that the lane takes."""
        turned = {name: value for name, value in self.knobs.model_dump().items() if value}
        return Order(
            brief=self.brief,
            profile=self.profile,
            knobs=turned,
            blueprints=self.blueprints,
            priority=self.priority,
            destinations=self.destinations,
        )
