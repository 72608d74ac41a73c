"""What moves against its background: the change between two pictures less what the camera's own motion made.

A pan shifts every pixel and shows no action; a hand that waves before a tripod moves few and is all action.
What moves in the middle counts more than what passes at the edge: whoever holds the camera, or puts it up,
points it at what matters.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from editron_core.analyze.subject import middle
from editron_core.media.frames import opencv

NOISE = 4.0
"""Grey levels of change that are noise."""
OUTSTANDING = 3.0
"""... and so is what lies below this multiple of the median change: the camera zooms or shakes."""
RING = 0.12
"""Width of the border in which the camera's own motion is told from a subject's."""
STEADY = 1.0
"""Mean change of the border, in grey levels, below which the camera stands."""
SHARE_SCALE = 0.15
"""Share of the picture in action at which the signal is 1 - 1/e. Ours: a fixed camera on players far off
measures 0.04 to 0.1, one on a crowd or on a child at play 0.1 to 0.3."""


def strength(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How much each place changed beyond the camera's motion: (h, w) float32 grey levels, >= 0.

    Two small luma pictures, (h, w) float32. A change of brightness over all of the picture is none.
    """
    difference = _less_camera(before, after)
    return np.asarray(opencv().blur(np.abs(difference - difference.mean()), (3, 3)))


def outstanding(change: np.ndarray) -> np.ndarray:
    """What of `change` (see `strength`) lies above noise and above what changed everywhere, >= 0."""
    return np.asarray(np.maximum(change - max(NOISE, OUTSTANDING * median(change)), 0))


def share(change: np.ndarray) -> float:
    """The share of the picture that is in action, its middle counting more: 0..1, of `strength`."""
    if change.max() <= NOISE:  # as most pictures of a quiet scene: spares the median
        return 0.0
    return float(middle(*change.shape)[outstanding(change) > 0].sum())


def median(change: np.ndarray) -> float:
    """The (upper) median of all places."""
    return float(np.partition(change, change.size // 2, axis=None)[change.size // 2])


def _less_camera(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """`new` less `old`, which is first shifted by the camera's motion where there was any.

    The shift that phase correlation finds may be a large subject's; it is the camera's if it makes the
    border agree better.
    """
    cv2 = opencv()
    plain = np.asarray(new - old)
    if _ring(plain) < STEADY:
        return plain
    window = cv2.createHanningWindow(old.shape[::-1], cv2.CV_32F)
    # On copies: OpenCV multiplies the window into the pictures that it is given.
    (dx, dy), _ = cv2.phaseCorrelate(old.copy(), new.copy(), window)
    moved = cv2.warpAffine(
        old, np.array([[1, 0, dx], [0, 1, dy]], np.float32), old.shape[::-1], borderMode=cv2.BORDER_REPLICATE
    )
    steadied = np.asarray(new - moved)
    if _ring(steadied) >= _ring(plain):
        return plain
    # What came into view at the edges has nothing to be compared with.
    height, width = old.shape
    across, down = min(width, ceil(abs(dx))), min(height, ceil(abs(dy)))
    steadied[:, :across] *= dx < 0
    steadied[:, width - across :] *= dx > 0
    steadied[:down] *= dy < 0
    steadied[height - down :] *= dy > 0
    return steadied


def _ring(difference: np.ndarray) -> float:
    height, width = difference.shape
    down, across = max(1, round(RING * height)), max(1, round(RING * width))
    size = np.abs(difference)
    inner = size[down:-down, across:-across]
    return float((size.sum() - inner.sum()) / (size.size - inner.size))
