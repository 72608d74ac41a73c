"""Cues follow the speech, read well, and keep the rules of timed text."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editron_core.domain.timeline import Clip, Cue, Timeline
from editron_core.domain.transcript import Word
from editron_core.edit import captions, phrasing
from editron_core.edit.phrasing import Shape
from editron_core.times import Span
from tests.edit.stock import say, transcript

RATE = Fraction(25)
STORY = (
    "We started with nothing but a camera, and then, one morning, the whole valley was covered in fog. "
    "Nobody could see the bridge. Mr. Hale, who had lived there for sixty years, said that it was the "
    "strangest thing he had ever seen. So we waited."
)


def cues(words: tuple[Word, ...], *spans: Span, shape: Shape = phrasing.SIDECAR) -> tuple[Cue, ...]:
    clips = [Clip("a", span) for span in spans] or [Clip("a", Span.of(0, 60))]
    cut = Timeline("t", "b", RATE, ("16:9",), tuple(clips))
    return captions.cues_for(cut.placed(), {"a": transcript(words)}, RATE, shape)


def test_every_word_is_shown_once_in_lines_of_42_at_most_two() -> None:
    made = cues(say(STORY))
    assert " ".join(line for cue in made for line in cue.lines) == STORY
    assert all(len(cue.lines) <= 2 and len(line) <= 42 for cue in made for line in cue.lines)
    assert captions.check(made, RATE) == ()


def test_cues_come_in_with_the_speech_and_stay_long_enough() -> None:
    made = cues(say(STORY, 1.013))
    for cue in made:
        late = cue.span.start - cue.words[0].span.start
        assert -3 / RATE <= late <= 3 / RATE
        assert Fraction(5, 6) <= cue.span.duration <= 7
        assert (cue.span.start * RATE).denominator == (cue.span.end * RATE).denominator == 1
    gaps = [b.span.start - a.span.end for a, b in pairwise(made)]
    assert min(gaps) == 2 / RATE
    assert not [gap for gap in gaps if 2 / RATE < gap < 12 / RATE], "small gaps are closed to two frames"


def test_a_short_word_stays_as_long_as_the_rules_and_a_slow_reader_ask() -> None:
    (alone,) = cues(say("Stop.", 2.0))
    assert alone.span == Span(Fraction(2), 2 + Fraction(21, 25)), "5/6 s, up to the next frame"
    (held,) = cues(say("This is said at an easy pace.", 2.0, each=0.4))
    assert held.span.end - held.words[-1].span.end == pytest.approx(12 / 25, abs=1 / 25)
    (rushed,) = cues(say("Extraordinarily complicated terminology!", 2.0, each=0.3))
    assert rushed.span.end - rushed.words[-1].span.end > 1, "what is said fast stays longer"
    (cut_off,) = cues(say("Stop.", 2.0), Span.of(0, "2.5"))
    assert cut_off.span.end == Fraction("2.5")


def test_the_cost_of_a_seam_follows_the_grammar() -> None:
    seams = [("fog.", "Nobody"), ("camera,", "and"), ("camera", "and"), ("whole", "valley"), ("the", "whole")]
    costs = [phrasing.seam(*pair) for pair in seams]
    assert costs == sorted(set(costs)), "sentence < clause < conjunction < any word < article"
    assert phrasing.lay(["one", "may", "see", "the", "whole", "valley"], Shape(chars=16)) == (
        "one may see",
        "the whole valley",
    )


def test_breaks_fall_at_phrases_not_after_articles() -> None:
    made = cues(say(STORY))
    ends = [line.split()[-1].lower() for cue in made for line in cue.lines]
    assert not set(ends) & {"the", "a", "mr.", "of", "in", "for"}
    assert made[0].lines == ("We started with nothing but a camera,", "and then, one morning,")


def test_no_cue_reaches_over_a_cut_of_the_timeline() -> None:
    words = say("first part of a long sentence that goes on and on after the cut was made")
    made = cues(words, Span.of(0, 2), Span.of("2.1", "4.55"))
    for cue in made:
        assert not cue.span.start < 2 < cue.span.end
    assert any(cue.span.start == 2 for cue in made)


def test_without_a_transcript_there_is_no_cue() -> None:
    cut = Timeline("t", "b", RATE, ("16:9",), (Clip("a", Span.of(0, 5)),))
    assert captions.cues_for(cut.placed(), {"a": None}, RATE) == ()
    assert captions.cues_for(cut.placed(), {}, RATE) == ()


def test_words_stand_at_their_time_on_the_timeline() -> None:
    (cue,) = cues(say("later on.", 10.0), Span.of(9, 13))
    assert [word.span.start for word in cue.words] == [1, Fraction("1.35")]


def test_scripts_without_spaces_get_none_and_count_double() -> None:
    words = tuple(
        Word(char, Span.of(k / 4, k / 4 + 0.2)) for k, char in enumerate("今日はとても良い天気ですね。")
    )
    made = cues(words)
    assert "".join(line for cue in made for line in cue.lines) == "今日はとても良い天気ですね。"
    assert phrasing.length("今日は") == 6


def test_fast_speech_is_reported_with_value_and_limit() -> None:
    words = say(
        "extraordinarily complicated terminology notwithstanding, everybody understood", each=0.16, gap=0.0
    )
    (finding,) = [f for f in captions.check(cues(words), RATE) if f.rule == "caption-speed"]
    assert "cps; limit 17" in finding.message


@pytest.mark.parametrize(
    ("rule", "bad"),
    [
        ("caption-overlap", (Cue(Span.of(0, 2), ("a b c d",)), Cue(Span.of("1.9", 4), ("a b c d",)))),
        ("caption-gap", (Cue(Span.of(0, 2), ("a b c d",)), Cue(Span.of("2.04", 4), ("a b c d",)))),
        ("caption-short", (Cue(Span.of(0, "0.5"), ("hi",)),)),
        ("caption-long", (Cue(Span.of(0, "7.2"), ("hello",)),)),
        ("caption-speed", (Cue(Span.of(0, 1), ("twenty-one characters",)),)),
        ("caption-width", (Cue(Span.of(0, 6), ("x" * 43,)),)),
        ("caption-lines", (Cue(Span.of(0, 6), ("a", "b", "c")),)),
    ],
)
def test_each_rule_is_found_when_it_is_broken(rule: str, bad: tuple[Cue, ...]) -> None:
    assert [finding.rule for finding in captions.check(bad, RATE)] == [rule]


def test_reshaping_keeps_every_word_and_the_cuts() -> None:
    clips = (Clip("a", Span.of(0, 6)), Clip("a", Span.of(20, 26)))
    bare = Timeline("t", "b", RATE, ("9:16",), clips)
    words = say(STORY)
    whole = replace(bare, cues=captions.cues_for(bare.placed(), {"a": transcript(words)}, RATE))
    narrow = captions.reshaped(whole, Shape(chars=18))
    assert [w for cue in narrow for w in cue.words] == [w for cue in whole.cues for w in cue.words]
    assert all(len(line) <= 18 for cue in narrow for line in cue.lines)
    assert len(narrow) > len(whole.cues)


@st.composite
def speech(draw: st.DrawFn) -> tuple[Word, ...]:
    words, at = [], Fraction(draw(st.integers(0, 3000)), 1000)
    text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=14)
    for _ in range(draw(st.integers(1, 40))):
        end = at + Fraction(draw(st.integers(0, 1200)), 1000)
        words.append(Word(draw(st.one_of(text, st.sampled_from(["a", "done.", "and"]))), Span(at, end)))
        at = end + Fraction(draw(st.sampled_from([0, 0, 20, 300, 900, 2500])), 1000)
    return tuple(words)


@settings(max_examples=80, deadline=None)
@given(speech())
def test_whatever_is_said_cues_never_overlap_and_stay_in_their_clip(words: tuple[Word, ...]) -> None:
    made = cues(words, Span.of(0, "7.4"), Span.of("7.4", 30))
    for a, b in pairwise(made):
        assert a.span.end <= b.span.start
    for cue in made:
        assert cue.span.duration > 0
        assert cue.span.end <= Fraction("7.4") or cue.span.start >= Fraction("7.4")
        assert cue.lines
        assert all(line.strip() for line in cue.lines)
