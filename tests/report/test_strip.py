"""Strips of pictures: each at its place, scaled to one height."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from editron_core.report.strip import GAP, LINE, Strip


def picture(level: int, width: int = 40, height: int = 20) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def test_pictures_lie_in_rows_at_one_height() -> None:
    strip = Strip([picture(10), picture(90), picture(200)], ["a", "b", "c"], height=40, columns=2)
    with Image.open(io.BytesIO(strip._repr_png_())) as opened:
        sheet = np.asarray(opened)
    assert sheet.shape == (2 * (40 + LINE + GAP), 2 * (80 + GAP), 3)
    assert sheet[20, 40, 0] == 10
    assert sheet[20, 80 + GAP + 40, 0] == 90
    assert sheet[40 + LINE + GAP + 20, 40, 0] == 200
    assert (sheet[43:56, :80] < 200).any(), "the caption is written under its picture"


def test_an_empty_strip_is_a_picture_too() -> None:
    assert Strip([], [])._repr_png_().startswith(b"\x89PNG")
