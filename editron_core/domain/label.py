"""Labels: what raters said that a stretch of footage is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from editron_core.errors import UsageError
from editron_core.times import Span

LOWEST, HIGHEST = 1, 5
"""The scale: 1 is dead time, 5 belongs into the shortest reel."""


class Raters(StrEnum):
    """Who said what is worth showing. Labels of different raters are never mixed in one number."""

    CONSTRUCTION = "construction"
    """Nobody: the recipe of drawn footage knows where its payoff is."""
    AUTOMATED = "automated"
    """A model; several briefs to one model are one taste, however many columns they fill."""
    PEOPLE = "people"


class Split(StrEnum):
    """What labels, and the golden items that hold them, may be used for."""

    TUNE = "tune"
    """Fitting, and cross-validation."""
    HOLDOUT = "holdout"
    """Read when a profile is approved, and at no other time; each reading is recorded."""
    REVIEW = "review"
    """What people decided about cuts: seen only where the lane had already chosen, so never a fair test."""


class LabelSource(StrEnum):
    """How a label came about."""

    RATING = "rating"
    """A rater saw the window alone, and no score."""
    DECISION = "decision"
    """It follows from a decision about a cut."""


@dataclass(frozen=True, slots=True)
class Label:
    """One rater's word on one stretch of one file. Raises UsageError for a rating off the scale."""

    file_sha256: str
    """The file's content; labels outlive the batches that it arrived in."""
    rater: str
    """Who rated: a person's or a model's name."""
    kind: Raters
    span: Span
    """Seconds from the file's first frame; kept to the microsecond."""
    rating: int
    """1..5."""
    split: Split
    source: LabelSource = LabelSource.RATING
    decision_id: str | None = None
    """The decision that it follows from."""
    content_hash: str | None = None
    """The cut that the decision was about."""
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        """Check the scale and that there is something to rate."""
        if not LOWEST <= self.rating <= HIGHEST:
            raise UsageError(
                f"is {self.rating}", subject="rating", remedy=f"use whole numbers, {LOWEST} to {HIGHEST}"
            )
        if not self.span.duration:
            raise UsageError("holds no time", subject=f"label at {self.span}")
