"""The second scorer: an additive model with a learned shape per signal, trained with torch.

A generalised additive model (Hastie and Tibshirani 1986; with learned shape functions as in Agarwal et al.
2021, Neural Additive Models): each channel has a function of its own, here straight lines through a few
points. The channel's weight is how far its function rises, its shape the function brought to 0..1. Missing
channels give their weight to the others, exactly as in the lane, which applies the result without torch.

    loss = mean over items of mean over pairs of log(1 + exp(z_worse - z_better))
           + 0.01 * pull * |a - s * linear|^2 + 0.1 * smooth * |second differences of a|^2

`|.|^2` is the mean over a function's points, summed over functions. `z` are the windows' scores, `a` the
functions' points, `linear` the linear scorer's, at a free scale `s`:
with much pull the model is the linear scorer, with little it is bent by the pairs (Burges et al. 2005,
RankNet). Nothing is random: it starts at the linear scorer and is solved in double precision on one thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from editron_core.qa.channels import Channels, Items, means, smooth
from editron_core.qa.linear import Learned, Linear
from editron_core.qa.study import Axis, Choice, Point
from editron_core.score.profile import Normalisation

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float64]

SPACE: Mapping[str, Axis] = {
    "pull": Axis(0.1, 100.0, log=True),
    "smooth": Axis(0.01, 10.0, log=True),
}
START: Point = {"pull": 1.0, "smooth": 1.0}
POINTS = 5
"""Points per shape, even over 0..1: few items bend few lines."""
STEPS = 50
"""Most iterations of the solver: what the loss falls by after them hardly orders a window anew."""
START_SCALE = 4.0
"""How far apart the best and the worst score begin, in units of the pairs' log-odds."""
TABLES_KEPT = 16
"""So many normalisations' tensors are kept: one is tried per fold."""
SLIGHT = 0.01
"""A channel that would weigh less says nothing, and is left out."""


class Additive:
    """Learns shapes and weights near what the linear learner finds. A learner: see `tune.Learner`."""

    space = SPACE

    def __init__(self, linear: Linear, chosen: Choice) -> None:
        """`chosen` are the linear settings, which give the normalisation and the linear scorer."""
        self.channels = linear.channels
        self.start = START
        self._linear = linear
        self._chosen = chosen
        self._tables = lru_cache(maxsize=TABLES_KEPT)(lambda how: Tables.of(self.channels, how))

    def judge(self, point: Point) -> Floats:
        """(items,): rho of each item under shapes that were trained without it."""
        return self._judged(point, ())

    def nested(self, point: Point) -> Floats:
        """(folds, items): the same, with the fold left out of all training, and of the choice of the linear
        setting, as well; its own items are NaN."""
        return np.stack([self._judged(point, fold) for fold in self.channels.folds])

    def learn(self, point: Point, without: Items = ()) -> Learned:
        """Shapes trained on all items but those of `without`, from the linear scorer that these choose."""
        return self._train(point, without, [without])[0]

    def _judged(self, point: Point, without: Items) -> Floats:
        folds = [fold for fold in self.channels.folds if fold != without]
        trained = self._train(point, without, [tuple(sorted({*fold, *without})) for fold in folds])
        out = np.full(len(self.channels.ids), np.nan)
        for fold, learned in zip(folds, trained, strict=True):
            out[list(fold)] = [learned.rho(self.channels, item) for item in fold]
        return out

    def _train(self, point: Point, without: Items, left_out: Sequence[Items]) -> list[Learned]:
        """One model for each set of items left out; the linear setting is chosen without `without`."""
        setting = self._chosen.point(without)
        bases = [self._linear.learn(setting, each) for each in left_out]
        rests = [self.channels.rest(each) for each in left_out]
        return train(self._tables(bases[0].normalisation), bases, rests, point)


@dataclass(frozen=True)
class Tables:
    """All items' rows as tensors, one below the other, at one normalisation."""

    hats: torch.Tensor
    """(rows, channels * POINTS): how near a value is to each point; 0 where it was not measured."""
    known: torch.Tensor
    """(rows, channels): 1 where measured, else 0."""
    windows: torch.Tensor
    """(windows, rows), sparse: from the rows' scores to the windows', smoothing included."""
    better: NDArray[np.int64]
    """(pairs,): the window of a pair that the panel likes more."""
    worse: NDArray[np.int64]
    """(pairs,)"""
    owner: NDArray[np.int64]
    """(pairs,): the item that a pair belongs to."""

    @classmethod
    def of(cls, channels: Channels, how: Normalisation) -> Tables:
        """The items of `channels`."""
        import torch

        values = channels.values(how.contrast)
        rows = np.concatenate(values)
        near = np.clip(1 - np.abs(rows[:, :, None] * (POINTS - 1) - np.arange(POINTS)), 0, 1)
        maps = [
            means(smooth(np.eye(len(table)), how.smoothing_s, channels.step), window, len(panel))
            for table, window, panel in zip(values, channels.windows, channels.panels, strict=True)
        ]
        better, worse, owner = _pairs(channels.panels)
        return cls(
            hats=torch.from_numpy(np.nan_to_num(near).reshape(len(rows), -1)),
            known=torch.from_numpy((~np.isnan(rows)).astype(np.float64)),
            windows=_block_diagonal(maps),
            better=better,
            worse=worse,
            owner=owner,
        )


def train(
    tables: Tables, bases: Sequence[Learned], items: Sequence[Sequence[int]], point: Point
) -> list[Learned]:
    """One model for each of `bases`, trained on the items that belong to it; all in one go.

    The same arguments give the same bits.
    """
    import torch
    from scipy.optimize import minimize

    straight = torch.linspace(0, 1, POINTS, dtype=torch.float64)
    linear = torch.from_numpy(np.stack([base.weights for base in bases]))[:, :, None] * straight
    weight = torch.from_numpy(_pair_weights(tables.owner, items))
    models = len(bases)

    def loss(scale: torch.Tensor, bend: torch.Tensor) -> torch.Tensor:
        heights = scale * linear + bend
        z = _window_scores(tables, heights)
        apart = z[:, tables.better] - z[:, tables.worse]
        ranking = (torch.nn.functional.softplus(-apart) * weight).sum()
        pull = bend.square().mean(dim=2).sum()
        turns = (heights[:, :, 2:] - 2 * heights[:, :, 1:-1] + heights[:, :, :-2]).square().mean(dim=2).sum()
        return ranking + 0.01 * (point["pull"] * pull + 10 * point["smooth"] * turns)

    def with_slope(flat: Floats) -> tuple[float, Floats]:
        variables = torch.from_numpy(flat).requires_grad_()
        value = loss(variables[:models, None, None], variables[models:].reshape(linear.shape))
        (slope,) = torch.autograd.grad(value, variables)
        return float(value.detach()), slope.numpy()

    # A hair of tilt: where a function is flat, its least and greatest point are one, and the gradient does
    # not know which of them to move.
    begin = [np.full(models, START_SCALE), (1e-3 * straight).expand_as(linear).numpy().ravel()]
    with _one_thread():
        # Not L-BFGS: torch's imports torch's compiler, which takes longer than all training, and scipy's has
        # its matrices of ten rows multiplied by threads that wait for each other.
        found = minimize(with_slope, np.concatenate(begin), jac=True, method="CG", options={"maxiter": STEPS})
    scale, bend = found.x[:models, None, None], found.x[models:].reshape(linear.shape)
    points = scale * linear.numpy() + bend
    return [_learned(base.normalisation, curve) for base, curve in zip(bases, points, strict=True)]


def _window_scores(tables: Tables, heights: torch.Tensor) -> torch.Tensor:
    """(models, windows): the lane's score, at the scale of the functions' own rises."""
    import torch

    models = heights.shape[0]
    least = heights.amin(dim=2)
    rise = heights.amax(dim=2) - least
    raised = (heights - least[:, :, None]).reshape(models, -1)
    rows = tables.hats @ raised.T
    known = tables.known @ rise.T
    score = rows / known.clamp_min(1e-12) * rise.sum(dim=1)
    windows: torch.Tensor = torch.sparse.mm(tables.windows, score)
    return windows.T


def _learned(how: Normalisation, heights: Floats) -> Learned:
    """Weights and shapes of one model's functions, (channels, POINTS)."""
    least = heights.min(axis=1, keepdims=True)
    rise = (heights.max(axis=1, keepdims=True) - least)[:, 0]
    weights = rise / rise.sum()
    weights = np.where(weights < SLIGHT, 0.0, weights)
    even = np.tile(np.linspace(0.0, 1.0, heights.shape[1]), (len(heights), 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        shapes = np.where(weights[:, None] > 0, (heights - least) / rise[:, None], even)
    return Learned(how, weights / weights.sum(), shapes)


def _pairs(panels: Sequence[Floats]) -> tuple[NDArray[np.int64], ...]:
    """Windows that the panel tells apart, the better first, numbered through all items; and their item."""
    better, worse, owner, start = [], [], [], 0
    for item, panel in enumerate(panels):
        more, less = np.nonzero(panel[:, None] > panel[None, :])
        better.append(more + start)
        worse.append(less + start)
        owner.append(np.full(len(more), item))
        start += len(panel)
    return tuple(np.concatenate(part).astype(np.int64) for part in (better, worse, owner))


def _pair_weights(owner: NDArray[np.int64], items: Sequence[Sequence[int]]) -> Floats:
    """(models, pairs): every item of a model's own counts the same, and its pairs share it."""
    count = np.bincount(owner)
    each = 1.0 / count[owner]
    return np.stack([np.isin(owner, list(own)) * each / len(own) for own in items])


def _block_diagonal(maps: Sequence[Floats]) -> torch.Tensor:
    import torch

    places, weights, down, right = [], [], 0, 0
    for one in maps:
        window, row = np.nonzero(np.nan_to_num(one))
        places.append(np.stack([window + down, row + right]))
        weights.append(one[window, row])
        down, right = down + one.shape[0], right + one.shape[1]
    where, what = torch.from_numpy(np.concatenate(places, axis=1)), torch.from_numpy(np.concatenate(weights))
    return torch.sparse_coo_tensor(where, what, (down, right), check_invariants=True).coalesce()


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread adds in one order: the same bits on every run."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
