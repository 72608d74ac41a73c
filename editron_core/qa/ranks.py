"""How far do two orders agree? Spearman's rho and Kendall's tau-b, both -1..1.

Ties share their mean rank (rho) or count in neither direction (tau-b). A side that is constant orders
nothing: both are 0.0 then, where the formulas give 0/0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Values = Sequence[float] | Sequence[int] | NDArray[np.float64]


def spearman(a: Values, b: Values) -> float:
    """Pearson's correlation of the ranks of `a` and `b`, equally long. Raises ValueError for NaN."""
    from scipy.stats import rankdata

    one, other = _pair(a, b)
    if _constant(one) or _constant(other):
        return 0.0
    x, y = rankdata(one), rankdata(other)
    x, y = x - x.mean(), y - y.mean()
    return float(np.clip(x @ y / np.sqrt((x @ x) * (y @ y)), -1.0, 1.0))


def kendall(a: Values, b: Values) -> float:
    """Tau-b (Kendall 1945): pairs in order less pairs out of order, over the geometric mean of the pairs
    that each side tells apart. Raises ValueError for NaN."""
    from scipy.stats import kendalltau

    one, other = _pair(a, b)
    if _constant(one) or _constant(other):
        return 0.0
    return float(kendalltau(one, other, variant="b", method="asymptotic").statistic)


def _pair(a: Values, b: Values) -> tuple[Floats, Floats]:
    one, other = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"orders of different length: {len(one)} and {len(other)}")
    if np.isnan(one).any() or np.isnan(other).any():
        raise ValueError("NaN has no place in an order")
    return one, other


def _constant(values: Floats) -> bool:
    return len(values) < 2 or bool((values == values[0]).all())
