"""A candidate profile tried on a batch beside the one that is applied."""

from __future__ import annotations

from dataclasses import dataclass

from editron_core.domain.moment import Moment


@dataclass(frozen=True, slots=True)
class Canary:
    """What a candidate profile would have chosen, and how that differs from what was chosen."""

    name: str
    hash: str
    """Of the candidate profile."""
    moments: tuple[Moment, ...]
    """What it would have chosen, best first."""
    explanation: str
    """The selection in words."""
    shared_s: float
    """Seconds of footage that both profiles chose."""
    applied_only_s: float
    """Seconds that the applied profile alone chose."""
    canary_only_s: float
    """Seconds that the candidate alone chose."""

    @property
    def agreement(self) -> float:
        """Seconds chosen by both over seconds chosen by either, 0..1; 1 where neither chose any."""
        either = self.shared_s + self.applied_only_s + self.canary_only_s
        return self.shared_s / either if either else 1.0
