"""Watermarks: where they stand, how they are drawn, and what they leave for captions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING

from editron_core.domain.brand import BrandKit
from editron_core.domain.frame import Frame, SafeArea
from editron_core.render.pen import Pen, read_picture
from editron_core.render.presets import Preset

if TYPE_CHECKING:
    from PIL import Image

TALLEST = 0.15
"""Height of a mark as a share of the frame's, at most: a tall one would leave captions no room."""
GAP = 0.01
"""Clear space between a mark and captions, as a share of the frame's height."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A drawn watermark and the pixel where its top left corner goes."""

    path: Path
    left: int
    top: int
    width: int
    height: int


def draw(brand: BrandKit, size: tuple[int, int], safe: SafeArea, pen: Pen, path: Path) -> Mark | None:
    """Draw the brand's watermark for frames of `size` to `path`; null where it has none.

    Raises DefinitionError where its picture cannot be read.
    """
    picture = _picture(brand, size, pen)
    if picture is None or brand.watermark is None:
        return None
    opacity, place = brand.watermark.opacity, brand.watermark.place
    picture.putalpha(picture.getchannel("A").point([round(a * opacity) for a in range(256)]))
    picture.save(path)
    left, top, right, bottom = safe.pixels(size)
    x = left if place.endswith("left") else right - picture.width
    y = top if place.startswith("top") else bottom - picture.height
    # Colour is stored for pairs of pixels, and ffmpeg lays a picture on an even one: the one further in.
    x += x % 2 if place.endswith("left") else -(x % 2)
    y += y % 2 if place.startswith("top") else -(y % 2)
    return Mark(path, x, y, picture.width, picture.height)


def caption_frame(preset: Preset, aspect: str, brand: BrandKit, fonts: Path) -> Frame:
    """The frame of one deliverable and where its captions may stand: above a mark at the bottom.

    `fonts` is the folder that holds the brand's title font. Raises DefinitionError where the mark's
    picture or font cannot be used.
    """
    size, safe = preset.size(aspect), preset.safe_area(aspect)
    if brand.watermark is None or not brand.watermark.place.startswith("bottom"):
        return Frame(size, safe)
    picture = _picture(brand, size, Pen(fonts, brand.title_font))
    if picture is None:
        return Frame(size, safe)
    taken = picture.height + round(GAP * size[1])
    return Frame(size, replace(safe, bottom=floor(safe.bottom * size[1] - taken) / size[1]))


def _picture(brand: BrandKit, size: tuple[int, int], pen: Pen) -> Image.Image | None:
    """The watermark at its final size, still opaque."""
    watermark = brand.watermark
    if watermark is None:
        return None
    wide, tallest = max(8, round(watermark.width * size[0])), round(TALLEST * size[1])
    if watermark.image:
        return read_picture(watermark.image, wide, tallest)
    return _written(watermark.text, (wide, tallest), pen, brand) if watermark.text else None


def _written(text: str, room: tuple[int, int], pen: Pen, brand: BrandKit) -> Image.Image:
    """`text` as wide or as high as `room`: in the text colour with a soft dark edge, on nothing."""
    from PIL import Image, ImageDraw, ImageFilter

    probe = pen.font(100, text, bold=True)
    width, height = room
    # Letters with their edge are at most 1.8 times as high as the font's size (Roboto: 1.17 + 0.5).
    most = min(width / 3, height / 1.8)
    font = pen.font(min(100 * width / max(1.0, probe.getlength(text)), most), text, bold=True)
    edge = max(2, round(font.size / 8))
    left, top, right, bottom = font.getbbox(text)
    size = (round(right - left) + 4 * edge, round(bottom - top) + 4 * edge)
    at = (2 * edge - left, 2 * edge - top)
    shadow = Image.new("L", size, 0)
    ImageDraw.Draw(shadow).text(at, text, font=font, fill=255, stroke_width=max(1, edge // 3))
    picture = Image.new("RGBA", size, brand.colours.outline)
    picture.putalpha(shadow.filter(ImageFilter.GaussianBlur(edge / 2)))
    letters = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(letters).text(at, text, font=font, fill=brand.colours.text)
    return Image.alpha_composite(picture, letters)
