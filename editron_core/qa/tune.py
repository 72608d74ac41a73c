"""The tuner: from golden items and a starting profile to a candidate profile, with figures it can stand by.

A search tries settings; each is judged by items that its weights were not fitted on. The figure that is
reported goes one step further: for every item the setting too is chosen by the others (`study.choose`). It is
taken by the lane's own scorer with a profile as it would be written, rounding included.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from editron_core.domain import codec
from editron_core.domain.progress import Nobody, Step, Watcher
from editron_core.errors import UsageError
from editron_core.qa.channels import Channels, Items, of_golden
from editron_core.qa.compare import Comparison, compare
from editron_core.qa.evaluate import BASELINES, Evaluation, ItemScore, evaluate, of_profile
from editron_core.qa.golden import Golden
from editron_core.qa.linear import Learned, Linear
from editron_core.qa.metrics import Interval
from editron_core.qa.study import Axis, Choice, Plan, Point, Storage, Trials, choose, run
from editron_core.score.profile import Profile

Floats = NDArray[np.float64]
Form = Literal["linear", "additive"]

FEWEST_GROUPS = 3
"""One is left out, the setting is judged by a second, and the weights behind that are fitted on a third."""
UNITS = 10_000
"""Weights are written as multiples of one part in so many; what would be less is off."""
TRIALS_PER_SHAPED = 20
"""The additive scorer has two settings and trains long: it gets one trial for so many of the linear one's."""
PROBE_CONTRAST = 0.5
"""The contrast at which a study's identity looks at the values."""


class Learner(Protocol):
    """What can be tuned: something that learns from some items and is judged by others."""

    space: Mapping[str, Axis]
    start: Point
    channels: Channels

    def judge(self, point: Point) -> Floats:
        """(items,): each item's figure with that item held out."""
        ...

    def nested(self, point: Point) -> Floats:
        """(folds, items): the same where the fold too is part of nothing; NaN in its own places."""
        ...

    def learn(self, point: Point, without: Items = ()) -> Learned:
        """What all items but those of `without` teach."""
        ...


@dataclass(frozen=True, slots=True)
class Search:
    """How a candidate is looked for."""

    scorer: Form = "linear"
    trials: int = 200
    """Trials in all, those of earlier runs of the study included."""
    study: str = ""
    """The study's name. By default one that belongs to these items, this profile and this search."""
    seed: int = 0
    by_genre: bool = False
    """Whether the items of a genre are held out together, instead of one by one."""


@dataclass(frozen=True)
class Candidate:
    """A profile that the tuner proposes."""

    profile: Profile
    evaluation: Evaluation
    """Cross-validated: each item by settings and weights that were found without it. These weights are pulled
    towards equal ones, not towards the starting profile's: that may have been fitted on the very item."""
    fitted: Evaluation
    """The profile on the very items that it was fitted on: too good, shown beside the other."""
    trials: Trials
    chosen: Choice
    """What the trials come to."""
    study: str
    linear: Candidate | None = None
    """The linear candidate that a learned shape starts from; null for a linear one."""


def tune(
    golden: Sequence[Golden],
    start: Profile,
    search: Search | None = None,
    *,
    storage: Storage | None = None,
    watcher: Watcher | None = None,
) -> Candidate:
    """Search for a profile that orders the windows of `golden` as their panel does, beginning at `start`.

    `storage` keeps the study, so that the same call goes on where an earlier one ended. What the weights do
    not decide (prompts, lengths, selection) is the starting profile's, and so is the weight of signals that
    no item measures. The same items, profile and search give the same candidate.

    Raises UsageError where there are fewer than `FEWEST_GROUPS` items or groups of them, where evidence holds
    what is no number, where the profile weighs nothing that the items measure, and where the study was made
    for something else.
    """
    search = search or Search()
    channels = of_golden(golden, start, by_genre=search.by_genre)
    if len(channels.folds) < FEWEST_GROUPS:
        raise UsageError(
            f"{len(golden)} golden items of {len(channels.folds)} groups: a setting that is chosen without "
            "one item is judged by a second, with weights that are fitted on a third",
            remedy=f"label {FEWEST_GROUPS} items or more",
        )
    work = _Work(golden, start, search, storage, watcher or Nobody())
    prior = channels.prior(start)
    learner = Linear(channels, prior, start.normalisation)
    blank = Linear(channels, np.zeros_like(prior), start.normalisation)
    linear = work.candidate(learner, blank, "linear")
    if search.scorer == "linear":
        return linear
    from editron_core.qa.additive import Additive

    shaped, shaped_blank = Additive(learner, linear.chosen), Additive(blank, linear.chosen)
    return replace(work.candidate(shaped, shaped_blank, "additive"), linear=linear)


@dataclass(frozen=True)
class Verdict:
    """How a candidate's cross-validated figure stands beside that of something else."""

    name: str
    evaluation: Evaluation
    """Of what the candidate is compared with."""
    comparison: Comparison


def verdicts(golden: Sequence[Golden], start: Profile, candidate: Candidate) -> tuple[Verdict, ...]:
    """The candidate beside its starting profile, the linear candidate where there is one, and the baselines.

    It is compared by what it does on items held out, never on those it was fitted on.
    """
    others = {f"profile {start.name}": evaluate(golden, of_profile(start))}
    if candidate.linear is not None:
        others["linear candidate"] = candidate.linear.evaluation
    others |= {name: evaluate(golden, scorer) for name, scorer in BASELINES.items()}
    ours = candidate.evaluation
    return tuple(Verdict(name, theirs, compare(ours, theirs)) for name, theirs in others.items())


def held_out(learner: Learner, chosen: Choice) -> tuple[Learned, ...]:
    """By item: what is learned where neither the choice of the setting nor the fit has seen the item."""
    by_item: dict[int, Learned] = {}
    for fold in learner.channels.folds:
        by_item |= dict.fromkeys(fold, learner.learn(chosen.point(fold), fold))
    return tuple(by_item[item] for item in range(len(learner.channels.ids)))


@dataclass(frozen=True)
class _Work:
    """What is given to one call of `tune`."""

    golden: Sequence[Golden]
    start: Profile
    search: Search
    storage: Storage | None
    watcher: Watcher

    def candidate(self, learner: Learner, blank: Learner, kind: Form) -> Candidate:
        """What `learner` comes to, and what `blank`, which knows no starting weights, reaches held out."""
        channels = learner.channels
        plan = self._plan(learner, kind)
        with self._watched(f"{kind} weights on {len(channels.ids)} items, study {plan.name}") as told:
            trials = run(plan, learner.judge, self.storage, told)
        with self._watched(f"{kind} weights again, with each item held out of everything") as told:
            chosen = choose(blank.nested, channels.folds, trials, told)
        scores: list[ItemScore] = []
        for one, learned in zip(self.golden, held_out(blank, chosen), strict=True):
            scores += evaluate([one], of_profile(as_profile(self.start, channels.names, learned))).scores
        profile = as_profile(self.start, channels.names, learner.learn(chosen.best))
        evaluation = Evaluation(tuple(scores))
        fitted = evaluate(self.golden, of_profile(profile))
        name = f"{self.start.name}-{kind}"
        profile = replace(profile, name=name, description=self._described(kind, plan, evaluation, fitted))
        return Candidate(profile, evaluation, fitted, trials, chosen, plan.name)

    @contextmanager
    def _watched(self, label: str) -> Iterator[Callable[[float], None]]:
        step = Step("tune", label)
        told = self.watcher.begin(step)
        try:
            yield told
        except BaseException as error:
            self.watcher.end(step, "failed", str(error))
            raise
        self.watcher.end(step, "done")

    def _plan(self, learner: Learner, kind: Form) -> Plan:
        how = {
            "space": {name: codec.dump(axis) for name, axis in learner.space.items()},
            "start": dict(learner.start),
            "seed": self.search.seed,
        }
        identity = {
            **learner.channels.fingerprint(PROBE_CONTRAST),
            "starting profile": self.start.hash,
            "settings": codec.content_hash({"scorer": kind, **how}),
        }
        own = f"{kind}-{codec.content_hash(identity)[:12]}"
        name = f"{self.search.study}-{kind}" if self.search.study else own
        trials = self.search.trials if kind == "linear" else -(-self.search.trials // TRIALS_PER_SHAPED)
        return Plan(name, learner.space, learner.start, identity, trials, self.search.seed)

    def _described(self, kind: Form, plan: Plan, ours: Evaluation, fitted: Evaluation) -> str:
        item, count = self.golden[0].item, len(self.golden)
        return (
            f"{kind.capitalize()} weights tuned from {self.start.name} on {count} {item.kind.value} items "
            f"({item.raters.value} raters), best of {plan.trials} trials of study {plan.name}: rho "
            f"{words(ours.spearman)} on items held out, {fitted.spearman.mean:.2f} on those fitted on."
        )


def words(figure: Interval) -> str:
    """A figure with its interval, for people."""
    return f"{figure.mean:.2f} ({figure.low:.2f} to {figure.high:.2f}, {figure.count} items)"


def as_profile(start: Profile, names: Sequence[str], learned: Learned) -> Profile:
    """What was learned as a profile; all else is the starting profile's.

    Signals outside `names` could not be measured on any item: they keep the weight they had. Of the others,
    those that were given no weight are declared off. Weights are rounded to parts in `UNITS`.
    """
    unseen = {n: max(1, round(weight * UNITS)) for n, weight in start.weights.items() if n not in names}
    room = UNITS - sum(unseen.values())
    if room < 1:
        raise UsageError(
            "weighs none of the signals that the golden items measure",
            subject=f"profile {start.name}",
            remedy=f"start from a profile that weighs some of {', '.join(names)}",
        )
    parts = unseen | dict(zip(names, _apportion(learned.weights, room), strict=True))
    weights = {name: part / UNITS for name, part in parts.items() if part}
    shapes = {} if learned.shapes is None else _shapes(names, learned.shapes, weights)
    silent = {name for name in (*names, *start.off) if name not in weights}
    return replace(
        start,
        weights=weights,
        off=tuple(silent),
        shapes=shapes,
        normalisation=learned.normalisation,
    )


def _apportion(weights: Floats, units: int) -> list[int]:
    """Whole parts that sum to `units`, nearest to `weights` (largest remainder; of equals the first)."""
    exact = weights / math.fsum(weights) * units
    parts = np.floor(exact).astype(int)
    order = np.argsort(-(exact - parts), kind="stable")
    parts[order[: units - int(parts.sum())]] += 1
    return [int(part) for part in parts]


def _shapes(
    names: Sequence[str], shapes: Floats, weights: Mapping[str, float]
) -> dict[str, tuple[float, ...]]:
    """The shapes of the weighted signals, to three decimals; one that is the identity need not be written."""
    even = np.round(np.linspace(0.0, 1.0, shapes.shape[1]), 3)
    rounded = {name: np.round(shape, 3) for name, shape in zip(names, shapes, strict=True) if name in weights}
    return {name: tuple(shape.tolist()) for name, shape in rounded.items() if not np.array_equal(shape, even)}
