"""A search over a few settings that can be interrupted, taken up again and repeated.

Optuna's tree-structured Parzen estimator (Bergstra et al. 2011) proposes; a judge gives each item's figure
with that item held out. Every finished trial is one entry of the study's journal. The sampler is seeded
anew for each trial by how many went before, so that a study which was interrupted goes on exactly as if it
had not been.

The best of many trials is best partly by luck, and its own figure is too good: see `choose` for what may be
reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from editron_core.errors import UsageError

if TYPE_CHECKING:
    import optuna

Floats = NDArray[np.float64]
Point = Mapping[str, float]
"""One value per axis."""
Storage = Callable[[str], "optuna.storages.BaseStorage"]
"""Where the study of that name is kept."""
Items = tuple[int, ...]
Judge = Callable[[Point], Floats]
"""(items,): each item's figure with that item held out, the higher the better."""
NestedJudge = Callable[[Point], Floats]
"""(folds, items): the same where the fold's items too are part of nothing; NaN in their own places."""

SCORES = "scores"
IDENTITY = "identity"
RANDOM_TRIALS = 20
"""So many trials before the estimator has seen enough to propose."""
REPLAY_TOLERANCE = 1e-6
"""A replayed trial may differ by this much per item: machines add in different orders."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One setting that is searched."""

    low: float
    high: float
    step: float | None = None
    """Only multiples of it from `low` are tried; null for any value."""
    log: bool = False
    """Whether the scale is logarithmic."""

    def nearest(self, value: float) -> float:
        """The allowed value that is nearest to `value`."""
        inside = min(self.high, max(self.low, value))
        if self.step is None:
            return inside
        return round(self.low + round((inside - self.low) / self.step) * self.step, 10)


@dataclass(frozen=True)
class Plan:
    """What is searched, from where, and for how long."""

    name: str
    """The study's name; the same name goes on where it ended."""
    space: Mapping[str, Axis]
    start: Point
    """The first trial."""
    identity: Mapping[str, str]
    """What the study was made for, by what it is in words; another study must not go on with it."""
    trials: int
    """Trials that the study shall have in all."""
    seed: int = 0


@dataclass(frozen=True)
class Trials:
    """The trials of a study, in their order."""

    points: tuple[Point, ...]
    scores: Floats
    """(trials, items): each item's figure with that item held out."""

    def best(self) -> Point:
        """The point that does best; of equals the first."""
        return self.points[int(np.argmax(self.history))]

    @property
    def history(self) -> Floats:
        """(trials,): the mean over items of each trial, which flatters the best."""
        return np.asarray(self.scores.mean(axis=1))


@dataclass(frozen=True)
class Choice:
    """The settings that a study comes to."""

    best: Point
    """By all items."""
    held_out: Mapping[Items, Point]
    """By fold: the setting that is chosen where the fold's items are part of nothing, neither of the choice
    nor of any fit that it rests on."""

    def point(self, without: Items = ()) -> Point:
        """The setting that is chosen without a fold; without none, the best."""
        return self.held_out[without] if without else self.best


def choose(
    nested: NestedJudge,
    folds: Sequence[Items],
    trials: Trials,
    told: Callable[[float], None] = lambda fraction: None,
) -> Choice:
    """Choose among the trials anew for each fold, by items and fits that know nothing of the fold.

    The best of many trials is best partly by luck: its own figure, though of items held out, has been chosen
    to be high. What is reported of an item must come from a setting that was chosen without it (nested
    cross-validation: Varma and Simon 2006, BMC Bioinformatics 7:91). It does not do to leave the item's own
    figure out of the mean: the fits behind the other figures have seen it.
    """
    means = np.empty((len(trials.points), len(folds)))
    for number, point in enumerate(trials.points):
        means[number] = np.nanmean(nested(point), axis=1)
        told((number + 1) / len(means))
    held_out = {fold: trials.points[int(at)] for fold, at in zip(folds, means.argmax(axis=0), strict=True)}
    return Choice(trials.best(), held_out)


def run(
    plan: Plan,
    judge: Judge,
    storage: Storage | None = None,
    told: Callable[[float], None] = lambda fraction: None,
) -> Trials:
    """The first `plan.trials` trials of the study, those that it has from before included.

    `storage` keeps the study; without one it is forgotten. `told` is given the share that is done.
    Raises UsageError where there is no trial to run, or where the study was made for something else.
    """
    import optuna

    if plan.trials < 1:
        raise UsageError(f"is {plan.trials}", subject="trials", remedy="use 1 or more")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    kept = _open(plan, storage)
    done = _finished(kept)
    if done:
        _replay(plan, judge, done)
    # Trials are made in memory and written when they are finished: one entry each, and none half done.
    search = optuna.create_study(direction="maximize")
    search.add_trials(done[: plan.trials])
    for number in range(len(done), plan.trials):
        trial = _ask(search, plan, number)
        scores = judge(trial.params)
        trial.set_user_attr(SCORES, [float(score) for score in scores])
        kept.add_trial(search.tell(trial, float(scores.mean())))
        told((number + 1) / plan.trials)
    return _read(_finished(search))


def _open(plan: Plan, storage: Storage | None) -> optuna.Study:
    """The study as it is kept; made where it does not exist."""
    import optuna

    study = optuna.create_study(
        storage=storage(plan.name) if storage is not None else None,
        study_name=plan.name,
        direction="maximize",
        load_if_exists=True,
    )
    made_for = study.user_attrs.get(IDENTITY)
    if made_for is None:
        study.set_user_attr(IDENTITY, dict(plan.identity))
    elif made_for != dict(plan.identity):
        keys = made_for.keys() | plan.identity.keys()
        raise _other(plan, sorted(key for key in keys if made_for.get(key) != plan.identity.get(key)))
    return study


def _replay(plan: Plan, judge: Judge, done: Sequence[optuna.trial.FrozenTrial]) -> None:
    """Whether trials still come out as they did: nothing that they depend on has changed.

    The first is where the profile stands already, and much of the fit plays no part in it. So the last one
    is looked at too, whose settings are none in particular, and the best, which decides.
    """
    best = max(range(len(done)), key=lambda number: done[number].value or 0.0)
    for number in sorted({0, best, len(done) - 1}):
        before, now = np.asarray(done[number].user_attrs[SCORES]), judge(done[number].params)
        if before.shape != now.shape or np.abs(before - now).max() > REPLAY_TOLERANCE:
            raise _other(plan, ["formula"])


def _other(plan: Plan, parts: Sequence[str]) -> UsageError:
    return UsageError(
        f"was made with other {' and other '.join(parts)}: its trials cannot be compared with new ones",
        subject=f"study {plan.name}",
        remedy="begin another one: --study NAME",
    )


def _ask(study: optuna.Study, plan: Plan, number: int) -> optuna.Trial:
    import optuna

    study.sampler = optuna.samplers.TPESampler(
        seed=plan.seed * 1_000_003 + number, n_startup_trials=RANDOM_TRIALS
    )
    if number == 0:
        study.enqueue_trial(dict(plan.start))
    return study.ask(
        {
            name: optuna.distributions.FloatDistribution(axis.low, axis.high, step=axis.step, log=axis.log)
            for name, axis in plan.space.items()
        }
    )


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    import optuna

    return list(study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,)))


def _read(trials: Sequence[optuna.trial.FrozenTrial]) -> Trials:
    scores = np.array([trial.user_attrs[SCORES] for trial in trials], dtype=np.float64)
    return Trials(tuple(dict(trial.params) for trial in trials), scores)
