"""Ends of clips fall where nobody speaks, and inside a shot."""

from __future__ import annotations

from fractions import Fraction

import pytest

from editron_core.edit.cutpoints import CutPoints
from editron_core.edit.rates import common, standard
from editron_core.times import Span
from tests.edit.stock import evidence, say, transcript

RATE = Fraction(25)
FRAME = 1 / RATE


def points(
    duration: float = 60, *, text: str = "", start: float = 0, cuts: tuple[float, ...] = (), **timing
) -> CutPoints:
    words = say(text, start, **timing)
    seen = evidence(duration, cuts=cuts, transcript=transcript(words))
    return CutPoints(seen, seen.duration, RATE, RATE)


def test_both_ends_leave_the_inside_of_a_word() -> None:
    file = points(text="an extraordinarily long word", start=10, each=2.0, gap=0.0)
    for asked in (10.7, 11.9, 12.04, 13.3, 15.5):
        begins = file.snap(Span.of(asked, 30)).start
        ends = file.snap(Span.of(2, asked)).end
        for at in (begins, ends):
            nearest = min(abs(at - edge) for edge in (10, 12, 14, 16, 18))
            assert nearest < FRAME or at < 10 or at > 18, f"{asked} became {at}"


def test_the_end_of_a_sentence_is_preferred_to_any_other_gap() -> None:
    file = points(text="we go now. then we stop. and so on", start=5, each=0.4, gap=0.1, pause=0.7)
    first_ends = 5 + Fraction("1.4")
    span = file.snap(Span.of(2, first_ends + Fraction("0.9")))
    assert first_ends <= span.end <= first_ends + Fraction("0.7")
    after = file.snap(Span.of(first_ends - Fraction("0.2"), 20))
    assert first_ends <= after.start <= first_ends + Fraction("0.7")


def test_an_end_near_a_shot_cut_stays_a_frame_inside() -> None:
    file = points(cuts=(10, 20))
    span = file.snap(Span.of(10, 20))
    assert span == Span(10 + FRAME, 20 - FRAME)
    assert file.snap(Span.of("9.8", "20.3")) == span, "slivers of the neighbours are cut off"


def test_a_word_that_lasts_up_to_the_shot_cut_is_kept_whole_without_a_sliver() -> None:
    file = points(text="stop. and more of it", start=19.48, each=0.5, pause=0.3, cuts=(20,))
    assert file.snap(Span.of(5, "20.1")).end == 20


def test_a_trim_ends_at_a_sentence_and_never_exceeds() -> None:
    file = points(text="one two three four five. " * 30)
    span = file.trim(Span.of(0, 50), Fraction(20))
    assert 15 < span.duration <= 20
    assert (span.duration * RATE).denominator == 1
    assert file.trim(Span.of(3, 8), Fraction(20)) == Span.of(3, 8)


def test_one_endless_word_is_cut_rather_than_nothing_shown() -> None:
    file = points(text="aaaah", start=1, each=58.0)
    assert file.trim(Span.of(0, 59), Fraction(20)).duration == 20


def test_growth_stops_at_the_ends_of_the_file() -> None:
    file = points(20)
    assert file.grow(Span.of(2, 4), Fraction(15), Fraction(60)).duration >= 15
    assert file.grow(Span.of(17, 19), Fraction(15), Fraction(60)).duration >= 15
    assert file.grow(Span.of(5, 9), Fraction(30), Fraction(60)) == Span.of(0, 20)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        ("24000/1001", "24000/1001"),
        ("25", "25"),
        ("2983/100", "30"),
        ("30000/1001", "30000/1001"),
        ("60", "60"),
        ("120", "60"),
        ("240", "60"),
        ("120000/1001", "60000/1001"),
        ("100", "50"),
        ("15", "30"),
        ("12", "24"),
        ("25/2", "25"),
        ("8", "30"),
    ],
)
def test_every_rate_finds_its_standard(fps: str, rate: str) -> None:
    assert standard(Fraction(fps), 60) == Fraction(rate)
    assert standard(Fraction(fps), 30) <= 30


def test_the_rate_of_most_files_wins_then_the_longer_footage() -> None:
    thirty, film, pal = Fraction(30), Fraction(24), Fraction(25)
    assert common([(pal, Fraction(500)), (thirty, Fraction(1)), (thirty, Fraction(1))], 60) == 30
    assert common([(pal, Fraction(9)), (film, Fraction(8))], 60) == 25
    assert common([], 60) == 30
