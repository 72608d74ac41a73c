"""Pictures for drawn footage: gradients, soft shapes, sprites and the easing that moves them.

Positions and sizes are pixels, colours `(r, g, b)` in 0..255, times seconds. Sprites are RGBA images
drawn three times too large and reduced, which gives them smooth edges.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Colour = tuple[int, int, int]
Pen = ImageDraw.ImageDraw
OVERSAMPLING = 3


def colour(text: str) -> Colour:
    """`#rrggbb` as a colour."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of the way from `one` to `other`."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def lighter(base: Colour, share: float) -> Colour:
    """Towards white."""
    return mix(base, (255, 255, 255), share)


def darker(base: Colour, share: float) -> Colour:
    """Towards a deep blue-black: shadows out of doors are never grey."""
    return mix(base, (12, 14, 30), share)


def ease(share: float) -> float:
    """Slow in, slow out; 0..1 to 0..1 (smoothstep)."""
    held = min(1.0, max(0.0, share))
    return held * held * (3 - 2 * held)


def ease_out(share: float) -> float:
    """Fast in, slow out; 0..1 to 0..1 (cubic)."""
    return 1 - (1 - min(1.0, max(0.0, share))) ** 3


def spring(share: float) -> float:
    """0 to 1 with one small overshoot."""
    held = min(1.0, max(0.0, share))
    return 1 - math.exp(-6 * held) * math.cos(9 * held) if held < 1 else 1.0


def gradient(size: tuple[int, int], stops: Sequence[Colour]) -> Image.Image:
    """Evenly spaced colours from top to bottom, dithered so that no bands show."""
    width, height = size
    at = np.linspace(0, len(stops) - 1, height)
    columns = [np.interp(at, np.arange(len(stops)), [stop[c] for stop in stops]) for c in range(3)]
    rows = np.stack(columns, axis=-1)[:, None, :]
    dither = np.random.default_rng(0).random((height, width, 1)) - 0.5
    return Image.fromarray(np.clip(rows + dither + 0.5, 0, 255).astype(np.uint8), "RGB")


def sprite(
    size: tuple[float, float], draw: Callable[[Pen, float], None], *, fine: int = OVERSAMPLING
) -> Image.Image:
    """An RGBA image of `size`; `draw(pen, k)` draws it with every length multiplied by `k` (= `fine`)."""
    width, height = max(2, round(size[0])), max(2, round(size[1]))
    large = Image.new("RGBA", (width * fine, height * fine))
    draw(ImageDraw.Draw(large), fine)
    return large.resize((width, height), Image.Resampling.BOX)


def glow(radius: float, tint: Colour, strength: float = 1.0) -> Image.Image:
    """A soft round light of `radius` that fades to nothing."""
    side = max(2, round(2 * radius))
    axis = (np.arange(side) + 0.5) / side * 2 - 1
    away = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    alpha = np.clip(1 - away, 0, 1) ** 2 * 255 * strength
    pixels = np.empty((side, side, 4), np.uint8)
    pixels[..., :3] = tint
    pixels[..., 3] = alpha.astype(np.uint8)
    return Image.fromarray(pixels, "RGBA")


def softened(image: Image.Image, radius: float) -> Image.Image:
    """`image` blurred by a Gaussian of `radius` pixels."""
    if image.mode == "RGBA":  # premultiplied, or what is transparent would darken the edges
        return image.convert("RGBa").filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
    return image.filter(ImageFilter.GaussianBlur(radius))


def shaded(image: Image.Image, *, light: float = 0.28, shade: float = 0.34) -> Image.Image:
    """A flat sprite given form: brighter towards the top left, darker towards the bottom right."""
    width, height = image.size
    slope = (np.linspace(-1, 1, width)[None, :] * 0.55 + np.linspace(-1, 1, height)[:, None]) / 1.55
    pixels = np.asarray(image).astype(np.float32)
    lit = np.clip(-slope, 0, 1)[..., None] * light
    dim = np.clip(slope, 0, 1)[..., None] * shade
    pixels[..., :3] = pixels[..., :3] * (1 - dim) + (255 - pixels[..., :3]) * lit
    return Image.fromarray(pixels.astype(np.uint8), "RGBA")


def trimmed(image: Image.Image) -> Image.Image:
    """The sprite without its empty margins, its centre kept."""
    left, top, right, bottom = image.getbbox() or (0, 0, *image.size)
    across, down = min(left, image.width - right), min(top, image.height - bottom)
    return image.crop((across, down, image.width - across, image.height - down))


def mirrored(image: Image.Image) -> Image.Image:
    """Left for right."""
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def faded(image: Image.Image, alpha: float) -> Image.Image:
    """A sprite with its opacity multiplied by `alpha`, 0..1."""
    copy = image.copy()
    copy.putalpha(image.getchannel("A").point([round(v * min(1.0, max(0.0, alpha))) for v in range(256)]))
    return copy


def place(frame: Image.Image, image: Image.Image, x: float, y: float) -> None:
    """Lay a sprite onto `frame` with its centre at (x, y), to a fraction of a pixel."""
    left, top = x - image.width / 2, y - image.height / 2
    column, row = math.floor(left), math.floor(top)
    if column > frame.width or row > frame.height or column + image.width < 0 or row + image.height < 0:
        return
    moved = image
    if image.width * image.height < 40_000:  # on large sprites a fraction of a pixel does not show
        shift = (1, 0, column - left, 0, 1, row - top)
        moved = image.transform(image.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR)
    frame.paste(moved, (column, row), moved)


class Turning:
    """A sprite that turns: rotations are kept, to the nearest two degrees."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._kept: dict[int, Image.Image] = {}

    def at(self, degrees: float) -> Image.Image:
        """The sprite turned counter-clockwise about its centre, on a larger canvas."""
        step = round(degrees / 2) % 180
        if step not in self._kept:
            self._kept[step] = self._image.rotate(step * 2, Image.Resampling.BICUBIC, expand=True)
        return self._kept[step]


@lru_cache(maxsize=64)
def font(size: int, weight: str = "Bold") -> ImageFont.FreeTypeFont:
    """Roboto, which ships with a dependency, in pixels of `size`."""
    import font_roboto

    return ImageFont.truetype(str(Path(font_roboto.__file__).parent / "files" / f"Roboto-{weight}.ttf"), size)


def lettering(
    text: str, size: float, tint: Colour, weight: str = "Bold", *, tracking: float = 0
) -> Image.Image:
    """One line of text as a sprite; `tracking` is extra space between letters, in ems."""
    face = font(max(6, round(size)), weight)
    gap = tracking * size
    advance = [face.getlength(letter) + gap for letter in text]
    image = Image.new("RGBA", (math.ceil(sum(advance)) + 4, math.ceil(size * 1.4)), (*tint, 0))
    pen = ImageDraw.Draw(image)
    if not tracking:
        pen.text((2, size * 0.1), text, font=face, fill=(*tint, 255))
        return image
    x = 2.0
    for letter, step in zip(text, advance, strict=True):
        pen.text((x, size * 0.1), letter, font=face, fill=(*tint, 255))
        x += step
    return image


def vignette(size: tuple[int, int], strength: float = 0.38) -> Image.Image:
    """Darkness towards the corners, as a sprite to lay over a whole frame."""
    width, height = size
    across = np.linspace(-1, 1, width)[None, :] ** 2
    down = np.linspace(-1, 1, height)[:, None] ** 2
    alpha = np.clip((across + down) / 2 - 0.28, 0, 1) * strength * 255
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = (8, 8, 20)
    pixels[..., 3] = alpha.astype(np.uint8)
    return Image.fromarray(pixels, "RGBA")


def shake(frame: Image.Image, x: float, y: float, zoom: float = 1.0) -> Image.Image:
    """The frame as a camera sees it that moved by (x, y) and came closer by `zoom`."""
    import cv2

    width, height = frame.size
    affine = np.array(
        [[zoom, 0, width / 2 * (1 - zoom) + x], [0, zoom, height / 2 * (1 - zoom) + y]], np.float32
    )
    seen = cv2.warpAffine(
        np.asarray(frame), affine, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return Image.fromarray(seen, "RGB")
