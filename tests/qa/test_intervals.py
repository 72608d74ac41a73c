"""Means with intervals: deterministic, over items, honest about one item."""

from __future__ import annotations

import numpy as np
import pytest

from editron_core.qa import intervals
from editron_core.qa.metrics import difference, interval


def test_the_mean_lies_in_its_interval_and_the_count_is_kept() -> None:
    found = interval([0, 1, 1, 1])

    assert found.mean == 0.75
    assert found.low <= 0.75 <= found.high
    assert found.count == 4


def test_the_same_values_give_the_same_interval_and_another_seed_another() -> None:
    values = np.random.default_rng(1).normal(size=50)

    assert interval(values) == interval(values)
    assert interval(values, seed=1) != interval(values)


def test_it_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(2).normal(size=400)
    found = interval(values)
    error = 1.96 * values.std() / 20

    assert found.high - found.mean == pytest.approx(error, rel=0.1)
    assert found.mean - found.low == pytest.approx(error, rel=0.1)


def test_it_holds_the_true_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    samples = [interval(rng.normal(size=60), draws=400) for _ in range(300)]
    held = sum(one.low <= 0 <= one.high for one in samples) / 300

    assert 0.90 <= held <= 0.98


def test_a_higher_level_is_wider() -> None:
    values = np.arange(30.0)
    narrow, wide = interval(values, level=0.8), interval(values, level=0.99)

    assert wide.low < narrow.low < narrow.high < wide.high


def test_one_item_tells_nothing_about_others_and_none_is_refused() -> None:
    assert interval([0.3]).low == interval([0.3]).high == 0.3
    for values in ([], [0.1, float("nan")], [[1.0]]):
        with pytest.raises(ValueError, match="an interval needs"):
            interval(values)


def test_a_difference_is_paired() -> None:
    hard = np.random.default_rng(4).normal(size=40) * 10
    found = difference(hard + 1, hard)

    assert found.mean == pytest.approx(1)
    assert found.high - found.low < 1e-9  # the items differ by 30, each pair by exactly 1
    with pytest.raises(ValueError, match="two values each: 1 and 2"):
        difference([1], [1, 2])


def test_many_items_are_drawn_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(5).normal(size=64)
    whole = interval(values)
    monkeypatch.setattr(intervals, "_BLOCK", 64 * 7)

    assert interval(values).low == pytest.approx(whole.low, abs=0.05)
    assert interval(values).mean == whole.mean
