"""How sure is a mean? Percentile bootstrap over items (Efron and Tibshirani 1993, chapter 13).

Items are what was drawn independently: queries, videos, clips. Never windows of one clip, whose errors go
together. The same values give the same interval: the draws are seeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Values = Sequence[float] | Floats

DRAWS = 2000
_BLOCK = 1_000_000
"""So many random indices are held at a time."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over items, and where it may lie."""

    mean: float
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""
    count: int
    """Items that the mean is over."""

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.count}"


def interval(values: Values, *, level: float = 0.95, draws: int = DRAWS, seed: int = 0) -> Interval:
    """The mean of `values`, one per item, and its `level` interval.

    One value gives an interval without width: it tells nothing about others. Raises ValueError for no values
    and for such as are not finite.
    """
    items = np.asarray(values, dtype=np.float64)
    if items.ndim != 1 or not len(items):
        raise ValueError("an interval needs one value or more, in one dimension")
    if not np.isfinite(items).all():
        raise ValueError("an interval needs finite values")
    means = _resampled_means(items, draws, seed)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(items.mean()), float(low), float(high), len(items))


def difference(a: Values, b: Values, *, level: float = 0.95, draws: int = DRAWS, seed: int = 0) -> Interval:
    """The mean of `a - b` and its interval; `a[i]` and `b[i]` belong to the same item.

    Where the interval holds 0, the items do not tell the two apart. Raises ValueError as `interval`, and
    where the lengths differ.
    """
    if len(a) != len(b):
        raise ValueError(f"pairs need two values each: {len(a)} and {len(b)}")
    paired = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    return interval(paired, level=level, draws=draws, seed=seed)


def _resampled_means(items: Floats, draws: int, seed: int) -> Floats:
    """The means of `draws` samples of the items' own size, taken with replacement."""
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    at_once = max(1, _BLOCK // len(items))
    for first in range(0, draws, at_once):
        rows = min(at_once, draws - first)
        picked = rng.integers(0, len(items), size=(rows, len(items)))
        means[first : first + rows] = items[picked].mean(axis=1)
    return means
