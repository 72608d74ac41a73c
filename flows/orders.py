"""An order as a flow takes it: checked before a run begins, and nothing in it that nobody knows."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from editron_core.domain.job import RenderPriority
from editron_core.lane import Order


class OrderFields(BaseModel):
    """How a batch is to be scored, cut and rendered; the fields of `editron_core.lane.Order`."""

    model_config = ConfigDict(extra="forbid")

    brief: str = Field(default="", description="What the cut is about: steers which moments are chosen.")
    profile: str = Field(default="default", description="A scoring profile: a name, a path or a hash.")
    knobs: dict[str, float] = Field(default_factory=dict, description="energy, talk, beauty, each -1..1.")
    blueprints: list[str] = Field(default=["hero-reel"], description="Names or paths.")
    brand: str = Field(default="", description="A brand.toml; without one the plain kit.")

    priority: RenderPriority = Field(default=RenderPriority.STANDARD, description="Of its render jobs.")
    destinations: list[str] = Field(
        default_factory=list, description="Where copies go: folders, or `blobs` for the blob store."
    )

    def order(self) -> Order:
        """The order that the lane takes."""
        brand = Path(self.brand) if self.brand else None
        return Order(
            brief=self.brief,
            profile=self.profile,
            knobs=dict(self.knobs),
            blueprints=tuple(self.blueprints),
            brand=brand,
            priority=self.priority,
            destinations=tuple(self.destinations),
        )
