"""The picture that shows a person what changed: before, after and the difference, side by side.

    captions bold 16:9
    frame 2 of 0..2 shown · 1 of 3 frames differ · SSIM 0.9413 · VMAF 71.2
    [ before ]   [ after ]   [ difference, six times ]
    0 1 [2]                                              one cell per frame, those that differ filled

A thin frame in both pictures marks where pixels are off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from editron_core.domain.brand import BrandKit
from editron_core.edit import fonts
from editron_core.qa.framediff import DRAWN, Comparison, Pixels, Rule

GAIN = 6
"""The difference is shown so many times as strong."""
GROUND, INK, QUIET, LOUD = "#15181d", "#f2f4f7", "#9aa4b2", "#ffb020"
PANEL_PIXELS = (320, 640)
"""Width of a panel: smaller frames are enlarged by a whole number, larger ones scaled down."""
MARGIN = 20
CELL = 26
MOST_CELLS = 60
"""Cells in the strip: of longer sequences every so many frames share one."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What is shown of two sequences."""

    before: Pixels
    """(height, width, 3), the frame shown."""
    after: Pixels
    title: str
    """What was compared, in a few words."""
    frame: int
    """The number of the frame shown."""


def worst_sides(before: Pixels, after: Pixels, comparison: Comparison, title: str) -> Sides:
    """The frame of two sequences that differs most."""
    at = comparison.worst
    return Sides(before[at], after[at], title, at)


def write(sides: Sides, comparison: Comparison, out: Path, rule: Rule = DRAWN) -> Path:
    """Draw `sides` with the numbers of `comparison` as a PNG at `out`; returns `out`."""
    panels = _panels(sides, rule)
    wide, high = panels[0][1].size
    needed = MARGIN + 3 * (wide + MARGIN)
    top = MARGIN + 92
    card = Image.new("RGB", (max(needed, 960), top + high + MARGIN * 3 + CELL), GROUND)
    pencil = ImageDraw.Draw(card)
    pencil.text((MARGIN, MARGIN - 4), sides.title, font=_font(26, bold=True), fill=INK)
    pencil.text((MARGIN, MARGIN + 32), _numbers(sides, comparison), font=_font(17), fill=QUIET)
    for number, (label, picture) in enumerate(panels):
        left = MARGIN + number * (wide + MARGIN)
        pencil.text((left, top - 24), label, font=_font(17, bold=True), fill=INK)
        card.paste(picture, (left, top))
    _strip(pencil, comparison, sides.frame, (MARGIN, top + high + MARGIN), card.width - 2 * MARGIN)
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.stem}.part.png")
    card.save(aside)
    aside.replace(out)
    return out


def _numbers(sides: Sides, comparison: Comparison) -> str:
    at, missing = sides.frame, comparison.missing
    parts = [
        f"{len(comparison.differing)} of {comparison.frames} frames differ",
        f"shown: frame {at}, {100 * comparison.shares[at]:.2f} % of its pixels off",
        f"SSIM {comparison.ssim[at]:.4f}",
        f"VMAF {comparison.vmaf[at]:.1f}",
        *([f"{missing} frames on one side only"] if missing else []),
    ]
    return "   ·   ".join(parts)


def _panels(sides: Sides, rule: Rule) -> list[tuple[str, Image.Image]]:
    gap = np.abs(sides.before.astype(np.int16) - sides.after.astype(np.int16)).max(axis=2)
    # The difference glows over the dimmed picture: one sees at once what it belongs to.
    dimmed = sides.before.astype(np.float32).mean(axis=2, keepdims=True) * 0.22
    glow = np.clip(gap * GAIN, 0, 255).astype(np.float32)[..., None] / 255
    shown = dimmed * (1 - glow) + glow * np.array([255, 176, 32], np.float32)
    pictures = [sides.before, sides.after, np.clip(shown, 0, 255).astype(np.uint8)]
    rows, columns = np.nonzero(gap > rule.levels)
    labels = ["before", "after", f"difference, times {GAIN}"]
    panels = []
    for label, pixels in zip(labels, pictures, strict=True):
        panel, scale = _sized(Image.fromarray(pixels))
        if len(rows) and label != labels[2]:
            edges = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) * scale
            box = [round(float(edge)) + by for edge, by in zip(edges, (-3, -3, 2, 2), strict=True)]
            ImageDraw.Draw(panel).rectangle(box, outline=LOUD)
        panels.append((label, panel))
    return panels


def _sized(picture: Image.Image) -> tuple[Image.Image, float]:
    least, most = PANEL_PIXELS
    if picture.width > most:
        size = (most, round(picture.height * most / picture.width))
        return picture.resize(size, Image.Resampling.LANCZOS), most / picture.width
    times = max(1, least // picture.width)
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST), times


def _strip(
    pencil: ImageDraw.ImageDraw, comparison: Comparison, shown: int, at: tuple[int, int], room: int
) -> None:
    """One cell per frame (or stretch of frames): filled where it differs, framed where it is shown."""
    left, top = at
    for number, (first, last) in enumerate(_stretches(comparison.frames)):
        pitch = min(CELL + 4, room // min(comparison.frames, MOST_CELLS))
        box = (left + number * pitch, top, left + number * pitch + pitch - 4, top + CELL)
        off = any(first <= frame <= last for frame in comparison.differing)
        here = first <= shown <= last
        pencil.rectangle(box, fill=LOUD if off else "#2a2f38", outline=INK if here else None)
        if comparison.frames <= MOST_CELLS and pitch >= CELL:
            middle = ((box[0] + box[2]) / 2, top + CELL / 2)
            pencil.text(middle, str(first), font=_font(13), fill=GROUND if off else QUIET, anchor="mm")


def _stretches(frames: int) -> Iterator[tuple[int, int]]:
    cells = min(frames, MOST_CELLS)
    for cell in range(cells):
        yield cell * frames // cells, (cell + 1) * frames // cells - 1


def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(fonts.pick(BrandKit(), "Roboto", 700 if bold else 400).path), size)
