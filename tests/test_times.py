"""Exact time stays exact, and floats come in and go out at the doors only."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editron_core import times
from editron_core.times import Span

RATES = st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)])


@pytest.mark.parametrize(
    ("written", "exact"),
    [(23.976, Fraction(24000, 1001)), ("29.97", Fraction(30000, 1001)), (59.94, Fraction(60000, 1001)),
     (25, Fraction(25)), ("30000/1001", Fraction(30000, 1001)), (Fraction(15), Fraction(15))],
)  # fmt: skip
def test_rates_are_the_rationals_that_people_mean(written: object, exact: Fraction) -> None:
    assert times.rate(written) == exact


@given(st.integers(0, 10_000_000), RATES)
def test_frames_and_instants_are_each_others_inverse(frame: int, fps: Fraction) -> None:
    assert times.to_frames(times.from_frames(frame, fps), fps) == frame


def test_a_float_is_taken_to_the_microsecond_and_text_exactly() -> None:
    assert times.seconds(0.1) == Fraction(1, 10)
    assert times.seconds("1/3") == Fraction(1, 3)


@pytest.mark.parametrize(
    ("at", "shown"), [(0, "0:00.0"), (59.96, "1:00.0"), (3599.99, "1:00:00.0"), (3725.25, "1:02:05.3")]
)
def test_clocks_never_show_sixty_seconds(at: float, shown: str) -> None:
    assert times.clock(at) == shown


def test_a_span_cannot_run_backwards() -> None:
    with pytest.raises(ValueError, match="cannot end before it starts"):
        Span.of(2, 1)


def test_overlap_and_iou_of_spans() -> None:
    assert Span.of(0, 4).overlap(Span.of(3, 6)) == 1
    assert Span.of(0, 4).iou(Span.of(2, 6)) == pytest.approx(1 / 3)
    assert Span.of(0, 1).iou(Span.of(2, 3)) == 0
    assert Span.of(0, 9).clamp(Span.of(2, 3)) == Span.of(2, 3)
    assert Span.of(8, 9).clamp(Span.of(2, 3)).duration == 0
