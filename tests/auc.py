"""How well a value separates two sets of observations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def auc(with_it: Sequence[float] | np.ndarray, without: Sequence[float] | np.ndarray) -> float:
    """The share of pairs in which the first set's value is greater; ties count half."""
    a, b = np.asarray(with_it, dtype=float)[:, None], np.asarray(without, dtype=float)[None, :]
    return float(np.mean((a > b) + 0.5 * (a == b)))
