"""What a person asks the lane for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from editron_core.domain.job import RenderPriority


@dataclass(frozen=True)
class Order:
    """How a batch is to be scored, cut and rendered."""

    brief: str = ""
    profile: str = "default"
    """A scoring profile: a name, a path or a registered hash; in production mode a promoted one."""
    knobs: dict[str, float] = field(default_factory=dict)
    """`energy`, `talk`, `beauty`, each -1..1; one that is missing is 0."""
    blueprints: tuple[str, ...] = ("hero-reel",)
    """Names or paths."""
    brand: Path | None = None
    """A `brand.toml`."""
    kit: str = ""
    """Id of a kept version of a brand kit. Without this and `brand` the version that the batch's project
    inherits, else the plain kit."""
    priority: RenderPriority = RenderPriority.STANDARD
    """How urgent its render jobs are in the queue."""
    destinations: tuple[str, ...] = ()
    """Where copies of the deliverables go: folders, or `blobs` for the blob store."""
    captions: str = ""
    """How captions are burned in: as a caption preset, or `off`; empty leaves it to the blueprints."""
