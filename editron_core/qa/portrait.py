"""A friendly face up close: it blinks, looks about, and its mouth follows a voice."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageChops

from editron_core.qa.canvas import Colour, Pen, darker, lighter, mix, place, softened, sprite, trimmed

_Box = Callable[[float, float, float, float, float], tuple[float, float, float, float]]
"""From the pen's factor, a centre and half sizes in half heads, to a box of pixels."""
INK: Colour = (40, 26, 30)
MOUTHS = 5
"""Steps between a closed smile and a wide open mouth."""


@dataclass(frozen=True, slots=True)
class Face:
    """Who it is."""

    skin: Colour = (244, 200, 162)
    hair: Colour = (66, 40, 32)
    shirt: Colour = (44, 122, 123)
    long_hair: bool = True


class Portrait:
    """One person from the waist up; `size` is the width of the head in pixels."""

    def __init__(self, face: Face, size: float) -> None:
        self._face = face
        self._size = size
        self._heads: dict[tuple[int, bool, int], Image.Image] = {}
        self._body = self._drawn_body()
        self._back = self._drawn_back() if face.long_hair else None

    def paint(self, frame: Image.Image, x: float, y: float, at: float, voice: float) -> None:
        """Draw it with the head's centre near (x, y), `at` seconds in; `voice` 0..1 opens the mouth."""
        size = self._size
        sway = math.sin(at * 1.7) * size * 0.03 + math.sin(at * 0.63) * size * 0.04
        nod = math.sin(at * 2.3) * size * 0.012 - voice * size * 0.02
        blink = (at + 0.4) % 3.1 < 0.14
        tilt = round(math.sin(at * 0.9) * 2)
        breath = math.sin(at * 1.4) * size * 0.008
        if self._back is not None:
            place(frame, self._back, x + sway * 0.9, y + nod + size * 0.16)
        place(frame, self._body, x + sway * 0.4, y + size * 1.28 + breath)
        place(frame, self._head(round(voice * (MOUTHS - 1)), blink, tilt), x + sway, y + nod)

    def _head(self, mouth: int, blink: bool, tilt: int) -> Image.Image:
        key = (mouth, blink, tilt)
        if key not in self._heads:
            head = self._drawn_head(mouth / (MOUTHS - 1), blink)
            self._heads[key] = trimmed(head.rotate(tilt * 1.3, Image.Resampling.BICUBIC))
        return self._heads[key]

    def _drawn_body(self) -> Image.Image:
        size, face = self._size, self._face
        width, height = size * 2.9, size * 2.1

        def draw(pen: Pen, k: float) -> None:
            u = size * k
            middle = width * k / 2
            dark = darker(face.shirt, 0.22)
            pen.rounded_rectangle(
                (middle - u * 1.2, u * 0.62, middle + u * 1.2, u * 3.2), u * 0.55, fill=dark
            )
            pen.rounded_rectangle(
                (middle - u * 0.98, u * 0.56, middle + u * 0.98, u * 3.2), u * 0.5, fill=face.shirt
            )
            neck = darker(face.skin, 0.13)
            pen.rounded_rectangle((middle - u * 0.24, 0, middle + u * 0.24, u * 0.74), u * 0.2, fill=neck)
            pen.pieslice((middle - u * 0.36, u * 0.36, middle + u * 0.36, u * 0.92), 0, 180, fill=neck)
            collar = lighter(face.shirt, 0.22)
            pen.arc(
                (middle - u * 0.4, u * 0.3, middle + u * 0.4, u * 0.96),
                4,
                176,
                fill=collar,
                width=round(u * 0.075),
            )

        return _formed(sprite((width, height), draw, fine=2), size * 0.35)

    def _drawn_back(self) -> Image.Image:
        size, hair = self._size, darker(self._face.hair, 0.25)

        def draw(pen: Pen, k: float) -> None:
            u = size * k
            pen.ellipse((u * 0.02, 0, u * 1.38, u * 1.3), fill=hair)
            pen.rounded_rectangle((u * 0.04, u * 0.5, u * 1.36, u * 1.72), u * 0.32, fill=hair)

        return _formed(sprite((size * 1.4, size * 1.74), draw, fine=2), size * 0.2)

    def _drawn_head(self, mouth: float, blink: bool) -> Image.Image:
        size, face = self._size, self._face
        side = size * 1.6
        half = size / 2

        def at(pen_k: float, x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
            centre = side / 2
            return (
                (centre + (x - w) * half) * pen_k,
                (centre + (y - h) * half) * pen_k,
                (centre + (x + w) * half) * pen_k,
                (centre + (y + h) * half) * pen_k,
            )

        def skull(pen: Pen, k: float) -> None:
            for x in (-0.98, 0.98):
                pen.ellipse(at(k, x, 0.12, 0.17, 0.25), fill=darker(face.skin, 0.1))
            pen.ellipse(at(k, 0, -0.18, 1.0, 1.0), fill=face.skin)
            pen.ellipse(at(k, 0, 0.22, 0.92, 1.0), fill=face.skin)

        head = _formed(sprite((side, side), skull, fine=2), size * 0.3)
        head = Image.alpha_composite(head, self._shadows(side, at))
        head = Image.alpha_composite(
            head, sprite((side, side), lambda pen, k: self._features(pen, k, at, mouth, blink), fine=2)
        )
        hair = sprite((side, side), lambda pen, k: self._fringe(pen, k, at), fine=2)
        return Image.alpha_composite(head, _formed(hair, size * 0.16))

    def _shadows(self, side: float, at: _Box) -> Image.Image:
        """Soft darkness round the eyes and beside the nose, warmth on the cheeks."""
        skin = self._face.skin

        def draw(pen: Pen, k: float) -> None:
            for x in (-0.42, 0.42):
                pen.ellipse(at(k, x, -0.04, 0.3, 0.2), fill=(*darker(skin, 0.42), 150))
                pen.ellipse(at(k, x * 1.42, 0.46, 0.22, 0.16), fill=(240, 110, 96, 96))
            pen.ellipse(at(k, 0.1, 0.3, 0.11, 0.26), fill=(*darker(skin, 0.35), 130))
            pen.ellipse(at(k, 0, 0.94, 0.34, 0.08), fill=(*darker(skin, 0.35), 110))
            pen.ellipse(at(k, -0.04, 0.2, 0.06, 0.3), fill=(*lighter(skin, 0.5), 150))
            pen.ellipse(at(k, 0, -0.5, 0.5, 0.16), fill=(*lighter(skin, 0.4), 90))

        return softened(sprite((side, side), draw, fine=1), self._size * 0.03)

    def _features(self, pen: Pen, k: float, at: _Box, mouth: float, blink: bool) -> None:
        half = self._size / 2 * k
        for x in (-0.42, 0.42):
            if blink:
                pen.arc(at(k, x, -0.04, 0.2, 0.1), 10, 170, fill=INK, width=round(half * 0.07))
            else:
                pen.ellipse(at(k, x, 0, 0.2, 0.15), fill=(250, 250, 252))
                pen.ellipse(at(k, x + 0.01, 0, 0.12, 0.135), fill=(70, 52, 40))
                pen.ellipse(at(k, x + 0.01, 0, 0.065, 0.075), fill=(14, 10, 14))
                pen.ellipse(at(k, x + 0.055, -0.055, 0.035, 0.035), fill=(255, 255, 255))
                pen.arc(at(k, x, 0.01, 0.22, 0.175), 195, 345, fill=INK, width=round(half * 0.06))
            brow = at(k, x, -0.2 - 0.04 * mouth, 0.26, 0.14)
            pen.arc(brow, 205, 335, fill=darker(self._face.hair, 0.1), width=round(half * 0.09))
        pen.arc(
            at(k, 0.01, 0.4, 0.12, 0.09),
            20,
            160,
            fill=darker(self._face.skin, 0.42),
            width=round(half * 0.045),
        )
        self._mouth(pen, k, at, mouth)

    def _mouth(self, pen: Pen, k: float, at: _Box, opened: float) -> None:
        half = self._size / 2 * k
        lip = mix(self._face.skin, (176, 52, 62), 0.62)
        if opened < 0.15:
            pen.arc(at(k, 0, 0.58, 0.33, 0.2), 22, 158, fill=darker(lip, 0.35), width=round(half * 0.075))
            return
        wide, tall = 0.3 - 0.05 * opened, 0.07 + 0.17 * opened
        pen.ellipse(at(k, 0, 0.72, wide + 0.05, tall + 0.045), fill=lip)
        pen.ellipse(at(k, 0, 0.72, wide, tall), fill=(78, 18, 30))
        pen.chord(at(k, 0, 0.72, wide * 0.94, tall * 0.94), 205, 335, fill=(250, 248, 244))
        pen.chord(at(k, 0, 0.72, wide * 0.86, tall * 0.92), 40, 140, fill=(206, 88, 92))

    def _fringe(self, pen: Pen, k: float, at: _Box) -> None:
        hair = self._face.hair
        if self._face.long_hair:
            pen.polygon(self._crescent(k, (1.12, 1.12, -0.2), (1.0, 0.62, 0.06)), fill=hair)
            pen.pieslice(at(k, -0.42, -0.84, 0.86, 0.6), 20, 160, fill=hair)
            pen.pieslice(at(k, 0.74, -0.8, 0.42, 0.6), 20, 160, fill=hair)
            for x in (-1.0, 1.0):
                pen.rounded_rectangle(at(k, x, 0.3, 0.13, 0.66), self._size * 0.06 * k, fill=hair)
        else:
            pen.polygon(self._crescent(k, (1.05, 1.02, -0.26), (0.94, 0.46, -0.16)), fill=hair)
            for x, y, r in (
                (-0.72, -0.84, 0.3),
                (-0.26, -1.06, 0.36),
                (0.26, -1.06, 0.36),
                (0.72, -0.84, 0.3),
            ):
                pen.ellipse(at(k, x, y, r, r * 0.8), fill=hair)

    def _crescent(
        self, k: float, outer: tuple[float, float, float], inner: tuple[float, float, float]
    ) -> list[tuple[float, float]]:
        """The outline between two half ellipses (half width, half height, centre), in head units."""
        centre, half = self._size * 0.8 * k, self._size / 2 * k
        turns = [math.pi * n / 40 for n in range(41)]
        line = [(outer, turn) for turn in turns] + [(inner, turn) for turn in reversed(turns)]
        return [
            (centre + wide * math.cos(turn) * half, centre + (y - tall * math.sin(turn)) * half)
            for (wide, tall, y), turn in line
        ]


def _formed(image: Image.Image, depth: float) -> Image.Image:
    """A flat sprite given volume: its edge away from the light (top left) falls into soft shadow."""
    alpha = image.getchannel("A")
    inner = softened(ImageChops.offset(alpha, -round(depth * 0.35), -round(depth * 0.35)), depth * 0.5)
    shade = ImageChops.subtract(alpha, inner).point([round(v * 0.42) for v in range(256)])
    formed = image.copy()
    formed.paste(Image.new("RGBA", image.size, (38, 18, 46, 255)), (0, 0), shade)
    formed.putalpha(alpha)
    return formed
