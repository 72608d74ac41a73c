"""How far raters agree: what bounds how well anything can order windows as their mean does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editron_core.qa.metrics import spearman

FEWEST_WINDOWS = 3
"""Two orders of fewer windows than this neither agree nor disagree."""


def agreement(rows: NDArray[np.float64]) -> float | None:
    """The mean, over raters, of Spearman's rho between a rater and the mean of the others; -1..1.

    `rows` are (raters, windows), NaN where a rater said nothing. A rater counts where both sides spoke of
    `FEWEST_WINDOWS` windows or more; null where none does, as where there is a single rater.
    """
    known = ~np.isnan(rows)
    said = np.where(known, rows, 0.0)
    found = []
    for own, told in zip(said, known, strict=True):
        others = known.sum(axis=0) - told
        common = told & (others > 0)
        if common.sum() >= FEWEST_WINDOWS:
            rest = (said.sum(axis=0) - own)[common] / others[common]
            found.append(spearman(own[common], rest))
    return float(np.mean(found)) if found else None
