"""Ends of moments: on cuts and between sentences, never inside a word."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from editron_core.domain.transcript import Transcript, Word
from editron_core.score.profile import Lengths
from editron_core.score.snap import LEAD, TAIL, Snapper
from editron_core.times import Span, seconds
from tests.score.tables import evidence, said

LENGTHS = Lengths(Fraction(3), Fraction(8), Fraction(15))


def test_ends_move_to_near_cuts():
    snapper = Snapper(evidence(cuts=(10.3, 17.8, 40)), LENGTHS)
    assert snapper.snap(Span.of(11, 19)) == Span.of(10.3, 17.8)


def test_far_from_any_cut_a_span_stays():
    snapper = Snapper(evidence(cuts=(30,)), LENGTHS)
    assert snapper.snap(Span.of(10, 18)) == Span.of(10, 18)


def test_a_sentence_is_taken_whole_with_its_breath():
    speech = said(
        ("Now", 9.0, 9.4), ("it", 9.5, 9.7), ("starts.", 9.8, 10.6), ("We", 16.0, 16.4), ("go!", 16.5, 17)
    )
    found = Snapper(evidence(transcript=speech), LENGTHS).snap(Span.of(10, 16.6))
    assert found == Span(seconds(9) - LEAD, seconds(17) + TAIL)


def test_a_cut_beside_a_sentence_takes_its_place():
    speech = said(("Now.", 9.0, 9.4), ("We", 16.0, 16.4), ("go!", 16.5, 17))
    found = Snapper(evidence(cuts=(8.8, 17.1), transcript=speech), LENGTHS).snap(Span.of(10, 16.6))
    assert found == Span.of(8.8, 17.1)


def test_a_cut_inside_a_sentence_is_no_place_to_end():
    words = [(f"w{i}", 10 + i, 10.9 + i) for i in range(6)]
    speech = said(*words[:-1], ("end.", 15, 15.9))
    found = Snapper(evidence(cuts=(13,), transcript=speech), LENGTHS).snap(Span.of(5, 13))
    assert not Span.of(10, 15.9).holds(found.end)


def test_where_somebody_talks_on_it_ends_between_two_words():
    words = [(f"w{i}", 0.5 + i * 0.5, 0.9 + i * 0.5) for i in range(110)]
    found = Snapper(evidence(transcript=said(*words)), LENGTHS).snap(Span.of(20, 28))
    assert LENGTHS.min <= found.duration <= LENGTHS.max
    assert not any(a < found.start < b or a < found.end < b for a, b in _bounds(said(*words)))


def test_no_sliver_of_a_shot_is_left_at_either_end():
    cuts = (9.9, 10.2, 18.1, 18.4)
    assert Snapper(evidence(cuts=cuts), LENGTHS).snap(Span.of(10, 18.3)) == Span.of(10.2, 18.1)


def test_a_file_shorter_than_the_shortest_moment_is_one_span():
    assert Snapper(evidence(rows=4), LENGTHS).snap(Span.of(0, 1)) == Span.of(0, 2)


@st.composite
def talk(draw):
    at, words = Fraction(0), []
    for i in range(draw(st.integers(0, 40))):
        at += Fraction(draw(st.integers(0, 250)), 100)
        end = at + Fraction(draw(st.integers(5, 140)), 100)
        words.append(Word("end." if draw(st.booleans()) else f"w{i}", Span(at, end)))
        at = end
    return Transcript("en", tuple(words), "test")


@given(
    talk(),
    st.lists(st.integers(1, 590), max_size=12),
    st.integers(0, 520),
    st.integers(30, 150),
)
def test_words_are_never_cut_and_lengths_are_kept(transcript, cuts, start, length):
    seen = evidence(cuts=sorted({c / 10 for c in cuts}), transcript=transcript)
    raw = Span(Fraction(start, 10), Fraction(start + length, 10)).clamp(Span.of(0, 60))
    if raw.duration < LENGTHS.min:
        raw = Span.of(50, 58)
    found = Snapper(seen, LENGTHS).snap(raw)
    assert 0 <= found.start < found.end <= 60
    assert LENGTHS.min <= found.duration <= LENGTHS.max
    assert not any(a < found.start < b or a < found.end < b for a, b in _bounds(transcript))


def _bounds(transcript: Transcript):
    return [(word.span.start, word.span.end) for word in transcript.words]
