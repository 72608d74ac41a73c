"""Looking back at the footage: is it black, still or silent there itself?"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from editron_core.render import framing, measure
from editron_core.render.graph import exact_frames
from editron_core.render.plan import SAMPLE_RATE, Piece, RenderPlan
from editron_core.render.run import run
from editron_core.render.source import media_input, opening
from editron_core.times import Span

SOFT_DB = -45.0
"""Footage whose peak stays below this holds nothing that a deliverable could have lost."""
SMALL = 360
"""Pixels of the shorter side at which the original is looked at."""
NEARLY = Fraction(4, 5)
"""A piece counts as black or still in the original when this share of it is."""


def also_there(plan: RenderPlan, aspect: str, stretch: Span, kind: str, folder: Path) -> Fraction:
    """Seconds of `stretch` (on the timeline) for which the original shows the same `kind` of nothing.

    The originals are decoded for the stretch alone, framed as in `aspect`.
    """
    total = Fraction(0)
    for piece in plan.pieces():
        part = stretch.clamp(piece.place)
        if part.duration > 0 and _same(plan, aspect, piece, part, kind, folder):
            total += part.duration
    return total


def _same(plan: RenderPlan, aspect: str, piece: Piece, part: Span, kind: str, folder: Path) -> bool:
    inner = part.shift(-piece.place.start)
    if kind == "silent":
        return piece.probe.audio is None or _soft(piece, inner, folder)
    return piece.probe.video is None or _still(plan, aspect, piece, inner, kind, folder)


def _soft(piece: Piece, inner: Span, folder: Path) -> bool:
    import ffmpeg as graph

    assert piece.probe.audio is not None
    start = opening(piece.clip.source.start + inner.start, piece.probe)
    stream = media_input(piece, start, vn=None)[str(piece.probe.audio.index)]
    stream = (
        stream.filter("aresample", SAMPLE_RATE)
        .filter("asetpts", f"PTS-{float(start.skip):.6f}/TB")
        .filter("atrim", start=0, end=f"{float(inner.duration):.6f}")
        .filter("ebur128", peak="true", metadata=1, framelog="quiet")
        .filter("ametadata", mode="print", file="origin.txt")
    )
    run(graph.output(stream, "-", f="null"), folder, wall_s=600 + 10 * float(inner.duration))
    peak = measure.loudness(folder / "origin.txt").dbtp
    return peak is None or peak < SOFT_DB


def _still(plan: RenderPlan, aspect: str, piece: Piece, inner: Span, kind: str, folder: Path) -> bool:
    import ffmpeg as graph

    assert piece.probe.video is not None
    width, height = plan.size(aspect)
    shrink = min(1.0, SMALL / min(width, height))
    size = (2 * round(width * shrink / 2), 2 * round(height * shrink / 2))
    crop = (piece.clip.crops or {}).get(aspect)
    stream = framing.frame(
        exact_frames(piece, piece.probe.video, 1), piece.probe.video, crop, size, plan.rate
    )
    stream = stream.filter("trim", start=f"{float(inner.start):.6f}", end=f"{float(inner.end):.6f}")
    stream = stream.filter("setpts", "PTS-STARTPTS")
    shortest = inner.duration * Fraction(2, 5)
    found = measure.detect_picture(stream, shortest).filter("metadata", mode="print", file="origin.txt")
    run(graph.output(found, "-", f="null"), folder, wall_s=600 + 20 * float(inner.end))
    seconds = sum(
        (
            s.duration
            for s in measure.stretches(folder / "origin.txt", inner.duration, shortest).get(kind, ())
        ),
        Fraction(0),
    )
    return seconds >= NEARLY * inner.duration
