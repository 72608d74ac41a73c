"""Clips in which every frame carries its own number, as blocks of light and dark that survive any codec."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np

from editron_core import process
from editron_core.media import ffmpeg

WIDTH, HEIGHT, RATE = 320, 180, Fraction(25)
BITS = 8
CELLS = BITS + 1
"""A cell that is always light, then the bits, across the upper third; the rest is a dark slope."""


def ff(*words: object, cwd: Path | None = None) -> None:
    """Run ffmpeg."""
    argv = ffmpeg.command("-y", *(str(word) for word in words))
    process.run(argv, limits=process.Limits(wall_s=120, memory=None), cwd=cwd)


def picture(number: int) -> np.ndarray:
    """Frame `number`, (HEIGHT, WIDTH) uint8."""
    shown = np.tile(np.linspace(30, 90, HEIGHT).astype(np.uint8)[:, None], (1, WIDTH))
    lit = [1, *((number >> bit) & 1 for bit in range(BITS))]
    for cell, on in enumerate(lit):
        left, right = cell * WIDTH // CELLS, (cell + 1) * WIDTH // CELLS
        shown[: HEIGHT // 3, left:right] = 220 if on else 20
    return shown


def number_in(shown: np.ndarray) -> int:
    """The number of a frame, read at any size; fails where it is not upright or not one of ours."""
    grey = shown.mean(axis=2) if shown.ndim == 3 else shown
    height, width = grey.shape
    y = height // 6
    lit = [grey[y, (2 * cell + 1) * width // (2 * CELLS)] > 125 for cell in range(CELLS)]
    assert lit[0], "the picture is not upright"
    assert grey[5 * height // 6].max() < 125, "the picture is not upright"
    return sum(int(on) << bit for bit, on in enumerate(lit[1:]))


def raw(path: Path, numbers: Iterable[int], change: Callable[[np.ndarray], np.ndarray] = np.asarray) -> Path:
    """The frames as raw grey bytes, each passed through `change` first."""
    path.write_bytes(b"".join(np.ascontiguousarray(change(picture(n))).tobytes() for n in numbers))
    return path


def encode(source: Path, out: Path, *words: object, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    """Raw frames as a clip of 25 frames/s, encoded with `words`."""
    given = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{size[0]}x{size[1]}", "-r", RATE)
    ff(*given, "-i", source, *words, out)
    return out
