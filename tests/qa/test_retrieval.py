"""Spans and clips against truth, with numbers that can be checked by eye."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editron_core.qa.metrics import IOUS, clip_precision, first_hits, ious, span_precision


def spans(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, dtype=np.float64)


def test_intersection_over_union() -> None:
    found = ious(spans((0, 10), (5, 5)), spans((5, 15), (20, 30), (5, 5)))

    assert found.tolist() == [[5 / 15, 0, 0], [0, 0, 0]]


def test_the_first_counts_whatever_its_score_and_any_true_span_will_do() -> None:
    predicted = spans((0, 6, 0.1), (20, 30, 0.9))

    assert first_hits(predicted, spans((20, 30), (0, 10))).tolist() == [t <= 0.6 for t in IOUS]


def test_a_threshold_that_is_just_reached_is_reached() -> None:
    assert first_hits(spans((0, 5)), spans((0, 10)))[0]
    assert not first_hits(spans((0, 4.99)), spans((0, 10)))[0]


def test_nothing_predicted_is_a_miss() -> None:
    assert not first_hits(np.empty((0, 3)), spans((0, 10))).any()
    assert not span_precision(np.empty((0, 3)), spans((0, 10))).any()


def test_precision_is_that_at_each_true_span_found() -> None:
    # Right, wrong, right, by score: precision 1 at recall 1/2, 2/3 at recall 1.
    predicted = spans((40, 50, 0.2), (0, 10, 0.9), (80, 90, 0.5))

    assert span_precision(predicted, spans((0, 10), (40, 50))) == pytest.approx((1 + 2 / 3) / 2)


def test_precision_at_a_recall_is_the_best_at_that_recall_or_a_greater() -> None:
    # Wrong, right, right: 1/2 and 2/3; the first is lifted to 2/3.
    predicted = spans((80, 90, 0.9), (0, 10, 0.8), (40, 50, 0.7))

    assert span_precision(predicted, spans((0, 10), (40, 50))) == pytest.approx(2 / 3)


def test_a_true_span_is_found_once() -> None:
    predicted = spans((0, 10, 0.9), (0, 10, 0.8), (40, 50, 0.7))

    assert span_precision(predicted, spans((0, 10), (40, 50))) == pytest.approx((1 + 2 / 3) / 2)


def test_equal_scores_keep_their_order() -> None:
    right, wrong = (0, 10, 0.5), (80, 90, 0.5)

    assert span_precision(spans(right, wrong), spans((0, 10))) == pytest.approx(1)
    assert span_precision(spans(wrong, right), spans((0, 10))) == pytest.approx(1 / 2)


def test_each_takes_the_true_span_that_it_overlaps_most() -> None:
    # The first overlaps (0, 10) by 0.8 and (4, 12) by 0.5: it takes the former, which leaves the latter.
    predicted = spans((0, 8, 0.9), (4, 12, 0.8))

    assert span_precision(predicted, spans((4, 12), (0, 10)))[0] == 1


def test_of_equal_overlaps_the_later_true_span_is_taken() -> None:
    # (0, 20) overlaps both by 0.5; (0, 9) needs (0, 10), which is free where it came first.
    predicted, near, far = spans((0, 20, 0.9), (0, 9, 0.8)), (0, 10), (10, 20)

    assert span_precision(predicted, spans(near, far))[0] == 1
    assert span_precision(predicted, spans(far, near))[0] == 0.5


def test_clips_are_ranked_by_score() -> None:
    # Relevant at ranks 1 and 3.
    assert clip_precision(np.array([1, 0, 1, 0], bool), np.array([4.0, 3, 2, 1])) == pytest.approx(5 / 6)


def test_clips_of_equal_score_enter_together() -> None:
    # One step of recall brings both: precision 2/3, once.
    assert clip_precision(np.array([1, 0, 1, 0], bool), np.array([2.0, 2, 2, 1])) == pytest.approx(2 / 3)


def test_nothing_relevant_is_0_and_everything_1() -> None:
    assert clip_precision(np.zeros(3, bool), np.arange(3.0)) == 0
    assert clip_precision(np.ones(3, bool), np.arange(3.0)) == 1


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20), st.integers(0, 5)), max_size=10))
def test_precision_falls_as_the_threshold_rises_where_there_is_one_true_span(rows) -> None:
    predicted = np.array([(a, a + n, s) for a, n, s in rows], dtype=np.float64).reshape(-1, 3)
    found = span_precision(predicted, spans((10, 30)))

    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) <= 1e-12).all()
