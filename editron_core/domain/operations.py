"""What operators deal with: holds, dead letters, and what waits to be dispatched."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing that an operator means: a batch, or a file or a render job of it."""

    batch_id: str
    file_id: str | None = None
    job_id: str | None = None

    @property
    def kind(self) -> str:
        """`batch`, `file` or `render job`."""
        return "file" if self.file_id else "render job" if self.job_id else "batch"

    @property
    def id(self) -> str:
        """The identifier of the thing itself."""
        return self.file_id or self.job_id or self.batch_id


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A stage that was given up, and all that is known of why. One for each stage and subject."""

    stage: str
    subject: str
    """What the stage worked on, as people call it."""
    error_class: str
    """Name of the error's class, such as `MediaError`."""
    message: str
    """The error in one line, with its remedy."""
    log_tail: str = ""
    """The last lines that were logged before it."""
    attempts: int = 1
    """How many times it was tried, over all recordings."""
    batch_id: str | None = None
    file_id: str | None = None
    job_id: str | None = None
    id: str = ""
    """Given by the store."""
    created_at: datetime | None = None
    resolved_at: datetime | None = None
    """When it was retried or the stage went well after all; null while it waits for somebody."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A stage of a batch that is to be begun, written together with the change that asks for it."""

    key: str
    """`batch:stage:attempt`; unique, so that whoever starts the work can start it once."""
    batch_id: str
    stage: str
    attempt: int
    """Counts from 1 for each batch and stage."""
    facts: dict[str, Any] = field(default_factory=dict)
    """JSON-ready particulars, such as the session that was signed."""
    created_at: datetime | None = None
    traceparent: str = ""
    """The span of who asked for it (W3C Trace Context); empty where nothing was traced."""
