"""Uploads: what people send piece by piece, kept where it can be gone on with, and footage once it is whole.

A piece counts when it is on the disk and the store has recorded it, in this order. What a process that was
killed wrote beyond that is cut off by whoever goes on. What is whole is made footage of under the
same lease; where that was broken off, whoever asks for the upload next does it, or the sweep. The bytes stay
until the record says that it is done. Types are told by the bytes, never by the name.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from editron_core import log
from editron_core.config import Settings
from editron_core.domain.intake import TransferStatus, Upload
from editron_core.errors import Busy, Conflict, MediaError, NotFound, StoreError, TooLarge, UsageError
from editron_core.ingest import kinds, names
from editron_core.ingest.local import MAX_TRANSCRIPT
from editron_core.ingest.sources import Found, Listing
from editron_core.ingest.staging import refusals
from editron_core.media import probe
from editron_core.store import Store
from editron_core.store.remote import RemoteBlobs

SOURCE = re.compile(r"upload:(?://)?([0-9a-f]{32})")
"""How a batch names an upload among its sources."""
SAVE_BYTES = 32 << 20
"""What arrived is recorded at least this often: as much may have to be sent again."""
_log = log.get(__name__)


def begin(store: Store, settings: Settings, upload: Upload) -> Upload:
    """Record an upload that is to come. Raises TooLarge, also for what the disk has no room for, and
    UsageError for nothing."""
    if upload.size_bytes > settings.max_upload_bytes:
        raise TooLarge(
            f"is larger than {settings.max_upload_bytes} bytes",
            subject=names.shown(upload.name),
            remedy="EDITRON_MAX_UPLOAD_BYTES",
        )
    if upload.size_bytes == 0:
        raise UsageError("is empty (0 bytes)", subject=names.shown(upload.name))
    sweep(store, settings)
    free = shutil.disk_usage(_folder(settings)).free
    if upload.size_bytes > free:
        raise TooLarge(
            f"takes {upload.size_bytes >> 20} MiB, and {free >> 20} MiB are free",
            subject=names.shown(upload.name),
            remedy=f"free some space in {_folder(settings)}",
        )
    return store.uploads.create(replace(upload, name=names.shown(upload.name), expires_at=_expiry(settings)))


def mine(store: Store, upload_id: str, owner: str, *, anybodys: bool = False) -> Upload:
    """An upload of one caller; of anybody for who may see all. Raises NotFound, also for other people's."""
    found = store.uploads.get(upload_id)
    if found.owner != owner and not anybodys:
        raise NotFound("does not exist", subject=f"upload {upload_id}")
    return found


def expired(upload: Upload) -> bool:
    """Whether nobody went on with it in time."""
    done = upload.status is TransferStatus.DONE
    return not done and upload.expires_at is not None and upload.expires_at < datetime.now(UTC)


class Receiving:
    """The bytes of an upload that is going on; made by `receiving`."""

    def __init__(self, store: Store, settings: Settings, upload: Upload, file: IO[bytes]) -> None:
        self._store, self._settings, self._file = store, settings, file
        self.upload = upload
        """How far it is."""
        self._at = upload.offset

    @property
    def at(self) -> int:
        """Bytes that have arrived, recorded or not."""
        return self._at

    def write(self, chunk: bytes, *, kept: bool = True) -> None:
        """Take the next bytes; with `kept`, what arrived is recorded now and then.

        Raises TooLarge for more than were said to come, MediaError once the first of them tell that it is
        nothing that can be used.
        """
        if self._at + len(chunk) > self.upload.size_bytes:
            raise TooLarge(f"is longer than the {self.upload.size_bytes} bytes that were said to come")
        with refusals(Path(self._file.name)):
            self._file.write(chunk)
        before, self._at = self._at, self._at + len(chunk)
        if before < kinds.HEAD_BYTES <= self._at:
            self._look()
        if kept and self._at - self.upload.offset >= SAVE_BYTES:
            self.save()

    def save(self) -> None:
        """Make what has arrived count."""
        with refusals(Path(self._file.name)):
            self._file.flush()
            os.fsync(self._file.fileno())
        expiry = _expiry(self._settings)
        self.upload = self._store.uploads.advance(self.upload.id, self._at, expiry)

    def drop(self) -> None:
        """Forget what came since it was last saved."""
        self._at = self.upload.offset
        self._file.seek(self._at)
        self._file.truncate()

    def _look(self) -> None:
        self._file.flush()
        with Path(self._file.name).open("rb") as reader:
            refuse(self.upload.name, reader.read(kinds.HEAD_BYTES))


@contextmanager
def receiving(store: Store, settings: Settings, upload: Upload) -> Iterator[Receiving]:
    """Go on with an upload: one at a time (Busy). What arrived before the block failed counts.

    When the block ends and all of it is here, it is made footage of: raises MediaError for what is none.
    """
    with _alone(store, upload):
        upload = store.uploads.get(upload.id)
        if upload.status is not TransferStatus.RUNNING:
            raise Conflict(f"is {upload.status}", subject=f"upload {upload.id}")
        path = _part(settings, upload.id)
        with refusals(path), path.open("r+b" if path.exists() else "w+b") as file:
            file.seek(0, os.SEEK_END)
            if file.tell() < upload.offset:  # the disk lost what it had confirmed
                raise StoreError("is not all here any more", subject=f"upload {upload.id}")
            file.seek(upload.offset)
            file.truncate()  # what a killed process wrote and did not record
            going_on = Receiving(store, settings, upload, file)
            yield going_on
        if whole(going_on.upload):
            going_on.upload = _complete(store, settings, going_on.upload)


def whole(upload: Upload) -> bool:
    """Whether all of an upload is here, and nothing was made of it yet."""
    return upload.status is TransferStatus.RUNNING and upload.offset == upload.size_bytes


def settled(store: Store, settings: Settings, upload: Upload) -> Upload:
    """An upload as it stands: one that is whole, and whose end was broken off, is made footage of first.

    While another process is at that, it is given as it is. Raises MediaError for what is no footage,
    StoreError where the disk refuses: it can be tried again.
    """
    if not whole(upload):
        return upload
    try:
        with _alone(store, upload):
            upload = store.uploads.get(upload.id)
            return _complete(store, settings, upload) if whole(upload) else upload
    except Busy:
        return upload


def _alone(store: Store, upload: Upload) -> AbstractContextManager[object]:
    return store.leases.hold(f"upload:{upload.id}")


def _complete(store: Store, settings: Settings, upload: Upload) -> Upload:
    """Make footage of an upload that is whole. Raises MediaError for what is none; it has failed then."""
    path = _part(settings, upload.id)
    try:
        _examine(upload, path)
    except MediaError as error:
        store.uploads.fail(upload.id, error.message)
        path.unlink(missing_ok=True)
        raise MediaError(error.message, subject=upload.name, remedy=error.remedy) from error
    done = store.uploads.finish(upload.id, _taken_in(store, path))
    path.unlink(missing_ok=True)
    return done


def _examine(upload: Upload, path: Path) -> None:
    """Raises MediaError for what is no footage and no transcript, or not all here any more."""
    if not path.exists() or path.stat().st_size < upload.size_bytes:
        raise MediaError("is not all here any more", remedy="send it again")
    with refusals(path), path.open("rb") as file:
        refuse(upload.name, file.read(kinds.HEAD_BYTES))
    if not _is_text(upload.name):
        probe.probe(path)
    elif path.stat().st_size > MAX_TRANSCRIPT:
        raise MediaError(f"is larger than {MAX_TRANSCRIPT >> 20} MiB, too large for a transcript")


def _taken_in(store: Store, path: Path) -> str:
    """The hash of a file in the blob store. It stays where it is as well: one copy with two names where the
    disk can."""
    with refusals(store.blobs.tmp), store.blobs.scratch("upload") as folder:
        same = folder / path.name
        try:
            same.hardlink_to(path)
        except OSError:  # another disk, or one without hard links
            return store.blobs.put(path)
        return store.blobs.put(same, move=True)


def collect(store: Store, settings: Settings, upload: Upload, blobs: RemoteBlobs) -> Upload:
    """Make footage of an upload that was PUT into the object store. Raises Conflict where it was not, or not
    all of it, MediaError for what is none."""
    upload = settled(store, settings, upload)
    if upload.status is not TransferStatus.RUNNING:
        return upload
    there = blobs.sent(upload.id)
    if there != upload.size_bytes:
        said = "nothing" if there is None else f"{there} bytes"
        raise Conflict(f"{said} of {upload.size_bytes} were sent", subject=f"upload {upload.id}")
    with _alone(store, upload):
        path = _part(settings, upload.id)
        path.unlink(missing_ok=True)
        with refusals(path):
            blobs.fetch_sent(upload.id, path)
        try:
            return _complete(store, settings, store.uploads.advance(upload.id, upload.size_bytes))
        finally:
            blobs.drop_sent(upload.id)


def remove(store: Store, settings: Settings, upload: Upload) -> None:
    """Forget an upload and what arrived of it. Raises Busy while it is going on."""
    with _alone(store, upload):
        _part(settings, upload.id).unlink(missing_ok=True)
        if isinstance(store.blobs, RemoteBlobs):
            store.blobs.drop_sent(upload.id)
        store.uploads.delete(upload.id)


def sweep(store: Store, settings: Settings) -> int:
    """Remove the uploads that nobody went on with in time; returns how many. What is whole is kept, and made
    footage of; bytes that were left behind one that is done go."""
    gone = 0
    for upload in store.uploads.expired(datetime.now(UTC)):
        try:
            if not whole(upload):
                remove(store, settings, upload)
                gone += 1
            else:
                settled(store, settings, upload)
        except (StoreError, MediaError) as error:  # somebody went on with it, or removed it, this very moment
            _log.info("upload_not_removed", upload=upload.id, why=str(error))
    for path in _folder(settings).glob("*.part"):
        with suppress(NotFound):  # one that is removed this very moment
            if store.uploads.get(path.stem).status is TransferStatus.DONE:
                path.unlink(missing_ok=True)
    return gone


def source(store: Store, settings: Settings, upload: Upload) -> str:
    """The name of an upload among a batch's sources. Raises Conflict for one that is not whole; MediaError
    and StoreError as `settled`."""
    return _source(settled(store, settings, upload))


def _source(upload: Upload) -> str:
    if upload.status is not TransferStatus.DONE:
        raise Conflict(f"is {upload.status}, not done", subject=f"upload {upload.id}")
    return f"upload://{upload.id}"


def named(store: Store, listing: Listing) -> Listing:
    """A listing in which uploads have their names, and transcripts among them stand beside their footage."""
    sent = {str(one.locator): _sent(store, one) for one in listing.found if SOURCE.match(str(one.locator))}
    texts = {Path(upload.name).name: key for key, upload in sent.items() if _is_text(upload.name)}
    taken: set[str] = set()
    found: list[Found] = []
    for one in listing.found:
        upload = sent.get(str(one.locator))
        if upload is None or _is_text(upload.name):
            found.append(one if upload is None else replace(one, name=upload.name))
            continue
        beside = names.transcript_beside(Path(upload.name), texts)
        if beside is None:
            found.append(replace(one, name=upload.name))
            continue
        taken.add(texts[beside])
        found.append(
            Found(
                upload.name,
                one.locator,
                store.blobs.path(sent[texts[beside]].sha256, Path(beside).suffix),
                names.language_of(beside, Path(upload.name).stem),
            )
        )
    return Listing(tuple(one for one in found if str(one.locator) not in taken), listing.passed_over)


def at_hand(store: Store, one: Found) -> Found:
    """What was sent, as a file of this machine. Raises NotFound where it has expired."""
    upload = _sent(store, one)
    return replace(one, locator=store.blobs.path(upload.sha256, Path(upload.name).suffix))


def refuse(name: str, head: bytes) -> None:
    """Raises MediaError for what begins like nothing that can be used."""
    if kinds.looks_like_media(head):
        return
    kind = kinds.other_kind(head)
    if _is_text(name) and kind == "a text":
        return
    raise MediaError(f"is {kind or 'of no known kind'}, not footage", subject=name)


def _sent(store: Store, one: Found) -> Upload:
    found = SOURCE.fullmatch(str(one.locator))
    if found is None:
        raise UsageError("is no upload", subject=str(one.locator))
    upload = store.uploads.get(found[1])
    _source(upload)
    return upload


def _is_text(name: str) -> bool:
    return name.lower().rpartition(".")[2] in names.TRANSCRIPT_ENDINGS


def _folder(settings: Settings) -> Path:
    folder = settings.home / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _part(settings: Settings, upload_id: str) -> Path:
    return _folder(settings) / f"{upload_id}.part"


def _expiry(settings: Settings) -> datetime:
    return datetime.now(UTC) + timedelta(hours=settings.upload_hours)
