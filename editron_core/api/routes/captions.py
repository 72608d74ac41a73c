"""Captions of files: read, edited, and carried to every cut of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import AfterValidator, Field

from editron_core.api import etags
from editron_core.api.deps import Reviewer, StoreDep, Viewer
from editron_core.api.etags import IfMatch
from editron_core.api.shapes import TEXT, Asked, Id, Shape
from editron_core.domain.review import CaptionLine
from editron_core.errors import UsageError
from editron_core.lane import captioning
from editron_core.times import Span

router = APIRouter(tags=["captions"])
Millis = Annotated[int, Field(ge=0, le=86_400_000, description="Milliseconds from the file's first frame.")]
MOST_LINES = 20_000
WAIT_S = 5.0


def _one_line(text: str) -> str:
    return " ".join(text.split())


class LineOfCaptions(Asked):
    """One line of captions."""

    start: Millis
    end: Millis
    text: Annotated[str, Field(max_length=500, pattern=TEXT), AfterValidator(_one_line)]


class CaptionsEdited(Asked):
    """All lines of a file, in time order."""

    lines: Annotated[list[LineOfCaptions], Field(max_length=MOST_LINES)]


class Line(Shape):
    """One line of captions."""

    start: Annotated[int, Field(description="Milliseconds from the file's first frame.")]
    end: int
    text: str


class FileCaptions(Shape):
    """The captions of a file."""

    file_id: str
    version: Annotated[str, Field(description="The ETag, for `If-Match`.")]
    author: Annotated[str, Field(description="Who left them so; empty while nobody has edited them.")]
    lines: list[Line]
    sessions: Annotated[list[str], Field(description="Sessions that came of it, to be signed anew.")]


@router.get("/api/files/{file_id}/captions")
def show_captions(store: StoreDep, file_id: Id, who: Viewer, response: Response) -> FileCaptions:
    """The lines of a file's captions, as they are now."""
    return _shown(captioning.of_file(store, file_id), response)


@router.put("/api/files/{file_id}/captions")
def edit_captions(
    store: StoreDep,
    file_id: Id,
    body: CaptionsEdited,
    who: Reviewer,
    response: Response,
    if_match: IfMatch = None,
) -> FileCaptions:
    """Keep the lines as they were edited; every cut that shows the file is captioned anew, and unsigned."""
    with store.leases.hold(f"captions:{file_id}", wait_s=WAIT_S):
        before = captioning.of_file(store, file_id)
        etags.check(if_match, before.version, f"captions of {before.file.name}")
        wanted = read_lines(body.lines)
        kept, sessions = captioning.save(store, file_id, wanted, who.name, before.version)
    return _shown(kept, response, [session.id for session in sessions])


def read_lines(lines: list[LineOfCaptions]) -> list[CaptionLine]:
    """Lines as they were sent, in time order. Raises UsageError for one that ends before it begins."""
    for line in lines:
        if line.end <= line.start:
            raise UsageError("ends before it begins", subject=f"the line {line.text[:40]!r}")
    ordered = sorted(lines, key=lambda line: line.start)
    return [CaptionLine(Span(_at(one.start), _at(one.end)), one.text) for one in ordered]


def _at(millis: int) -> Fraction:
    return Fraction(millis, 1000)


def _shown(found: captioning.FileCaptions, response: Response, sessions: Sequence[str] = ()) -> FileCaptions:
    response.headers["ETag"] = etags.quoted(found.version)
    lines = [
        Line(start=round(line.span.start * 1000), end=round(line.span.end * 1000), text=line.text)
        for line in found.lines
    ]
    return FileCaptions(
        file_id=found.file.id,
        version=found.version,
        author=found.author,
        lines=lines,
        sessions=list(sessions),
    )
