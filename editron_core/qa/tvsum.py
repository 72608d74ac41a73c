"""TVSum (Song et al. 2015): importance of two-second shots, rated 1..5 by twenty people.

- Rank correlation (Otani et al. 2019): Kendall's tau-b and Spearman's rho of the predicted scores with each
  rater, averaged over raters, then over videos; and with the mean of the raters, averaged over videos.
- Top-5 mAP (UMT, Liu et al. 2022): for each rater the shots above the rater's median (of an even number the
  lower middle one) are relevant. Of the five shots of the highest score (of equals the earlier) the area
  under the precision over recall within these five, by trapezes that start at precision 1; averaged over
  raters, then videos. No relevant one among the five is 0.
- F1 at 15 %: predicted and rated shots are each summarised by the knapsack of greatest score within 15 % of
  the shots; twice the shots in both over the sum of the shots in each, averaged over raters, then videos.
  Published F1s summarise longer segments and do not compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, FiniteFloat

from editron_core.errors import SourceError
from editron_core.qa.intervals import Interval, interval
from editron_core.qa.ranks import kendall, spearman
from editron_core.qa.records import Record, read, same_keys

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TOP = 5
BUDGET = 0.15


class RatedVideo(BaseModel, frozen=True):
    """A record of the truth."""

    video: str
    shots: list[list[FiniteFloat]] = Field(min_length=1)
    """Raters by shots."""


class ScoredVideo(BaseModel, frozen=True):
    """A record of the predictions."""

    video: str
    scores: list[FiniteFloat]
    """One per shot, on any scale."""


@dataclass(frozen=True, slots=True)
class VideoScore:
    """The figures of one video, each a mean over its raters."""

    video: str
    kendall: float
    spearman: float
    kendall_mean: float
    """With the mean of the raters."""
    spearman_mean: float
    """With the mean of the raters."""
    top5: float
    """Average precision among the five best, 0..1."""
    f1: float
    """0..1."""


FIGURES = ("kendall", "spearman", "kendall_mean", "spearman_mean", "top5", "f1")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of all videos, in the order of the truth."""

    scores: tuple[VideoScore, ...]

    def document(self) -> dict[str, Any]:
        """The means over videos, rounded to four decimals."""
        return {name: round(float(found.mean), 4) for name, found in self.intervals().items()}

    def intervals(self) -> dict[str, Interval]:
        """The means with their 95 % bootstrap intervals over videos."""
        return {name: interval([getattr(score, name) for score in self.scores]) for name in FIGURES}


def evaluate(predictions: Path, truth: Path) -> Evaluation:
    """Score a file of predictions. Raises UsageError and SourceError, each naming file and place."""
    asked = read(truth, RatedVideo, lambda row: row.video)
    given = read(predictions, ScoredVideo, lambda row: row.video)
    return Evaluation(tuple(_score(true, found) for true, found in same_keys(asked, given, predictions)))


def top_precision(relevant: Bools, scores: Floats, top: int = TOP) -> float:
    """Area under precision over recall within the `top` best, 0..1; both (n,)."""
    found = relevant[np.argsort(-scores, kind="stable")[:top]]
    if not found.any():
        return 0.0
    precision = found.cumsum() / np.arange(1, len(found) + 1)
    before = np.append(1.0, precision[:-1])
    return float(((before + precision) / 2)[found].mean())


def knapsack(values: Floats, lengths: NDArray[np.int64], capacity: int) -> Bools:
    """The items whose values sum to most while their lengths sum to `capacity` at most; all (n,).

    Lengths are whole and above 0, values 0 or more. Of equally good choices, the one with the earlier items.
    """
    best = np.zeros(capacity + 1)
    taken = np.zeros((len(values), capacity + 1), dtype=bool)
    for i in range(len(values) - 1, -1, -1):
        with_it = np.full(capacity + 1, -np.inf)
        if lengths[i] <= capacity:
            with_it[lengths[i] :] = values[i] + best[: capacity + 1 - lengths[i]]
        taken[i] = with_it >= best
        best = np.maximum(with_it, best)
    chosen = np.zeros(len(values), dtype=bool)
    for i in range(len(values)):
        chosen[i] = taken[i, capacity]
        capacity -= int(lengths[i]) * int(chosen[i])
    return chosen


def f1(one: Bools, other: Bools) -> float:
    """Twice what both hold over what each holds, 0..1; two that hold nothing share 0."""
    held = int(one.sum() + other.sum())
    return 2 * int((one & other).sum()) / held if held else 0.0


def _summary(scores: Floats) -> Bools:
    """The shots kept within `BUDGET`; scores below 0 are lifted, all alike, to 0."""
    lifted = scores - min(0.0, float(scores.min()))
    return knapsack(lifted, np.ones(len(scores), dtype=np.int64), floor(BUDGET * len(scores)))


def _score(true: Record[RatedVideo], given: Record[ScoredVideo]) -> VideoScore:
    shots = len(true.data.shots[0])
    if not shots or any(len(rater) != shots for rater in true.data.shots):
        raise SourceError("shots: every rater must rate the same shots", subject=true.place)
    if len(given.data.scores) != shots:
        told = f"has {len(given.data.scores)} scores for {shots} shots of {true.data.video}"
        raise SourceError(told, subject=given.place)
    raters, scores = np.array(true.data.shots), np.array(given.data.scores)
    medians = np.sort(raters, axis=1)[:, (shots - 1) // 2]
    kept = _summary(scores)
    return VideoScore(
        true.data.video,
        kendall=float(np.mean([kendall(scores, rater) for rater in raters])),
        spearman=float(np.mean([spearman(scores, rater) for rater in raters])),
        kendall_mean=kendall(scores, raters.mean(axis=0)),
        spearman_mean=spearman(scores, raters.mean(axis=0)),
        top5=float(np.mean([top_precision(r > m, scores) for r, m in zip(raters, medians, strict=True)])),
        f1=float(np.mean([f1(kept, _summary(rater)) for rater in raters])),
    )
