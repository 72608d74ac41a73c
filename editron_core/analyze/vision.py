"""What the picture shows: embeddings of sampled frames, and how new each is.

The engine of choice is open-clip (`clip.py`). Where its weights are neither on this machine nor to be had,
or do not load, `LayoutEye` describes colours and edges instead: novelty and diversity still work, prompts
do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from editron_core.domain.evidence import EngineUse
from editron_core.errors import EngineUnavailable

Embeddings = NDArray[np.float32]

WINDOW_ROWS = 20
"""What came before is the 20 rows (10 s on the evidence grid) before a frame."""
NOVELTY_SCALE = 0.5
"""This cosine distance from what came before is novelty 1. CLIP's distance between unlike scenes is
0.3 to 0.6, between neighbouring frames of one shot 0.01 to 0.1; `LayoutEye` rests at like distances."""

AWAY_ROWS = 10
"""What was shown less than 10 rows (5 s) ago is still the same event, not a repetition of it."""
LOOK_BACK_ROWS = 1200
"""Ten minutes: nobody remembers pictures for longer, and the cost stays linear in the footage."""
FRESH_SCALE = 0.3
"""Cosine distance from the most similar picture before at which a frame was never seen: unlike scenes lie
0.3 and more apart."""


class Eye(Protocol):
    """An engine that turns pictures, and maybe texts, into unit vectors of one space."""

    @property
    def engine(self) -> EngineUse:
        """Which engine this is, and why it is not the one that was asked for."""

    @property
    def input_size(self) -> int:
        """Pixels of the shorter side that frames need: more are wasted."""

    def see(self, frames: NDArray[np.uint8]) -> Embeddings:
        """Embeddings (n, d) of RGB frames (n, H, W, 3), one unit row each."""

    def read(self, texts: Sequence[str]) -> Embeddings | None:
        """Embeddings (n, d) of texts, one unit row each; None where the engine reads no text."""


def open_eye(model: str, pretrained: str, device: str, models: Path) -> Eye:
    """The engine for `model` (an open-clip architecture) with the weights `pretrained`, ready to use.

    `pretrained` is a tag, the path of a checkpoint, or a folder that holds `open_clip_config.json` and
    its weights. Weights are looked for at that path, in `models`, in the hub's cache, then at the hub if
    it answers; where there are none, or they do not load, the fallback is returned and says why in
    `engine.fallback`. Raises UsageError for an unknown architecture.
    """
    from editron_core.analyze import clip

    try:
        return clip.load(clip.locate(model, pretrained, models), device)
    except EngineUnavailable as missing:
        return LayoutEye(str(missing))


class LayoutEye:
    """Colour and edge statistics of a frame, by numpy alone: the fallback engine.

    A row is three parts, each brought to unit length and weighted: a 4x4x4 RGB histogram by square roots
    (its dot product is the Bhattacharyya coefficient), the brightness and two colour differences of 4x4
    cells less the frame's mean, and the strength of edges in four directions in 4x4 cells.
    """

    input_size = 64
    _GRID = 32
    _CELLS = 4
    _PARTS = (0.7, 0.4, 0.4)
    """Weights of histogram, layout and edges before the whole is brought to unit length."""

    def __init__(self, why: str) -> None:
        self.engine = EngineUse("vision", "colour and edge layout", "1", fallback=why)

    def see(self, frames: NDArray[np.uint8]) -> Embeddings:
        """See `Eye.see`; d is 176."""
        small = _pool(frames, self._GRID)
        parts = (_histogram(small), self._layout(small), self._edges(small))
        rows = np.concatenate([w * _unit(part) for w, part in zip(self._PARTS, parts, strict=True)], axis=1)
        return _unit(rows).astype(np.float32)

    def read(self, texts: Sequence[str]) -> Embeddings | None:
        """Always None: it knows no words."""
        return None

    def _layout(self, small: NDArray[np.float32]) -> NDArray[np.float32]:
        red, green, blue = np.moveaxis(small, -1, 0)
        opponent = np.stack([(red + green + blue) / 3, red - green, (red + green) / 2 - blue], axis=-1)
        cells = _pool(opponent, self._CELLS)
        return np.asarray((cells - cells.mean(axis=(1, 2), keepdims=True)).reshape(len(small), -1))

    def _edges(self, small: NDArray[np.float32]) -> NDArray[np.float32]:
        grey = small.mean(axis=-1)
        down, across = np.gradient(grey, axis=(1, 2))
        strength = np.hypot(down, across)
        turn = np.floor(np.arctan2(down, across) / np.pi * 4 + 0.5).astype(np.int64) % 4
        by_direction = np.stack([np.where(turn == k, strength, 0) for k in range(4)], axis=-1)
        cells: NDArray[np.float32] = _pool(by_direction.astype(np.float32), self._CELLS)
        return cells.reshape(len(small), -1)


def novelty(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """How unlike what came before each frame is: (n,) 0..1, NaN where it cannot be told.

    One less the cosine between a frame's embedding and the mean of those of the `WINDOW_ROWS` rows before
    it, over `NOVELTY_SCALE`, at most 1. `embeddings` is (n, d) with NaN rows for missing frames. The first
    frame has nothing before it, and so has one after a window of missing frames.
    """
    rows = embeddings.astype(np.float64)
    known = np.asarray(~np.isnan(rows).any(axis=1))
    sums = np.cumsum(np.vstack([np.zeros(rows.shape[1]), np.where(known[:, None], rows, 0.0)]), axis=0)
    counts = np.concatenate([[0], np.cumsum(known)])
    at = np.arange(len(rows))
    start = np.maximum(0, at - WINDOW_ROWS)
    before = _unit(sums[at] - sums[start])
    told = known & (counts[at] > counts[start])
    distance = 1.0 - np.einsum("nd,nd->n", np.where(known[:, None], rows, 0.0), before)
    return np.where(told, np.clip(distance / NOVELTY_SCALE, 0.0, 1.0), np.nan).astype(np.float32)


def freshness(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """How unlike each frame is to every one shown 5 s to ten minutes before: (n,) 0..1, NaN if none was.

    One less the greatest cosine with those frames, over `FRESH_SCALE`, at most 1. A camera that comes back,
    a subject that does the same again and a shot that goes on and on are near 0. `embeddings` is (n, d)
    with NaN rows for missing frames.
    """
    known = np.asarray(~np.isnan(embeddings).any(axis=1))
    rows = np.where(known[:, None], embeddings, 0).astype(np.float32)
    best = np.full(len(rows), np.nan, np.float32)
    for start in range(AWAY_ROWS, len(rows), 256):
        stop = min(start + 256, len(rows))
        first = max(0, start - LOOK_BACK_ROWS)
        likeness = rows[start:stop] @ rows[first : stop - AWAY_ROWS].T
        ago = np.arange(start, stop)[:, None] - np.arange(first, stop - AWAY_ROWS)[None]
        counts = (ago >= AWAY_ROWS) & (ago <= LOOK_BACK_ROWS) & known[first : stop - AWAY_ROWS]
        most = np.where(counts, likeness, -np.inf).max(axis=1)
        best[start:stop] = np.where(known[start:stop] & np.isfinite(most), most, np.nan)
    return np.asarray(np.clip((1 - best) / np.float32(FRESH_SCALE), 0, 1), np.float32)


def _pool(frames: NDArray[Any], size: int) -> NDArray[np.float32]:
    """Frames (n, H, W, c) as the means of `size` x `size` cells; bytes become 0..1."""
    values: NDArray[Any] = frames.astype(np.float32)
    if frames.dtype == np.uint8:
        values /= 255.0
    for axis in (1, 2):
        length = values.shape[axis]
        if length < size:
            values = np.repeat(values, -(-size // length), axis=axis)
            length = values.shape[axis]
        starts = np.arange(size) * length // size
        widths = np.diff(np.append(starts, length)).astype(np.float32)
        shape = [1] * values.ndim
        shape[axis] = size
        values = np.add.reduceat(values, starts, axis=axis) / widths.reshape(shape)
    return np.asarray(values, dtype=np.float32)


def _histogram(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """Square roots of the shares of 4x4x4 colours, (n, 64)."""
    bins = np.minimum((small * 4).astype(np.int64), 3).reshape(len(small), -1, 3)
    code = bins[..., 0] * 16 + bins[..., 1] * 4 + bins[..., 2]
    flat = (code + 64 * np.arange(len(small))[:, None]).ravel()
    counts = np.bincount(flat, minlength=64 * len(small)).reshape(len(small), 64)
    return np.asarray(np.sqrt(counts / code.shape[1]), dtype=np.float32)


def _unit(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows at unit length; a row of zeros stays so."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-12))
