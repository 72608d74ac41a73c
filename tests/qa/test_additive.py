"""The additive scorer: bends where the items ask for it, is the linear scorer where they do not, and is
applied by the lane as it was trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from editron_core.qa.additive import POINTS, Additive, Tables, _learned, _window_scores
from editron_core.qa.channels import Channels, of_golden
from editron_core.qa.evaluate import evaluate, of_profile
from editron_core.qa.golden import Golden
from editron_core.qa.linear import Linear
from editron_core.qa.study import Choice
from editron_core.qa.tune import Search, as_profile, held_out, tune
from editron_core.score.profile import Normalisation
from tests.qa.made_golden import made_golden, made_item
from tests.qa.tables_of_channels import START, made_up
from tests.qa.tables_of_channels import channels as table_of

FREE = {"pull": 0.01, "smooth": 0.01}
HELD = {"pull": 1e4, "smooth": 0.01}


def additive(channels: Channels) -> Additive:
    """On a linear scorer of no preference, at one setting."""
    linear = Linear(channels, np.ones(len(channels.names)), Normalisation(0.0, 0.0))
    point = {**linear.start, "ridge": 0.1}
    return Additive(linear, Choice(point, dict.fromkeys(channels.folds, point)))


def peaked(items: int, seed: int = 0) -> Channels:
    """Panels that like the middle of a channel best, and neither of its ends; another channel is noise."""
    rng = np.random.default_rng(seed)
    tables = [rng.random((40, 2)) for _ in range(items)]
    panels = [1 - np.abs(table[:, 0] - 0.5) + rng.normal(0, 0.05, 40) for table in tables]
    return table_of(tables, panels, ("peaked", "noise"), f"peaked-{seed}")


def test_a_channel_that_is_best_in_its_middle_gets_such_a_shape_where_no_weight_could_help() -> None:
    learner, others = additive(peaked(8)), peaked(12, seed=1)

    learned = learner.learn(FREE)

    assert learned.shapes is not None
    shape = learned.shapes[0]
    assert np.argmax(shape) == POINTS // 2
    assert max(shape[0], shape[-1]) < 0.2
    assert learned.weights[0] > 0.8
    linear = learner._linear.learn(learner._chosen.best)
    rho = np.mean([learned.rho(others, item) for item in range(12)])
    assert rho > 0.8
    assert rho > np.mean([linear.rho(others, item) for item in range(12)]) + 0.5


def test_with_much_pull_it_is_the_linear_scorer() -> None:
    learner = additive(made_up(6, noise=3))
    linear = learner._linear.learn(learner._chosen.best)

    learned = learner.learn(HELD)

    assert learned.weights == pytest.approx(linear.weights, abs=0.02)
    assert learned.shapes is not None
    straight = np.linspace(0, 1, POINTS)
    for shape, weight in zip(learned.shapes, learned.weights, strict=True):
        assert weight < 0.02 or shape == pytest.approx(straight, abs=0.05)


def test_noise_bends_nothing_that_is_reported() -> None:
    learner = additive(made_up(8, noise=6, windows=16, signal=0.0))

    fitted = [learner.learn(FREE).rho(learner.channels, item) for item in range(8)]
    reported = [
        one.rho(learner.channels, i) for i, one in enumerate(held_out(learner, Choice(FREE, _all(learner))))
    ]

    assert np.mean(fitted) > 0.4
    assert np.mean(reported) < 0.1


def test_the_same_items_give_the_same_bits_however_many_threads_there_are() -> None:
    import torch

    channels, before, found = made_up(5, noise=3), torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(additive(channels).learn(FREE))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)

    assert np.array_equal(found[0].weights, found[1].weights)
    assert np.array_equal(found[0].shapes, found[1].shapes)


def test_models_that_are_trained_together_know_nothing_of_each_other() -> None:
    """Each item's figure is that of a model trained alone without it, to the solver's precision."""
    learner = additive(made_up(5, noise=2))

    together = learner.judge({"pull": 1.0, "smooth": 1.0})

    alone = [
        learner.learn({"pull": 1.0, "smooth": 1.0}, fold).rho(learner.channels, fold[0])
        for fold in learner.channels.folds
    ]
    assert together == pytest.approx(alone, abs=0.02)


def test_what_is_held_out_has_no_part_in_any_training() -> None:
    made = made_up(4, noise=2, signal=0.2)
    turned = replace(made, panels=(6 - made.panels[0], *made.panels[1:]))
    one, other = additive(made), additive(turned)

    assert np.array_equal(one.learn(FREE, (0,)).weights, other.learn(FREE, (0,)).weights)
    before, after = one.nested(FREE), other.nested(FREE)
    assert np.isnan(before[0, 0])
    assert before[0, 1:] == pytest.approx(after[0, 1:], abs=1e-12)
    assert not np.allclose(before[1, 2:], after[1, 2:], atol=1e-6)


def test_the_lane_applies_the_candidate_without_torch_and_scores_as_it_was_trained() -> None:
    """With a gap in one file and a signal that another lacks: missing weight goes to the others in both."""
    gap = pl.when(pl.int_range(pl.len()) % 5 == 0).then(None).otherwise(pl.col("motion")).alias("motion")
    none = pl.lit(None, pl.Float32).alias("loudness")
    items = [
        _with(made_golden(made_item(f"i{n}"), n), *columns)
        for n, columns in enumerate(([gap], [none], [], []))
    ]
    channels = of_golden(items, START)
    linear = Linear(channels, channels.prior(START), START.normalisation)
    point = {**linear.start, "ridge": 0.1}
    learned = Additive(linear, Choice(point, dict.fromkeys(channels.folds, point))).learn(FREE)

    profile = as_profile(START, channels.names, learned)

    assert profile.shapes
    lane = [score.spearman for score in evaluate(items, of_profile(profile)).scores]
    # Weights and shapes are rounded in the profile, which may turn one close pair of windows round.
    assert lane == pytest.approx([learned.rho(channels, item) for item in range(4)], abs=0.03)


def test_training_scores_windows_as_they_are_scored_with_gaps_and_smoothing() -> None:
    import torch

    rng = np.random.default_rng(2)
    made = made_up(3, noise=3)
    tables = [np.where(rng.random(t.shape) < 0.2, np.nan, t) for t in made.values(0.0)]
    tables[1][:, 2] = np.nan
    channels, how = replace(made, values=lambda contrast: tables), Normalisation(0.0, 16.0)
    heights = rng.random((2, 4, POINTS))

    found = _window_scores(Tables.of(channels, how), torch.from_numpy(heights)).numpy()

    for model, curve in zip(found, heights, strict=True):
        learned = _learned(how, curve)
        parts = [channels.score(i, how, learned.weights[None], learned.shapes)[:, 0] for i in range(3)]
        rise = float((curve.max(axis=1) - curve.min(axis=1)).sum())
        assert model / rise == pytest.approx(np.concatenate(parts), abs=1e-9)


def test_the_tuner_offers_it_beside_the_linear_candidate() -> None:
    items = [made_golden(made_item(f"i{n}"), n) for n in range(5)]

    found = tune(items, START, Search(scorer="additive", trials=40))

    assert found.linear is not None
    assert found.linear.profile.shapes == {}
    assert len(found.trials.points) == 2
    assert len(found.linear.trials.points) == 40
    assert found.profile.hash != found.linear.profile.hash
    assert found.profile.name == "start-additive"
    assert found.evaluation.spearman.low > 0.85
    assert found.profile.description.startswith("Additive weights tuned from start on 5 real items")


def _all(learner: Additive) -> dict[tuple[int, ...], dict[str, float]]:
    return dict.fromkeys(learner.channels.folds, FREE)


def _with(one: Golden, *columns: pl.Expr) -> Golden:
    return replace(one, evidence=replace(one.evidence, table=one.evidence.table.with_columns(*columns)))
