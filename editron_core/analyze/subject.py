"""How much the middle of a picture stands out from its border: a subject, large and well placed, does.

The border is nearly always background (Wei and others, "Geodesic Saliency Using Background Priors", 2012). A
place stands out as far as its colour lies from all that the border shows; a thing at the side, or one of many
all over the picture, is no subject in this sense.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from editron_core.media.frames import opencv

LONGER_SIDE = 24
"""Pixels: what is narrower than a twentieth of the picture is no subject of it."""
BORDER = 0.1
"""Width of the border, as a share of the shorter side."""
LIKE = 0.05
"""A place is as far from the border as from the most similar twentieth of it: what also occurs there, be it
sky, meadow or one of many like things, is background, and a speck on it alone makes nothing so."""
DISTANCE_SCALE = 20.0
"""CIELAB units (2.3 are just noticeable) at which a place stands out wholly."""
CENTRE = 0.4
"""Standard deviation, as a share of each side, of the Gaussian by which the middle counts more."""


@lru_cache(maxsize=8)
def middle(height: int, width: int) -> np.ndarray:
    """How much each place counts, (height, width) float64 that sums to 1: the middle most (`CENTRE`)."""
    down, across = (np.exp(-((((np.arange(n) + 0.5) / n - 0.5) / CENTRE) ** 2) / 2) for n in (height, width))
    weights = np.outer(down, across)
    return np.asarray(weights / weights.sum())


def subject(small: np.ndarray) -> float:
    """The weighted share of the picture (h, w, 3) RGB uint8 that stands out from its border, 0..1."""
    cv2 = opencv()
    share = min(1.0, LONGER_SIDE / max(small.shape[:2]))
    height, width = (max(4, round(length * share)) for length in small.shape[:2])
    tiny = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    lab = cv2.cvtColor(tiny, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    border, weights = _places(height, width)
    around = lab[border]
    # |a - b|^2 without the (places, border, 3) table of differences.
    squares = (lab**2).sum(1)[:, None] + (around**2).sum(1)[None] - 2 * lab @ around.T
    rank = int(LIKE * len(around))
    distance = np.sqrt(np.maximum(np.partition(squares, rank, axis=1)[:, rank], 0))
    return float(np.minimum(distance / DISTANCE_SCALE, 1) @ weights)


@lru_cache(maxsize=8)
def _places(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Which places are the border, (h * w) bool, and what each counts, summing to 1."""
    wide = max(1, round(BORDER * min(height, width)))
    border = np.ones((height, width), bool)
    border[wide:-wide, wide:-wide] = False
    return border.ravel(), middle(height, width).ravel()
