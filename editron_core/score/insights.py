"""What a batch holds, in figures and in words: the summary, insights and recommended deliverables.

Everything here is computed from evidence, transcripts and moments; nothing is canned.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from editron_core.domain.batch import MediaFile
from editron_core.domain.evidence import Evidence
from editron_core.domain.moment import Selection
from editron_core.score.brief import IGNORED
from editron_core.times import clock

DARK_EXPOSURE = 0.35
"""Mean exposure under which footage is worth a warning."""
TALK_SHARE = 0.4
"""Share of the footage with speech from which a batch counts as talk."""
KEYWORD = re.compile(r"[^\W\d_]{4,}")
COMMON_SHARE = 0.02
"""A word that makes up more than this share of a long transcript says nothing about its subject."""


@dataclass(frozen=True, slots=True)
class Target:
    """A deliverable worth making of a batch."""

    blueprint: str
    aspect: str
    reason: str


@dataclass(frozen=True, slots=True)
class Insights:
    """What a batch holds."""

    summary: str
    """Two or three sentences for a person."""
    figures: dict[str, float]
    """`duration_s`, `files`, `shots`, `mean_shot_s`, `speech_share`, `faces_share`, `words`,
    `motion_mean`, `exposure_mean`; a figure that could not be measured is missing."""
    languages: tuple[str, ...]
    keywords: tuple[str, ...]
    """The words said most, common ones left out, at most eight."""
    warnings: tuple[str, ...]
    """What an editor should know before cutting."""
    targets: tuple[Target, ...]
    """Recommended deliverables, the most fitting first."""


def gather(
    files: Mapping[str, MediaFile], evidence: Mapping[str, Evidence], selection: Selection
) -> Insights:
    """The insights of a batch; `evidence` is keyed by file id, for the files that were analysed."""
    figures = _figures(evidence)
    languages = sorted({e.transcript.language for e in evidence.values() if e.transcript})
    keywords = _keywords([e.transcript.text for e in evidence.values() if e.transcript])
    return Insights(
        summary=_summary(figures, languages, keywords, selection, files),
        figures=figures,
        languages=tuple(languages),
        keywords=keywords,
        warnings=_warnings(files, evidence),
        targets=_targets(figures, selection, [files[file_id] for file_id in evidence]),
    )


def _figures(evidence: Mapping[str, Evidence]) -> dict[str, float]:
    figures = {
        "files": float(len(evidence)),
        "duration_s": float(sum(e.duration for e in evidence.values())),
        "shots": float(sum(len(e.shots) for e in evidence.values())),
        "words": float(sum(len(e.transcript.words) for e in evidence.values() if e.transcript)),
    }
    if figures["shots"]:
        shown = sum(float(e.duration) for e in evidence.values() if e.shots)
        figures["mean_shot_s"] = shown / figures["shots"]
    columns = {
        "speech_share": "speech_presence",
        "motion_mean": "motion",
        "exposure_mean": "exposure",
    }
    for figure, column in columns.items():
        value = _mean([e.table[column] for e in evidence.values()])
        if value is not None:
            figures[figure] = value
    faces = [e.table["faces"].drop_nulls() for e in evidence.values()]
    seen = sum(len(column) for column in faces)
    if seen:
        figures["faces_share"] = sum(int((column > 0).sum()) for column in faces) / seen
    return {name: round(value, 4) for name, value in figures.items()}


def _mean(columns: Sequence[pl.Series]) -> float | None:
    values = np.concatenate([c.drop_nulls().to_numpy() for c in columns]) if columns else np.empty(0)
    return float(values.mean()) if len(values) else None


def _keywords(texts: Sequence[str]) -> tuple[str, ...]:
    said = (word for text in texts for word in KEYWORD.findall(text.casefold()))
    words = Counter(word for word in said if word not in IGNORED)
    total = sum(words.values())
    if total >= 500:
        words = Counter({w: n for w, n in words.items() if n <= COMMON_SHARE * total})
    # Longer words carry more meaning: length breaks ties, and the alphabet breaks those.
    ranked = sorted(words.items(), key=lambda item: (-item[1], -len(item[0]), item[0]))
    return tuple(word for word, _ in ranked[:8])


def _summary(
    figures: dict[str, float],
    languages: Sequence[str],
    keywords: Sequence[str],
    selection: Selection,
    files: Mapping[str, MediaFile],
) -> str:
    count = int(figures["files"])
    parts = [f"{count} file{'s' if count != 1 else ''}, {clock(figures['duration_s'])} of footage"]
    if figures.get("shots"):
        parts[0] += f" in {int(figures['shots'])} shots"
    speech = figures.get("speech_share", 0.0)
    if figures["words"]:
        spoken = ", ".join(languages)
        parts.append(f"People speak in {speech:.0%} of it ({spoken}); often said: {', '.join(keywords[:4])}")
    elif speech > 0.05:
        parts.append(f"Speech in {speech:.0%} of it, not transcribed")
    else:
        parts.append("Hardly any speech")
    if selection.moments:
        best = selection.moments[0]
        name = files[best.file_id].name
        parts.append(f"The strongest moment is {best.span} of {name}: {best.reason}")
    else:
        parts.append(selection.explanation)
    return ". ".join(part.rstrip(".") for part in parts) + "."


def _warnings(files: Mapping[str, MediaFile], evidence: Mapping[str, Evidence]) -> tuple[str, ...]:
    found = []
    for file_id, seen in evidence.items():
        file = files[file_id]
        exposure = _mean([seen.table["exposure"]])
        if exposure is not None and exposure < DARK_EXPOSURE:
            found.append(f"{file.name} is badly exposed (mean {exposure:.2f} of 1)")
        probe = file.probe
        if probe and probe.video is None:
            found.append(f"{file.name} has no picture: only its sound was analysed")
        if probe and probe.video and probe.audio is None:
            found.append(f"{file.name} has no sound")
        if probe and probe.video and probe.video.vfr:
            found.append(f"{file.name} has a variable frame rate: cuts are made at its true frame times")
    return tuple(found)


def _targets(
    figures: dict[str, float], selection: Selection, files: Sequence[MediaFile]
) -> tuple[Target, ...]:
    if not selection.moments:
        return ()
    videos = [file.probe.video for file in files if file.probe and file.probe.video]
    if not videos:
        return ()
    vertical = sum(video.height > video.width for video in videos) / len(videos)
    speech = figures.get("speech_share", 0.0)
    strong = len(selection.moments)
    shorts = Target(
        "shorts",
        "9:16",
        f"{vertical:.0%} of the files are vertical"
        if vertical >= 0.5
        else f"speech in {speech:.0%} of the footage carries single clips",
    )
    reel = Target("hero-reel", "16:9", f"{strong} moment{'s' if strong != 1 else ''} to tell a story with")
    square = Target("square", "1:1", "the same cut for feeds")
    if vertical >= 0.5 or speech >= TALK_SHARE:
        return (shorts, reel, square)
    return (reel, square, shorts) if strong < 3 else (reel, shorts, square)
