"""Captions as people edit them: read for one file, and carried to every cut that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from editron_core.domain import codec
from editron_core.domain.batch import MediaFile
from editron_core.domain.job import EditSession
from editron_core.domain.review import CaptionEdit, CaptionLine
from editron_core.domain.timeline import Timeline
from editron_core.domain.transcript import Transcript
from editron_core.edit import captions, lines
from editron_core.edit.lines import Line
from editron_core.errors import NotFound, Stale
from editron_core.lane import revising
from editron_core.review import footage, revisions
from editron_core.store import Store


@dataclass(frozen=True)
class FileCaptions:
    """The captions of one file as they are now."""

    file: MediaFile
    lines: tuple[CaptionLine, ...]
    base: str
    """Hash of the transcript that they are lines of."""
    version: str
    """Hash of what somebody saw who looked at them."""
    author: str = ""
    """Who left them so; empty while nobody has edited them."""


def of_file(store: Store, file_id: str) -> FileCaptions:
    """The captions of a file. Raises NotFound where it is not there, or was not analysed yet."""
    file = store.files.get(file_id)
    told = _told(footage.analysed(store, file))
    edit = _edit(store, file, told.base)
    if edit is None:
        return FileCaptions(file, told.lines, told.base, told.base)
    return FileCaptions(file, edit.lines, told.base, edit.version, edit.author)


def save(
    store: Store, file_id: str, wanted: Sequence[CaptionLine], author: str, expected: str
) -> tuple[FileCaptions, tuple[EditSession, ...]]:
    """Keep the captions of a file as `author` left them, and carry them to every cut of its batch.

    Returns the sessions that took the place of those with other captions: they are to be signed anew.
    Raises NotFound, UsageError for lines that overlap, Stale where `expected` is no longer the version.
    """
    before = of_file(store, file_id)
    unedited = not before.author
    if unedited and expected != before.version:
        raise Stale("were changed meanwhile", subject=f"captions of {before.file.name}", remedy="look again")
    edit = CaptionEdit(file_id, before.base, tuple(wanted), author)
    # An edit of an older transcript may lie there still: it says nothing, and is not what was looked at.
    store.captions.save(edit, expected=None if unedited else expected)
    return of_file(store, file_id), carry(store, before.file.batch_id, author)


def carry(store: Store, batch_id: str, author: str) -> tuple[EditSession, ...]:
    """Caption the current cuts of a batch anew; returns the sessions that came of it."""
    made = []
    for session in revisions.current(store.sessions.list(batch_id)):
        cuts = applied(store, batch_id, session.timelines)
        if cuts != session.timelines:
            made.append(revising.replace_cuts(store, session, cuts, revising.Change("captions", author)))
    return tuple(made)


def applied(
    store: Store,
    batch_id: str,
    timelines: tuple[Timeline, ...],
    transcripts: Mapping[str, Transcript | None] | None = None,
) -> tuple[Timeline, ...]:
    """`timelines` with the captions that people wrote; one that shows no file of theirs stays as it is.

    `transcripts`, by the file's SHA-256, spares reading them.
    """
    edited, said = _written(store, batch_id, timelines, transcripts or {})
    return tuple(
        _captioned(timeline, edited, said)
        if any(clip.file_id in edited for clip in timeline.clips)
        else timeline
        for timeline in timelines
    )


def recaptioned(
    store: Store,
    batch_id: str,
    timelines: tuple[Timeline, ...],
    transcripts: Mapping[str, Transcript | None] | None = None,
) -> tuple[Timeline, ...]:
    """`timelines` captioned anew, from what people wrote and else from the transcripts.

    One that shows a file whose analysis was cleared away stays as it is.
    """
    edited, said = _written(store, batch_id, timelines, transcripts or {})
    return tuple(
        _captioned(timeline, edited, said)
        if all(clip.file_id in said for clip in timeline.clips)
        else timeline
        for timeline in timelines
    )


def drafted(
    store: Store, batch_id: str, timeline: Timeline, file_id: str, wanted: Sequence[CaptionLine]
) -> Timeline:
    """`timeline` captioned as it would be if these lines of a file were kept. Raises UsageError."""
    file = store.files.get(file_id)
    edited, said = _written(store, batch_id, (timeline,), {})
    transcript = said.get(file.sha256)
    edit = CaptionEdit(file_id, base_of(transcript), tuple(wanted), "")
    return _captioned(timeline, {**edited, file.sha256: lines.read(edit.lines, transcript)}, said)


def _written(
    store: Store,
    batch_id: str,
    timelines: tuple[Timeline, ...],
    transcripts: Mapping[str, Transcript | None],
) -> tuple[dict[str, tuple[Line, ...]], dict[str, Transcript | None]]:
    """The lines of those files of a batch that people edited, and the transcripts of all that are shown."""
    said = dict(transcripts)
    edited: dict[str, tuple[Line, ...]] = {}
    wanted = {clip.file_id for timeline in timelines for clip in timeline.clips}
    for file in store.files.list(batch_id):
        if file.sha256 not in wanted:
            continue
        if file.sha256 not in said:
            try:
                said[file.sha256] = _told(footage.analysed(store, file)).transcript
            except NotFound:  # cleared away: nobody can say what its captions were
                continue
        edit = _edit(store, file, base_of(said[file.sha256]))
        if edit is not None:
            edited[file.sha256] = lines.read(edit.lines, said[file.sha256])
    return edited, said


@dataclass(frozen=True)
class _Told:
    """What an analysis heard, and what follows from it for captions."""

    transcript: Transcript | None
    base: str
    lines: tuple[CaptionLine, ...]


@lru_cache(maxsize=16)
def _told(folder: Path) -> _Told:
    # Folders are named by what they hold: what was read once stays right.
    transcript = footage.transcript(folder)
    return _Told(transcript, base_of(transcript), lines.of(transcript))


def base_of(transcript: Transcript | None) -> str:
    """What identifies a transcript for its edits."""
    return codec.content_hash(codec.dump(transcript) if transcript else None)[:32]


def _captioned(
    timeline: Timeline, edited: Mapping[str, tuple[Line, ...]], said: Mapping[str, Transcript | None]
) -> Timeline:
    found = lines.stretches(timeline.placed(), edited, said)
    return replace(timeline, cues=captions.cues_of(found, timeline.rate))


def _edit(store: Store, file: MediaFile, base: str) -> CaptionEdit | None:
    edit = store.captions.latest(file.id)
    return edit if edit is not None and edit.base == base else None
