"""Spans from a bare curve: where does a stretch of high score begin and end?

A curve is cut at many levels, and each level names the stretches above it. No single level is right for
every curve; the span to trust is the one that the levels agree on. So each stretch is a hypothesis,
weighted by how plausible its level is and by how much of that level's excess it holds, and each
hypothesis is scored by the intersection over union it can expect with the others (the choice of least
expected loss). Nothing but the curve is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from editron_core.times import Span

Floats = NDArray[np.float64]

LEVEL = 0.56
"""The likeliest level, as a share of the curve's range."""
LEVEL_SPREAD = 0.04
"""Standard deviation of the level's plausibility."""
LEVELS = np.round(np.arange(0.45, 0.70, 0.02), 2)
MOST_HYPOTHESES = 400
"""Only so many of the weightiest stretches are compared: hours of curve stay affordable."""
DISTINCT = 0.7
"""Spans that share a greater intersection over union than this are one."""


@dataclass(frozen=True, slots=True)
class CurveSpan:
    """A stretch of a curve."""

    span: Span
    """Seconds from the curve's start."""
    score: float
    """The agreement of the levels, 0..1: comparable within one curve only."""


def spans_from_curve(
    curve: Sequence[float] | Floats,
    step: Fraction,
    *,
    shortest: Fraction = Fraction(0),
    longest: Fraction | None = None,
    most: int = 10,
) -> tuple[CurveSpan, ...]:
    """At most `most` spans of `curve` (one value per `step` seconds, any scale), best first.

    Spans outside `shortest`..`longest` seconds are left out. NaN counts as the curve's minimum. Equal
    scores are told apart by start, then end. A flat curve is one span; an empty one has none.
    """
    values = np.asarray(curve, dtype=np.float64)
    if not len(values) or np.isnan(values).all():
        return ()
    values = np.where(np.isnan(values), np.nanmin(values), values)
    bounds, weight = _hypotheses(values)
    agreement = _ious(bounds, bounds) @ weight
    spans = [Span(start * step, end * step) for start, end in bounds.tolist()]
    kept: list[int] = []
    for i in np.lexsort((bounds[:, 1], bounds[:, 0], -agreement)).tolist():
        if len(kept) == most:
            break
        if spans[i].duration < shortest or (longest is not None and spans[i].duration > longest):
            continue
        if not kept or _ious(bounds[[i]], bounds[kept]).max() <= DISTINCT:
            kept.append(i)
    return tuple(CurveSpan(spans[i], float(agreement[i])) for i in kept)


def runs(above: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The runs of true as half-open index pairs, (n, 2)."""
    edges = np.diff(np.concatenate([[0], above.astype(np.int8), [0]]))
    return np.column_stack([np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)]).astype(np.int64)


def _hypotheses(values: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The different stretches above the levels, (n, 2), and their weights, (n,), which sum to 1."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.array([[0, len(values)]]), np.ones(1)
    found: dict[tuple[int, int], float] = {}
    for share in LEVELS:
        level = low + share * (high - low)
        plausible = float(np.exp(-0.5 * ((share - LEVEL) / LEVEL_SPREAD) ** 2))
        stretches = runs(values >= level)
        sums = np.concatenate([[0.0], np.cumsum(values - level)])
        excess = np.maximum(sums[stretches[:, 1]] - sums[stretches[:, 0]], 0.0)
        for (start, end), part in zip(stretches.tolist(), excess / max(excess.sum(), 1e-12), strict=True):
            found[start, end] = found.get((start, end), 0.0) + plausible * float(part)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_HYPOTHESES]
    weight = np.array([part for _, part in ranked])
    return np.array([bounds for bounds, _ in ranked]), weight / weight.sum()


def _ious(a: NDArray[np.int64], b: NDArray[np.int64]) -> Floats:
    both = np.minimum(a[:, None, 1], b[None, :, 1]) - np.maximum(a[:, None, 0], b[None, :, 0])
    both = np.maximum(both, 0).astype(np.float64)
    union = (a[:, 1] - a[:, 0])[:, None] + (b[:, 1] - b[:, 0])[None, :] - both
    return np.asarray(both / union)
