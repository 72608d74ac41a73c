"""A strip of small pictures with a line of text under each, as a PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

HEIGHT = 150
GAP = 10
LINE = 18
MOST_PER_ROW = 4
INK, PAPER = (28, 29, 34), (255, 255, 255)


@dataclass(frozen=True)
class Strip:
    """Pictures side by side, in rows."""

    pictures: Sequence[NDArray[np.uint8]]
    """(height, width, 3) RGB each, of any size."""
    captions: Sequence[str]
    """One line for each picture."""
    height: int = HEIGHT
    """Of each picture, in pixels."""
    columns: int = MOST_PER_ROW
    """Pictures in a row, at most."""

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        file = io.BytesIO()
        self.image().save(file, "PNG")
        return file.getvalue()

    def image(self) -> Image.Image:
        """The strip as one picture."""
        from PIL import Image, ImageDraw, ImageFont

        small = [_scaled(picture, self.height) for picture in self.pictures]
        cell = max((picture.width for picture in small), default=1) + GAP
        rows = -(-len(small) // self.columns)
        size = (cell * min(self.columns, max(1, len(small))), max(1, rows * (self.height + LINE + GAP)))
        sheet = Image.new("RGB", size, PAPER)
        pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
        for number, (picture, caption) in enumerate(zip(small, self.captions, strict=True)):
            x, y = number % self.columns * cell, number // self.columns * (self.height + LINE + GAP)
            sheet.paste(picture, (x, y))
            pen.text((x, y + self.height + 3), caption, INK, font)
        return sheet


def _scaled(picture: NDArray[np.uint8], height: int) -> Image.Image:
    from PIL import Image

    image = Image.fromarray(picture)
    return image.resize(
        (max(1, round(image.width * height / image.height)), height), Image.Resampling.LANCZOS
    )
