"""From moments to timelines: what a blueprint asks for, cut on exact frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from editron_core.domain.batch import MediaFile
from editron_core.domain.evidence import Evidence
from editron_core.domain.job import Finding, Severity
from editron_core.domain.moment import Moment
from editron_core.domain.timeline import Clip, Crop, Timeline
from editron_core.edit import captions, choose, rates, reframe
from editron_core.edit.blueprint import Blueprint
from editron_core.edit.choose import Piece
from editron_core.edit.cutpoints import CutPoints
from editron_core.times import Span

SPEECH = 0.3
"""Speech presence above which somebody is taken to talk."""


@dataclass(frozen=True)
class Footage:
    """What the cut needs to know of one file with a picture."""

    name: str
    frame: tuple[int, int]
    """Displayed width and height in pixels."""
    fps: Fraction
    length: Fraction
    """Seconds that both the probe and the evidence vouch for."""
    evidence: Evidence

    @classmethod
    def of(cls, file: MediaFile, evidence: Evidence) -> Footage | None:
        """Null for a file without a picture."""
        video = file.probe.video if file.probe else None
        if file.probe is None or video is None:
            return None
        length = min(file.probe.duration, evidence.duration)
        return cls(file.name, (video.width, video.height), video.fps, length, evidence)


@dataclass(frozen=True, slots=True)
class Assembly:
    """The timelines of one blueprint and what a person should know about them."""

    timelines: tuple[Timeline, ...]
    findings: tuple[Finding, ...]


def assemble(
    blueprint: Blueprint,
    moments: Sequence[Moment],
    files: Mapping[str, MediaFile],
    evidence: Mapping[str, Evidence],
) -> Assembly:
    """Cut `moments` (best first) to `blueprint`.

    `files` (by id) in the order of the story, with `evidence` for each file that may be used. Footage
    too short for the blueprint gives one shorter cut and a finding. Only without a moment in footage
    that is long enough is there no timeline; a finding says so.
    """
    findings = _silent_films(moments, files)
    seen = {id_: Footage.of(file, evidence[id_]) for id_, file in files.items() if id_ in evidence}
    footage = {id_: each for id_, each in seen.items() if each is not None}
    usable = [moment for moment in moments if moment.file_id in footage]
    used = {moment.file_id for moment in usable} or set(footage)
    spans = ((each.fps, each.length) for id_, each in footage.items() if id_ in used)
    rate = blueprint.rate or rates.common(spans, blueprint.max_rate)
    points = {id_: CutPoints(each.evidence, each.length, each.fps, rate) for id_, each in footage.items()}
    pieces = choose.merged(
        Piece(moment.file_id, points[moment.file_id].snap(moment.span), moment, rank)
        for rank, moment in enumerate(usable)
    )
    pieces = sorted(pieces or _all_of_it(blueprint, points), key=lambda piece: piece.rank)
    if not pieces:
        return Assembly((), (*findings, _nothing(blueprint, moments)))
    shape = _reel if blueprint.kind == "reel" else _clips
    cuts = shape(blueprint, pieces, points)
    names = [f"{blueprint.name}-{number:02d}" for number in range(1, len(cuts) + 1)]
    names = [blueprint.name] if blueprint.kind == "reel" else names
    timelines = tuple(
        _timeline(blueprint, name, cut, rate, footage) for name, cut in zip(names, cuts, strict=True)
    )
    findings += [finding for timeline in timelines for finding in _told(blueprint, timeline, footage)]
    if blueprint.kind == "clips" and len(cuts) < blueprint.count:
        findings.append(_fewer(blueprint, len(cuts)))
    return Assembly(timelines, tuple(dict.fromkeys(findings)))


def _reel(
    blueprint: Blueprint, pieces: Sequence[Piece], points: Mapping[str, CutPoints]
) -> list[list[Piece]]:
    least, most = blueprint.min_duration_s, blueprint.max_duration_s
    chosen = choose.within(pieces[: blueprint.count], points, most)
    return [choose.lengthened(chosen, points, least, most)]


def _clips(
    blueprint: Blueprint, pieces: Sequence[Piece], points: Mapping[str, CutPoints]
) -> list[list[Piece]]:
    """One cut per piece; pieces from files too short for one share a cut."""
    least, most = blueprint.min_duration_s, blueprint.max_duration_s
    cuts: list[list[Piece]] = []
    leftover: list[Piece] = []
    for piece in pieces:
        if len(cuts) == blueprint.count:
            break
        fitted = choose.alone(piece, points[piece.file_id], least, most)
        taken = (each for cut in cuts for each in cut if each.file_id == fitted.file_id)
        if any(each.span.overlap(fitted.span) > 0 for each in taken):
            continue
        if fitted.span.duration >= least:
            cuts.append([fitted])
        else:
            leftover.append(fitted)
    if leftover and len(cuts) < blueprint.count:
        shared = choose.within(leftover, points, most)
        if choose.length(shared) >= least or not cuts:
            cuts.append(shared)
    return cuts


def _timeline(
    blueprint: Blueprint, name: str, cut: Sequence[Piece], rate: Fraction, footage: Mapping[str, Footage]
) -> Timeline:
    story = {id_: place for place, id_ in enumerate(footage)}
    if blueprint.order == "story":
        ordered = sorted(cut, key=lambda piece: (story[piece.file_id], piece.span))
    else:
        ordered = sorted(cut, key=lambda piece: piece.rank)
    clips = tuple(_clip(blueprint, piece, rate, footage[piece.file_id]) for piece in ordered)
    bare = Timeline(name, blueprint.name, rate, blueprint.aspects, clips)
    transcripts = {clip.file_id: footage[clip.file_id].evidence.transcript for clip in clips}
    return replace(bare, cues=captions.cues_for(bare.placed(), transcripts, rate))


def _clip(blueprint: Blueprint, piece: Piece, rate: Fraction, footage: Footage) -> Clip:
    still = blueprint.reframe == "still"
    crops: dict[str, Crop] = {
        aspect: reframe.crop_path(footage.evidence, piece.span, footage.frame, aspect, rate=rate, still=still)
        for aspect in blueprint.aspects
        if reframe.crops(footage.frame, aspect)
    }
    return Clip(piece.file_id, piece.span, piece.moment, crops or None)


def _all_of_it(blueprint: Blueprint, points: Mapping[str, CutPoints]) -> list[Piece]:
    """Everything there is, where that is less than the blueprint's minimum: never nothing."""
    whole = [
        Piece(id_, Span(Fraction(0), each.end), None, rank) for rank, (id_, each) in enumerate(points.items())
    ]
    return whole if choose.length(whole) < blueprint.min_duration_s else []


def _silent_films(moments: Sequence[Moment], files: Mapping[str, MediaFile]) -> list[Finding]:
    blind = (id_ for id_, file in files.items() if file.probe is None or file.probe.video is None)
    chosen = {moment.file_id for moment in moments}
    return [
        Finding(Severity.NOTE, "audio-only", f"{files[id_].name} has no picture: its moments are left out")
        for id_ in blind
        if id_ in chosen
    ]


def _nothing(blueprint: Blueprint, moments: Sequence[Moment]) -> Finding:
    why = "no moment lies in footage with a picture" if moments else "no moment was chosen"
    return Finding(Severity.FAILURE, "no-cut", f"{blueprint.name} has no timeline: {why}")


def _fewer(blueprint: Blueprint, made: int) -> Finding:
    return Finding(
        Severity.NOTE,
        "fewer-clips",
        f"{blueprint.name} has {made} of {blueprint.count} clips: no more moments that do not overlap",
    )


def _told(blueprint: Blueprint, timeline: Timeline, footage: Mapping[str, Footage]) -> list[Finding]:
    """What to say about one timeline: too short, speech that cannot be captioned, guessed word times."""
    found = []
    if timeline.duration < blueprint.min_duration_s:
        message = (
            f"{timeline.name} lasts {float(timeline.duration):.1f} s: the footage has no more; "
            f"at least {float(blueprint.min_duration_s):g} s were asked"
        )
        found.append(Finding(Severity.WARNING, "short-cut", message))
    for clip in timeline.clips:
        name, evidence = footage[clip.file_id].name, footage[clip.file_id].evidence
        transcript = evidence.transcript
        if transcript is None and _talks(evidence, clip.source):
            message = f"somebody speaks in {name}, but there is no transcript: that part has no captions"
            found.append(Finding(Severity.NOTE, "no-transcript", message))
        elif transcript is not None and not transcript.aligned and transcript.within(clip.source):
            message = f"the word times of {name} are spread over its captions, not measured on the sound"
            found.append(Finding(Severity.NOTE, "word-times", message))
    return found


def _talks(evidence: Evidence, span: Span) -> bool:
    if "speech_presence" not in evidence.table.columns:
        return False
    low, high = int(span.start / evidence.step), -int(-span.end // evidence.step)
    values = evidence.table["speech_presence"].slice(low, high - low).drop_nulls()
    return bool((values > SPEECH).any())
