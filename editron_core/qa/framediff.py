"""Two sequences of frames held against each other: SSIM, VMAF, and how many frames differ.

A frame differs where more than a share of its pixels are off by more than some levels in any of red,
green and blue (`Rule`); a frame that only one side has differs too. SSIM and VMAF are ffmpeg's (`ssim`
over luma and both chroma planes at full resolution; `libvmaf` with its default model, which sees luma
only): two numbers that others can check. `picture` shows a person what changed.
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editron_core import process
from editron_core.errors import EngineUnavailable, UsageError
from editron_core.media import ffmpeg

Pixels = NDArray[np.uint8]
"""(n, height, width, 3) RGB."""
WALL_S = 600.0


@dataclass(frozen=True, slots=True)
class Rule:
    """From when on a frame counts as different."""

    levels: int
    """Of 255: pixels that are off by no more count as the same."""
    share: float
    """Of the frame's pixels: so many may be off by more than that."""


DRAWN = Rule(levels=12, share=0.0001)
"""For pictures that no lossy encoder touched. Another build of ffmpeg, libass or FreeType may round a
pixel by a few levels; a caption that moves by one pixel is off by far more along all its edges."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two sequences differ. Frames are counted from 0."""

    frames: int
    """Of the longer sequence."""
    missing: int
    """Frames that only one side has."""
    differing: tuple[int, ...]
    """The frames that differ by the rule, those that only one side has included."""
    shares: tuple[float, ...]
    """Of each frame that both have: the share of its pixels that are off by more than the rule's levels."""
    ssim: tuple[float, ...]
    """Of each frame that both have, -1..1; 1 where they are equal."""
    vmaf: tuple[float, ...]
    """Of each frame that both have, 0..100. Equal frames need not reach 100."""

    @property
    def worst(self) -> int:
        """The frame that both have with the most pixels off; of equals the one of the lowest SSIM."""
        return min(range(len(self.ssim)), key=lambda at: (-self.shares[at], self.ssim[at]))

    @property
    def worst_ssim(self) -> float:
        """The lowest SSIM of any frame: a mean would hide one broken frame among many good ones."""
        return min(self.ssim)

    @property
    def mean_vmaf(self) -> float:
        """The mean VMAF over the frames that both have."""
        return sum(self.vmaf) / len(self.vmaf)


def compare(before: Pixels, after: Pixels, rule: Rule = DRAWN) -> Comparison:
    """Hold `after` against `before`.

    Raises UsageError where there is nothing to compare or the pictures differ in size, and
    EngineUnavailable where ffmpeg has no libvmaf.
    """
    if before.shape[1:] != after.shape[1:] or not len(before) or not len(after):
        raise UsageError(
            f"cannot be compared: {_shape(before)} and {_shape(after)}",
            subject="two sequences of frames",
            remedy="make them of one size",
        )
    shares = [_off(a, b, rule) for a, b in zip(before, after, strict=False)]
    with tempfile.TemporaryDirectory(prefix="editron-diff-") as room:
        folder, common = Path(room), len(shares)
        inputs = []
        for name, side in (("before", before), ("after", after)):
            side[:common].tofile(folder / f"{name}.rgb")
            size = f"{side.shape[2]}x{side.shape[1]}"
            inputs += ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", size]
            inputs += ["-framerate", "25", "-i", f"{name}.rgb"]
        ssim, vmaf = _quality(inputs, folder)
    return _comparison(len(before), len(after), shares, (ssim, vmaf), rule)


def _comparison(
    before: int,
    after: int,
    shares: list[float],
    quality: tuple[tuple[float, ...], tuple[float, ...]],
    rule: Rule,
) -> Comparison:
    longer, common = max(before, after), len(shares)
    differing = [at for at, share in enumerate(shares) if share > rule.share]
    return Comparison(
        longer,
        longer - common,
        (*differing, *range(common, longer)),
        tuple(shares),
        quality[0][:common],
        quality[1][:common],
    )


def _off(before: Pixels, after: Pixels, rule: Rule) -> float:
    """The share of pixels of one frame that are off by more than the rule's levels."""
    gap = np.abs(before.astype(np.int16) - after.astype(np.int16)).max(axis=2)
    return float(np.count_nonzero(gap > rule.levels) / gap.size)


def _quality(inputs: list[str], folder: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """SSIM and VMAF of each frame of two inputs, by ffmpeg, run in `folder`; the first one is the truth."""
    if "libvmaf" not in ffmpeg.filters(ffmpeg.binary()):
        raise EngineUnavailable(
            "was built without libvmaf",
            subject="ffmpeg",
            remedy="unset EDITRON_FFMPEG: the shipped one has it",
        )
    # Frames are paired by their number; both metrics take the reference second.
    side = "settb=1/25,setpts=N,format=yuv444p,split"
    graph = (
        f"[0:v]{side}[r1][r2];[1:v]{side}[d1][d2];"
        "[d1][r1]ssim=stats_file=ssim.txt:shortest=1[s];"
        "[d2][r2]libvmaf=log_fmt=json:log_path=vmaf.json:n_threads=1:shortest=1[v]"
    )
    sinks = ["-map", "[s]", "-f", "null", "-", "-map", "[v]", "-f", "null", "-"]
    words = ["-filter_complex_threads", "1", *inputs, "-filter_complex", graph, *sinks]
    ffmpeg.run(words, limits=process.Limits(wall_s=WALL_S), cwd=folder)
    ssim = re.findall(r"All:(-?[\d.]+)", (folder / "ssim.txt").read_text())
    frames = json.loads((folder / "vmaf.json").read_text())["frames"]
    return tuple(map(float, ssim)), tuple(float(frame["metrics"]["vmaf"]) for frame in frames)


def _shape(frames: Pixels) -> str:
    return f"{len(frames)} of {frames.shape[2]}x{frames.shape[1]}"
