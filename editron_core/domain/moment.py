"""Moments: the spans of footage worth showing, and how they were chosen."""

from __future__ import annotations

from dataclasses import dataclass

from editron_core.times import Span


@dataclass(frozen=True, slots=True)
class Moment:
    """A span with a score, its breakdown and a reason in words."""

    file_id: str
    span: Span
    score: float
    """Weighted sum of `signals`, 0..1; the best instant counts more where the profile says so."""
    signals: dict[str, float | None]
    """Mean of each weighted signal over the span, 0..1; null where it could not be measured."""
    contributions: dict[str, float]
    """What each signal added to the score; they sum to `score`."""
    reason: str
    """Why it was chosen, in words for an editor."""
    profile_hash: str
    """The profile that was applied."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The moments chosen from a batch, best first, and an account of the choice."""

    moments: tuple[Moment, ...]
    considered: int
    """Candidates that were scored."""
    best_score: float | None
    """The best candidate's score; null when there was none."""
    explanation: str
    """One sentence; for an empty selection it names the nearest miss and what would let it in."""
