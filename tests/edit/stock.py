"""Footage as the other rooms would describe it: files, evidence, transcripts, moments."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import polars as pl

from editron_core.domain.batch import AudioStream, BatchStatus, MediaFile, MediaProbe, VideoStream
from editron_core.domain.evidence import FOCUS, MEASURED, Evidence
from editron_core.domain.moment import Moment
from editron_core.domain.transcript import Transcript, Word
from editron_core.times import Span, seconds

SOUND = AudioStream(index=1, codec="aac", sample_rate=48000, channels=2, layout="stereo")


def picture(width: int = 1920, height: int = 1080, fps: str = "30") -> VideoStream:
    return VideoStream(
        index=0,
        codec="h264",
        width=width,
        height=height,
        fps=Fraction(fps),
        vfr=False,
        rotation=0,
        pixel_format="yuv420p",
        bit_depth=8,
        colour="bt709/bt709/bt709",
        hdr=False,
    )


def file(
    id_: str, duration: float | Fraction, video: VideoStream | None = None, *, sound_only: bool = False
) -> MediaFile:
    shown = None if sound_only else video or picture()
    return MediaFile(
        id=id_,
        batch_id="batch",
        name=f"{id_}.mp4",
        path=f"/media/{id_}.mp4",
        sha256="0" * 64,
        size_bytes=1,
        status=BatchStatus.ANALYZED,
        probe=MediaProbe("mov", seconds(duration), shown, SOUND),
    )


def evidence(
    duration: float | Fraction,
    *,
    cuts: Sequence[float | Fraction] = (),
    transcript: Transcript | None = None,
    focus: Sequence[tuple[float, float, float, float] | None] = (),
    kinds: Sequence[str | None] | None = None,
    speech: float | None = None,
) -> Evidence:
    """Evidence whose `focus` rows are (x, y, w, h) or None; every other signal is null."""
    whole = seconds(duration)
    rows = max(1, -int(-whole * 2 // 1))
    padded = [*focus, *[None] * rows][:rows]
    data = {"time_s": pl.Series(np.arange(rows) / 2, dtype=pl.Float64)}
    data |= {name: pl.Series([None] * rows, dtype=pl.Float32) for name in MEASURED}
    if speech is not None:
        data["speech_presence"] = pl.Series([speech] * rows, dtype=pl.Float32)
    for k, name in enumerate(FOCUS):
        data[name] = pl.Series([row[k] if row else None for row in padded], dtype=pl.Float32)
    told = list(kinds) if kinds is not None else ["saliency" if row else None for row in padded]
    data["focus_kind"] = pl.Series([*told, *[None] * rows][:rows], dtype=pl.String)
    data["embedding"] = pl.Series([None] * rows, dtype=pl.List(pl.Float32))
    edges = [Fraction(0), *map(seconds, cuts), whole]
    shots = tuple(Span(a, b) for a, b in pairwise(edges))
    return Evidence(pl.DataFrame(data), whole, shots, transcript, ())


def say(
    text: str, start: float = 0.0, *, each: float = 0.3, gap: float = 0.05, pause: float = 0.6
) -> tuple[Word, ...]:
    """`text` spoken evenly, with a pause after each full stop."""
    words, at = [], seconds(start)
    for word in text.split():
        words.append(Word(word, Span(at, at + seconds(each))))
        at += seconds(each) + seconds(pause if word[-1] in ".!?" else gap)
    return tuple(words)


def transcript(words: Sequence[Word], *, language: str = "en", aligned: bool = True) -> Transcript:
    return Transcript(language, tuple(words), "test", aligned)


def moment(file_id: str, start: float, end: float, score: float = 0.5) -> Moment:
    return Moment(file_id, Span.of(start, end), score, {}, {}, "because", "hash")
