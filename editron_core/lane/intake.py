"""Ingest: sources become a batch of files, each in the blob store and probed, or failed with its reason."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from editron_core.domain import codec
from editron_core.domain.batch import BatchStatus, Hold, MediaBatch, MediaFile, StorageTier, joined
from editron_core.domain.operations import Subject
from editron_core.domain.progress import Step
from editron_core.errors import DiskFull, EditronError, Held, MediaError, NotFound, SourceError
from editron_core.ingest import local, platforms, url
from editron_core.ingest.dropbox import located
from editron_core.ingest.examine import examine
from editron_core.ingest.sources import Found, Listing, expand
from editron_core.ingest.staging import Arrival
from editron_core.lane import holding, uploads
from editron_core.lane.abreast import side_by_side
from editron_core.lane.desk import Desk, Progress
from editron_core.lane.dropbox import expanded
from editron_core.lane.fetching import from_dropbox, receive
from editron_core.store import NewBatch

DONE = (BatchStatus.READY, BatchStatus.ANALYZING, BatchStatus.ANALYZED)
"""A file in one of these needs no ingest any more."""


def ingest(desk: Desk, sources: Sequence[str], avoid: Sequence[Path] = ()) -> MediaBatch:
    """Take in files, folders and URLs; the same unchanged sources are the same batch again.

    `avoid` names folders that are passed over. Raises SourceError where the sources hold nothing.
    A file that cannot be used is recorded as failed with its reason, and the others go on.
    """
    listing = expanded(desk, expand(sources, avoid))
    if not listing.found:
        raise _nothing(sources, listing)
    with desk.timed("ingest"):
        batch = _open(desk, sources, listing)
        for one in listing.found:
            desk.store.files.add(batch.id, one.name, str(one.locator))
        return _finish(desk, batch, listing, again=True)


def resume(desk: Desk, batch: MediaBatch) -> MediaBatch:
    """Take in what an interrupted ingest of this batch left; what has failed stays as it is.

    A batch that was only asked for, by its sources, gets its files here. Raises SourceError where they hold
    nothing.
    """
    if _only_asked_for(desk, batch):
        batch = _listed(desk, batch)
    pending = [file for file in desk.store.files.list(batch.id) if not _taken(desk, file)]
    if batch.storage_tier is StorageTier.COLD:  # its originals are meant to be gone
        return batch
    if all(file.status is BatchStatus.FAILED for file in pending):
        return batch
    with desk.timed("ingest"):
        listing = uploads.named(desk.store, expand(batch.sources))
        return _finish(desk, batch, listing, again=False)


def _only_asked_for(desk: Desk, batch: MediaBatch) -> bool:
    """Whether nobody has looked yet at what the sources hold, or somebody was interrupted at it."""
    if "listing" in batch.metadata:
        return False
    files, asked = desk.store.files.list(batch.id), expand(batch.sources)
    known = {str(one.locator) for one in asked.found}
    return not files or any(file.source in known for file in files)


def _listed(desk: Desk, batch: MediaBatch) -> MediaBatch:
    """Record the files of a batch that was asked for; what its sources hold is written down last."""
    holding.check(desk.store, Subject(batch.id))
    sources = batch.sources
    listing = uploads.named(desk.store, expanded(desk, expand(sources)))
    if not listing.found:
        error = _nothing(sources, listing)
        desk.store.batches.set_status(batch.id, BatchStatus.FAILED, str(error))
        raise error
    for one in listing.found:
        desk.store.files.add(batch.id, one.name, str(one.locator))
    facts = {"listing": _fingerprint(listing), "passed_over": listing.passed_over}
    desk.store.batches.note(batch.id, facts)
    return desk.store.batches.get(batch.id)


def _nothing(sources: Sequence[str], listing: Listing) -> SourceError:
    return SourceError(
        f"no footage found ({listing.passed_over} other files passed over)",
        subject=", ".join(sources),
        remedy="name a video or audio file, a folder that holds some, or a URL",
    )


def fingerprint(sources: Sequence[str]) -> str:
    """SHA-256 over place, size and time of change of all that the sources hold. Raises SourceError."""
    return codec.content_hash(_fingerprint(expand(sources)))


def _finish(desk: Desk, batch: MediaBatch, listing: Listing, *, again: bool) -> MediaBatch:
    """Take in the files of a batch that are not there yet; with `again` also those that had failed.

    Raises Held where the batch is paused or cancelled; a file that is waits where it stands.
    """
    holding.check(desk.store, Subject(batch.id))
    known = {str(one.locator): one for one in listing.found}
    with desk.store.leases.hold(f"ingest:{batch.id}"):
        files = [file for file in desk.store.files.list(batch.id) if not _taken(desk, file)]
        free = [file for file in files if file.hold is Hold.NONE]
        wanted = [file for file in free if again or file.status is not BatchStatus.FAILED]
        if not wanted:
            return batch
        _requeue(desk, desk.store.batches.get(batch.id))
        if any(file.status in DONE for file in wanted):  # archived or lost, and wanted again
            desk.store.batches.set_tier(batch.id, StorageTier.HOT)
        desk.store.batches.set_status(batch.id, BatchStatus.DOWNLOADING)
        # What lies here is copied as fast as the disk can; what comes over a network waits most of the time.
        afar = any(from_dropbox(file.source) for file in wanted)
        side_by_side(
            desk.settings.download_jobs if afar else 1,
            lambda file: _take_in(desk, file, known.get(file.source, Found(file.name, _place(file.source)))),
            wanted,
        )
        return settle(desk, batch.id, BatchStatus.READY)


def _taken(desk: Desk, file: MediaFile) -> bool:
    return file.status in DONE and desk.keeps(file)


def _place(source: str) -> Path | str:
    return source if "://" in source else Path(source)


def settle(desk: Desk, batch_id: str, reached: BatchStatus) -> MediaBatch:
    """Move a batch on to `reached`, or to failed where none of its files is usable."""
    files = [file for file in desk.store.files.list(batch_id) if file.hold is not Hold.CANCELLED]
    failed = [file for file in files if file.status is BatchStatus.FAILED]
    if files and len(failed) == len(files):
        error = failed[0].error if len(failed) == 1 else f"none of {len(files)} files can be used"
        return desk.store.batches.set_status(batch_id, BatchStatus.FAILED, error)
    error = f"{len(failed)} of {len(files)} files failed" if failed else None
    return desk.store.batches.set_status(batch_id, reached, error)


def _open(desk: Desk, sources: Sequence[str], listing: Listing) -> MediaBatch:
    """The batch of these sources: the newest one where nothing has changed since, else a new one."""
    asked = joined([s if "://" in s else str(Path(s).absolute()) for s in sources])
    facts: dict[str, Any] = {"listing": _fingerprint(listing), "passed_over": listing.passed_over}
    try:
        newest = desk.store.batches.newest(asked)
        if newest.metadata.get("listing") == facts["listing"]:
            return newest
    except NotFound:
        pass
    name = Path(sources[0]).name or sources[0]
    return desk.store.batches.create(NewBatch(source_url=asked, reference_name=name, metadata=facts))


def _fingerprint(listing: Listing) -> list[list[Any]]:
    """Locator, size and time of change of everything found: what tells that it is still the same."""
    rows: list[list[Any]] = []
    for one in listing.found:
        for place in (one.locator, one.transcript):
            if isinstance(place, Path) and place.exists():
                facts = place.stat()
                rows.append([str(place), facts.st_size, facts.st_mtime_ns])
            elif place is not None:
                rows.append([str(place), None, None])
    return rows


def _requeue(desk: Desk, batch: MediaBatch) -> MediaBatch:
    """Bring a batch back to where files may arrive, whatever became of it before."""
    if batch.status in (BatchStatus.QUEUED, BatchStatus.DOWNLOADING):
        return batch
    return desk.store.batches.set_status(batch.id, BatchStatus.QUEUED)


def _take_in(desk: Desk, file: MediaFile, one: Found) -> None:
    files = desk.store.files
    size = located(file.source).remote.size if from_dropbox(file.source) else None
    step = Step("ingest", file.name, batch=file.batch_id, file=file.id, bytes=size)
    try:
        with desk.watched(step) as (tell, _):
            if file.status not in (BatchStatus.QUEUED, BatchStatus.DOWNLOADING):
                files.set_status(file.id, BatchStatus.QUEUED)
            files.set_status(file.id, BatchStatus.DOWNLOADING)
            desk.tried(step, lambda watch: _receive(desk, file, one, watch), tell)
            files.set_status(file.id, BatchStatus.READY)
    except (MediaError, SourceError, DiskFull) as error:
        files.set_status(file.id, BatchStatus.FAILED, reason(error, file.name))
    except Held:  # the file alone, or all of its batch?
        holding.check(desk.store, Subject(file.batch_id))


def _receive(desk: Desk, file: MediaFile, one: Found, tell: Progress) -> None:
    if uploads.SOURCE.fullmatch(str(one.locator)):
        one = uploads.at_hand(desk.store, one)
    with desk.store.blobs.scratch("ingest") as staging:
        if isinstance(one.locator, Path):
            arrival = local.take(one, staging, tell)
        elif from_dropbox(one.locator):
            arrival = receive(desk, file, staging, tell)
        elif platforms.is_platform(one.locator, desk.settings):
            arrival = platforms.fetch(one.locator, staging, desk.settings)
        else:
            # Partial downloads outlive this process, so that the next one goes on with them.
            parts = desk.store.blobs.root / "downloads"
            parts.mkdir(exist_ok=True)
            arrival = url.fetch(one.locator, parts, tell)
        blobs = desk.store.blobs
        try:
            probe = examine(arrival)
            transcript = _transcript(desk, arrival, staging)
            sha256 = blobs.put(arrival.path, sha256=arrival.sha256, move=True)
        finally:
            arrival.path.unlink(missing_ok=True)
        path = blobs.path(sha256, arrival.path.suffix)
        desk.store.files.arrived(file.id, str(path), sha256, arrival.size_bytes, transcript)
        desk.store.files.probed(file.id, probe)


def _transcript(desk: Desk, arrival: Arrival, staging: Path) -> str | None:
    """Where our copy of the transcript lies; its name keeps the language, which the speech room reads."""
    if arrival.transcript is None:
        return None
    folder = staging / "transcript"
    folder.mkdir()
    language = f".{arrival.language}" if arrival.language else ""
    shutil.move(arrival.transcript, folder / f"transcript{language}{arrival.transcript.suffix}")
    kept = desk.store.blobs.folder(desk.store.blobs.adopt(folder))
    return str(next(kept.glob("transcript*")))


def reason(error: EditronError, name: str) -> str:
    """The error's line without the file's name, which is shown beside it."""
    return str(error).removeprefix(f"{name}: ")
