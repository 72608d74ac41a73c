"""How far raters agree: by eye, with gaps, and where there is nothing to agree on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from editron_core.qa.agreement import agreement

NOT = math.nan


def rows(*raters: list[float]) -> np.ndarray:
    return np.array(raters, np.float64)


@pytest.mark.parametrize(
    ("said", "agreed"),
    [
        (([1, 2, 3, 5], [2, 3, 4, 5]), 1.0),
        (([1, 2, 3, 5], [5, 3, 2, 1]), -1.0),
        (([1, 2, 3, 5], [3, 3, 3, 3]), 0.0),
        # The third spoke of two windows only: too few to agree on, but the others hear it.
        (([1, 2, 3, NOT], [1, 2, 3, 4], [NOT, NOT, 3, 4]), 1.0),
    ],
)
def test_it_is_the_mean_rho_of_each_rater_with_the_others(
    said: tuple[list[float], ...], agreed: float
) -> None:
    assert agreement(rows(*said)) == pytest.approx(agreed)


@pytest.mark.parametrize("said", [([1, 2, 3],), ([1, 2], [1, 2]), ([1, 2, 3, NOT, NOT], [NOT, NOT, 3, 4, 5])])
def test_one_rater_or_too_few_windows_in_common_neither_agree_nor_disagree(
    said: tuple[list[float], ...],
) -> None:
    assert agreement(rows(*said)) is None
