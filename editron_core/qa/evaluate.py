"""How well a scorer orders the windows of the golden items, and beside which baselines.

A scorer gives one score per row of an item's evidence. The rows of a labelled window are averaged, and the
order of the windows is compared with the panel's mean. Every profile is scored by the lane's own scorer:
there is no second implementation of the formula.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from editron_core.domain.evidence import Evidence
from editron_core.errors import UsageError
from editron_core.qa.golden import Golden, Item, Truth
from editron_core.qa.metrics import Interval, interval, spearman
from editron_core.score import scorer as lane
from editron_core.score.profile import Profile

Floats = NDArray[np.float64]
Scorer = Callable[[Golden], Floats]
"""One score per row of the item's evidence, the higher the better; NaN where there is none."""

BUDGET = 0.15
"""The panel's best: this share of an item's windows, one at least (the reel keeps so much of a clip)."""
DIGITS = 6
"""Scores are compared to so many digits: what single precision leaves behind orders no windows."""


@dataclass(frozen=True)
class ItemScore:
    """How one item's windows were ordered."""

    item: Item
    spearman: float
    """Rank correlation of the windows' scores with the panel's mean, -1..1; 0 for a constant score."""
    right: int
    """Pairs of windows that the scorer orders as the panel does."""
    pairs: int
    """Pairs of windows whose panel means differ."""
    hit: bool
    """Whether the window scored highest (the first of equals) is among the panel's best (`BUDGET`)."""
    tied: int = 0
    """Pairs to which the scorer gives equal scores; half of them count as right."""


@dataclass(frozen=True)
class Evaluation:
    """A scorer's results on several items of one kind."""

    scores: tuple[ItemScore, ...]
    """By item, in the order of the items; one at least."""

    @cached_property
    def spearman(self) -> Interval:
        """Mean over items, with its bootstrap interval over items."""
        return interval([score.spearman for score in self.scores])

    @property
    def pairwise(self) -> float:
        """Share of pairs in the panel's order, 0..1, ties counting half: counts summed over items, so that
        long items weigh more. 0.5 is chance, and what an item set without pairs gets."""
        pairs = sum(score.pairs for score in self.scores)
        right = sum(score.right + score.tied / 2 for score in self.scores)
        return right / pairs if pairs else 0.5

    @property
    def hits(self) -> float:
        """Share of items whose best-scored window is among the panel's best, 0..1."""
        return sum(score.hit for score in self.scores) / len(self.scores)

    def by(self, key: Callable[[Item], str]) -> dict[str, Evaluation]:
        """The evaluation cut by what `key` says of an item, in alphabetical order."""
        groups: dict[str, list[ItemScore]] = {}
        for score in self.scores:
            groups.setdefault(key(score.item), []).append(score)
        return {name: Evaluation(tuple(groups[name])) for name in sorted(groups)}


def evaluate(golden: Sequence[Golden], scorer: Scorer) -> Evaluation:
    """How `scorer` orders the windows of each item.

    Windows that nobody rated are left out. Raises UsageError where there is no item, where items of two
    kinds, splits or kinds of raters are mixed, or where the evidence does not reach as far as the labels.
    """
    if not golden:
        raise UsageError("there is no golden item to evaluate on", remedy="editron qa freeze")
    for what in ("kind", "raters", "split"):
        found = sorted({getattr(one.item, what).value for one in golden})
        if len(found) > 1:
            mixed = " and ".join(found)
            raise UsageError(
                f"items of {what} {mixed} are never mixed in one number", remedy="evaluate each of them"
            )
    return Evaluation(tuple(_scored(one, scorer(one)) for one in golden))


def of_profile(profile: Profile) -> Scorer:
    """The lane's scorer with `profile`, with the item's brief and prompts."""

    def score(golden: Golden) -> Floats:
        curve = lane.curve(golden.evidence, profile, golden.brief, golden.prompts(profile))
        return lane.to_array(curve["score"])

    return score


def windowed(scores: Floats, step: Fraction, truth: Truth) -> Floats:
    """The mean score of each labelled window; (windows,).

    A row belongs to the window that its first instant lies in. Rows without a score do not count; a window
    that has none scored gets 0, the least: the lane would never choose it. Rows after the last window are
    left out. Raises UsageError for a window without rows.
    """
    count = len(truth.panel)
    window = truth.windows(len(scores), step)
    inside = window < count
    rows = np.bincount(window[inside], minlength=count)
    if not rows.all():
        raise UsageError(
            f"evidence of {float(len(scores) * step):g} s does not reach the labels' window "
            f"{int(np.flatnonzero(rows == 0)[0])}",
            remedy="freeze the evidence of the labelled file",
        )
    known = inside & ~np.isnan(scores)
    total = np.bincount(window[known], weights=scores[known], minlength=count)
    return np.asarray(total / np.maximum(np.bincount(window[known], minlength=count), 1))


def _scored(golden: Golden, scores: Floats) -> ItemScore:
    if len(scores) != golden.evidence.table.height:
        raise ValueError(f"{len(scores)} scores for {golden.evidence.table.height} rows")
    try:
        ours = np.round(windowed(scores, golden.evidence.step, golden.truth), DIGITS)
    except UsageError as error:
        raise UsageError(error.message, subject=golden.item.id, remedy=error.remedy) from error
    panel = golden.truth.panel
    rated = ~np.isnan(panel)
    ours, panel = ours[rated], panel[rated]
    first, second = np.triu_indices(len(panel), 1)
    asked = np.sign(panel[first] - panel[second])
    given = np.sign(ours[first] - ours[second])
    best = np.sort(panel)[::-1][max(1, round(BUDGET * len(panel))) - 1]
    return ItemScore(
        item=golden.item,
        spearman=spearman(ours, panel),
        right=int(((asked == given) & (asked != 0)).sum()),
        pairs=int((asked != 0).sum()),
        hit=bool(panel[np.argmax(ours)] >= best),
        tied=int(((given == 0) & (asked != 0)).sum()),
    )


# --- baselines --------------------------------------------------------------------------------------


def _random(golden: Golden) -> Floats:
    """Seeded by the item's id."""
    seed = int.from_bytes(hashlib.sha256(golden.item.id.encode()).digest()[:8])
    return np.random.default_rng(seed).random(golden.evidence.table.height)


def _uniform(golden: Golden) -> Floats:
    """Evenly spread picks: for every k the k best rows lie evenly over the file (van der Corput's order)."""
    rows = golden.evidence.table.height
    bits = max(1, (rows - 1).bit_length())
    order = [int(f"{place:0{bits}b}"[::-1], 2) for place in range(2**bits)]
    picked = [place for place in order if place < rows]
    scores = np.empty(rows)
    scores[picked] = np.linspace(1.0, 0.0, rows)
    return scores


def _middle(golden: Golden) -> Floats:
    """1 in the middle of the file, 0 at its ends."""
    rows = golden.evidence.table.height
    return np.asarray(1.0 - np.abs(np.linspace(-1.0, 1.0, rows) if rows > 1 else np.zeros(1)))


def _loudest(golden: Golden) -> Floats:
    """The loudness; a file without sound gives no order."""
    return lane.to_array(golden.evidence.table["loudness"])


def _longest(golden: Golden) -> Floats:
    """The length in seconds of the shot that the row's first instant lies in."""
    return _shot_lengths(golden.evidence)


def _shot_lengths(evidence: Evidence) -> Floats:
    starts = np.array([float(shot.start) for shot in evidence.shots])
    if not len(starts):
        return np.full(evidence.table.height, np.nan)
    time = np.arange(evidence.table.height) * float(evidence.step)
    lengths = np.array([float(shot.duration) for shot in evidence.shots])
    return np.asarray(lengths[np.maximum(np.searchsorted(starts, time, side="right") - 1, 0)])


BASELINES: Mapping[str, Scorer] = {
    "random": _random,
    "uniform": _uniform,
    "middle": _middle,
    "loudest": _loudest,
    "longest": _longest,
}
"""What a profile must beat to be worth anything."""
