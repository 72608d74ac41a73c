"""Dropbox sources: where footage comes from by itself, and which project its folders are for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints, computed_field

from editron_core.api.deps import Operator, Page, PageDep, SettingsDep, StoreDep, Viewer, page_of
from editron_core.api.shapes import HEX, Asked, HexId, Id, Line, Shape, Shown
from editron_core.config import REFERENCE
from editron_core.domain.batch import StorageTier
from editron_core.domain.intake import DropboxSource, MappingRule, SourceKind, TransferStatus
from editron_core.errors import UsageError
from editron_core.lane import sources
from editron_core.lane.connections import SECRETS

router = APIRouter(prefix="/api/dropbox", tags=["dropbox"])
Folder = Annotated[str, Field(max_length=1024, description="`/Shoots/2026`; empty for all of the account.")]
Link = Annotated[str, Field(max_length=2048, description="A shared link, `https://www.dropbox.com/scl/...`.")]
Account = Annotated[str, Field(max_length=90, description="`dbid:...`; empty asks Dropbox whose it is.")]
Token = Annotated[str, Field(max_length=2048, description="Kept sealed, and never shown again.", repr=False)]
Template = Annotated[
    str,
    Field(max_length=200, description="Of {label}, {folder}, {project}, {date}, {time}, {count} and text."),
]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^/[^\x00-\x1f\x7f]*$")]


class Source(Shape):
    """A source, without its tokens."""

    id: str
    label: Shown
    kind: SourceKind
    account_id: str
    source_url: str
    folder_path: str
    project_id: str | None
    storage_tier: StorageTier
    checksum_required: bool
    reference_name_template: str
    auto_ingest: bool
    dirty: Annotated[bool, Field(description="Something changed since it was last looked at.")]
    needs_reauth: Annotated[bool, Field(description="Its permission was taken back: connect it again.")]
    last_error: Shown | None
    last_processed_at: datetime | None
    created_at: datetime | None
    updated_at: datetime | None
    refresh_token: Annotated[str, Field(exclude=True)]
    access_token: Annotated[str, Field(exclude=True)]
    link_password: Annotated[str, Field(exclude=True)]

    @computed_field
    def has_token(self) -> bool:
        """Whether it has a token of its own."""
        return bool(self.refresh_token or self.access_token)

    @computed_field
    def has_password(self) -> bool:
        """Whether its link is opened with a password."""
        return bool(self.link_password)


class SourceFields(Asked):
    """What may be said of a source."""

    account_id: Account = ""
    source_url: Link = ""
    folder_path: Folder = ""
    project_id: HexId | None = None
    storage_tier: StorageTier = StorageTier.HOT
    checksum_required: bool = True
    reference_name_template: Template = ""
    auto_ingest: bool = True
    refresh_token: Token = ""
    access_token: Token = ""
    link_password: Token = ""


class NewSource(SourceFields):
    """A source that is wanted."""

    label: Line
    kind: SourceKind = SourceKind.ACCOUNT_FOLDER


class SourceChanges(SourceFields):
    """What is to change of a source; what is left out stays."""

    label: Line = ""


class Rule(Shape):
    """Which project a folder is for."""

    id: str
    pattern: str
    project_id: str
    priority: int
    created_at: datetime | None


class NewRule(Asked):
    """A rule that is wanted."""

    pattern: Annotated[Pattern, Field(description="A shell pattern over the path: `/clients/acme/*`.")]
    project_id: HexId
    priority: Annotated[int, Field(ge=-1000, le=1000, description="The highest that matches counts.")] = 0


class Transfer(Shape):
    """One download."""

    id: str
    source_id: str | None
    batch_id: str | None
    file_id: str | None
    size_bytes: int
    bytes_done: int
    status: TransferStatus
    attempts: Annotated[int, Field(description="Tries since bytes last came in.")]
    error_tag: Annotated[str, Field(description="Dropbox's own name for what is wrong.")]
    last_error: Shown | None
    created_at: datetime | None
    updated_at: datetime | None


@router.get("/sources")
def list_sources(store: StoreDep, page: PageDep, who: Viewer) -> Page[Source]:
    """Sources, the newest first."""
    return page_of(store.sources.page(after=page.after, limit=page.limit), Source.model_validate)


@router.post("/sources", status_code=201)
def make_source(store: StoreDep, settings: SettingsDep, body: NewSource, who: Operator) -> Source:
    """Take footage from a folder of an account, or from a shared link, from now on."""
    wanted = DropboxSource("", **_plain(body.model_dump()))
    return Source.model_validate(sources.register(store, settings, wanted))


@router.get("/sources/{source_id}")
def show_source(store: StoreDep, source_id: Id, who: Viewer) -> Source:
    """One source."""
    return Source.model_validate(store.sources.get(source_id))


@router.patch("/sources/{source_id}")
def change_source(
    store: StoreDep, settings: SettingsDep, source_id: Id, body: SourceChanges, who: Operator
) -> Source:
    """Change a source. One that looks elsewhere from now on is listed from the beginning."""
    changes = _plain(body.model_dump(exclude_unset=True))
    return Source.model_validate(sources.change(store, settings, source_id, changes))


@router.delete("/sources/{source_id}", status_code=204)
def delete_source(store: StoreDep, source_id: Id, who: Operator) -> Response:
    """Take nothing from there any more; the batches that were made of it stay."""
    store.sources.delete(source_id)
    return Response(status_code=204)


@router.post("/sources/{source_id}/sync", status_code=202)
def sync_source(store: StoreDep, source_id: Id, who: Operator) -> Source:
    """Look at a source now, once, also where it does not take in by itself."""
    return Source.model_validate(store.sources.nudge(source_id))


@router.get("/mappings")
def list_mappings(store: StoreDep, page: PageDep, who: Viewer) -> Page[Rule]:
    """The rules that map folders to projects, the newest first."""
    return page_of(store.mappings.page(after=page.after, limit=page.limit), Rule.model_validate)


@router.post("/mappings", status_code=201)
def make_mapping(store: StoreDep, body: NewRule, who: Operator) -> Rule:
    """Let footage from a folder be for a project, from the next batch on."""
    return Rule.model_validate(store.mappings.create(MappingRule(**body.model_dump())))


@router.delete("/mappings/{rule_id}", status_code=204)
def delete_mapping(store: StoreDep, rule_id: Id, who: Operator) -> Response:
    """Remove a rule."""
    store.mappings.delete(rule_id)
    return Response(status_code=204)


@router.get("/downloads")
def list_downloads(
    store: StoreDep, page: PageDep, who: Viewer, batch_id: Annotated[str | None, Query(pattern=HEX)] = None
) -> Page[Transfer]:
    """Downloads and how far they are, the newest first."""
    found = store.downloads.page(batch_id=batch_id, after=page.after, limit=page.limit)
    return page_of(found, Transfer.model_validate)


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Refuses references to secrets: whoever calls must not choose what this machine reads."""
    for name in SECRETS:
        if REFERENCE.match(fields.get(name, "")):
            raise UsageError(
                "a reference is set on the server only", subject=name, remedy="editron sources add"
            )
    return fields
