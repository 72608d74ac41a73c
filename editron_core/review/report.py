"""What the analysis report shows of a batch: its files, one of them in full, the moments and the insights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from editron_core.domain.batch import BatchAnalysis, Hold, MediaBatch, MediaFile
from editron_core.domain.evidence import SIGNALS, EngineUse, Evidence
from editron_core.domain.moment import Moment
from editron_core.domain.transcript import Transcript
from editron_core.errors import NotFound
from editron_core.review import footage, signals
from editron_core.store import FileInShort, Store

ROLES = {
    "shots": "cuts between shots",
    "motion": "movement, sharpness and light",
    "faces": "faces",
    "sound": "loudness and crowds",
    "speech": "what is said",
    "vision": "what the picture shows",
}
"""What each engine is for, in words."""
PEAK_COLUMNS = 1600
MANY = 500
"""With more files than this a page is drawn before they are listed."""


def analysis(store: Store, query: dict[str, Any]) -> dict[str, Any]:
    """The batch that the query names (else the newest), with the file that it names (else the first usable).

    `known` in the query is the `version` of the files that the caller has already: they are then left out.
    `from`, `to` (seconds) and `columns` say which stretch of the signals is wanted, and how fine.
    Raises NotFound.
    """
    batch = named(store, query)
    if batch is None:
        return {"nothing": True}
    found = store.analyses.latest(batch.id)
    files = store.files.in_short(batch.id)
    ids: dict[str, FileInShort] = {}
    for file in files:
        ids.setdefault(file.sha256, file)
    moments = found.hero_moments if found else ()
    chosen = _chosen(
        files, str(query.get("file") or ""), [ids[m.file_id] for m in moments if m.file_id in ids]
    )
    version = batch.updated_at.isoformat() if batch.updated_at else ""
    # What takes long to send follows when the page stands: it asks for all, with `full`.
    later = batch.file_count > MANY and not query.get("full")
    return {
        "batch": _batch(batch, found),
        "version": version,
        "later": later,
        "files": None if later or query.get("known") == version else _files(files),
        "moments": [
            _moment(number, moment, ids[moment.file_id])
            for number, moment in enumerate(moments, start=1)
            if moment.file_id in ids
        ],
        "file": _file(store, store.files.get(chosen.id), query, later=later) if chosen else None,
    }


def named(store: Store, query: dict[str, Any]) -> MediaBatch | None:
    """The batch that a query names, the newest where it names none; null where there is none at all.

    Raises NotFound for one that is not there, or not any more.
    """
    wanted = str(query.get("batch") or "")
    if not wanted:
        newest = store.batches.list(limit=1)
        return newest[0] if newest else None
    try:
        return store.batches.get(wanted)
    except NotFound as error:
        raise NotFound(
            "This batch is not there, or was deleted", remedy="choose another one from the batches"
        ) from error


def told(file: MediaFile) -> str:
    """What a file holds, in one line."""
    parts = []
    if file.probe and file.probe.video:
        video = file.probe.video
        parts.append(f"{video.width}\u00d7{video.height}")
        parts.append(f"{float(video.fps):.5g} fps{', variable' if video.vfr else ''}")
        parts.append(f"{video.codec}{', HDR' if video.hdr else ''}")
    if file.probe and file.probe.audio:
        parts.append(f"{file.probe.audio.codec} {file.probe.audio.layout}")
    return " \u00b7 ".join(parts)


def words(transcript: Transcript | None) -> dict[str, Any] | None:
    """A transcript as columns: words, their starts and ends in milliseconds, and where sentences begin."""
    if transcript is None:
        return None
    begins, at = [], 0
    for sentence in transcript.sentences():
        begins.append(at)
        at += len(sentence.words)
    return {
        "language": transcript.language,
        "source": transcript.source,
        "aligned": transcript.aligned,
        "words": [word.text for word in transcript.words],
        "starts": [round(float(word.span.start) * 1000) for word in transcript.words],
        "ends": [round(float(word.span.end) * 1000) for word in transcript.words],
        "sentences": begins,
    }


def _batch(batch: MediaBatch, found: BatchAnalysis | None) -> dict[str, Any]:
    insights = found.insights if found else {}
    return {
        "id": batch.id,
        "name": batch.reference_name or batch.source_url,
        "source": batch.source_url,
        "status": batch.status.value,
        "state": batch.hold.value
        if batch.hold is not Hold.NONE
        else "partial"
        if batch.partial
        else batch.status.value,
        "files": batch.file_count,
        "failed": batch.failed_count,
        "error": batch.last_error,
        "analysed": found is not None,
        "brief": found.brief if found else "",
        "profile": found.profile_hash[:12] if found else "",
        "summary": found.summary if found else "",
        "figures": insights.get("figures", {}),
        "keywords": insights.get("keywords", []),
        "languages": insights.get("languages", []),
        "warnings": insights.get("warnings", []),
        "targets": list(found.deliverable_targets) if found else [],
    }


def _files(files: Sequence[FileInShort]) -> dict[str, list[Any]]:
    return {
        "id": [file.id for file in files],
        "name": [file.name for file in files],
        "state": [file.hold.value if file.hold is not Hold.NONE else file.status.value for file in files],
        "error": [file.error for file in files],
        "seconds": [file.seconds for file in files],
    }


def _chosen(files: Sequence[FileInShort], wanted: str, best: Sequence[FileInShort]) -> FileInShort | None:
    """The file that is asked for; else that of the best moment, else the first that can be looked at."""
    if wanted:
        for file in files:
            if file.id == wanted:
                return file
        raise NotFound("This file is not in the batch any more", remedy="choose another one")
    if best:
        return best[0]
    return next((file for file in files if file.seconds is not None), files[0] if files else None)


def _moment(number: int, moment: Moment, file: FileInShort) -> dict[str, Any]:
    names = sorted(moment.signals, key=lambda name: (-moment.contributions.get(name, 0.0), name))
    return {
        "number": number,
        "file": file.id,
        "name": file.name,
        "start": float(moment.span.start),
        "end": float(moment.span.end),
        "score": moment.score,
        "reason": moment.reason,
        "parts": [
            {
                "label": signals.label(name),
                "meaning": SIGNALS[name].meaning if name in SIGNALS else "",
                "hue": signals.hue(name),
                "value": moment.signals[name],
                "added": moment.contributions.get(name, 0.0),
            }
            for name in names
        ],
    }


def _file(store: Store, file: MediaFile, query: dict[str, Any], *, later: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": file.id,
        "name": file.name,
        "state": file.status.value,
        "error": file.error,
        "told": told(file),
        "notes": list(file.probe.notes) if file.probe else [],
        "fps": float(file.probe.video.fps) if file.probe and file.probe.video else 25.0,
        "picture": bool(file.probe and file.probe.video),
        "seconds": float(file.probe.duration) if file.probe else 0.0,
        "seen": False,
    }
    try:
        folder = footage.analysed(store, file)
    except NotFound as error:
        return {**facts, "unseen": str(error)}
    seen = Evidence.load(folder)
    end = float(seen.duration)
    wanted = (float(query.get("from") or 0.0), float(query.get("to") or end))
    return {
        **facts,
        "seen": True,
        "seconds": end,
        "proxy": (folder / "proxy.mp4").is_file(),
        "peaks": signals.squeezed(footage.peaks(folder)[1], PEAK_COLUMNS),
        "shots": [round(float(shot.start), 3) for shot in seen.shots],
        "signals": signals.lanes(seen, *wanted, int(query.get("columns") or signals.COLUMNS)),
        "transcript": None if later else words(seen.transcript),
        "engines": [_engine(use) for use in seen.engines],
    }


def _engine(use: EngineUse) -> dict[str, Any]:
    return {
        "role": ROLES.get(use.role, use.role),
        "name": use.name,
        "version": use.version,
        "fallback": use.fallback,
    }
