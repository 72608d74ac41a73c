"""Non-negative weights that order windows as the panel does, held near a prior.

    minimise    sum over items of |y - X w|^2 / windows
                + ridge * t * |w - s p|^2 + 2 * sparsity * b * sum(w)
    subject to  w >= 0

`y` are the panel's ranks within the item (unit variance), `X` the channels averaged per window and centred,
`p` the prior weights, `s` the scale at which the prior fits best, `t` the mean channel's energy, `b` the
strongest channel's covariance with the panel. Every item counts the same, whatever its length. Noise that
happens to agree gets little, since it must pay for its place twice: by the ridge and by the sparsity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editron_core.qa.channels import Channels, means, smooth
from editron_core.score.profile import Normalisation

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Setting:
    """One point of the search: how values are normalised, and how weights are fitted to them."""

    contrast: float
    """0..1, as in the profile."""
    smoothing_s: float
    """Seconds, 0..30, as in the profile."""
    ridge: float
    """Above 0. Strength of the pull towards the prior; 1 weighs a channel's distance from the prior as much
    as its part in one item's error."""
    sparsity: float
    """0..1. What every weight costs; 1 leaves no channel but what the prior asks for."""
    least: float
    """0..1. Weights that come out smaller are switched off, the least first, and the rest is fitted anew."""

    @property
    def normalisation(self) -> Normalisation:
        """The part of the setting that goes into the profile."""
        return Normalisation(contrast=self.contrast, smoothing_s=self.smoothing_s)


@dataclass(frozen=True)
class Moments:
    """What the fit needs of each item: its channels' second moments, and their covariance with the panel."""

    gram: Floats
    """(items, channels, channels)"""
    cross: Floats
    """(items, channels)"""

    @classmethod
    def of(cls, channels: Channels, normalisation: Normalisation) -> Moments:
        """The moments of every item under one normalisation; 0 where the panel has no order."""
        tables = [_centred(channels, item, normalisation) for item in range(len(channels.ids))]
        pairs = list(zip(tables, channels.ranks, strict=True))
        return cls(
            gram=np.stack([x.T @ x / len(y) * y.any() for x, y in pairs]),
            cross=np.stack([x.T @ y / len(y) for x, y in pairs]),
        )


def _centred(channels: Channels, item: int, how: Normalisation) -> Floats:
    """Each channel's mean per window, less its mean over the windows; 0 where it was not measured, since it
    speaks for no window there and against none."""
    near = smooth(channels.values(how.contrast)[item], how.smoothing_s, channels.step)
    table = means(near, channels.windows[item], len(channels.panels[item]))
    seen = ~np.isnan(table)
    middle = np.where(seen, table, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.asarray(np.where(seen, table - middle, 0.0))


def fit(moments: Moments, items: Sequence[int], prior: Floats, setting: Setting) -> Floats:
    """Weights fitted on the given items: (channels,), at least 0, sum 1; the prior's where none helps."""
    gram = moments.gram[list(items)].sum(axis=0)
    cross = moments.cross[list(items)].sum(axis=0)
    kept = np.arange(len(prior))
    while True:
        found = _solve(gram[np.ix_(kept, kept)], cross[kept], prior[kept], setting)
        if not found.any():
            found = prior[kept] if prior[kept].any() else np.ones(len(kept))
        found = found / found.sum()
        # Those at 0 can go together: without them the others stay what they are.
        weighty = found > 0
        kept, found = kept[weighty], found[weighty]
        smallest = int(np.argmin(found))
        if len(kept) == 1 or found[smallest] >= setting.least:
            break
        kept = np.delete(kept, smallest)
    out = np.zeros(len(prior))
    out[kept] = found
    return out


def _solve(gram: Floats, cross: Floats, prior: Floats, setting: Setting) -> Floats:
    from scipy.optimize import nnls

    energy = float(prior @ gram @ prior)
    scale = max(0.0, float(prior @ cross) / energy) if energy > 0 else 0.0
    pull = setting.ridge * max(float(np.trace(gram)) / len(prior), 1e-12)
    bend = gram + pull * np.eye(len(prior))
    aim = cross + pull * scale * prior - setting.sparsity * max(0.0, float(cross.max()))
    root = np.linalg.cholesky(bend)
    return np.asarray(nnls(root.T, np.linalg.solve(root, aim))[0])
