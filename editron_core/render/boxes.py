"""Where burned-in captions stand: the ASS file alone is drawn on a plain canvas and its pixels measured."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

from editron_core.render.run import run
from editron_core.render.source import node
from editron_core.times import Span, to_frames

CANVAS = 126
"""Grey: dark outlines and light letters both differ from it."""
VISIBLE = 10
"""Luma steps from the canvas from which a pixel counts as drawn."""
SETTLED = Fraction(1, 10)
"""Seconds after an event's start and before its end at which it is looked at."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels; `right` and `bottom` lie outside it."""

    left: int
    top: int
    right: int
    bottom: int

    def inside(self, edges: tuple[int, int, int, int]) -> bool:
        """Whether it lies within `edges` (left, top, right, bottom)."""
        left, top, right, bottom = edges
        return self.left >= left and self.top >= top and self.right <= right and self.bottom <= bottom

    def touches(self, other: Box) -> bool:
        """Whether the two share a pixel."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def union(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def __str__(self) -> str:
        return f"x {self.left}-{self.right}, y {self.top}-{self.bottom}"


def events(ass: Path) -> list[Span]:
    """When each event of `ass` is on screen, in seconds, in time order."""
    import pysubs2

    found = [
        Span(Fraction(event.start, 1000), Fraction(event.end, 1000))
        for event in pysubs2.load(str(ass)).events
        if not event.is_comment and event.end > event.start
    ]
    return sorted(found)


def looks(event: Span, rate: Fraction) -> tuple[int, ...]:
    """The frames in which to look at an event: soon after its start, in its middle, just before its end.

    Empty where it is on no frame at all.
    """
    first, last = ceil(event.start * rate), ceil(event.end * rate) - 1
    if last < first:
        return ()
    settled = min(ceil(SETTLED * rate), (last - first) // 2)
    return tuple(sorted({first + settled, (first + last) // 2, last - settled}))


def drawn(
    ass: Path, size: tuple[int, int], rate: Fraction, frames: Collection[int], fonts: str
) -> dict[int, Box | None]:
    """The box that `ass` draws in each of `frames`, by frame number; null for an empty one.

    `fonts` names a folder beside `ass`.
    """
    import ffmpeg as graph

    if not frames:
        return {}
    log = ass.with_suffix(".boxes.txt")
    colour = f"0x{CANVAS:02x}{CANVAS:02x}{CANVAS:02x}"
    last = float((max(frames) + 1) / rate)
    canvas = node(
        f"color=c={colour}:s={size[0]}x{size[1]}:r={rate}:d={last:.6f}", "canvas", {"format": "lavfi"}
    )
    chosen = "+".join(f"eq(n,{frame})" for frame in sorted(frames))
    both = canvas.filter("format", "yuv420p").filter("select", chosen).filter_multi_output("split", 2)
    plain, written = both.stream(0), both.stream(1).filter("ass", filename=ass.name, fontsdir=fonts)
    change = graph.filter([plain, written], "blend", all_mode="difference").filter("extractplanes", "y")
    found = change.filter("bbox", min_val=VISIBLE).filter("metadata", mode="print", file=log.name)
    run(graph.output(found, "-", f="null", fps_mode="passthrough"), ass.parent, wall_s=600 + 10 * last)
    return {frame: None for frame in frames} | _read(log, rate)


def _read(log: Path, rate: Fraction) -> dict[int, Box]:
    found: dict[int, Box] = {}
    frame = 0
    edges: dict[str, int] = {}
    with log.open() as lines:
        for line in lines:
            if line.startswith("frame:"):
                frame, edges = to_frames(Fraction(line.rsplit("pts_time:", 1)[1].strip()), rate), {}
                continue
            key, _, value = line.strip().partition("=")
            edges[key.rpartition(".")[2]] = int(value)
            if {"x1", "x2", "y1", "y2"} <= edges.keys():
                found[frame] = Box(edges["x1"], edges["y1"], edges["x2"] + 1, edges["y2"] + 1)
    return found
