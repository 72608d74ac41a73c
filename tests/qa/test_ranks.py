"""Rank correlations, with numbers that can be checked by eye."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from editron_core.qa.metrics import kendall, spearman


def test_order_and_reverse_order() -> None:
    assert spearman([1, 2, 3], [10, 20, 90]) == kendall([1, 2, 3], [10, 20, 90]) == 1
    assert spearman([1, 2, 3], [3, 2, 1]) == kendall([1, 2, 3], [3, 2, 1]) == -1


def test_one_swap_of_neighbours() -> None:
    # 6 pairs, 5 in order, 1 not; ranks differ by 1 twice: 1 - 6 * 2 / (4 * 15).
    assert kendall([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 6)
    assert spearman([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)


def test_ties_follow_tau_b() -> None:
    # Pairs: (1,2) is tied on the left; the two others are in order. 2 / sqrt(2 * 3).
    assert kendall([1, 1, 2], [1, 2, 3]) == pytest.approx(2 / np.sqrt(6))
    # Ranks 1.5 1.5 3 against 1 2 3: 1.5 / sqrt(1.5 * 2).
    assert spearman([1, 1, 2], [1, 2, 3]) == pytest.approx(1.5 / np.sqrt(3))


def test_a_constant_side_orders_nothing() -> None:
    for metric in (spearman, kendall):
        assert metric([1, 1, 1], [1, 2, 3]) == metric([1, 2, 3], [0, 0, 0]) == 0.0
        assert metric([1], [1]) == metric([], []) == 0.0


def test_bad_pairs_are_refused() -> None:
    for metric in (spearman, kendall):
        with pytest.raises(ValueError, match="different length: 1 and 2"):
            metric([1], [1, 2])
        with pytest.raises(ValueError, match="NaN"):
            metric([1, float("nan")], [1, 2])


def test_they_are_what_scipy_says() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = rng.integers(1, 6, 40).astype(float), rng.normal(size=40)
        assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
        assert kendall(a, b) == pytest.approx(stats.kendalltau(a, b).statistic)
