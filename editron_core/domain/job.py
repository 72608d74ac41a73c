"""Edit sessions, render jobs, and the deliverables they leave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class EditSessionStatus(StrEnum):
    """Where an edit session stands."""

    ASSEMBLING = "assembling"
    NEEDS_REVIEW = "needsreview"
    APPROVED = "approved"
    RENDERING = "rendering"
    COMPLETE = "complete"
    FAILED = "failed"


class RenderPriority(StrEnum):
    """How urgent a render job is."""

    LOW = "low"
    STANDARD = "standard"
    RUSH = "rush"


class RenderJobStatus(StrEnum):
    """Where a render job stands."""

    QUEUED = "queued"
    RENDERING = "rendering"
    COMPLETE = "complete"
    FAILED = "failed"


class Severity(StrEnum):
    """How much a finding matters."""

    NOTE = "note"
    """Worth knowing; nothing is wrong."""
    WARNING = "warning"
    """The deliverable is usable, and an editor would want to look."""
    FAILURE = "failure"
    """The deliverable must not go out; the run exits 1."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know about an output."""

    severity: Severity
    rule: str
    """Short stable name of the rule, such as `caption-speed`."""
    message: str
    """What was found, with the measured value and the limit."""


@dataclass(frozen=True, slots=True)
class Check:
    """One measured property of a deliverable."""

    name: str
    passed: bool
    measured: str
    """The value found, with its unit."""
    required: str
    """The rule it was held against, with its unit."""


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One rendered output and what was measured on it."""

    path: str
    timeline: str
    aspect: str
    preset: str
    duration: Fraction
    """Seconds."""
    width: int
    height: int
    captions: tuple[str, ...]
    """Paths of the caption sidecars."""
    loudness_lufs: float | None
    """Integrated loudness; null for silence or no sound."""
    true_peak_dbtp: float | None
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)
