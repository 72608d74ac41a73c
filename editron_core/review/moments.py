"""What the reviewer's desk shows: the cuts of a batch, where each stands, and one of them in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from editron_core.domain.evidence import Evidence
from editron_core.domain.job import Decision, EditSession, Verdict
from editron_core.domain.timeline import Clip, Timeline
from editron_core.domain.transcript import Word
from editron_core.errors import NotFound
from editron_core.review import footage, revisions, signoff
from editron_core.review.report import named
from editron_core.review.signoff import SignOff
from editron_core.store import FileInShort, Store
from editron_core.times import Span

AROUND_S = 12.0
"""Seconds of footage shown before and after a clip, to trim into."""
STEPS_BACK = 20
"""How many earlier forms of a cut are asked for signatures that it has lost."""


def desk(store: Store, query: dict[str, Any], me: str) -> dict[str, Any]:
    """The cuts of the batch that the query names (else of the newest), as `me` sees them.

    `session` and `timeline` in the query say which cut is wanted in full; a session whose place another one
    has taken stands for that one. `beside` is the key of one to compare it with. Raises NotFound.
    """
    batch = named(store, query)
    if batch is None:
        return {"nothing": True}
    sessions = store.sessions.list(batch.id)
    current = revisions.current(sessions)
    files: dict[str, FileInShort] = {}
    for file in store.files.in_short(batch.id):
        files.setdefault(file.sha256, file)
    signed = [signoff.of(store, session) for session in current]
    newest: dict[str, str] = {}
    for session in current:
        newest.setdefault(session.deliverable_type, session.id)
    cuts = [
        {
            **_cut(store, now, timeline, sessions, me),
            "older": newest[now.session.deliverable_type] != now.session.id,
        }
        # By name, so that a cut keeps its place when it is changed.
        for now in sorted(signed, key=lambda now: now.session.deliverable_type)
        for timeline in now.session.timelines
    ]
    cuts.sort(key=lambda cut: bool(cut["older"]))
    chosen = _chosen(cuts, sessions, query)
    beside = next((cut for cut in cuts if cut["key"] == query.get("beside") and cut is not chosen), None)
    rule = signoff.rule_for(store, batch.id)
    return {
        "batch": {
            "id": batch.id,
            "name": batch.reference_name or batch.source_url,
            "status": batch.status.value,
            "project": batch.project_id,
        },
        "me": me,
        "rule": {"approvers": rule.approvers, "names": list(rule.names), "team": _team(store, rule)},
        "cuts": cuts,
        "cut": _in_full(store, signed, chosen, files) if chosen else None,
        "beside": _in_full(store, signed, beside, files) if beside else None,
    }


def _team(store: Store, rule: signoff.Rule) -> list[dict[str, Any]]:
    """Whom the rule may name, and whether it does."""
    return [
        {"id": one.id, "name": one.name, "counts": one.name in rule.names}
        for one in store.members.list()
        if one.active or one.name in rule.names
    ]


def _cut(
    store: Store, now: SignOff, timeline: Timeline, sessions: Sequence[EditSession], me: str
) -> dict[str, Any]:
    session, word = now.session, now.word(timeline)
    about = [one for one in now.decisions if one.timeline == timeline.name]
    mine = [d for d in about if d.author == me and d.withdrawn_at is None and d.verdict is not Verdict.TRIM]
    return {
        "key": f"{session.id}/{timeline.name}",
        "session": session.id,
        "version": now.version,
        "status": session.status.value,
        "blueprint": session.deliverable_type,
        "timeline": timeline.name,
        "hash": timeline.content_hash,
        "seconds": float(timeline.duration),
        "clips": len(timeline.clips),
        "aspects": list(timeline.aspects),
        "standing": word.standing.value,
        "approved": list(word.approved),
        "rejected": list(word.rejected),
        "missing": word.missing,
        "mine": mine[-1].verdict.value if mine else None,
        "changed": session.metadata.get(revisions.CHANGED),
        "undo": bool(session.metadata.get(revisions.BEFORE)),
        "lost": _lost(store, timeline, session, sessions),
        "decisions": [_decision(one) for one in reversed(about)],
    }


def _lost(
    store: Store, timeline: Timeline, session: EditSession, sessions: Sequence[EditSession]
) -> list[str]:
    """Who had approved the cut in the form that it had before it was changed."""
    by_id = {one.id: one for one in sessions}
    seen = {session.id}
    for _ in range(STEPS_BACK):
        before = by_id.get(str(session.metadata.get(revisions.BEFORE, "")))
        if before is None or before.id in seen:
            return []
        seen.add(before.id)
        session = before
        for one in before.timelines:
            if one.name != timeline.name:
                continue
            if one.content_hash == timeline.content_hash:
                break  # this very cut was not changed here
            approved = signoff.of(store, before).word(one).approved
            if approved:
                return list(approved)
    return []


def _decision(one: Decision) -> dict[str, Any]:
    return {
        "verdict": one.verdict.value,
        "author": one.author,
        "note": one.note,
        "at": one.created_at.isoformat() if one.created_at else "",
        "withdrawn": one.withdrawn_at is not None,
    }


def _chosen(
    cuts: Sequence[dict[str, Any]], sessions: Sequence[EditSession], query: dict[str, Any]
) -> dict[str, Any] | None:
    wanted, name = str(query.get("session") or ""), str(query.get("timeline") or "")
    asked = next((one for one in sessions if one.id == wanted), None)
    newer = revisions.superseding(asked, sessions) if asked else None
    session = newer.id if newer else wanted
    of_session = [cut for cut in cuts if cut["session"] == session]
    for cut in of_session:
        if cut["timeline"] == name:
            return cut
    return next(iter((*of_session, *cuts)), None)


def _in_full(
    store: Store, signed: Sequence[SignOff], chosen: dict[str, Any], files: Mapping[str, FileInShort]
) -> dict[str, Any]:
    session = next(now.session for now in signed if now.session.id == chosen["session"])
    timeline = signoff.find_timeline(session, chosen["timeline"])
    return {
        "key": chosen["key"],
        "rate": float(timeline.rate),
        "clips": [
            _clip(store, index, place, clip, files.get(clip.file_id))
            for index, (place, clip) in enumerate(timeline.placed())
        ],
        "cues": [
            {"start": float(cue.span.start), "end": float(cue.span.end), "text": " ".join(cue.lines)}
            for cue in timeline.cues
        ],
    }


def _clip(store: Store, index: int, place: Span, clip: Clip, file: FileInShort | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "index": index,
        "at": float(place.start),
        "from": float(clip.source.start),
        "to": float(clip.source.end),
        "name": file.name if file else "a file that is gone",
        "score": clip.moment.score if clip.moment else None,
        "reason": clip.moment.reason if clip.moment else "",
        "url": None,
        "length": float(clip.source.end),
        "window": [float(clip.source.start), float(clip.source.end)],
        "peaks": [],
        "per_second": 0.0,
        "shots": [],
        "words": [],
    }
    if file is None:
        return facts
    try:
        folder = footage.analysed(store, file)
    except NotFound:
        return facts
    seen, (per_second, peaks) = _seen(folder), footage.peaks(folder)
    low = max(0.0, facts["from"] - AROUND_S)
    high = min(float(seen.duration), facts["to"] + AROUND_S)
    return {
        **facts,
        "file": file.id,
        "url": f"/api/files/{file.id}/proxy" if (folder / "proxy.mp4").is_file() else None,
        "length": float(seen.duration),
        "window": [low, high],
        "per_second": per_second,
        "peaks": peaks[int(low * per_second) : int(high * per_second) + 1],
        "shots": [float(shot.start) for shot in seen.shots if low <= shot.start <= high],
        "words": [
            [word.text, start, end, begins, ends]
            for word, start, end, begins, ends in seen.words
            if start < high and end > low
        ],
    }


@dataclass(frozen=True)
class _Seen:
    """What is cut by: where shots begin, and where words and sentences begin and end."""

    duration: Fraction
    shots: tuple[Span, ...]
    words: tuple[tuple[Word, float, float, bool, bool], ...]
    """Each word, its start and end in seconds, and whether it begins or ends a sentence."""


@lru_cache(maxsize=32)
def _seen(folder: Path) -> _Seen:
    # Folders are named by what they hold: what was read once stays right.
    found = Evidence.load(folder)
    words = [
        (word, float(word.span.start), float(word.span.end), not n, n == len(sentence.words) - 1)
        for sentence in (found.transcript.sentences() if found.transcript else ())
        for n, word in enumerate(sentence.words)
    ]
    return _Seen(found.duration, found.shots, tuple(words))
