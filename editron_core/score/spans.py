"""Spans from a bare curve: where does a stretch of high score begin and end?

A curve is cut at many levels, and each level names the stretches above it. No single level is right for
every curve, so each stretch is a hypothesis, as plausible as its level, and the span to trust is the one
that the hypotheses agree on: the one with the greatest intersection over union that it can expect (the
choice of least expected loss). Each further span is the one that adds most to what those before it cover.

A level is plausible where it lies in the middle of the curve's range, rather high than low, and where it
parts the curve's values well in two (Otsu's criterion, as the likelihood of two normal classes). Of one
level's stretches, longer ones count for more: that two instants of high score fall into the same stretch
goes with the square of its length. Nothing but the curve is used, neither its scale nor its step matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from editron_core.times import Span

Floats = NDArray[np.float64]

LEVELS = np.arange(8, 25) / 32
"""The levels, as shares of the curve's range: its middle half. Higher ones would name the tips of peaks,
which a mean score favours whatever they are worth."""
LEVEL, LEVEL_SPREAD = 0.6, 0.15
"""Mean and standard deviation of a level's plausibility before the curve is seen. The spread is wide, so that
neither needs to be exact."""
INDEPENDENT = 8
"""A curve tells about its level as much as so many independent values would: its neighbours go together,
and a finer grid must not make it surer."""
MOST_HYPOTHESES = 400
"""Only so many of the weightiest stretches are compared: hours of curve stay affordable."""
DISTINCT = 0.8
"""Spans that share a greater intersection over union than this are one."""


@dataclass(frozen=True, slots=True)
class CurveSpan:
    """A stretch of a curve."""

    span: Span
    """Seconds from the curve's start."""
    score: float
    """What it adds to the expected intersection over union, 0..1: comparable within one curve only."""


def spans_from_curve(
    curve: Sequence[float] | Floats,
    step: Fraction,
    *,
    shortest: Fraction = Fraction(0),
    longest: Fraction | None = None,
    most: int = 10,
) -> tuple[CurveSpan, ...]:
    """At most `most` spans of `curve` (one value per `step` seconds, any scale), best first.

    Spans outside `shortest`..`longest` seconds are left out. NaN and infinity are unknown and count as the
    lowest known value. Equal scores are told apart by start, then end. A flat curve is one span; an empty or
    wholly unknown one has none.
    """
    values = np.asarray(curve, dtype=np.float64)
    known = np.isfinite(values)
    if not known.any():
        return ()
    bounds, weight = _hypotheses(np.where(known, values, values[known].min()))
    spans = [Span(start * step, end * step) for start, end in bounds.tolist()]
    allowed = np.array([s.duration >= shortest and (longest is None or s.duration <= longest) for s in spans])
    shared = _ious(bounds)
    covered = np.zeros(len(bounds))
    kept: list[CurveSpan] = []
    while len(kept) < most:
        # Rounded, so that equals are equal whatever the order of a sum.
        gain = np.round(np.maximum(shared - covered, 0.0) @ weight, 12) * allowed
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        kept.append(CurveSpan(spans[best], float(gain[best])))
        covered = np.maximum(covered, shared[best])
        allowed &= shared[best] <= DISTINCT
    return tuple(kept)


def runs(above: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The runs of true as half-open index pairs, (n, 2)."""
    edges = np.diff(np.concatenate([[0], above.astype(np.int8), [0]]))
    return np.column_stack([np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)]).astype(np.int64)


def _hypotheses(values: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The different stretches above the levels, (n, 2) in time order, and their weights, (n,), which sum
    to 1."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.array([[0, len(values)]]), np.ones(1)
    shares = (values - low) / (high - low)
    found, parts = [], []
    for level, plausible in zip(LEVELS, _plausibility(shares), strict=True):
        stretches = runs(shares >= level)
        squares = (stretches[:, 1] - stretches[:, 0]).astype(np.float64) ** 2
        found.append(stretches)
        parts.append(plausible * squares / squares.sum())
    bounds, same = np.unique(np.concatenate(found), axis=0, return_inverse=True)
    weight = np.bincount(same.ravel(), weights=np.concatenate(parts))
    weightiest = np.sort(np.argsort(-weight, kind="stable")[:MOST_HYPOTHESES])
    return bounds[weightiest], weight[weightiest] / weight[weightiest].sum()


def _plausibility(shares: Floats) -> Floats:
    """How plausible each of `LEVELS` is as the one that parts high from low; not normalised, above 0."""
    ordered = np.sort(shares)
    below = np.searchsorted(ordered, LEVELS)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    count = len(shares)
    apart = (sums[-1] - sums[below]) / (count - below) - sums[below] / below
    parted = below * (count - below) / count**2 * apart**2 / shares.var()
    likelihood = np.maximum(1 - parted, 1e-9) ** (-INDEPENDENT / 2)
    return np.asarray(np.exp(-0.5 * ((LEVELS - LEVEL) / LEVEL_SPREAD) ** 2) * likelihood)


def _ious(bounds: NDArray[np.int64]) -> Floats:
    """Intersection over union of each with each, (n, n)."""
    start, end = bounds[:, 0], bounds[:, 1]
    both = np.maximum(np.minimum(end[:, None], end) - np.maximum(start[:, None], start), 0)
    length = end - start
    return np.asarray(both / (length[:, None] + length - both))
