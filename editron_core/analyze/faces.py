"""Faces: where they are, and how much of the picture they take.

The detector is OpenCV's Haar cascade for frontal faces (`alt2`), which ships with its wheel. It is no
neural network and misses turned heads. What it sees once, between two searches of the same shot that
do not see it, is taken for a false alarm: faces stay.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from editron_core.domain.evidence import STEP, EngineUse
from editron_core.media.frames import opencv

LONGER_SIDE = 320
"""Size of the picture that is searched, in pixels."""
SMALLEST = 24
"""Smallest face, in those pixels: 7.5 % of the longer side. Still smaller ones would double the cost."""
SCALE, NEIGHBOURS = 1.25, 3
"""Step between the sizes that are tried, and overlapping hits that make a face."""
EVERY = Fraction(1)
"""The picture is searched once in this many seconds, and when most of it has changed."""
BLOCK = 8
CHANGED = 6.0
"""Mean grey levels by which a block of 8x8 pixels must have changed to be searched again."""
NEW_SCENE = 0.5
"""Share of changed blocks from which it is another picture."""
MARGIN = 16
"""Pixels around changed blocks that are searched with them: the cascade needs to see around a face."""
AREA_SCALE, COUNT_SCALE = 0.04, 4.0
"""The signal is 1 - exp(-(area / 0.04 + number / 4)): one small face 0.3, a portrait 0.8, a group 0.9."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face; lengths are shares of the displayed picture's width and height."""

    x: float
    """Centre."""
    y: float
    """Centre."""
    w: float
    h: float

    def overlap(self, other: Face) -> float:
        """Intersection over union, 0..1."""
        across = _common(self.x, self.w, other.x, other.w)
        both = across * _common(self.y, self.h, other.y, other.h)
        return both / (self.w * self.h + other.w * other.h - both)


class Faces:
    """Searches pictures that come in time order. Where nothing has changed, nothing is searched again."""

    def __init__(self) -> None:
        cv2 = opencv()
        file = Path(cv2.data.haarcascades) / "haarcascade_frontalface_alt2.xml"
        self._cascade: Any = cv2.CascadeClassifier(str(file))
        self.engine = EngineUse("faces", "OpenCV Haar frontalface_alt2", cv2.__version__)
        self._searched: np.ndarray | None = None
        self._boxes: list[_Box] = []
        self._due = Fraction(0)
        self._sightings: list[tuple[Fraction, tuple[Face, ...]]] = []

    def take(self, at: Fraction, picture: np.ndarray) -> bool:
        """The next sampled picture's luma, (H, W) uint8; whether it was time to look at it."""
        cv2 = opencv()
        height, width = picture.shape
        share = min(1.0, LONGER_SIDE / max(height, width))
        size = (max(BLOCK, round(width * share)), max(BLOCK, round(height * share)))
        if not self._look(at, cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)):
            return False
        self._due = at + EVERY
        self._sightings.append((at, tuple(box.shares(size) for box in self._boxes)))
        return True

    def seen(self, rows: int, cuts: Sequence[Fraction]) -> list[tuple[Face, ...]]:
        """For each row the faces in it: those of the last search in its shot, else of the next."""
        found = self._believed(cuts)
        times = [at for at, _ in found]
        out = []
        for row in range(rows):
            middle = row * STEP + STEP / 2
            shot = bisect_right(cuts, middle)
            before = bisect_right(times, middle) - 1
            near = [i for i in (before, before + 1) if 0 <= i < len(times)]
            same = [i for i in near if bisect_right(cuts, times[i]) == shot]
            # A frame stands until the next one: where the shot has no search, its row shows none.
            out.append(found[same[0]][1] if same else ())
        return out

    def _look(self, at: Fraction, grey: np.ndarray) -> bool:
        """Search what has changed in `grey`; whether it was time to."""
        if self._searched is None or self._searched.shape != grey.shape:
            changed = None
        else:
            changed = _changed(self._searched, grey)
        if changed is None or changed.mean() > NEW_SCENE:
            self._searched = grey.copy()
            self._boxes = self._search(grey, _Box(0, 0, grey.shape[1], grey.shape[0]))
            return True
        if at < self._due:
            return False
        if changed.any():
            self._search_again(grey, changed)
        return True

    def _search_again(self, grey: np.ndarray, changed: np.ndarray) -> None:
        assert self._searched is not None
        down, across = np.nonzero(changed)
        area = _Box(
            int(across.min()) * BLOCK, int(down.min()) * BLOCK,
            int(across.max() + 1) * BLOCK, int(down.max() + 1) * BLOCK,
        )  # fmt: skip
        for box in self._boxes:
            if box.meets(area):
                area = area.around(box)
        area = area.grown(MARGIN, grey.shape)
        self._boxes = [box for box in self._boxes if not box.meets(area)] + self._search(grey, area)
        here = np.s_[area.top : area.bottom, area.left : area.right]
        self._searched[here] = grey[here]

    def _search(self, grey: np.ndarray, area: _Box) -> list[_Box]:
        part = np.ascontiguousarray(grey[area.top : area.bottom, area.left : area.right])
        if min(part.shape) < SMALLEST:
            return []
        hits = self._cascade.detectMultiScale(part, SCALE, NEIGHBOURS, minSize=(SMALLEST, SMALLEST))
        found = (tuple(int(v) for v in hit) for hit in hits)
        return sorted(
            _Box(area.left + x, area.top + y, area.left + x + w, area.top + y + h) for x, y, w, h in found
        )

    def _believed(self, cuts: Sequence[Fraction]) -> list[tuple[Fraction, tuple[Face, ...]]]:
        """The sightings without those that no neighbour in the same shot confirms, if it has any."""
        out = []
        for i, (at, faces) in enumerate(self._sightings):
            shot = bisect_right(cuts, at)
            beside = [
                others
                for when, others in self._sightings[max(0, i - 1) : i + 2]
                if when != at and bisect_right(cuts, when) == shot
            ]
            stay = [
                f for f in faces if not beside or any(f.overlap(o) > 0.1 for others in beside for o in others)
            ]
            out.append((at, tuple(stay)))
        return out


def column(seen: Sequence[tuple[Face, ...]]) -> np.ndarray:
    """The signal `faces` of the faces in each row: (rows,) float32; see `AREA_SCALE`."""
    load = [sum(f.w * f.h for f in faces) / AREA_SCALE + len(faces) / COUNT_SCALE for faces in seen]
    return np.asarray(1 - np.exp(-np.array(load)), np.float32)


@dataclass(frozen=True, slots=True, order=True)
class _Box:
    """A rectangle in pixels of the searched picture."""

    left: int
    top: int
    right: int
    bottom: int

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def around(self, other: _Box) -> _Box:
        return _Box(
            min(self.left, other.left), min(self.top, other.top),
            max(self.right, other.right), max(self.bottom, other.bottom),
        )  # fmt: skip

    def grown(self, by: int, shape: tuple[int, ...]) -> _Box:
        return _Box(
            max(0, self.left - by), max(0, self.top - by),
            min(shape[1], self.right + by), min(shape[0], self.bottom + by),
        )  # fmt: skip

    def shares(self, size: tuple[int, int]) -> Face:
        width, height = size
        return Face(
            x=(self.left + self.right) / 2 / width,
            y=(self.top + self.bottom) / 2 / height,
            w=(self.right - self.left) / width,
            h=(self.bottom - self.top) / height,
        )


def _changed(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Which blocks differ: (rows of blocks, columns of blocks) bool."""
    cv2 = opencv()
    height, width = now.shape
    blocks = (max(1, -(-width // BLOCK)), max(1, -(-height // BLOCK)))
    difference = cv2.absdiff(before, now)
    mean: np.ndarray = cv2.resize(difference, blocks, interpolation=cv2.INTER_AREA)
    return np.asarray(mean > CHANGED)


def _common(a: float, a_length: float, b: float, b_length: float) -> float:
    return max(0.0, min(a + a_length / 2, b + b_length / 2) - max(a - a_length / 2, b - b_length / 2))
