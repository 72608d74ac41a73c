"""What the review apps keep: caption edits, brand kits, and how many must approve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from editron_core.domain import codec
from editron_core.errors import UsageError
from editron_core.times import Span


@dataclass(frozen=True, slots=True)
class CaptionLine:
    """One line of captions as a person left it."""

    span: Span
    """Seconds from the file's first frame."""
    text: str


@dataclass(frozen=True, slots=True)
class CaptionEdit:
    """The captions of one file as a person left them; it takes the place of the edit before it."""

    file_id: str
    base: str
    """Hash of the transcript that was edited: of another transcript the edit says nothing."""
    lines: tuple[CaptionLine, ...]
    """In time order."""
    author: str
    id: str = ""
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        end = Fraction(0)
        for line in self.lines:
            if line.span.start < end:
                raise UsageError("lines overlap or run backwards", subject=f"caption {line.text[:40]!r}")
            end = line.span.end

    @property
    def version(self) -> str:
        """Hash over base and lines: whoever edits names the one that they saw."""
        return codec.content_hash({"base": self.base, "lines": codec.dump(self.lines)})[:32]


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """How many people must approve a cut before it is signed."""

    approvers: int = 1
    """At least 1."""
    members: tuple[str, ...] = ()
    """Ids of the members whose word counts; empty for everybody who may review."""
    project_id: str | None = None
    """The project that it holds for; null for all that have none of their own."""

    def __post_init__(self) -> None:
        if self.approvers < 1 or (self.members and len(set(self.members)) < self.approvers):
            raise UsageError("asks for more approvals than people can give", subject="approval rule")


@dataclass(frozen=True, slots=True)
class BrandVersion:
    """One version of a brand kit, and where it stands."""

    id: str
    """Hash of project and content."""
    name: str
    version: int
    project_id: str | None
    author: str
    chosen: bool
    """Whether exports of its project inherit it now."""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BrandAsset:
    """A logo, watermark, font or bumper that was uploaded; its bytes lie in the blob store."""

    sha256: str
    name: str
    kind: str
    """`logo`, `watermark`, `font` or `bumper`."""
    size_bytes: int
    project_id: str | None = None
    created_at: datetime | None = None
