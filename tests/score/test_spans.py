"""Spans from a bare curve."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editron_core.score.spans import DISTINCT, runs, spans_from_curve
from editron_core.times import Span

STEP = Fraction(2)


def test_a_plateau_is_found_to_the_step():
    curve = [0.1] * 10 + [0.9] * 6 + [0.1] * 20
    best = spans_from_curve(curve, STEP)[0]
    assert best.span == Span.of(20, 32)
    assert best.score == pytest.approx(1)


def test_the_scale_of_the_curve_does_not_matter():
    curve = np.random.default_rng(3).normal(size=75)
    spans = [c.span for c in spans_from_curve(curve, STEP)]
    assert [c.span for c in spans_from_curve(curve * 40 - 7, STEP)] == spans


def test_a_single_spike_does_not_take_the_place_of_a_longer_stretch():
    curve = [0.1] * 10 + [0.8] * 8 + [0.1] * 10 + [0.85] + [0.1] * 10
    assert spans_from_curve(curve, STEP)[0].span == Span.of(20, 36)


def test_many_levels_that_nearly_agree_outweigh_one_stretch_that_all_repeat():
    # Every level cuts the hill elsewhere and the box at the same place; the hill holds more.
    hill = 1 - np.abs(np.linspace(-1, 1, 41))
    box = [0.72] * 9
    best = spans_from_curve([*hill, *[0.0] * 6, *box, *[0.0] * 6], STEP)[0].span
    assert best.start > 0
    assert best.holds(Fraction(40))


def test_flat_empty_and_unknown_curves():
    assert [c.span for c in spans_from_curve([0.4] * 5, STEP)] == [Span.of(0, 10)]
    assert spans_from_curve([], STEP) == ()
    assert spans_from_curve([float("nan")] * 3, STEP) == ()
    known = spans_from_curve([float("nan"), 1.0, 1.0, 0.0], STEP)
    assert known[0].span == Span.of(2, 6)


@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=60),
    st.integers(0, 8),
    st.integers(9, 60),
    st.integers(1, 6),
)
def test_spans_keep_to_their_bounds(curve, shortest, longest, most):
    found = spans_from_curve(curve, STEP, shortest=Fraction(shortest), longest=Fraction(longest), most=most)
    assert len(found) <= most
    assert list(found) == sorted(found, key=lambda c: -c.score)
    for i, one in enumerate(found):
        assert 0 <= one.span.start < one.span.end <= len(curve) * STEP
        assert shortest <= one.span.duration <= longest
        assert 0 <= one.score <= 1 + 1e-9
        assert all(one.span.iou(other.span) <= DISTINCT for other in found[:i])


def test_a_finer_grid_changes_nothing():
    curve = np.random.default_rng(4).normal(size=40)
    spans = [c.span for c in spans_from_curve(curve, STEP)]
    assert [c.span for c in spans_from_curve(np.repeat(curve, 4), STEP / 4)] == spans


def test_where_the_curve_parts_in_two_is_believed():
    # Two boxes over a floor with bumps: any level between the bumps and the boxes parts them cleanly.
    floor = [0.0, 0.3, 0.0, 0.28, 0.0]
    curve = [*floor, *[0.9] * 8, *floor, *[1.0] * 5, *floor]
    assert [c.span for c in spans_from_curve(curve, STEP, most=2)] == [Span.of(10, 26), Span.of(36, 46)]


def test_each_further_span_covers_what_those_before_do_not():
    # A wide box with a narrower, higher step in it, and a small box apart: the small one is all new.
    curve = [0.0] * 5 + [0.62] * 4 + [1.0] * 12 + [0.62] * 4 + [0.0] * 5 + [1.0] * 10 + [0.0] * 5
    first, second, *_ = (c.span for c in spans_from_curve(curve, STEP))
    assert first.overlap(second) == 0


def test_equals_are_told_apart_by_their_start():
    # Three times the same; sums over them in another order differ in their last digits.
    curve = [0.0, *([0.17, 0.82, 0.68, 0.94, 0.0] * 3)]
    spans = [c.span for c in spans_from_curve(curve, Fraction(1), most=3)]
    assert spans == [Span.of(2, 5), Span.of(7, 10), Span.of(12, 15)]


def test_stretches_that_are_nearly_the_same_are_one():
    hill = 1 - np.abs(np.linspace(-1, 1, 101))
    spans = [c.span for c in spans_from_curve(hill, STEP)]
    assert len(spans) > 2
    assert all(one.iou(other) <= DISTINCT for i, one in enumerate(spans) for other in spans[:i])


def test_what_is_not_finite_counts_as_the_lowest():
    known = spans_from_curve([float("inf"), 1.0, 1.0, 0.0, float("-inf")], STEP)
    assert [c.span for c in known] == [Span.of(2, 6)]


def test_runs():
    assert runs(np.array([True, False, True, True])).tolist() == [[0, 1], [2, 4]]
    assert runs(np.zeros(3, dtype=bool)).tolist() == []


def test_hours_of_curve_stay_affordable():
    curve = np.random.default_rng(0).random(8 * 3600 * 2)
    assert len(spans_from_curve(curve, Fraction(1, 2))) == 10


def test_it_beats_one_level_and_the_trained_head_on_public_annotations(benchmarks):
    truth = _lines(benchmarks / "qvhighlights_120" / "ground_truth.jsonl")
    outputs = {row["qid"]: row for row in _lines(benchmarks / "qvhighlights_120" / "predictions.jsonl")}
    hits = {0.5: [0, 0, 0], 0.7: [0, 0, 0]}
    for row in truth:
        output = outputs[row["qid"]]
        curve = np.array(output["pred_saliency_scores"])
        head = output["pred_relevant_windows"][0]
        picks = (
            spans_from_curve(curve, STEP)[0].span,
            _one_level(curve),
            Span.of(head[0], head[1]),
        )
        for threshold, counts in hits.items():
            for i, pick in enumerate(picks):
                counts[i] += max(pick.iou(Span.of(*w)) for w in row["relevant_windows"]) >= threshold
    for ours, level, head in hits.values():
        assert ours > level
        assert ours > head


def _one_level(curve: np.ndarray) -> Span:
    """The baseline: the best stretch above 0.6 of the curve's range."""
    stretches = runs(curve >= curve.min() + 0.6 * np.ptp(curve))
    best = max(stretches.tolist(), key=lambda r: curve[r[0] : r[1]].mean())
    return Span.of(2 * best[0], 2 * best[1])


def _lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
