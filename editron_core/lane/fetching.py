"""Files from Dropbox on their way in: what has arrived outlives us, and all are told how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from editron_core import log, telemetry
from editron_core.domain.batch import MediaFile
from editron_core.domain.intake import Download
from editron_core.errors import EditronError, MediaError, SourceError
from editron_core.ingest import names
from editron_core.ingest.download import Fetched, Refused, Report, Unavailable, fetch
from editron_core.ingest.dropbox import SCHEME, Located, Remote, located
from editron_core.ingest.local import MAX_TRANSCRIPT
from editron_core.ingest.staging import Arrival
from editron_core.lane.connections import NO_SOURCE, Connection
from editron_core.lane.desk import Desk

ADVANCE_S = 2.0
"""How often the store is told."""
_log = log.get(__name__)


def from_dropbox(source: str) -> bool:
    """Whether a file's source is a locator of Dropbox's."""
    return source.startswith(SCHEME)


def receive(desk: Desk, file: MediaFile, staging: Path, tell: Callable[[float], None]) -> Arrival:
    """Download a file, and the transcript beside it, into `staging`.

    Raises Refused with Dropbox's tag, SourceError where it keeps failing, or where the batch wants checksums
    and Dropbox states none, DiskFull, and what `tell` raises.
    """
    wanted = located(file.source)
    connection = _connection(desk, wanted)
    if wanted.remote.size > desk.settings.max_download_bytes:
        raise SourceError(
            f"is larger than {desk.settings.max_download_bytes / (1 << 30):g} GiB",
            subject=file.name,
            remedy="raise EDITRON_MAX_DOWNLOAD_BYTES if that is meant",
        )
    parts = desk.store.blobs.root / "downloads"
    parts.mkdir(exist_ok=True)

    def work(report: Report) -> Fetched:
        return _fetched(connection, wanted.remote, parts, staging, report)

    fetched = _Journal(desk, file, wanted).over(work, tell)
    if not fetched.by_hash and desk.store.batches.get(file.batch_id).checksum_required:
        raise SourceError(
            "arrived, but Dropbox states no content hash to hold it against",
            subject=file.name,
            remedy="ask for it with checksum_required false, or by a source in place of a link",
        )
    arrival = replace(fetched.arrival, name=file.name)
    if wanted.transcript is None:
        return arrival
    return _with_transcript(connection, wanted.transcript, arrival, (parts, staging))


def _fetched(connection: Connection, remote: Remote, parts: Path, staging: Path, report: Report) -> Fetched:
    return fetch(connection.door(remote), connection.client.wanted(remote), parts, staging, report)


def _with_transcript(
    connection: Connection, transcript: Remote, arrival: Arrival, places: tuple[Path, Path]
) -> Arrival:
    if transcript.size > MAX_TRANSCRIPT:
        raise MediaError(f"has a transcript larger than {MAX_TRANSCRIPT >> 20} MiB", subject=arrival.name)
    text = _fetched(connection, transcript, *places, Report()).arrival
    stem = PurePath(arrival.name).stem
    return replace(arrival, transcript=text.path, language=_language(transcript.name, stem))


@dataclass
class _Journal:
    """One download as the store and operators see it."""

    desk: Desk
    file: MediaFile
    wanted: Located
    _told: int = 0
    _at: float = 0.0

    def over(self, work: Callable[[Report], Fetched], tell: Callable[[float], None]) -> Fetched:
        """Do the work, and record how it ends."""
        downloads, remote = self.desk.store.downloads, self.wanted.remote
        began = downloads.begin(
            Download(
                id=self.file.id,
                source_id=None if self.wanted.source == NO_SOURCE else self.wanted.source,
                file_id=self.file.id,
                batch_id=self.file.batch_id,
                remote_id=remote.id,
                rev=remote.rev,
                content_hash=remote.content_hash,
                size_bytes=remote.size,
            )
        )
        self._told, self._at = began.bytes_done, time.monotonic()
        try:
            fetched = work(Report(tell, self._bytes, self._failed))
        except EditronError as error:
            tag = error.tag if isinstance(error, Refused) else ""
            downloads.finish(self.file.id, error=str(error), tag=tag)
            raise
        telemetry.count("download_bytes", max(0, fetched.arrival.size_bytes - self._told))
        downloads.finish(self.file.id)
        _log.info("downloaded", file=self.file.name, bytes=fetched.received, by_hash=fetched.by_hash)
        return fetched

    def _bytes(self, done: int, tries: int) -> None:
        now = time.monotonic()
        if now - self._at >= ADVANCE_S and done > self._told:
            telemetry.count("download_bytes", done - self._told)
            self.desk.store.downloads.advance(self.file.id, done, b"")
            self._told, self._at = done, now

    def _failed(self, error: Unavailable) -> None:
        telemetry.count("download_retries", reason=error.reason)
        if error.wait_s is not None:
            telemetry.count("rate_limit_wait_seconds", error.wait_s)
        self.desk.store.downloads.attempted(self.file.id, str(error))


def _connection(desk: Desk, wanted: Located) -> Connection:
    if wanted.source == NO_SOURCE:
        return desk.dropbox.to_link(wanted.link)
    return desk.dropbox.to(desk.store.sources.get(wanted.source))


def _language(transcript: str, stem: str) -> str | None:
    try:
        return names.language_of(transcript, stem)
    except ValueError:  # the file is shown under another name than it has
        return None
