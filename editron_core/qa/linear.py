"""The linear scorer's part of the search: what is tried, how it is judged, what is learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from editron_core.qa.channels import Channels, Items
from editron_core.qa.study import Axis, Point
from editron_core.qa.weights import Moments, Setting, fit
from editron_core.score.profile import Normalisation

Floats = NDArray[np.float64]

SPACE: Mapping[str, Axis] = {
    "contrast": Axis(0.0, 1.0, step=0.05),
    "smoothing_s": Axis(0.0, 12.0, step=1.0),
    "ridge": Axis(0.01, 100.0, log=True),
    "sparsity": Axis(0.0, 0.8, step=0.05),
    "least": Axis(0.0, 0.1, step=0.01),
}
MOMENTS_KEPT = 512
"""So many normalisations' moments are kept; the space holds 273."""


@dataclass(frozen=True)
class Learned:
    """What a learner makes of some items."""

    normalisation: Normalisation
    weights: Floats
    """(channels,): at least 0, sum 1."""
    shapes: Floats | None = None
    """(channels, points), 0..1; null for a linear scorer."""

    def rho(self, channels: Channels, item: int) -> float:
        """Spearman's rho of an item's windows with its panel."""
        return float(channels.rho(item, self.normalisation, self.weights[None], self.shapes)[0])


class Linear:
    """Learns weights near a prior. A learner: see `tune.Learner`."""

    space = SPACE

    def __init__(self, channels: Channels, prior: Floats, normalisation: Normalisation) -> None:
        """`prior` (channels,) is at least 0 and need not sum to 1; all 0 stands for no preference."""
        even = np.ones(len(channels.names))
        self.channels = channels
        self.prior = (prior if prior.any() else even) / (prior.sum() if prior.any() else even.sum())
        self.start: Point = {
            "contrast": SPACE["contrast"].nearest(normalisation.contrast),
            "smoothing_s": SPACE["smoothing_s"].nearest(normalisation.smoothing_s),
            "ridge": SPACE["ridge"].high,
            "sparsity": 0.0,
            "least": 0.0,
        }
        self._moments = lru_cache(maxsize=MOMENTS_KEPT)(lambda how: Moments.of(channels, how))

    def judge(self, point: Point) -> Floats:
        """(items,): rho of each item under weights that were fitted without it."""
        out = np.empty(len(self.channels.ids))
        for fold in self.channels.folds:
            learned = self.learn(point, fold)
            out[list(fold)] = [learned.rho(self.channels, item) for item in fold]
        return out

    def nested(self, point: Point) -> Floats:
        """(folds, items): the same, with the fold left out of every fit as well; its own items are NaN."""
        folds = self.channels.folds
        out = np.full((len(folds), len(self.channels.ids)), np.nan)
        # What is fitted without two folds serves each as the other's.
        models = {
            pair: self.learn(point, _joined(folds[pair[0]], folds[pair[1]]))
            for pair in combinations(range(len(folds)), 2)
        }
        for place, fold in enumerate(folds):
            others = [other for other in range(len(folds)) if other != place]
            mine = [models[min(place, other), max(place, other)] for other in others]
            weights = np.stack([model.weights for model in mine])
            for item in fold:
                out[others, item] = self.channels.rho(item, mine[0].normalisation, weights)
        return out

    def learn(self, point: Point, without: Items = ()) -> Learned:
        """Weights fitted on all items but those of `without`."""
        setting = Setting(**point)
        moments = self._moments(setting.normalisation)
        weights = fit(moments, self.channels.rest(without), self.prior, setting)
        return Learned(setting.normalisation, weights)


def _joined(*folds: Items) -> Items:
    return tuple(sorted({item for fold in folds for item in fold}))
