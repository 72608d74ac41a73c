"""Findings of the QA board: what is not as it should be, who deals with it, and what was said about it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field, StringConstraints

from editron_core.api import etags
from editron_core.api.deps import Page, PageDep, Reviewer, StoreDep, Viewer, page_of
from editron_core.api.etags import IfMatch
from editron_core.api.shapes import HEX, PRINTED, UNSEEN, Asked, HexId, Id, Line, Note, Shape, Shown
from editron_core.domain import finding as domain
from editron_core.domain.finding import FindingStatus
from editron_core.store import Store
from editron_core.store.records.findings import FindingFilter

router = APIRouter(prefix="/api/findings", tags=["findings"])
Ref = Annotated[str | None, Query(pattern=HEX, description="32 hex digits.")]
Tag = Annotated[str, StringConstraints(max_length=80, pattern=PRINTED)]
LINK = rf"^(/([^/\\{UNSEEN}][^\\{UNSEEN}]*)?|https?://[^{UNSEEN}]+)$"
"""A path of this server, or http(s): nothing that a browser would run."""
MOST_OVERLAYS = 20


class Overlay(Asked):
    """A link to a picture that shows the finding."""

    label: Line
    url: Annotated[str, StringConstraints(max_length=2000, pattern=LINK)]


class SeenOverlay(Shape):
    """A link to a picture that shows the finding."""

    label: str
    url: str


class Finding(Shape):
    """Something that is not as it should be."""

    id: str
    title: str
    text: str
    status: FindingStatus
    author: str
    assignee_id: str | None
    due_on: date | None
    locale: str
    genre: str
    subject: Shown
    batch_id: str | None
    session_id: str | None
    qa_run_id: str | None
    at_seconds: float | None
    overlays: list[SeenOverlay]
    version: Annotated[str, Field(description="Its ETag, for `If-Match`.")]
    created_at: datetime | None
    updated_at: datetime | None


class NewFinding(Asked):
    """A finding that is reported."""

    title: Line
    text: Note = ""
    status: FindingStatus = FindingStatus.OPEN
    assignee_id: HexId | None = None
    due_on: date | None = None
    locale: Tag = ""
    genre: Tag = ""
    subject: Tag = ""
    batch_id: HexId | None = None
    session_id: HexId | None = None
    qa_run_id: HexId | None = None
    at_seconds: Annotated[float | None, Field(ge=0, le=1e6)] = None
    overlays: Annotated[list[Overlay], Field(max_length=MOST_OVERLAYS, default_factory=list)]


class FindingChange(Asked):
    """What is to be other than it is; null takes an assignee or a date away."""

    title: Line | None = None
    text: Note | None = None
    status: FindingStatus | None = None
    assignee_id: HexId | None = None
    due_on: date | None = None
    overlays: Annotated[list[Overlay] | None, Field(max_length=MOST_OVERLAYS)] = None


class Comment(Shape):
    """A word on a finding."""

    id: str
    finding_id: str
    author: str
    text: str
    created_at: datetime | None


class NewComment(Asked):
    """A word on a finding."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=PRINTED)]


async def _which(
    status: FindingStatus | None = None,
    assignee_id: Ref = None,
    batch_id: Ref = None,
    locale: Annotated[str | None, Query(max_length=80)] = None,
    genre: Annotated[str | None, Query(max_length=80)] = None,
) -> FindingFilter:
    return FindingFilter(status, assignee_id, batch_id, locale, genre)


@router.get("")
def list_findings(
    store: StoreDep, page: PageDep, which: Annotated[FindingFilter, Depends(_which)], who: Viewer
) -> Page[Finding]:
    """Findings, the newest first."""
    return page_of(store.findings.page(which, after=page.after, limit=page.limit), Finding.model_validate)


@router.post("", status_code=201)
def make_finding(store: StoreDep, body: NewFinding, who: Reviewer, response: Response) -> Finding:
    """Report a finding; it can be given to an active member at once."""
    fields = body.model_dump(exclude={"overlays"})
    made = domain.Finding(id="", author=who.name, overlays=_overlays(body.overlays), **fields)
    return _shown(store.findings.create(made), response)


@router.get("/{finding_id}")
def show_finding(store: StoreDep, finding_id: Id, who: Viewer, response: Response) -> Finding:
    """One finding; its ETag is for `If-Match`."""
    return _shown(store.findings.get(finding_id), response)


@router.patch("/{finding_id}")
def change_finding(
    store: StoreDep,
    finding_id: Id,
    body: FindingChange,
    who: Reviewer,
    response: Response,
    if_match: IfMatch = None,
) -> Finding:
    """Change what is given of a finding as it was seen."""
    changes = body.model_dump(include=body.model_fields_set, exclude={"overlays"})
    # Null means "nobody" and "no date"; of the others it means that nothing was given.
    given = {
        name: one for name, one in changes.items() if one is not None or name in ("assignee_id", "due_on")
    }
    if body.overlays is not None:
        given["overlays"] = _overlays(body.overlays)
    expected = _expected(store, finding_id, if_match)
    return _shown(store.findings.change(finding_id, given, expected=expected), response)


@router.delete("/{finding_id}", status_code=204)
def delete_finding(store: StoreDep, finding_id: Id, who: Reviewer, if_match: IfMatch = None) -> Response:
    """Remove a finding as it was seen, with all that was said about it."""
    store.findings.delete(finding_id, expected=_expected(store, finding_id, if_match))
    return Response(status_code=204)


@router.get("/{finding_id}/comments")
def list_comments(store: StoreDep, page: PageDep, finding_id: Id, who: Viewer) -> Page[Comment]:
    """What was said about a finding, the oldest first."""
    found = store.findings.comments(finding_id, after=page.after, limit=page.limit)
    return page_of(found, Comment.model_validate)


@router.post("/{finding_id}/comments", status_code=201)
def make_comment(store: StoreDep, finding_id: Id, body: NewComment, who: Reviewer) -> Comment:
    """Say something about a finding."""
    return Comment.model_validate(store.findings.comment(finding_id, who.name, body.text))


def _expected(store: Store, finding_id: str, if_match: str | None) -> str:
    """The version that was seen, which is also the one there is; the store checks it once more."""
    version = store.findings.get(finding_id).version
    etags.check(if_match, version, f"finding {finding_id[:8]}")
    return version


def _overlays(given: list[Overlay]) -> tuple[domain.Overlay, ...]:
    return tuple(domain.Overlay(one.label, one.url) for one in given)


def _shown(finding: domain.Finding, response: Response) -> Finding:
    response.headers["ETag"] = etags.quoted(finding.version)
    return Finding.model_validate(finding)
