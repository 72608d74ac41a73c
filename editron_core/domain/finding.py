"""Findings of the QA board: what somebody saw that is not as it should be, and who deals with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from editron_core.domain import codec


class FindingStatus(StrEnum):
    """Where a finding stands. Any may follow on any: people know best."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    READY_FOR_REVIEW = "ready_for_review"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Overlay:
    """A link to a picture that shows a finding, such as a frame difference."""

    label: str
    url: str
    """An address of our own API, or http(s)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be."""

    id: str
    title: str
    """One line."""
    text: str = ""
    status: FindingStatus = FindingStatus.OPEN
    author: str = ""
    """Who reported it: a person, or the name of a suite."""
    assignee_id: str | None = None
    """The active member who deals with it."""
    due_on: date | None = None
    locale: str = ""
    """Language tag of the golden item or footage; empty where it does not matter."""
    genre: str = ""
    subject: str = ""
    """What it was found in: a golden item, a reading, a timeline."""
    batch_id: str | None = None
    session_id: str | None = None
    qa_run_id: str | None = None
    at_seconds: float | None = None
    """Where in the subject, in seconds."""
    overlays: tuple[Overlay, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def version(self) -> str:
        """Hash over all that people can change: whoever edits names the one that they saw."""
        changing = (self.title, self.text, self.status, self.assignee_id, self.due_on, self.overlays)
        return codec.content_hash(codec.dump(changing))[:32]


@dataclass(frozen=True, slots=True)
class Comment:
    """A word on a finding."""

    id: str
    finding_id: str
    author: str
    text: str
    created_at: datetime | None = None
