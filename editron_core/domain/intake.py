"""Where footage comes from by itself: Dropbox sources, what was seen in them, downloads and uploads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from editron_core.domain.batch import StorageTier


class SourceKind(StrEnum):
    """How a source is read."""

    SHARED_LINK = "shared_link"
    ACCOUNT_FOLDER = "account_folder"


class TransferStatus(StrEnum):
    """Where a download or an upload stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DropboxSource:
    """A Dropbox folder or shared link whose footage is taken in."""

    id: str
    label: str
    """What people call it."""
    kind: SourceKind = SourceKind.ACCOUNT_FOLDER
    account_id: str = ""
    """The account (`dbid:...`) whose notifications concern it; empty for links of others."""
    source_url: str = ""
    """The shared link; empty for a folder."""
    folder_path: str = ""
    """The folder, with a leading slash; empty for the account's root."""
    project_id: str | None = None
    storage_tier: StorageTier = StorageTier.HOT
    checksum_required: bool = True
    reference_name_template: str = ""
    """What its batches are called: see `lane.dropbox`."""
    auto_ingest: bool = True
    """Whether changes are taken in without anybody asking."""
    access_token: str = field(default="", repr=False)
    """Sealed, or a reference that `secrets` resolves; empty where the app's own right is enough."""
    refresh_token: str = field(default="", repr=False)
    """As `access_token`."""
    link_password: str = field(default="", repr=False)
    """As `access_token`; empty for a link without."""
    cursor: str = ""
    """Where in Dropbox's list of changes we are; empty before the first pass."""
    dirty_seq: int = 0
    """Raised by each notification."""
    synced_seq: int = 0
    """`dirty_seq` as it was when the last finished pass began."""
    needs_reauth: bool = False
    """Whether its token was revoked, so that only a person can go on."""
    last_error: str | None = None
    last_processed_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def dirty(self) -> bool:
        """Whether it was notified since the last finished pass began."""
        return self.dirty_seq > self.synced_seq


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One file as a source lists it."""

    remote_id: str
    """Dropbox's id; for a shared link the path in lower case."""
    path: str
    """As shown to people, with a leading slash."""
    rev: str = ""
    content_hash: str = ""
    """Dropbox's own; empty where the listing does not say."""
    size_bytes: int = 0
    taken_at: datetime | None = None
    """When it went into a batch; null while it waits."""
    batch_id: str | None = None
    """That batch, as long as it is there."""


@dataclass(frozen=True, slots=True)
class MappingRule:
    """Which project the footage of a folder is for."""

    pattern: str
    """Shell pattern over the path in lower case, such as `/clients/acme/*`; `*` also matches slashes."""
    project_id: str
    priority: int = 0
    """The highest that matches counts; of equals the longer pattern."""
    id: str = ""
    created_at: datetime | None = None


def project_for(path: str, rules: Sequence[MappingRule]) -> str | None:
    """The project that the rules give a path to; null where none matches."""
    low = path.lower()
    matching = [rule for rule in rules if fnmatchcase(low, rule.pattern.lower())]
    best = max(matching, key=lambda rule: (rule.priority, len(rule.pattern), rule.id), default=None)
    return best.project_id if best else None


@dataclass(frozen=True, slots=True)
class Download:
    """How far a download is: what survives the death of the process."""

    id: str
    """Chosen by whoever downloads; the same for the same content of the same file."""
    source_id: str | None = None
    file_id: str | None = None
    batch_id: str | None = None
    remote_id: str = ""
    rev: str = ""
    content_hash: str = ""
    size_bytes: int = 0
    bytes_done: int = 0
    """Bytes that are safely on the disk."""
    digests: bytes = b""
    """SHA-256 of each finished block of 4 MiB, one after the other."""
    status: TransferStatus = TransferStatus.QUEUED
    attempts: int = 0
    """Since bytes last came in."""
    error_tag: str = ""
    """Dropbox's own name for what is wrong, such as `restricted_content`."""
    last_error: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sends us piece by piece."""

    id: str
    name: str
    """The name it has at the sender: shown to people, never used as a path."""
    size_bytes: int
    owner: str
    """The name of the caller who began it."""
    offset: int = 0
    """Bytes that have arrived."""
    status: TransferStatus = TransferStatus.RUNNING
    sha256: str = ""
    """Of the whole, once it is done."""
    project_id: str | None = None
    batch_id: str | None = None
    """The batch that was made of it."""
    metadata: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    expires_at: datetime | None = None
