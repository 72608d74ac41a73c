"""Dropbox sources become batches: one pass looks at what changed, and asks for what is new to be produced.

A notification only makes a source dirty. A pass notes how often that happened before it looks, and tells at
its end that so many were seen: one that comes meanwhile leaves the source dirty, and another pass follows.
There is one pass at a time for each source. Each page of a listing is recorded together with the cursor
behind it, and what waits becomes a batch together with the dispatch of it: a pass that is killed loses
nothing and does nothing twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from editron_core import log, telemetry
from editron_core.domain.batch import StorageTier
from editron_core.domain.intake import DropboxSource, SourceEntry, SourceKind, project_for
from editron_core.errors import EditronError, UsageError
from editron_core.ingest import kinds, names
from editron_core.ingest.download import Refused
from editron_core.ingest.dropbox import Page, Remote
from editron_core.ingest.dropbox_session import CursorExpired
from editron_core.ingest.sources import Found, Listing
from editron_core.ingest.webhook import shared_link
from editron_core.lane.connections import NO_SOURCE
from editron_core.lane.desk import Desk
from editron_core.store import NewBatch
from editron_core.store.records.sources import Taken

NAMING = "{label} {date} {time}"
"""What batches are called where their source says nothing."""
FIELDS = ("label", "folder", "project", "date", "time", "count")
_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Synced:
    """What one pass came to."""

    source: str
    batches: tuple[str, ...]
    """The batches that were made, one for each project that has new footage."""
    files: int
    """New files, in these batches."""


def sync(desk: Desk, source_id: str) -> Synced:
    """One pass over a source. Raises NotFound; Busy where another one is on; Refused where a person must act,
    Unavailable where Dropbox does not answer: both are recorded with the source."""
    sources = desk.store.sources
    with desk.store.leases.hold(lease_name(source_id)), telemetry.span("sync", run=source_id):
        source, seq = sources.get(source_id), sources.begin(source_id)
        try:
            seen = _look(desk, source)
            batches, count = _take(desk, source, seen)
        except Refused as error:
            sources.fail(source_id, str(error), needs_reauth=error.needs_reauth)
            raise
        except EditronError as error:
            sources.fail(source_id, str(error))
            raise
        sources.finish(source_id, seq)
    if batches:
        _log.info("synced", source=source.label, batches=list(batches), files=count)
    return Synced(source_id, batches, count)


def lease_name(source_id: str) -> str:
    """The lease under which a source is looked at."""
    return f"dropbox:{source_id}"


def expanded(desk: Desk, listing: Listing) -> Listing:
    """A listing in which each shared link of Dropbox's stands for the footage behind it.

    Raises UsageError where no app is set up, Refused, Unavailable.
    """
    found: list[Found] = []
    passed_over = listing.passed_over
    for one in listing.found:
        if not isinstance(one.locator, str) or not shared_link(one.locator):
            found.append(one)
            continue
        link = one.locator
        connection = desk.dropbox.to_link(link)
        remotes = [file for page in connection.client.pages(connection.place) for file in page.files]
        footage = list(_paired(remotes))
        for remote, transcript in footage:
            found.append(Found(_shown(remote, ""), remote.locator(NO_SOURCE, transcript, link)))
        passed_over += len(remotes) - len(footage)
    return Listing(tuple(found), passed_over)


def named(template: str, facts: Mapping[str, object]) -> str:
    """A template of names filled in. Raises UsageError for a field that nobody knows."""
    unknown = [field for field in re.findall(r"\{(\w*)\}", template) if field not in FIELDS]
    if unknown:
        known = ", ".join(f"{{{field}}}" for field in FIELDS)
        raise UsageError("is no field of a name", subject=f"{{{unknown[0]}}}", remedy=f"use {known}")
    return re.sub(r"\{(\w+)\}", lambda found: str(facts.get(found[1], "")), template)


def _look(desk: Desk, source: DropboxSource) -> dict[str, Remote]:
    """Record what changed; returns the files as Dropbox described them, by id."""
    connection = desk.dropbox.to(source)
    seen: dict[str, Remote] = {}
    try:
        for page in connection.client.pages(connection.place, source.cursor):
            _record(desk, source, page, seen)
    except CursorExpired:
        _log.info("listed_anew", source=source.label)
        desk.store.sources.reset(source.id)
        for page in connection.client.pages(connection.place):
            _record(desk, source, page, seen)
    return seen


def _record(desk: Desk, source: DropboxSource, page: Page, seen: dict[str, Remote]) -> None:
    wanted = [file for file in page.files if _is_footage(file.name) or _is_transcript(file.name)]
    seen.update((file.id, file) for file in wanted)
    entries = [SourceEntry(file.id, file.path, file.rev, file.content_hash, file.size) for file in wanted]
    desk.store.sources.record(source.id, page.cursor, entries, removed=page.gone)


def _take(desk: Desk, source: DropboxSource, seen: Mapping[str, Remote]) -> tuple[tuple[str, ...], int]:
    """Make batches of what waits: one for each project."""
    waiting = [seen.get(entry.remote_id) or _remote(entry) for entry in desk.store.sources.waiting(source.id)]
    rules = desk.store.mappings.list()
    groups: dict[str | None, list[Taken]] = {}
    for remote, transcript in _paired(waiting):
        project = project_for(remote.path, rules) or source.project_id
        taken = Taken(remote.id, _shown(remote, source.folder_path), remote.locator(source.id, transcript))
        groups.setdefault(project, []).append(taken)
    made = []
    for project, some in groups.items():
        batch = desk.store.sources.take(source.id, _new_batch(desk, source, project, len(some)), some)
        made.append(batch.id)
    return tuple(made), sum(map(len, groups.values()))


def _new_batch(desk: Desk, source: DropboxSource, project: str | None, count: int) -> NewBatch:
    now = datetime.now(UTC)
    called = next((one.name for one in desk.store.projects.list() if one.id == project), "")
    facts = {
        "label": source.label,
        "folder": PurePosixPath(source.folder_path).name,
        "project": called,
        "date": f"{now:%Y-%m-%d}",
        "time": f"{now:%H:%M:%S}",
        "count": count,
    }
    link = source.kind is SourceKind.SHARED_LINK
    # A batch that is cold has no originals to analyse; it becomes cold with its time.
    tier = StorageTier.WARM if source.storage_tier is StorageTier.COLD else source.storage_tier
    return NewBatch(
        source_url=source.source_url if link else f"dropbox://{source.id}{source.folder_path or '/'}",
        reference_name=names.shown(named(source.reference_name_template or NAMING, facts)),
        project_id=project,
        storage_tier=tier,
        checksum_required=source.checksum_required,
        # Its files are listed already; nobody is to look again.
        metadata={"dropbox": source.id, "listing": []},
    )


def _paired(remotes: Sequence[Remote]) -> Iterator[tuple[Remote, Remote | None]]:
    """The footage, each with the transcript that lies beside it."""
    folders: dict[str, dict[str, Remote]] = {}
    for remote in remotes:
        folders.setdefault(remote.path.rpartition("/")[0].lower(), {})[remote.name] = remote
    for remote in remotes:
        if _is_footage(remote.name):
            beside = folders[remote.path.rpartition("/")[0].lower()]
            yield remote, _transcript(remote, beside)


def _transcript(remote: Remote, beside: Mapping[str, Remote]) -> Remote | None:
    others = [name for name in beside if name != remote.name]
    found = names.transcript_beside(Path(remote.name), others)
    return beside[found] if found else None


def _remote(entry: SourceEntry) -> Remote:
    name = entry.path.rpartition("/")[2]
    return Remote(entry.remote_id, entry.rev, entry.path, name, entry.size_bytes, entry.content_hash)


def _shown(remote: Remote, folder: str) -> str:
    """The file's name with its place below the folder."""
    above, root = remote.path.rpartition("/")[0], folder.rstrip("/")
    below = above[len(root) :] if above.lower().startswith(root.lower()) else above
    return names.shown("/".join(part for part in (below.strip("/"), remote.name) if part))


def _is_footage(name: str) -> bool:
    return kinds.ending(name) != "bin"


def _is_transcript(name: str) -> bool:
    return name.rpartition(".")[2].lower() in names.TRANSCRIPT_ENDINGS
