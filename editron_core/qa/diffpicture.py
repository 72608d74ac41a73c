"""The picture that shows a person what changed: before, after and the difference, side by side.

    captions bold 16:9
    frame 2 of 0..2 shown · 1 of 3 frames differ · SSIM 0.9413 · VMAF 71.2
    [ before ]   [ after ]   [ difference, six times ]
    [ the changed part of each, enlarged ]
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
"""Least and most width of a panel: smaller frames are enlarged, larger ones scaled down."""
LEAST_WIDTH = 960
DETAIL_FROM = 1.25
"""A detail is shown where it can be enlarged by so much at least."""
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
    rows = _rows(sides, rule)
    wide = rows[0][0].width
    top = MARGIN + 92
    high = sum(row[0].height + MARGIN for row in rows)
    card = Image.new("RGB", (max(4 * MARGIN + 3 * wide, LEAST_WIDTH), top + high + CELL + MARGIN), GROUND)
    pencil = ImageDraw.Draw(card)
    pencil.text((MARGIN, MARGIN - 4), sides.title, font=_font(26, bold=True), fill=INK)
    pencil.text((MARGIN, MARGIN + 32), _numbers(sides, comparison), font=_font(17), fill=QUIET)
    lefts = [MARGIN + number * (wide + MARGIN) for number in range(3)]
    for left, label in zip(lefts, ("before", "after", f"difference, times {GAIN}"), strict=True):
        pencil.text((left, top - 24), label, font=_font(17, bold=True), fill=INK)
    for row in rows:
        for left, picture in zip(lefts, row, strict=True):
            card.paste(picture, (left, top))
        top += row[0].height + MARGIN
    _strip(pencil, comparison, sides.frame, (MARGIN, top), card.width - 2 * MARGIN)
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


def _rows(sides: Sides, rule: Rule) -> list[tuple[Image.Image, ...]]:
    """The whole frames, and where little of them changed that part again, enlarged."""
    gap = np.abs(sides.before.astype(np.int16) - sides.after.astype(np.int16)).max(axis=2)
    # The difference glows over the dimmed picture: one sees at once what it belongs to.
    dimmed = sides.before.astype(np.float32).mean(axis=2, keepdims=True) * 0.22
    glow = np.clip(gap * GAIN, 0, 255).astype(np.float32)[..., None] / 255
    shown = dimmed * (1 - glow) + glow * np.array([255, 176, 32], np.float32)
    both = [Image.fromarray(side) for side in (sides.before, sides.after)]
    pictures = [*both, Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8))]
    high, wide = gap.shape
    width = min(max(wide, PANEL_PIXELS[0]), PANEL_PIXELS[1])
    rows, columns = np.nonzero(gap > rule.levels)
    whole = tuple(_scaled(picture, width) for picture in pictures)
    if not len(rows):
        return [whole]
    box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    for panel in whole[:2]:
        edges = [round(edge * width / wide) + by for edge, by in zip(box, (-3, -3, 2, 2), strict=True)]
        ImageDraw.Draw(panel).rectangle(edges, outline=LOUD)
    close = _around(box, (wide, high))
    if (close[2] - close[0]) * DETAIL_FROM > wide:
        return [whole]
    return [whole, tuple(_scaled(picture.crop(close), width) for picture in pictures)]


def _around(box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """`box` with some of its surroundings, inside a frame of `size`, at most as tall as it is wide."""
    left, top, right, bottom = box
    rim = max(4, (right - left) // 10)
    left, right = max(0, left - rim), min(size[0], right + rim)
    top, bottom = max(0, top - rim), min(size[1], bottom + rim)
    return left, top, right, min(bottom, top + right - left)


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    """The picture at a width: enlarged so that its pixels can be counted, reduced smoothly."""
    how = Image.Resampling.NEAREST if width > picture.width else Image.Resampling.LANCZOS
    return picture.resize((width, max(1, round(picture.height * width / picture.width))), how)


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
