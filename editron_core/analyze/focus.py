"""Where to look: the faces of each row, else what moves against its background, else what stands out.

A reframed clip follows this. A row's focus is the mean place over its half second, so it stands for the
row's middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editron_core.analyze import action
from editron_core.analyze.faces import Face
from editron_core.domain.evidence import FOCUS
from editron_core.media.frames import opencv

WINDOW = (0.34, 0.7)
"""Width and height, as shares of the picture, of the window that is placed on the most of what counts:
about what a vertical crop of a wide picture shows. Between two subjects it chooses one and never the
middle."""
LOYALTY = 1.0
"""How much more the last row's place counts: two equal subjects do not make the focus jump."""
EVERYWHERE = 0.4
"""Share of moving pixels from which nothing can be told apart: a cut, a flash, a whip pan."""
CHAOS = 10.0
"""... and so it is where half of the picture changes by more grey levels than this."""
MOVING = 4e-4
"""Least share of moving pixels that makes a subject: 1 of 64x36."""
SALIENT_SIDE = 48
SALIENT = 1.5
BLANK = 0.01
"""Standard deviation (of 1) below which a picture shows nothing."""


@dataclass(frozen=True, slots=True)
class Area:
    """A place in the picture; all are shares of its width and height."""

    x: float
    """Centre."""
    y: float
    """Centre."""
    w: float
    h: float


class Moving:
    """What moves against the background, row by row."""

    def __init__(self) -> None:
        self._areas: dict[int, Area] = {}
        self._row = -1
        self._sum: np.ndarray | None = None
        self._last: Area | None = None

    def add(self, row: int, change: np.ndarray) -> None:
        """How much each place changed up to a picture of `row`: see `action.strength`."""
        if row != self._row:
            self._finish()
            self._row = row
        moved = _moved(change)
        if moved is not None:
            self._sum = moved if self._sum is None else self._sum + moved

    def areas(self) -> dict[int, Area]:
        """After the last picture: the moving area of each row that has one."""
        self._finish()
        return self._areas

    def _finish(self) -> None:
        if self._sum is not None:
            self._last = densest(self._sum, self._last)
            if self._last is not None:
                self._areas[self._row] = self._last
        self._sum = None


class Standing:
    """What stands out in single pictures, row by row."""

    def __init__(self) -> None:
        self._areas: dict[int, Area | None] = {}
        self._last: Area | None = None

    def add(self, row: int, picture: np.ndarray) -> None:
        """The sampled picture of a row, made small, RGB (h, w, 3) uint8."""
        self._last = densest(salience(picture), self._last)
        self._areas[row] = self._last

    def areas(self) -> dict[int, Area | None]:
        """The salient area of each row that was looked at; None where it is blank."""
        return self._areas


def columns(
    faces: Sequence[Sequence[Face]], moving: dict[int, Area], standing: dict[int, Area | None]
) -> tuple[dict[str, np.ndarray], list[str | None]]:
    """The FOCUS columns, (rows,) float32 with NaN where unknown, and `focus_kind`.

    Faces win over motion, and motion over what merely stands out. A row at which nobody looked has what
    stood out before it.
    """
    chosen: list[tuple[Area | None, str]] = []
    stood: Area | None = None
    for row, found in enumerate(faces):
        if found:
            chosen.append((_largest(found), "face"))
            continue
        stood = standing.get(row, stood)
        chosen.append((moving.get(row) or stood, "saliency"))
    places = [[a.x, a.y, a.w, a.h] if a is not None else [np.nan] * 4 for a, _ in chosen]
    table = np.array(places, np.float32)
    kinds = [kind if area is not None else None for area, kind in chosen]
    return {name: table[:, i] for i, name in enumerate(FOCUS)}, kinds


def densest(mass: np.ndarray, last: Area | None = None) -> Area | None:
    """The place of the window that holds most of `mass` (H, W) >= 0, drawn to its centre of mass.

    `last` is kept where it is nearly as good (`LOYALTY`). None where there is no mass.
    """
    cv2 = opencv()
    height, width = mass.shape
    span = (max(1, round(WINDOW[0] * width)), max(1, round(WINDOW[1] * height)))
    held = cv2.boxFilter(mass, cv2.CV_32F, span, normalize=False, borderType=cv2.BORDER_CONSTANT)
    _, most, _, (x, y) = cv2.minMaxLoc(held)
    if most <= 0:
        return None
    if last is not None:
        was = min(width - 1, int(last.x * width)), min(height - 1, int(last.y * height))
        if held[was[1], was[0]] * (1 + LOYALTY) >= most:
            x, y = was
    for _ in range(4):  # mean shift: the window follows its own centre of mass
        left, top = max(0, round(x - span[0] / 2)), max(0, round(y - span[1] / 2))
        part = mass[top : top + span[1], left : left + span[0]]
        across, down = part.sum(0), part.sum(1)
        x, y = left + _middle(across), top + _middle(down)
    return Area((x + 0.5) / width, (y + 0.5) / height, _extent(across) / width, _extent(down) / height)


def salience(picture: np.ndarray) -> np.ndarray:
    """What stands out in an RGB picture: (h, w) float32 at a longer side of `SALIENT_SIDE`, 0 where nothing.

    Half spectral residual (Hou and Zhang, 2007), half distance from the mean colour (Achanta and others,
    "Frequency-tuned salient region detection", 2009); what lies below `SALIENT` times the mean is nothing.
    """
    cv2 = opencv()
    height, width = picture.shape[:2]
    share = SALIENT_SIDE / max(height, width)
    size = (max(8, round(width * share)), max(8, round(height * share)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    if small.std(axis=(0, 1)).max() < BLANK:
        return np.zeros(size[::-1], np.float32)
    total = _normal(_residual(small.mean(axis=2))) + _normal(_colour_distance(small))
    return np.asarray(np.maximum(total - SALIENT * total.mean(), 0), np.float32)


def _residual(grey: np.ndarray) -> np.ndarray:
    cv2 = opencv()
    spectrum = np.fft.fft2(grey)
    strength = np.log(np.abs(spectrum) + 1e-9).astype(np.float32)
    unexpected = strength - cv2.blur(strength, (3, 3), borderType=cv2.BORDER_WRAP)
    back = np.abs(np.fft.ifft2(np.exp(unexpected + 1j * np.angle(spectrum)))) ** 2
    return np.asarray(cv2.GaussianBlur(back.astype(np.float32), (0, 0), SALIENT_SIDE / 26))


def _colour_distance(small: np.ndarray) -> np.ndarray:
    cv2 = opencv()
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    return np.asarray(np.linalg.norm(cv2.GaussianBlur(lab, (0, 0), 1) - lab.mean(axis=(0, 1)), axis=2))


def _normal(values: np.ndarray) -> np.ndarray:
    return np.asarray(values / max(float(values.sum()), 1e-9))


def _moved(change: np.ndarray) -> np.ndarray | None:
    """What of a change (see `action.strength`) a subject made; None where no subject did."""
    if change.max() <= action.NOISE or action.median(change) > CHAOS:
        return None
    moved = action.outstanding(change)
    share = np.count_nonzero(moved) / moved.size
    return moved if MOVING <= share <= EVERYWHERE else None


def _largest(faces: Sequence[Face]) -> Area:
    """The faces around the largest that fit into one window with it, as one area."""
    by_size = sorted(faces, key=lambda face: (-face.w * face.h, face.x, face.y))
    left, right = by_size[0].x - by_size[0].w / 2, by_size[0].x + by_size[0].w / 2
    top, bottom = by_size[0].y - by_size[0].h / 2, by_size[0].y + by_size[0].h / 2
    for face in by_size[1:]:
        wide = min(left, face.x - face.w / 2), max(right, face.x + face.w / 2)
        high = min(top, face.y - face.h / 2), max(bottom, face.y + face.h / 2)
        if wide[1] - wide[0] <= WINDOW[0] and high[1] - high[0] <= WINDOW[1]:
            (left, right), (top, bottom) = wide, high
    return Area((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def _middle(weights: np.ndarray) -> float:
    total = float(weights.sum())
    return float(weights @ np.arange(len(weights))) / total if total else (len(weights) - 1) / 2


def _extent(weights: np.ndarray) -> float:
    """The length that holds the middle nine tenths of `weights`."""
    share = np.cumsum(weights) / max(float(weights.sum()), 1e-9)
    return float(np.searchsorted(share, 0.95) - np.searchsorted(share, 0.05) + 1)
