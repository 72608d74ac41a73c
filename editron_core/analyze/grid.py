"""From measurements at instants to one value per row of the evidence grid."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np

from editron_core.domain.evidence import STEP


def row_of(at: Fraction) -> int:
    """The row that the instant `at` (seconds) falls into."""
    return int(at / STEP)


def rows_for(duration: Fraction) -> int:
    """How many rows cover `duration` seconds; at least one."""
    return max(1, ceil(duration / STEP))


def row_starts(rows: int) -> np.ndarray:
    """The start of each row in seconds: (rows,) float64."""
    return np.arange(rows) * float(STEP)


def row_numbers(times: np.ndarray, rows: int) -> np.ndarray:
    """The row of each instant in seconds; what lies after the last row counts to it."""
    return np.minimum(np.floor(times / float(STEP) + 1e-6).astype(np.int64), rows - 1)


def means(times: np.ndarray, values: np.ndarray, rows: int) -> np.ndarray:
    """The mean in each row of `values` measured at `times` (seconds): (rows,), NaN where there is none.

    NaN among the values counts as not measured.
    """
    known = np.isfinite(values)
    at = row_numbers(times[known], rows)
    total = np.bincount(at, values[known], rows)
    count = np.bincount(at, minlength=rows)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / count)


def held(column: np.ndarray) -> np.ndarray:
    """`column` with each gap filled by what came last before it, and at the front by what comes first.

    A frame stays on screen until the next one: footage of varying rate leaves rows without any.
    """
    known = np.flatnonzero(np.isfinite(column))
    if not known.size:
        return column
    last = np.searchsorted(known, np.arange(len(column)), side="right") - 1
    return np.asarray(column[known[np.maximum(last, 0)]])
