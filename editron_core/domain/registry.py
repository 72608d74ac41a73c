"""The registry: where a profile stands between research and production, and how it came there.

    research -> candidate -> approved -> production -> retired
                the gate     a person    replaces the one before
                             and the holdout

One step at a time, each a promotion with an author and a reason. A retired profile may go the whole way
again, and comes back at once only by a rollback.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class ProfileStage(StrEnum):
    """Where a profile stands."""

    RESEARCH = "research"
    """Somebody made it; production does not know it."""
    CANDIDATE = "candidate"
    """It passed the gate."""
    APPROVED = "approved"
    """A person signed it off, with its holdout figure at hand."""
    PRODUCTION = "production"
    """Production scores with it: one profile of each name at most."""
    RETIRED = "retired"
    """Another took its place."""

    @property
    def next(self) -> ProfileStage | None:
        """The step that a promotion takes from here; null where there is none."""
        return _NEXT.get(self)


_NEXT = {
    ProfileStage.RESEARCH: ProfileStage.CANDIDATE,
    ProfileStage.CANDIDATE: ProfileStage.APPROVED,
    ProfileStage.APPROVED: ProfileStage.PRODUCTION,
    ProfileStage.RETIRED: ProfileStage.CANDIDATE,
}


class QaKind(StrEnum):
    """What was judged."""

    GATE = "gate"
    EVALUATE = "evaluate"
    REGRESS = "regress"
    HOLDOUT = "holdout"


@dataclass(frozen=True, slots=True)
class RegisteredProfile:
    """A scoring profile that the store knows."""

    hash: str
    """SHA-256 of what it does; name and description do not count."""
    name: str
    document: dict[str, Any]
    """Its canonical form, JSON-ready."""
    stage: ProfileStage
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """The executed notebook that a promotion rests on."""

    path: str
    """Where it lay."""
    sha256: str
    """Its copy in the blob store, which does not vanish with the path."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """One step of one profile: who, when, why, and on what grounds."""

    profile_hash: str
    came_from: ProfileStage
    went_to: ProfileStage
    author: str
    reason: str
    gate: dict[str, Any] | None = None
    """The gate's result, JSON-ready, where the step asks for it."""
    holdout_id: str | None = None
    """The QA run that recorded the reading of the holdout, where the step asks for it."""
    notebook: Record | None = None
    number: int = 0
    """Counts up in the order in which promotions were recorded."""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QaRun:
    """One judgement of the machine, kept."""

    id: str
    kind: QaKind
    profile_hash: str
    """Empty where it judged no profile."""
    golden_hash: str
    """The golden set that it judged by; of a reading of the holdout, the holdout alone."""
    result: dict[str, Any] | None = None
    """JSON-ready; null while it runs, and for ever where it was interrupted."""
    created_at: datetime | None = None
