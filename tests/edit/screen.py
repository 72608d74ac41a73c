"""What libass draws: ASS files rendered by our ffmpeg over a plain ground, as pixels."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np

from editron_core import process
from editron_core.domain.brand import BrandKit
from editron_core.edit import fonts
from editron_core.media import ffmpeg


def shown(
    ass: Path,
    size: tuple[int, int],
    *,
    frames: int = 1,
    rate: Fraction = Fraction(25),
    ground: str = "black",
    brand: BrandKit | None = None,
) -> np.ndarray:
    """Frames 0.. of `ass` over `ground`, (frames, height, width, 3) RGB."""
    folder = ass.parent / "screen"
    folder.mkdir(exist_ok=True)
    shutil.copyfile(ass, folder / "captions.ass")
    plate = f"color={ground}:s={size[0]}x{size[1]}:r={rate},format=rgb24"
    # Paths with odd characters have no place in a graph: the fonts come by a link of our naming.
    link = folder / "fonts"
    if not link.exists():
        link.symlink_to(fonts.fonts_dir(brand or BrandKit()), target_is_directory=True)
    argv = ffmpeg.command(
        "-f", "lavfi", "-i", plate, "-vf", "ass=captions.ass:fontsdir=fonts", "-frames:v", str(frames),
        "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1",
    )  # fmt: skip
    with process.spawn(argv, cwd=folder) as child:
        raw = child.stdout.read()
    return np.frombuffer(raw, np.uint8).reshape(frames, size[1], size[0], 3)


def ink(frame: np.ndarray, ground: int = 0) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of all that differs from the ground; null where nothing does."""
    rows, columns = np.nonzero(np.abs(frame.astype(int) - ground).max(axis=2) > 12)
    if not len(rows):
        return None
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
