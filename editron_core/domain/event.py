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
