"""What the captions app shows: the lines of one file, and the cuts that they reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from editron_core.domain.batch import BatchStatus, MediaFile
from editron_core.domain.job import EditSession
from editron_core.domain.review import CaptionLine
from editron_core.edit import blueprint, looks
from editron_core.errors import NotFound, UsageError
from editron_core.review import footage, revisions, signals, signoff
from editron_core.review.report import named
from editron_core.store import FileInShort, Store

PEAK_COLUMNS = 4000


class Told(Protocol):
    """The captions of one file, as the lane knows them."""

    @property
    def lines(self) -> tuple[CaptionLine, ...]:
        """In time order."""

    @property
    def version(self) -> str:
        """Hash of what is shown."""

    @property
    def author(self) -> str:
        """Who left them so; empty while nobody has edited them."""


def desk(store: Store, query: dict[str, Any], captions_of: Callable[[Store, str], Told]) -> dict[str, Any]:
    """The captions of the file that the query names (else the first that holds any), in its batch.

    Raises NotFound.
    """
    batch = named(store, query)
    if batch is None:
        return {"nothing": True}
    files = [file for file in store.files.in_short(batch.id) if file.status is BatchStatus.ANALYZED]
    sessions = revisions.current(store.sessions.list(batch.id))
    chosen = _chosen(files, sessions, str(query.get("file") or ""))
    return {
        "batch": {"id": batch.id, "name": batch.reference_name or batch.source_url},
        "files": {"id": [file.id for file in files], "name": [file.name for file in files]},
        "presets": [*looks.PRESETS, "off"],
        "file": _file(store, store.files.get(chosen.id), captions_of) if chosen else None,
        "cuts": [cut for session in sessions for cut in _cuts(store, session, chosen)] if chosen else [],
    }


def _chosen(files: Sequence[FileInShort], sessions: Sequence[EditSession], wanted: str) -> FileInShort | None:
    if wanted:
        for file in files:
            if file.id == wanted:
                return file
        raise NotFound("This file is not in the batch any more", remedy="choose another one")
    shown = {
        clip.file_id
        for session in sessions
        for timeline in session.timelines
        if timeline.cues
        for clip in timeline.clips
    }
    return next((file for file in files if file.sha256 in shown), files[0] if files else None)


def _file(store: Store, file: MediaFile, captions_of: Callable[[Store, str], Told]) -> dict[str, Any]:
    video = file.probe.video if file.probe else None
    facts: dict[str, Any] = {
        "id": file.id,
        "name": file.name,
        "fps": float(video.fps) if video else 25.0,
        "seconds": float(file.probe.duration) if file.probe else 0.0,
        "url": None,
        "peaks": "",
        "version": "",
        "author": "",
        "lines": {"start": [], "end": [], "text": []},
    }
    try:
        told, folder = captions_of(store, file.id), footage.analysed(store, file)
    except NotFound as error:
        return {**facts, "unseen": str(error)}
    return {
        **facts,
        "url": f"/api/files/{file.id}/proxy" if (folder / "proxy.mp4").is_file() else None,
        "peaks": signals.squeezed(footage.peaks(folder)[1], PEAK_COLUMNS),
        "version": told.version,
        "author": told.author,
        "lines": {
            "start": [round(line.span.start * 1000) for line in told.lines],
            "end": [round(line.span.end * 1000) for line in told.lines],
            "text": [line.text for line in told.lines],
        },
    }


def _cuts(store: Store, session: EditSession, file: FileInShort) -> list[dict[str, Any]]:
    """The cuts of a session that show the file."""
    now = signoff.of(store, session)
    return [
        {
            "session": session.id,
            "timeline": timeline.name,
            "hash": timeline.content_hash,
            "aspects": list(timeline.aspects),
            "rate": float(timeline.rate),
            "standing": now.word(timeline).standing.value,
            "look": _look(session),
            "clips": [
                {"at": float(place.start), "from": float(clip.source.start), "to": float(clip.source.end)}
                for place, clip in timeline.placed()
                if clip.file_id == file.sha256
            ],
        }
        for timeline in session.timelines
        if any(clip.file_id == file.sha256 for clip in timeline.clips)
    ]


def _look(session: EditSession) -> str:
    """The caption preset that a session's deliverables are made with; `off` where none is burned in."""
    ordered = session.metadata.get("order") or {}
    if ordered.get("captions"):
        return str(ordered["captions"])
    for name in ordered.get("blueprints") or [session.deliverable_type]:
        try:
            plan = blueprint.load(name)
        except UsageError:  # its file is gone or was changed: nobody can say
            continue
        if plan.name == session.deliverable_type:
            return plan.captions.preset if plan.captions.burn else "off"
    return ""
