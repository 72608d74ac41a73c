"""How good are ranked spans, and how good is a ranking of clips?

Average precision of spans follows PASCAL VOC 2011 as ActivityNet applies it to time; that of clips follows
Video2GIF (Gygli et al. 2016). Both are interpolated: the precision at a recall is the best one at that
recall or a greater.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

IOUS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""The thresholds at which spans count as found."""


def ious(a: Floats, b: Floats) -> Floats:
    """Intersection over union of each of `a`, (n, 2+), with each of `b`, (m, 2+): (n, m), 0..1.

    Columns are start and end in seconds; two empty spans share 0.
    """
    both = np.minimum(a[:, None, 1], b[None, :, 1]) - np.maximum(a[:, None, 0], b[None, :, 0])
    both = np.maximum(both, 0.0)
    union = (a[:, 1] - a[:, 0])[:, None] + (b[:, 1] - b[:, 0])[None, :] - both
    return np.asarray(np.divide(both, union, out=np.zeros_like(both), where=union > 0))


def first_hits(predicted: Floats, truth: Floats) -> Bools:
    """Whether the first of `predicted` reaches each of `IOUS` with any span of `truth` (equality does).

    No prediction is a miss.
    """
    if not len(predicted) or not len(truth):
        return np.zeros(len(IOUS), dtype=bool)
    return np.asarray(ious(predicted[:1], truth).max() >= np.array(IOUS))


def span_precision(predicted: Floats, truth: Floats) -> Floats:
    """Average precision at each of `IOUS`. `predicted`: (n, 3) start, end, score; `truth`: (m, 2), m > 0.

    Predictions are matched by falling score, equals in their given order. Each takes the true span that it
    overlaps most (of equals the later one) among those that it overlaps by the threshold or more and that
    no earlier prediction took; where there is none, it is false.
    """
    thresholds = np.array(IOUS)[:, None]
    order = np.argsort(-predicted[:, 2], kind="stable")
    shared = ious(predicted[order], truth)
    free = np.ones((len(IOUS), len(truth)), dtype=bool)
    right = np.zeros((len(IOUS), len(order)), dtype=bool)
    for i, row in enumerate(shared):
        nearest_first = np.argsort(row, kind="stable")[::-1]
        open_ = (free & (row >= thresholds))[:, nearest_first]
        right[:, i] = open_.any(axis=1)
        taken = nearest_first[open_.argmax(axis=1)]
        free[right[:, i], taken[right[:, i]]] = False
    precision = right.cumsum(axis=1) / np.arange(1, len(order) + 1)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((best * right).sum(axis=1) / len(truth))


def clip_precision(relevant: Bools, scores: Floats) -> float:
    """Average precision of a ranking of clips, 0..1; both (n,).

    Clips of equal score enter together: a step of recall counts once, however many clips it brings. Nothing
    relevant is 0, everything relevant is 1, whatever the scores.
    """
    if relevant.all() or not relevant.any():
        return float(relevant.any())
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    found = relevant[order].cumsum()[ends]
    best = np.maximum.accumulate((found / (ends + 1))[::-1])[::-1]
    return float(best[np.diff(found, prepend=0) > 0].mean())
