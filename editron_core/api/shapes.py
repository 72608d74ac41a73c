"""The forms in which the API gives and takes things: the domain's fields, by the domain's names.

Instants on a timeline and in a file are exact, as `"n/d"` seconds; figures for charts are numbers.
"""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from functools import cache
from typing import Annotated, Any

from fastapi import Path
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from editron_core.domain.batch import BatchStatus, Hold, MediaProbe, StorageTier
from editron_core.domain.job import (
    Deliverable,
    EditSessionStatus,
    RenderJobStatus,
    RenderPriority,
    Verdict,
)
from editron_core.domain.timeline import Timeline
from editron_core.review.signoff import Standing
from editron_core.times import Span

HEX = r"^[0-9a-f]{32}$"
Id = Annotated[str, Path(pattern=HEX, description="32 hex digits.")]
HexId = Annotated[str, Field(pattern=HEX)]
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256, 64 hex digits.")]
PRINTED = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""No control characters but tab and line breaks."""
UNSEEN = r"\s\x00-\x1f\x7f-\x9f\ufeff"
"""Inside a class of characters: white space and controls. Readers of patterns differ in what white space is:
what only some of them count is named."""
LINE = rf"^[^\x00-\x1f\x7f]*[^{UNSEEN}][^\x00-\x1f\x7f]*$"
"""One line in which something is to be seen."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=LINE)]
"""A name or the like."""
TEXT = rf"{PRINTED[:-1]}[^{UNSEEN}]{PRINTED[1:]}"
"""The same, and something in it is to be seen: several lines, where `LINE` is one."""
Note = Annotated[str, Field(max_length=4000, pattern=PRINTED)]


def _shown(text: object) -> object:
    """A text as UTF-8 can hold it: file names may hold bytes that are none."""
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else text


Shown = Annotated[str, BeforeValidator(_shown)]
"""A text that came from outside, such as a file's name."""


class Shape(BaseModel):
    """What is given: made from the domain's values by their names."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """What is taken: nothing that nobody knows, and of the types that the description tells.

    Pydantic by itself would take `true` for 1 and `"3"` for 3.
    """

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, data: Any) -> Any:
        schema = _schema(cls)
        for name, wanted in schema.get("properties", {}).items():
            if isinstance(data, dict) and name in data and not _fits(data[name], wanted, schema):
                raise PydanticCustomError("json_type", "{name} is of another type", {"name": name})
        return data


@cache
def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    return kind.model_json_schema()


def _fits(value: Any, wanted: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether a JSON value is of the type that a schema wants; objects look into themselves."""
    if "$ref" in wanted:
        return _fits(value, root["$defs"][wanted["$ref"].rpartition("/")[2]], root)
    if "anyOf" in wanted:
        return any(_fits(value, one, root) for one in wanted["anyOf"])
    if wanted.get("type") == "array" and isinstance(value, list) and "items" in wanted:
        return all(_fits(one, wanted["items"], root) for one in value)
    known = {bool: "boolean", str: "string", type(None): "null", int: "number", float: "number"}
    kind = known.get(type(value))
    said = "number" if wanted.get("type") == "integer" else wanted.get("type")
    return kind is None or said is None or kind == said


class Project(Shape):
    """Whom footage is for."""

    id: str
    name: str


class Batch(Shape):
    """What arrived together."""

    id: str
    project_id: str | None
    reference_name: Shown
    source_url: Shown
    storage_tier: StorageTier
    checksum_required: bool
    status: BatchStatus
    hold: Hold
    partial: Annotated[bool, Field(description="Some of its files failed, and others did not.")]
    file_count: int
    failed_count: int
    total_size_bytes: int
    last_error: Shown | None
    created_at: datetime | None
    updated_at: datetime | None


class File(Shape):
    """One media file of a batch."""

    id: str
    batch_id: str
    name: Shown
    source: Shown
    sha256: Annotated[str, Field(description="Of its bytes; empty until they are here.")]
    size_bytes: int
    status: BatchStatus
    hold: Hold
    error: Shown | None
    probe: MediaProbe | None


class Moment(Shape):
    """A span of a file with a score."""

    sha256: Annotated[
        str,
        Field(validation_alias=AliasChoices("sha256", "file_id"), description="Of the file that it lies in."),
    ]
    span: Span
    score: float
    signals: dict[str, float | None]
    contributions: dict[str, float]
    reason: str
    profile_hash: str


class Analysis(Shape):
    """What the analysis of a batch came to, for one brief and one profile."""

    batch_id: str
    brief: str
    summary: str
    hero_moments: list[Moment]
    insights: dict[str, Any]
    deliverable_targets: list[dict[str, Any]]
    passes_completed: int
    profile_hash: str


class Decision(Shape):
    """What a person decided about one timeline."""

    id: str
    session_id: str
    timeline: str
    content_hash: str
    verdict: Verdict
    author: str
    note: str
    trim: Span | None
    created_at: datetime | None
    withdrawn_at: Annotated[datetime | None, Field(description="When its author took it back.")]


class Cut(Shape):
    """One timeline of a session, and where it stands."""

    timeline: Timeline
    content_hash: Annotated[str, Field(description="What a decision about it is bound to.")]
    duration: Annotated[Fraction, Field(description="Seconds.")]
    standing: Standing
    approved: Annotated[list[str], Field(description="Who has approved it as it is now.")]
    missing: Annotated[int, Field(description="How many approvals are still wanted.")]
    decisions: list[Decision]


class SessionRow(Shape):
    """The cuts of one blueprint from one batch, in short."""

    id: str
    batch_id: str
    deliverable_type: str
    status: EditSessionStatus
    aspect_ratios: list[str]
    reference_style: str
    include_captions: bool
    content_hash: str
    created_at: datetime | None


class Session(SessionRow):
    """The cuts of one blueprint from one batch."""

    version: Annotated[str, Field(description="Its ETag, for `If-Match`.")]
    cuts: list[Cut]


class RenderJob(Shape):
    """One rendering of a session."""

    id: str
    session_id: str
    status: RenderJobStatus
    hold: Hold
    priority: RenderPriority
    formats: list[str]
    destinations: list[Shown]
    progress_percent: float
    last_error: Shown | None
    worker: str
    output_urls: list[Shown]
    deliverables: list[Deliverable]
    created_at: datetime | None
