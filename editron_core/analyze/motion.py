"""How much the picture moves, and how it looks: sharpness, exposure, colour."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from editron_core.analyze.grid import held, means, row_numbers, row_starts
from editron_core.analyze.skin import skin
from editron_core.analyze.subject import subject
from editron_core.domain.evidence import EngineUse
from editron_core.media.frames import opencv

ENGINE = EngineUse("motion", "frame differences and picture statistics", "4")

GAP_S = Fraction(3, 25)
"""Frames nearer than this to the last compared one are passed over: footage of 24 to 120 frames/s is
then compared over 120 to 133 ms alike, so motion means the same at every frame rate."""
MOTION_SCALE = 8.0
"""Grey levels of mean change (of 219) at which motion is 1 - 1/e. Ours: a still tripod shot measures
0.1 to 0.5, a talking person 1 to 2, a walking crowd 4 to 8, a whip pan 30 and more."""
STOOD_S = 2.0
"""A picture that stands longer than this between two frames (a screen recording) does not move."""
SHARPNESS = (1.0, 4.0)
"""log10 of the Laplacian's variance that stand for 0 and 1: on 8-bit luma at the proxy's size, footage
out of focus lies around 10, ordinary footage at 200 to 1000, the finest detail at 5000."""
TILES = 4
"""Sharpness is that of the sharper quarter of 4x4 tiles: a blurred background is no fault."""
MID_GREY, SPREAD = 0.5, 0.2
"""Well-exposedness of Mertens, Kautz and Van Reeth ("Exposure Fusion", 2007), for levels 0..1:
exp(-(v - 0.5)^2 / (2 * 0.2^2)). A picture that uses all levels alike has 0.495; only one that is mid grey
throughout has 1, so that the scale tells well exposed footage apart too."""
DARKEST, BRIGHTEST = 5, 250
"""Levels of 255 at and beyond which a pixel counts as clipped."""
CLIPPED_FREE = 0.1
"""Share of clipped pixels that costs nothing: night skies and lamps are no fault."""
COLOURFUL = 110.0
"""Hasler and Suesstrunk (2003) call 109 and more "extremely colourful"."""
STEEPER = 0.75
"""Detail is asked of the place in the picture that is steeper than so many others."""
SOBEL = 8
"""What Sobel's operator gives for a slope of one grey level a pixel."""
STEEP = 10.0
"""Grey levels a pixel at which detail is 1 - 1/e. Ours: a wall measures 0 to 2, a talking person 3 to 8, a
street 12 to 20."""
TONES = 32
"""Levels of brightness that richness tells apart: grain and compression stay within one of them."""


class Motion:
    """A measure of the change between neighbouring frames, on a scale that saturates."""

    def __init__(self, scale: float = MOTION_SCALE) -> None:
        self._scale = scale
        self._from, self._to, self._change = array("d"), array("d"), array("d")

    def add(self, start: Fraction, at: Fraction, change: float) -> None:
        """The picture changed by `change`, in units of the scale, between two frames at these seconds."""
        self._from.append(float(start))
        self._to.append(float(at))
        self._change.append(change)

    def column(self, rows: int, cuts: Sequence[Fraction]) -> np.ndarray:
        """The signal: (rows,) float32, NaN where there was never a second frame.

        A cut is no motion: what changed across one is left out. A row without a frame of its own has
        the motion of the step across it, and none where the picture stood longer than `STOOD_S`.
        """
        start, at = np.array(self._from), np.array(self._to)
        if not at.size:
            return np.full(rows, np.nan, np.float32)
        value = 1 - np.exp(-np.array(self._change) / self._scale)
        value[_across(cuts, start, at)] = np.nan
        column = means(at, value, rows)
        starts = row_starts(rows)
        following = np.searchsorted(at, starts)
        step = np.minimum(following, len(at) - 1)
        stood = (following == len(at)) | (at[step] - start[step] > STOOD_S)
        empty = np.bincount(row_numbers(at, rows), minlength=rows)[:rows] == 0
        filled = np.where(empty, np.where(stood, 0.0, value[step]), column)
        return held(filled.astype(np.float32))


def change(before: np.ndarray, after: np.ndarray) -> float:
    """Mean absolute difference of two luma pictures (float32), less what is only a change of brightness."""
    difference = after - before
    return float(np.abs(difference - difference.mean()).mean())


class Look(NamedTuple):
    """How one picture looks, each 0..1."""

    sharpness: float
    exposure: float
    colour: float
    richness: float
    detail: float
    subject: float
    skin: float


def look(grey: np.ndarray, small: np.ndarray) -> Look:
    """Sharpness of a picture's luma (H, W), the rest of it made small (h, w, 3) RGB; all uint8."""
    cv2 = opencv()
    tones = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return Look(
        sharpness=sharpness(grey),
        exposure=exposure(tones),
        colour=colour(small),
        richness=richness(tones),
        detail=detail(tones),
        subject=subject(small),
        skin=skin(small),
    )


def sharpness(grey: np.ndarray) -> float:
    """log10 of the Laplacian's variance in the sharper quarter of the tiles, between `SHARPNESS`.

    The variance of the Laplacian as a focus measure: Pech-Pacheco and others (2000).
    """
    cv2 = opencv()
    edges = cv2.Laplacian(grey, cv2.CV_16S)
    down, across = (np.linspace(0, length, TILES + 1).astype(int) for length in edges.shape)
    parts = [
        np.s_[top:bottom, left:right] for top, bottom in pairwise(down) for left, right in pairwise(across)
    ]
    # A Laplacian's mean is 0, so its variance is the mean of its squares.
    squares = sorted(cv2.norm(edges[part], cv2.NORM_L2SQR) / edges[part].size for part in parts)
    best = squares[-len(parts) // 4 :]
    low, high = SHARPNESS
    return _clip((math.log10(max(sum(best) / len(best), 1e-3)) - low) / (high - low))


def exposure(grey: np.ndarray) -> float:
    """Mean well-exposedness (see `MID_GREY`), times the share of pixels that are not clipped."""
    levels = np.bincount(grey.ravel(), minlength=256) / grey.size
    clipped = levels[: DARKEST + 1].sum() + levels[BRIGHTEST:].sum()
    kept = 1 - max(0.0, clipped - CLIPPED_FREE) / (1 - CLIPPED_FREE)
    return _clip(float(levels @ _WELL)) * _clip(kept)


def colour(picture: np.ndarray) -> float:
    """Colourfulness of Hasler and Suesstrunk (2003) over `COLOURFUL`, of RGB (H, W, 3) uint8."""
    cv2 = opencv()
    mean, spread = cv2.meanStdDev(cv2.transform(picture.astype(np.float32), _OPPONENT))
    return _clip(float(np.linalg.norm(spread) + 0.3 * np.linalg.norm(mean)) / COLOURFUL)


def richness(grey: np.ndarray) -> float:
    """Entropy of the picture's brightness in `TONES` levels over its most: (h, w) uint8 to 0..1.

    Black, white, a title card and a sheet of print use few levels and a view of the world nearly all,
    whether it is dark or light: entropy as a measure of a picture's information, Shannon (1948).
    """
    levels = np.bincount(grey.ravel(), minlength=256).reshape(TONES, -1).sum(axis=1)
    used = levels[levels > 0] / grey.size
    return _clip(float(-(used * np.log2(used)).sum()) / math.log2(TONES))


def detail(grey: np.ndarray) -> float:
    """How steep the edges of most of the picture are, not of its sharpest spot: (h, w) uint8 to 0..1.

    1 - exp(-g / `STEEP`), where a quarter of the picture is steeper than g grey levels a pixel: print, a
    logo or credits cover less and leave 0, and so does haze. The gradient is Sobel's.
    """
    cv2 = opencv()
    # In whole numbers: the same on every machine, to the last digit.
    across, down = (cv2.Sobel(grey, cv2.CV_16S, *way).astype(np.int32).ravel() for way in ((1, 0), (0, 1)))
    squares = across**2 + down**2
    rank = int(STEEPER * len(squares))
    return _clip(1 - math.exp(-math.sqrt(np.partition(squares, rank)[rank]) / SOBEL / STEEP))


def _across(cuts: Sequence[Fraction], start: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Which steps from `start` to `at` lead across a cut."""
    times = np.array([float(cut) for cut in cuts])
    return np.asarray(np.searchsorted(times, start, "right") < np.searchsorted(times, at, "right"))


def _clip(value: float) -> float:
    return min(1.0, max(0.0, float(value)))


_WELL = np.exp(-((np.arange(256) / 255 - MID_GREY) ** 2) / (2 * SPREAD**2))
_OPPONENT = np.array([[1, -1, 0], [0.5, 0.5, -1]], np.float32)
"""From RGB to red less green, and yellow less blue."""
