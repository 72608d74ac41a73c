"""From pixels to crop: a drawn subject, seen by the analysis, stays inside the crop."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from editron_core.analyze.observe import AnalyzeOptions, observe
from editron_core.edit import reframe
from editron_core.media import ffmpeg
from editron_core.media.probe import probe
from editron_core.process import Limits
from editron_core.times import Span

SIZE = (320, 180)
RATE = Fraction(25)
RADIUS = 18
"""Pixels: the subject is 36 of the frame's 320 wide; the vertical crop is 101."""

PATHS: dict[str, Callable[[float], float]] = {
    "crosses": lambda t: 0.12 + 0.76 * t / 8,
    "comes and goes back": lambda t: 0.5 + 0.36 * math.sin(t * 0.9),
    "waits, then runs": lambda t: 0.2 + 0.6 * min(1, max(0, (t - 3) / 2)),
}


def draw(where: Callable[[float], float], length: int, folder: Path) -> Path:
    """A bright disc on a dull, slightly noisy ground, as H.264."""
    rng = np.random.default_rng(3)
    ground = (90 + 12 * rng.standard_normal((SIZE[1], SIZE[0], 1)) + np.zeros(3)).clip(0, 255)
    down, across = np.mgrid[: SIZE[1], : SIZE[0]]
    with (folder / "raw").open("wb") as out:
        for n in range(length * int(RATE)):
            at = where(n / float(RATE)) * SIZE[0]
            disc = (across - at) ** 2 + (down - 95 + 4 * math.sin(n)) ** 2 <= RADIUS**2
            frame = ground + 3 * rng.standard_normal(ground.shape)
            frame[disc] = (230, 120, 40)
            out.write(frame.clip(0, 255).astype(np.uint8).tobytes())
    video = folder / "drawn.mp4"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{SIZE[0]}x{SIZE[1]}", "-r", str(RATE)]
    ffmpeg.run(
        [*raw, "-i", str(folder / "raw"), "-c:v", "libx264", "-pix_fmt", "yuv420p", f"file:{video}"],
        limits=Limits(wall_s=60),
    )
    return video


@pytest.mark.parametrize("name", PATHS)
def test_a_drawn_moving_subject_lies_inside_in_95_of_100_frames(tmp_path: Path, name: str) -> None:
    video = draw(PATHS[name], 8, tmp_path)
    out = tmp_path / "evidence"
    out.mkdir()
    seen = observe(video, probe(video), out, AnalyzeOptions())
    crop = reframe.crop_path(seen, Span.of(0, 8), SIZE, "9:16", rate=RATE)
    at = np.arange(8 * int(RATE)) / float(RATE)
    centre = np.interp(at, [float(key.at) for key in crop.keys], [key.x for key in crop.keys])
    subject = np.array([PATHS[name](t) for t in at])
    inside = np.abs(subject - centre) * SIZE[0] + RADIUS <= crop.width * SIZE[0] / 2
    assert inside.mean() >= 0.95, f"inside in {inside.mean():.1%} of the frames"
    fixed = np.abs(subject - 0.5) * SIZE[0] + RADIUS <= crop.width * SIZE[0] / 2
    assert fixed.mean() < 0.6, "a crop of the middle would have lost it"
