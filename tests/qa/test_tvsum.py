"""TVSum's protocol, by eye and against what is published of the raters themselves."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from editron_core.errors import SourceError
from editron_core.qa import tvsum
from editron_core.qa.metrics import f1, kendall, knapsack, spearman, top_precision


def written(path: Path, records: list[dict]) -> Path:
    path.write_text(json.dumps(records), "utf-8")
    return path


def evaluate(tmp_path: Path, scores: list, shots: list) -> tvsum.Evaluation:
    return tvsum.evaluate(
        written(tmp_path / "predictions.json", [{"video": "v", "scores": scores}]),
        written(tmp_path / "truth.json", [{"video": "v", "shots": shots}]),
    )


def test_top_precision_by_eye() -> None:
    # Of the five best, ranks 1 and 3: trapezes (1 + 1) / 2 and (1/2 + 2/3) / 2, each over half the recall.
    relevant = np.array([1, 0, 1, 0, 0, 1], bool)

    assert top_precision(relevant, np.arange(6.0)[::-1]) == pytest.approx((1 + (1 / 2 + 2 / 3) / 2) / 2)
    assert top_precision(np.array([0, 0, 0, 0, 0, 1], bool), np.arange(6.0)[::-1]) == 0


def test_of_equal_scores_the_earlier_shot_is_among_the_best() -> None:
    relevant = np.array([1, 1, 1, 1, 1, 0, 0], bool)

    assert top_precision(relevant, np.zeros(7)) == 1
    assert top_precision(relevant[::-1], np.zeros(7)) < 1


def test_relevant_is_what_lies_above_the_lower_middle_rating(tmp_path: Path) -> None:
    # Ratings 1 2 4 5: the median is 2, so the two shots that are scored best are relevant.
    found = evaluate(tmp_path, [0, 1, 3, 2], [[1, 2, 4, 5]])

    assert found.scores[0].top5 == 1


def test_knapsack_is_the_best_of_all_choices() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        values, lengths = rng.random(8), rng.integers(1, 6, 8)
        choices = np.array(list(itertools.product([False, True], repeat=8)))
        fit = choices[choices @ lengths <= 9]
        chosen = knapsack(values, lengths, 9)
        assert chosen @ lengths <= 9
        assert chosen @ values == pytest.approx((fit @ values).max())


def test_of_equal_choices_the_earlier_items_are_taken() -> None:
    assert knapsack(np.ones(4), np.ones(4, np.int64), 2).tolist() == [True, True, False, False]
    assert knapsack(np.zeros(2), np.ones(2, np.int64), 1).tolist() == [True, False]


def test_f1_by_eye() -> None:
    assert f1(np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 1], bool)) == 2 / 5
    assert f1(np.zeros(2, bool), np.zeros(2, bool)) == 0


def test_figures_are_means_over_raters_and_the_mean_rater_is_apart(tmp_path: Path) -> None:
    raters = [[1, 2, 3, 4, 5, 1, 1], [2, 1, 3, 5, 4, 2, 1]]
    scores = [0.1, 0.2, 0.5, 0.6, 0.9, 0.3, 0.0]
    found = evaluate(tmp_path, scores, raters).scores[0]

    assert found.kendall == pytest.approx(np.mean([kendall(scores, r) for r in raters]))
    assert found.spearman == pytest.approx(np.mean([spearman(scores, r) for r in raters]))
    assert found.kendall_mean == pytest.approx(kendall(scores, np.mean(raters, axis=0)))
    # One shot of seven is kept: the last but two by the prediction and the first rater, not by the second.
    assert found.f1 == 1 / 2


def test_only_the_order_of_scores_counts_below_zero_too(tmp_path: Path) -> None:
    raters = [[1, 2, 3, 4, 5, 1, 1, 2, 2, 2, 3, 3, 1, 1]]
    scores = np.random.default_rng(2).normal(size=14)

    one = evaluate(tmp_path, scores.tolist(), raters).document()
    assert evaluate(tmp_path, (scores * 3 - 40).tolist(), raters).document() == one


def test_constant_scores_order_nothing(tmp_path: Path) -> None:
    found = evaluate(tmp_path, [0.5] * 7, [[1, 2, 3, 4, 5, 1, 1]]).scores[0]

    assert found.kendall == found.spearman == found.kendall_mean == 0


@pytest.mark.parametrize(
    ("scores", "shots", "told"),
    [
        ([1, 2], [[1, 2, 3]], "predictions.json, entry 1: has 2 scores for 3 shots"),
        ([1, 2], [[1, 2], [1]], "truth.json, entry 1: shots: every rater"),
        ([1, 2], [], "truth.json, entry 1: shots"),
        ([1, None], [[1, 2]], "predictions.json, entry 1: scores.1"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(tmp_path: Path, scores, shots, told) -> None:
    with pytest.raises(SourceError, match=told):
        evaluate(tmp_path, scores, shots)


def test_a_centre_prior_gets_what_is_published_of_it(benchmarks: Path, tmp_path: Path) -> None:
    truth = benchmarks / "tvsum_40" / "raters.json"
    counts = [(video["video"], len(video["shots"][0])) for video in json.loads(truth.read_text("utf-8"))]
    rows = [{"video": v, "scores": [-abs(i - (n - 1) / 2) for i in range(n)]} for v, n in counts]
    found = tvsum.evaluate(written(tmp_path / "centre.json", rows), truth).intervals()

    # 0.100 and 0.130 on all fifty.
    assert found["kendall"].mean == pytest.approx(0.100, abs=0.01)
    assert found["spearman"].mean == pytest.approx(0.130, abs=0.01)
    assert found["kendall"].count == 40
