"""What one trial of the tuner costs, on the golden items where they are frozen, kept in a real store.

A trial is everything between two trials: the proposal, the fits with each item held out, the ranking of the
held-out windows, and the entry in the study's journal. Imports do not count.
"""

from __future__ import annotations

import statistics
import time
from itertools import pairwise
from pathlib import Path

import pytest

from editron_core.qa import golden as dataset
from editron_core.qa import study
from editron_core.qa.additive import Additive
from editron_core.qa.channels import of_golden
from editron_core.qa.golden import FOLDER, Golden, Kind
from editron_core.qa.linear import Linear
from editron_core.qa.study import Plan, choose
from editron_core.qa.tune import Learner
from editron_core.score import profile as profiles
from editron_core.store import Store
from tests.qa.made_golden import made_golden, made_item

TRIALS = 200
LIMIT_S = 0.05


def items() -> tuple[Golden, ...]:
    """The golden items of the tune split; made-up ones of like size where none are frozen."""
    if (FOLDER / dataset.MANIFEST).is_file() and (real := dataset.load(FOLDER).open(Kind.REAL)):
        return real
    return tuple(made_golden(made_item(f"item-{number}"), number, 60) for number in range(9))


def timed(learner: Learner, trials: int, folder: Path) -> list[float]:
    """Seconds of each trial, the first left out: it fills the caches."""
    ends = []
    with Store.open(f"sqlite:///{folder / 'editron.sqlite'}", folder / "blobs") as store:
        plan = Plan("bench", learner.space, learner.start, {}, trials)
        study.run(plan, learner.judge, store.studies.storage, lambda share: ends.append(time.perf_counter()))
    return [after - before for before, after in pairwise(ends)]


@pytest.mark.proof
def test_a_trial_costs_little(tmp_path: Path) -> None:
    golden = items()
    start = profiles.load("default")
    channels = of_golden(golden, start)
    (tmp_path / "linear").mkdir()
    (tmp_path / "additive").mkdir()
    linear = Linear(channels, channels.prior(start), start.normalisation)

    took = timed(linear, TRIALS, tmp_path / "linear")

    median, worst = statistics.median(took), max(took)
    windows = sum(len(panel) for panel in channels.panels)
    print(f"\n{len(golden)} items, {windows} windows, {len(channels.names)} signals, {TRIALS} trials")
    print(f"  linear trial: {median * 1000:.1f} ms median ({median / LIMIT_S:.2f} of the limit),", end=" ")
    print(f"{worst * 1000:.1f} ms worst")
    trials = study.run(Plan("again", linear.space, linear.start, {}, 20), linear.judge)
    shaped = timed(Additive(linear, choose(linear.nested, channels.folds, trials)), 10, tmp_path / "additive")
    print(f"  additive trial: {statistics.median(shaped) * 1000:.0f} ms median (no limit is set)")
    assert median <= LIMIT_S
