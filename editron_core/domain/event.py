"""Events: what happened, written down in the transaction in which it happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Whoever has seen number n has seen everything up to n."""

    id: int
    """Counts up in the order in which the changes became visible; never comes twice."""
    kind: str
    """`subject.what`, such as `batch.ready` or `job.progress`."""
    subject_id: str
    """Identifier of the thing that it happened to."""
    batch_id: str | None = None
    """The batch that the thing belongs to; null where it belongs to none."""
    project_id: str | None = None
    """The batch's or the thing's project."""
    data: dict[str, Any] = field(default_factory=dict)
    """JSON-ready particulars, few and short: whoever wants more asks for the subject."""
    created_at: datetime | None = None

    @property
    def fleeting(self) -> bool:
        """Whether the next event of its kind says all that this one said: a progress."""
        return self.kind.endswith(".progress")


def _of(subject: str, *whats: str) -> tuple[str, ...]:
    return tuple(f"{subject}.{what}" for what in whats)


_HOLDS = ("paused", "cancelled", "resumed", "retried")
_LANE = ("queued", "downloading", "ready", "analyzing", "analyzed", "failed")

KINDS: tuple[str, ...] = (
    *_of("project", "created", "changed"),
    *_of("batch", "created", *_LANE, *_HOLDS, "changed", "deleted"),
    *_of("file", "added", "arrived", "probed", *_LANE, *_HOLDS),
    *_of("stage", "running", "done", "failed", "waiting"),
    *_of("analysis", "saved"),
    *_of("session", "assembling", "needsreview", "approved", "rendering", "complete", "failed", "changed"),
    *_of("decision", "made", "withdrawn"),
    *_of("job", "queued", "rendering", "complete", "failed", "progress", "changed", "delivered", *_HOLDS),
    *_of("letter", "recorded", "resolved"),
    *_of("task", "todo", "doing", "blocked", "done", "assigned"),
    *_of("label", "rated"),
    *_of("profile", "registered", "promoted", "retired"),
    *_of("qa", "begun", "finished"),
    *_of("finding", "created", "changed", "commented", "deleted"),
    *_of("caption", "edited"),
    *_of("brand", "saved", "chosen"),
    *_of("asset", "added", "deleted"),
    *_of("source", "created", "changed", "deleted", "dirty", "synced", "failed"),
    *_of("rule", "created", "deleted"),
    *_of("download", "started", "progress", "done", "failed"),
    *_of("upload", "created", "progress", "done", "failed", "deleted"),
    *_of("member", "created", "changed"),
    *_of("key", "created", "revoked"),
    *_of("endpoint", "created", "changed", "disabled", "deleted"),
)
"""Every kind of event there is. Technical rows (leases, dispatches, journals of studies) tell nothing."""
