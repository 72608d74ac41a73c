"""Media: what people play and take home, whole or by ranges.

An address with `v`, the hash of what it leads to, never changes and is kept by browsers for good; without it
they ask each time whether it is still the same. What is not signed off is not kept at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from editron_core.api import streaming
from editron_core.api.deps import Operator, SettingsDep, StoreDep, Viewer
from editron_core.api.seconds import SecondsAsked
from editron_core.api.shapes import Id
from editron_core.api.streaming import ASK_AGAIN, FOREVER, NEVER, Streamed
from editron_core.domain.batch import MediaFile
from editron_core.domain.job import RenderJob
from editron_core.domain.progress import Nobody
from editron_core.errors import NotFound, UsageError
from editron_core.lane import clips
from editron_core.lane.desk import Desk
from editron_core.review import footage, signoff
from editron_core.store import Store
from editron_core.store.blobs import HASH
from editron_core.times import Span

router = APIRouter(tags=["media"])
MP4 = "video/mp4"
TYPES = {
    ".mp4": MP4,
    ".m4v": MP4,
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".ts": "video/mp2t",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt; charset=utf-8",
}
RANGES: dict[int | str, dict[str, Any]] = {
    200: {"description": "All of it.", "content": {"*/*": {}}},
    206: {"description": "The range that was asked for.", "content": {"*/*": {}}},
    304: {"description": "It is still what `If-None-Match` names."},
    416: {"description": "It has no such range, or several were asked for at once."},
}
Index = Annotated[int, Query(ge=0, le=999, description="Which, in the job's own order.")]


@dataclass(frozen=True, slots=True)
class Wish:
    """How a file is to be given."""

    request: Request
    version: str | None
    save: bool

    def answer(self, one: Streamed) -> Response:
        """The file, unless it is another one than was meant (NotFound)."""
        if self.version not in (None, one.sha256):
            raise NotFound("is not what it was: look again", subject=one.name)
        cache = FOREVER if self.version and one.cache == ASK_AGAIN else one.cache
        attachment = one.attachment or self.save
        return streaming.give(self.request, replace(one, cache=cache, attachment=attachment))


async def _wish(
    request: Request,
    v: Annotated[
        str | None, Query(pattern=r"^[0-9a-f]{64}$", description="The hash of what is meant: see the ETag.")
    ] = None,
    save: Annotated[bool, Query(description="To be saved instead of shown.")] = False,
) -> Wish:
    return Wish(request, v, save)


WishDep = Annotated[Wish, Depends(_wish)]


@router.head("/api/files/{file_id}/proxy", include_in_schema=False)
@router.get("/api/files/{file_id}/proxy", response_class=Response, responses=RANGES)
def show_proxy(store: StoreDep, wish: WishDep, file_id: Id, who: Viewer) -> Response:
    """The small copy of a file that people play."""
    file = store.files.get(file_id)
    path = footage.proxy(store, file)
    sha256 = store.blobs.hash_of(path.parent.name, path.name)
    return wish.answer(Streamed(path, sha256, MP4, _named(file, ".mp4")))


@router.head("/api/files/{file_id}/original", include_in_schema=False)
@router.get("/api/files/{file_id}/original", response_class=Response, responses=RANGES)
def show_original(
    store: StoreDep, settings: SettingsDep, wish: WishDep, file_id: Id, who: Operator
) -> Response:
    """A file as it arrived. To be saved: it is other people's data, which no browser should run."""
    file = store.files.get(file_id)
    if not file.sha256:
        raise NotFound("has not arrived yet", subject=file.name)
    path = Path(Desk(store, settings, Nobody()).at_hand(file).path)
    kind = TYPES.get(path.suffix.lower(), "application/octet-stream")
    return wish.answer(Streamed(path, file.sha256, kind, Path(file.name).name, attachment=True))


@router.head("/api/files/{file_id}/clip", include_in_schema=False)
@router.get("/api/files/{file_id}/clip", response_class=Response, responses=RANGES)
def show_clip(
    store: StoreDep, wish: WishDep, file_id: Id, start: SecondsAsked, end: SecondsAsked, who: Viewer
) -> Response:
    """A span of a file, such as a moment, cut from its proxy. The first one to ask waits for the cut."""
    file = store.files.get(file_id)
    if end <= start:
        raise UsageError("must come after the start", subject="end")
    key = clips.of_file(store, file, Span(start, end))
    path = store.blobs.folder(key) / clips.NAME
    name = _named(file, f"-{float(start):.2f}s.mp4")
    return wish.answer(Streamed(path, store.blobs.hash_of(key, clips.NAME), MP4, name))


@router.head("/api/jobs/{job_id}/deliverable", include_in_schema=False)
@router.get("/api/jobs/{job_id}/deliverable", response_class=Response, responses=RANGES)
def show_deliverable(store: StoreDep, wish: WishDep, job_id: Id, who: Viewer, index: Index = 0) -> Response:
    """One rendered film of a job."""
    job = store.jobs.get(job_id)
    if index >= len(job.deliverables):
        raise NotFound(f"has no deliverable {index}", subject=f"render job {job_id[:8]}")
    return wish.answer(_left(store, job, Path(job.deliverables[index].path)))


@router.head("/api/jobs/{job_id}/captions", include_in_schema=False)
@router.get("/api/jobs/{job_id}/captions", response_class=Response, responses=RANGES)
def show_captions(
    store: StoreDep, wish: WishDep, job_id: Id, who: Viewer, index: Index = 0, caption: Index = 0
) -> Response:
    """One caption file of a rendered film."""
    job = store.jobs.get(job_id)
    captions = job.deliverables[index].captions if index < len(job.deliverables) else ()
    if caption >= len(captions):
        raise NotFound(f"has no caption file {caption}", subject=f"render job {job_id[:8]}")
    return wish.answer(_left(store, job, Path(captions[caption])))


def _left(store: Store, job: RenderJob, place: Path) -> Streamed:
    """What a job left in a folder of the blob store, found by the folder's key wherever that lies now."""
    parts = place.parts
    at = next((at for at, part in enumerate(parts) if HASH.fullmatch(part)), None)
    if at is None:
        raise NotFound("is not in the blob store", subject=place.name)
    key, inner = parts[at], Path(*parts[at + 1 :])
    session = store.sessions.get(job.session_id)
    signed = not signoff.of(store, session).unsigned
    return Streamed(
        path=store.blobs.folder(key) / inner,
        sha256=store.blobs.hash_of(key, inner.as_posix()),
        media_type=TYPES.get(place.suffix.lower(), "application/octet-stream"),
        name=place.name,
        cache=ASK_AGAIN if signed else NEVER,
    )


def _named(file: MediaFile, ending: str) -> str:
    return f"{Path(file.name).stem}{ending}"
