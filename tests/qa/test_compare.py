"""Differences between scorers: called where the items can show them, else refused with how many could."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nct, t

from editron_core.errors import UsageError
from editron_core.qa.compare import FEWEST, compare, needed
from editron_core.qa.evaluate import Evaluation, ItemScore
from tests.qa.made_golden import made_item


def figures(*rhos: float) -> Evaluation:
    return Evaluation(tuple(ItemScore(made_item(f"i{n}"), rho, 1, 1, True) for n, rho in enumerate(rhos)))


def test_a_clear_difference_is_called_with_its_interval_and_items() -> None:
    low = figures(0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1, 0.2)
    high = figures(*(score.spearman + 0.2 + 0.01 * n for n, score in enumerate(low.scores)))

    found = compare(high, low)

    assert found.better
    assert str(found) == "better by 0.24 (0.22 to 0.25, 8 items)"
    assert not compare(low, high).better
    assert str(compare(low, high)).startswith("worse by 0.24 (0.22 to 0.25")


def test_a_difference_that_the_items_cannot_show_is_refused_with_how_many_could() -> None:
    ours, theirs = figures(0.5, 0.1, 0.6, 0.2, 0.4, 0.0), figures(0.3, 0.3, 0.4, 0.4, 0.2, 0.1)

    found = compare(ours, theirs)

    assert not found.shown
    assert found.needed is not None
    assert found.needed > 6
    assert "no difference that 6 items can show (+0.02" in str(found)
    assert f"about {found.needed} would be needed" in str(found)


def test_a_handful_of_items_shows_nothing_even_where_all_agree() -> None:
    theirs = figures(*[0.0] * (FEWEST - 1))
    ours = figures(*(0.3 + 0.01 * n for n in range(FEWEST - 1)))

    assert not compare(ours, theirs).shown
    one = compare(figures(0.5), figures(0.1))
    assert str(one) == "no difference that 1 item can show (+0.40); at least 6 would be needed"


def test_the_same_order_is_no_difference() -> None:
    same = figures(0.1, 0.4, 0.2, 0.5, 0.3, 0.2)

    assert str(compare(same, same)) == "no difference: the same order on 6 items"


def test_only_evaluations_of_the_same_items_are_compared() -> None:
    with pytest.raises(UsageError, match="i1: was evaluated in one of the two only"):
        compare(figures(0.1, 0.2), figures(0.1))


@pytest.mark.parametrize(("spread", "effect"), [(0.2, 0.1), (0.2, 0.05), (0.1, 0.1), (0.3, 0.08)])
def test_so_many_items_have_the_power_that_is_promised(spread: float, effect: float) -> None:
    """Against the exact power of the paired t-test (noncentral t)."""
    count = needed(spread, effect)

    shift = effect / spread * np.sqrt(count)
    power = 1 - nct.cdf(t.ppf(0.975, count - 1), count - 1, shift)
    assert 0.79 < power < 0.86


def test_more_spread_and_less_effect_need_more_items() -> None:
    assert needed(0.2, 0.1) < needed(0.4, 0.1) < needed(0.4, 0.05)
    assert needed(0.2, 1e-9) == needed(0.2, 0.02)
    assert needed(0.0, 0.1) == FEWEST
