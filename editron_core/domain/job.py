"""Edit sessions, decisions, render jobs, the deliverables they leave, and the runs of stages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from editron_core.domain import codec
from editron_core.domain.batch import Hold
from editron_core.domain.timeline import Timeline
from editron_core.times import Span


class EditSessionStatus(StrEnum):
    """Where an edit session stands."""

    ASSEMBLING = "assembling"
    NEEDS_REVIEW = "needsreview"
    APPROVED = "approved"
    RENDERING = "rendering"
    COMPLETE = "complete"
    FAILED = "failed"

    def may_become(self, then: EditSessionStatus) -> bool:
        """Whether `then` may follow; staying is allowed, since work that was killed is taken up again."""
        return then in (self, EditSessionStatus.FAILED) or then in _SESSION_FOLLOWS[self]


_SESSION_FOLLOWS: dict[EditSessionStatus, tuple[EditSessionStatus, ...]] = {
    EditSessionStatus.ASSEMBLING: (EditSessionStatus.NEEDS_REVIEW,),
    # Development renders what nobody has signed; production's rule is the caller's.
    EditSessionStatus.NEEDS_REVIEW: (EditSessionStatus.APPROVED, EditSessionStatus.RENDERING),
    EditSessionStatus.APPROVED: (EditSessionStatus.RENDERING, EditSessionStatus.NEEDS_REVIEW),
    EditSessionStatus.RENDERING: (EditSessionStatus.COMPLETE, EditSessionStatus.NEEDS_REVIEW),
    EditSessionStatus.COMPLETE: (EditSessionStatus.RENDERING, EditSessionStatus.NEEDS_REVIEW),
    EditSessionStatus.FAILED: (EditSessionStatus.ASSEMBLING, EditSessionStatus.RENDERING),
}


class RenderPriority(StrEnum):
    """How urgent a render job is."""

    LOW = "low"
    STANDARD = "standard"
    RUSH = "rush"


MOST_URGENT_FIRST = (RenderPriority.RUSH, RenderPriority.STANDARD, RenderPriority.LOW)


class RenderJobStatus(StrEnum):
    """Where a render job stands."""

    QUEUED = "queued"
    RENDERING = "rendering"
    COMPLETE = "complete"
    FAILED = "failed"

    def may_become(self, then: RenderJobStatus) -> bool:
        """Whether `then` may follow; staying is allowed, since work that was killed is taken up again."""
        return then is self or then in _JOB_FOLLOWS[self]


_JOB_FOLLOWS: dict[RenderJobStatus, tuple[RenderJobStatus, ...]] = {
    RenderJobStatus.QUEUED: (RenderJobStatus.RENDERING, RenderJobStatus.FAILED),
    RenderJobStatus.RENDERING: (RenderJobStatus.COMPLETE, RenderJobStatus.FAILED, RenderJobStatus.QUEUED),
    RenderJobStatus.COMPLETE: (),
    RenderJobStatus.FAILED: (RenderJobStatus.QUEUED,),
}


class StageStatus(StrEnum):
    """Where one run of a stage stands."""

    WAITING = "waiting"
    """Interrupted; whoever comes next takes it up."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Verdict(StrEnum):
    """What a person decided."""

    APPROVE = "approve"
    REJECT = "reject"
    TRIM = "trim"


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


@dataclass(frozen=True, slots=True)
class EditSession:
    """The cuts of one blueprint from one batch."""

    id: str
    batch_id: str
    deliverable_type: str
    """The blueprint's name."""
    status: EditSessionStatus
    timelines: tuple[Timeline, ...]
    aspect_ratios: tuple[str, ...]
    content_hash: str
    """SHA-256 over the hashes of its timelines, in order."""
    reference_style: str = ""
    """The brand kit's name."""
    include_captions: bool = True
    """Whether anything is said in its cuts, so that captions go with the deliverables."""
    imovie_project: str | None = None
    """The project in iMovie that a person finishes the cut in; null until somebody records one.
    Editron itself sets none: its files for an editor's tool lie with the deliverables, under `edit/`."""
    metadata: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None

    @property
    def version(self) -> str:
        """Hash over where it stands and what it holds: whoever edits names the one that they saw."""
        return codec.content_hash([self.id, self.status, self.content_hash, self.imovie_project])[:32]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about one timeline, bound to the hash of what was shown."""

    id: str
    session_id: str
    timeline: str
    """The timeline's name."""
    content_hash: str
    """`Timeline.content_hash` of what was shown; of another cut it says nothing."""
    verdict: Verdict
    author: str
    note: str = ""
    trim: Span | None = None
    """For a trim: the part to keep, in seconds on the timeline."""
    created_at: datetime | None = None
    withdrawn_at: datetime | None = None
    """When its author took it back; null while it stands."""


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One rendering of an edit session."""

    id: str
    session_id: str
    status: RenderJobStatus
    formats: tuple[str, ...]
    """Names of the presets."""
    destinations: tuple[str, ...] = ()
    priority: RenderPriority = RenderPriority.STANDARD
    progress_percent: float = 0.0
    """0..100."""
    last_error: str | None = None
    output_urls: tuple[str, ...] = ()
    deliverables: tuple[Deliverable, ...] = ()
    """What it left, with the checks; empty until it is complete."""
    created_at: datetime | None = None
    hold: Hold = Hold.NONE
    worker: str = ""
    """Who claimed it last; empty while nobody has."""
    fence: int = 0
    """The fence of the claim that gave this value; 0 where it was only read."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """JSON-ready facts of whoever made it: all that it takes to render."""
    withdrawn: bool = False
    """Whether it failed because people want the cut no more; `last_error` says why."""


@dataclass(frozen=True, slots=True)
class StageRun:
    """What the ledger holds of one stage on one set of inputs."""

    key: str
    """Hash of the inputs' hashes, the options and the code version."""
    stage: str
    status: StageStatus
    attempts: int
    """How many times it was begun."""
    output: str | None = None
    """Content key of the folder it left; null until it is done."""
    facts: dict[str, Any] = field(default_factory=dict)
    """JSON-ready facts published with the output."""
    seconds: float | None = None
    """Wall clock of the run that finished it."""
    last_error: str | None = None
    """Class and message of the last failure, in one line."""
