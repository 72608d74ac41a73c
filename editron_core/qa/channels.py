"""Golden items as the tuner sees them: tables of channels with a target per window.

The names of the channels are free: signals of the evidence, or anything else that could be weighted (single
raters and noise, where the tuner itself is tested). Values come through a function of the contrast, because
the search tries several; where the items are golden, they are the lane's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from editron_core.domain import codec
from editron_core.domain.evidence import SIGNALS
from editron_core.errors import UsageError
from editron_core.qa.evaluate import DIGITS
from editron_core.qa.golden import Golden
from editron_core.score import scorer as lane
from editron_core.score.derive import derived
from editron_core.score.profile import Normalisation, Profile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Values = Callable[[float], Sequence[Floats]]
"""By contrast: per item (rows, channels), 0..1, NaN where a channel was not measured."""

Items = tuple[int, ...]
"""Places of items, ascending."""

CONTRASTS_KEPT = 64
"""So many contrasts' values are kept: a search comes back to them."""
MOST_FOLDS = 12


@dataclass(frozen=True)
class Channels:
    """Several items: what could be weighted, and what people think of each window."""

    names: tuple[str, ...]
    ids: tuple[str, ...]
    """By item."""
    groups: tuple[str, ...]
    """By item; those of one group are held out together."""
    panels: tuple[Floats, ...]
    """By item, (windows,): the panel's mean."""
    windows: tuple[Ints, ...]
    """By item, (rows,), ascending: the window that the row belongs to; rows after the last have no panel."""
    values: Values
    step: Fraction
    """Seconds per row."""

    def __post_init__(self) -> None:
        if not len(self.ids) == len(self.groups) == len(self.panels) == len(self.windows):
            raise ValueError("items differ in number")
        if len(set(self.ids)) != len(self.ids):
            raise ValueError("an item is named twice")

    @cached_property
    def ranks(self) -> tuple[Floats, ...]:
        """By item: the panel's ranks, centred, of unit variance; zeros for a panel without an order."""
        return tuple(_standard_ranks(panel) for panel in self.panels)

    @cached_property
    def folds(self) -> tuple[Items, ...]:
        """The items that are held out together: one group each, or `MOST_FOLDS` sets of groups where there
        are more. Raises UsageError for a single group: nothing would be left to fit on."""
        names = sorted(set(self.groups))
        if len(names) < 2:
            raise UsageError(
                f"{len(self.ids)} golden item{'s' if len(self.ids) != 1 else ''} of one group: what is "
                "fitted there cannot be tested elsewhere",
                remedy="label two items or more",
            )
        count = min(MOST_FOLDS, len(names))
        place = {name: index % count for index, name in enumerate(names)}
        return tuple(
            tuple(item for item, group in enumerate(self.groups) if place[group] == fold)
            for fold in range(count)
        )

    def rest(self, without: Items) -> Items:
        """The items outside `without`."""
        return tuple(item for item in range(len(self.ids)) if item not in without)

    def prior(self, profile: Profile) -> Floats:
        """(channels,): what the profile weighs of them; 0 for those that it does not weigh."""
        return np.array([profile.weights.get(name, 0.0) for name in self.names])

    def only(self, names: Sequence[str]) -> Channels:
        """The same items with those of `names` that are channels, in the channels' order."""
        kept = [at for at, name in enumerate(self.names) if name in names]
        whole = self.values

        def values(contrast: float) -> list[Floats]:
            return [table[:, kept] for table in whole(contrast)]

        return replace(self, names=tuple(self.names[at] for at in kept), values=values)

    def score(self, item: int, how: Normalisation, weights: Floats, shapes: Floats | None = None) -> Floats:
        """The scores of an item's windows, which the search orders them by; (windows, n).

        The lane's formula over free names, with n sets of `weights` (n, channels), and `shapes` (channels,
        points). Figures that are reported come from the lane itself. A window without a score gets 0.
        """
        values = self.values(how.contrast)[item]
        values = values if shapes is None else shaped(values, shapes)
        known = ~np.isnan(values)
        total = known @ weights.T
        rows = np.where(known, values, 0.0) @ weights.T
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(total > 0, rows / total, np.nan)
        smoothed = smooth(mean, how.smoothing_s, self.step)
        return np.nan_to_num(means(smoothed, self.windows[item], len(self.panels[item])))

    def rho(self, item: int, how: Normalisation, weights: Floats, shapes: Floats | None = None) -> Floats:
        """Spearman's rho of an item's windows with its panel under n sets of weights; (n,), as `score`."""
        scores = np.round(self.score(item, how, weights, shapes), DIGITS)
        return np.asarray((_standard_ranks(scores) * self.ranks[item][:, None]).mean(axis=0))

    def fingerprint(self, contrast: float) -> dict[str, str]:
        """SHA-256 (hex) of what a search reads: `items` with their labels, and `values`.

        The values are taken at one contrast: other evidence or another formula gives others.
        """
        items = zip(self.ids, self.groups, self.panels, self.windows, strict=True)
        labels = [[key, group, panel.tolist(), rows.tolist()] for key, group, panel, rows in items]
        values = [np.round(np.nan_to_num(table, nan=-1.0), 5).tolist() for table in self.values(contrast)]
        return {"items": codec.content_hash(labels), "values": codec.content_hash([list(self.names), values])}


def of_golden(golden: Sequence[Golden], profile: Profile, *, by_genre: bool = False) -> Channels:
    """Golden items of one kind, with every signal that at least one of them measured as a channel.

    `profile` gives the prompts. Items form groups of their own, or by genre. Raises UsageError where there
    is nothing to tune on.
    """
    if not golden:
        raise UsageError("there is no golden item to tune on", remedy="editron qa freeze")
    step = golden[0].evidence.step
    if any(one.evidence.step != step for one in golden):
        raise UsageError("golden items are on grids of different steps", remedy="freeze them anew")
    tables = [derived(one.evidence, list(SIGNALS), one.brief, one.prompts(profile)) for one in golden]
    for one, table in zip(golden, tables, strict=True):
        _refuse_nan(one.item.id, table)
        _refuse_unrated(one)
    names = tuple(name for name in sorted(SIGNALS) if any(t[name].is_not_null().any() for t in tables))
    if not names:
        raise UsageError("no golden item has a signal that was measured", remedy="editron qa freeze")
    equal = {name: 1 / len(names) for name in names}

    @lru_cache(maxsize=CONTRASTS_KEPT)
    def values(contrast: float) -> tuple[Floats, ...]:
        how = replace(profile, weights=equal, off=(), shapes={}, normalisation=Normalisation(contrast, 0.0))
        curves = [lane.scored(table, how, step) for table in tables]
        return tuple(np.column_stack([lane.to_array(curve[name]) for name in names]) for curve in curves)

    return Channels(
        names=names,
        ids=tuple(one.item.id for one in golden),
        groups=tuple(one.item.genre if by_genre else one.item.id for one in golden),
        panels=tuple(one.truth.panel for one in golden),
        windows=tuple(one.truth.windows(one.evidence.table.height, step) for one in golden),
        values=values,
        step=step,
    )


def shaped(values: Floats, shapes: Floats) -> Floats:
    """What values count as: straight lines through `shapes` (channels, points), even over 0..1."""
    points = np.linspace(0.0, 1.0, shapes.shape[1])
    return np.column_stack([np.interp(values[:, at], points, shape) for at, shape in enumerate(shapes)])


def smooth(rows: Floats, smoothing_s: float, step: Fraction) -> Floats:
    """The lane's smoothing of each column of (rows, n): a running mean, twice; NaN stays NaN."""
    reach = int(smoothing_s / float(step) / 4)
    near = rows
    for _ in range(2 if reach else 0):
        known = ~np.isnan(near)
        total, count = _sums(np.where(known, near, 0.0), reach), _sums(known.astype(np.float64), reach)
        with np.errstate(invalid="ignore", divide="ignore"):
            near = np.where(count > 0.5, total / count, np.nan)
    return np.where(np.isnan(rows), np.nan, near)


def means(rows: Floats, window: Ints, count: int) -> Floats:
    """The mean of each column of (rows, n) in each window, of what is known; (count, n), NaN for nothing."""
    known = ~np.isnan(rows)
    edges = np.searchsorted(window, np.arange(count + 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(_between(np.where(known, rows, 0.0), edges) / _between(known, edges))


def _between(rows: Floats | NDArray[np.bool_], edges: Ints) -> Floats:
    """The sum of each column between one edge and the next."""
    total = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    return np.asarray(total[edges[1:]] - total[edges[:-1]])


def _sums(rows: Floats, reach: int) -> Floats:
    """The sum of each column over the rows at most `reach` away."""
    total = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    at = np.arange(len(rows))
    return np.asarray(total[np.minimum(at + reach + 1, len(rows))] - total[np.maximum(at - reach, 0)])


def _refuse_nan(item: str, table: pl.DataFrame) -> None:
    for name in SIGNALS:
        if table[name].is_nan().any():
            raise UsageError(
                f"signal {name} holds values that are no numbers; what was not measured is null",
                subject=item,
                remedy="freeze the evidence anew: editron qa freeze",
            )


def _refuse_unrated(golden: Golden) -> None:
    unrated = int(np.isnan(golden.truth.panel).sum())
    if unrated:
        raise UsageError(
            f"has {unrated} window{'s' if unrated != 1 else ''} that nobody rated: too little to fit on",
            subject=golden.item.id,
            remedy="rate the whole file: editron review rate",
        )


def _standard_ranks(values: Floats) -> Floats:
    """Ranks down the first axis, centred, of unit variance; zeros where there is no order."""
    from scipy.stats import rankdata

    ranks = np.asarray(rankdata(values, axis=0)) - (len(values) + 1) / 2
    spread = ranks.std(axis=0)
    return np.asarray(ranks / np.where(spread > 0, spread, 1.0))
