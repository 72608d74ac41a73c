"""All that is measured in the picture, while the one decode runs.

`small` and `sample` are called by two threads, one each, and touch nothing in common.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction

import numpy as np

from editron_core.analyze import action, faces, focus, shots
from editron_core.analyze.grid import held, row_of
from editron_core.analyze.motion import ENGINE, GAP_S, Look, Motion, change, look
from editron_core.analyze.vision import Eye, freshness, novelty
from editron_core.domain.evidence import EngineUse
from editron_core.media.frames import opencv

SMALL_SIDE = 72
"""Shorter side of the picture from which colours and salience are taken: a whole fraction of most proxies,
which OpenCV averages several times as fast as others."""
NO_EYE = EngineUse("vision", "none", "-", "no eye was asked for")


class Picture:
    """What one file's picture shows. Feed it, then ask for `end` and `columns`."""

    def __init__(self, detector: shots.Detector, eye: Eye | None) -> None:
        self._shots = detector
        self._motion = Motion()
        self._action = Motion(action.SHARE_SCALE)
        self._moving = focus.Moving()
        self._last: tuple[Fraction, np.ndarray] | None = None
        self._times: deque[Fraction] = deque(maxlen=2)
        self._faces = faces.Faces()
        self._standing = focus.Standing()
        self._looks: dict[int, Look] = {}
        self._album = Album(eye)

    def small(self, at: Fraction, picture: np.ndarray) -> None:
        """The next frame, small: yuv420p (H * 3 / 2, W) uint8."""
        self._times.append(at)
        self._shots.take(at, picture)
        if self._last is not None and at - self._last[0] < GAP_S:
            return
        luma = _halved(picture[: picture.shape[0] * 2 // 3])
        if self._last is not None:
            since, before = self._last
            self._motion.add(since, at, change(before, luma))
            moved = action.strength(before, luma)
            self._action.add(since, at, action.share(moved))
            self._moving.add(row_of(at), moved)
        self._last = (at, luma)

    def sample(self, at: Fraction, picture: np.ndarray) -> None:
        """The first frame of a row: RGB (H, W, 3) uint8."""
        row = row_of(at)
        cv2 = opencv()
        grey, small = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), _fitted(picture, SMALL_SIDE)
        self._looks[row] = look(grey, small)
        if self._faces.take(at, picture):
            self._standing.add(row, small)
        self._album.add(row, picture, small)

    @property
    def last(self) -> tuple[Fraction, Fraction | None]:
        """When the last frame begins, and how long after the one before it; None for a single frame."""
        return self._times[-1], self._times[-1] - self._times[0] if len(self._times) > 1 else None

    def cuts(self) -> list[Fraction]:
        """Where shots begin, but the first; ask once, after the last frame."""
        return self._shots.cuts()

    def columns(
        self, rows: int, cuts: Sequence[Fraction]
    ) -> tuple[dict[str, np.ndarray], list[str | None], np.ndarray | None]:
        """The picture's signals and FOCUS, (rows,) float32 each; `focus_kind`; embeddings (rows, d).

        NaN stands where nothing was measured. There are no embeddings without an eye.
        """
        seen = self._faces.seen(rows, cuts)
        places, kinds = focus.columns(seen, self._moving.areas(), self._standing.areas())
        embeddings = self._album.rows(rows)
        unknown = np.full(rows, np.nan, np.float32)
        found = {
            "motion": self._motion.column(rows, cuts),
            "action": self._action.column(rows, cuts),
            "shot_rhythm": shots.rhythm(cuts, rows),
            "shot_opening": shots.opening(cuts, rows),
            "faces": faces.column(seen),
            "novelty": unknown if embeddings is None else novelty(embeddings),
            "freshness": unknown if embeddings is None else freshness(embeddings),
            **{name: self._look(name, rows) for name in Look._fields},
            **places,
        }
        return found, kinds, embeddings

    @property
    def engines(self) -> tuple[EngineUse, ...]:
        """What measured it."""
        return self._shots.engine, ENGINE, self._faces.engine, self._album.engine

    def _look(self, name: str, rows: int) -> np.ndarray:
        column = np.full(rows, np.nan, np.float32)
        for row, seen in self._looks.items():
            if row < rows:
                column[row] = getattr(seen, name)
        return held(column)


class Album:
    """Sampled pictures on their way to the eye, in batches, while the decode goes on."""

    BATCH = 64
    WAITING = 2
    """Batches that may wait for the eye; then the decode waits too, so memory stays flat."""

    def __init__(self, eye: Eye | None) -> None:
        self.engine = eye.engine if eye is not None else NO_EYE
        self._eye = eye
        self._worker = ThreadPoolExecutor(1) if eye is not None else None
        self._pages: list[np.ndarray] = []
        self._at: list[int] = []
        self._seen: list[Future[np.ndarray]] = []

    def add(self, row: int, picture: np.ndarray, small: np.ndarray) -> None:
        """The picture of a row, RGB (H, W, 3) uint8, and the same made small; kept is what the eye needs."""
        if self._eye is None:
            return
        least = self._eye.input_size
        self._pages.append(small if min(small.shape[:2]) >= least else _fitted(picture, least))
        self._at.append(row)
        if len(self._pages) == self.BATCH:
            self._send()

    def rows(self, rows: int) -> np.ndarray | None:
        """Embeddings (rows, d) float32 of all pictures; a row without one shows the last before it."""
        if self._worker is None or not self._at:
            return None
        if self._pages:
            self._send()
        seen = np.concatenate([batch.result() for batch in self._seen])
        self._worker.shutdown()
        nearest = np.searchsorted(self._at, np.arange(rows), side="right") - 1
        return np.asarray(seen[np.maximum(nearest, 0)])

    def _send(self) -> None:
        assert self._worker is not None
        assert self._eye is not None
        pages, self._pages = np.stack(self._pages), []
        if len(self._seen) >= self.WAITING:
            self._seen[-self.WAITING].result()
        self._seen.append(self._worker.submit(self._eye.see, pages))


def _fitted(picture: np.ndarray, shorter: int) -> np.ndarray:
    """The picture with its shorter side brought down to `shorter` pixels."""
    height, width = picture.shape[:2]
    share = shorter / min(height, width)
    if share >= 1:
        return picture
    cv2 = opencv()
    size = (round(width * share), round(height * share))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _halved(luma: np.ndarray) -> np.ndarray:
    cv2 = opencv()
    height, width = luma.shape
    size = (max(8, width // 2), max(8, height // 2))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.float32)
