"""Lines that people wrote stand by themselves; what nobody touched stays as the transcript gave it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from editron_core.domain.review import CaptionLine
from editron_core.domain.timeline import Clip, Timeline
from editron_core.edit import captions, lines, phrasing, ripple
from editron_core.times import Span
from tests.edit.stock import say, transcript

RATE = Fraction(25)
SAID = transcript((*say("Here comes Maya with the ball.", 1.0), *say("She shoots, and it is a goal!", 6.0)))
BARE = Timeline("reel", "hero-reel", RATE, ("16:9",), (Clip("a", Span.of(0, 5)), Clip("a", Span.of(5, 12))))


def captioned(edited: list[CaptionLine] | None) -> Timeline:
    known = {} if edited is None else {"a": lines.read(edited, SAID)}
    found = lines.stretches(BARE.placed(), known, {"a": SAID})
    return replace(BARE, cues=captions.cues_of(found, RATE))


def test_lines_that_nobody_touched_give_the_captions_of_the_transcript() -> None:
    automatic = captions.cues_for(BARE.placed(), {"a": SAID}, RATE)

    assert captioned(None).cues == automatic
    assert captioned(list(lines.of(SAID))).cues == automatic


def test_a_rewritten_line_stands_from_its_in_to_its_out_and_leaves_the_others_alone() -> None:
    first, _ = lines.of(SAID)
    wanted = CaptionLine(Span.of("6.4", "9.2"), "She scores!")

    cues = captioned([first, wanted]).cues

    assert [" ".join(cue.lines) for cue in cues] == [first.text, "She scores!"]
    assert cues[1].span == Span.of("6.4", "9.2")
    assert cues[0] == captioned(None).cues[0]


def test_a_deleted_line_is_not_captioned() -> None:
    first, _ = lines.of(SAID)

    assert [" ".join(cue.lines) for cue in captioned([first]).cues] == [first.text]


def test_words_that_were_said_keep_their_times_and_new_ones_lie_between() -> None:
    _, second = lines.of(SAID)
    (line,) = lines.read([CaptionLine(second.span, "She really shoots, and it is a goal!")], SAID)

    spans = {word.text: word.span for word in line.words}
    known = {word.text: word.span for word in SAID.words}
    assert spans["shoots,"] == known["shoots,"]
    assert known["She"].end <= spans["really"].start < spans["really"].end <= known["shoots,"].start


def test_a_line_is_broken_nowhere_but_inside_itself_in_any_shape_and_after_a_trim() -> None:
    first, second = lines.of(SAID)
    half = (second.span.start + second.span.end) / 2
    parts = [
        CaptionLine(Span(second.span.start, half), "She shoots, and"),
        CaptionLine(Span(half, second.span.end), "it is a goal!"),
    ]
    cut = captioned([first, *parts])

    for each in (cut, ripple.trim(cut, Span.of("5.2", 12)), ripple.split(cut, Fraction(2))):
        for shape in (phrasing.SIDECAR, phrasing.Shape(chars=60), phrasing.Shape(chars=9)):
            said = [" ".join(cue.lines) for cue in captions.reshaped(each, shape)]
            assert not any("and it" in text for text in said)


def test_signs_that_are_written_without_spaces_are_words_of_their_own() -> None:
    (line,) = lines.read([CaptionLine(Span.of(0, 2), "你好 world")], None)

    assert [word.text for word in line.words] == ["你", "好", "world"]
    assert line.words[-1].span.end == 2
