"""Moments become cuts on exact frames that begin and end where an editor would."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editron_core.domain import codec
from editron_core.domain.evidence import Evidence
from editron_core.domain.job import Severity
from editron_core.domain.timeline import Timeline
from editron_core.domain.transcript import Word
from editron_core.edit import blueprint
from editron_core.edit.assemble import Assembly, assemble
from editron_core.edit.blueprint import Blueprint
from editron_core.edit.cutpoints import FLASH
from editron_core.times import Span
from tests.edit.stock import evidence, file, moment, picture, say, transcript

REEL = blueprint.load("hero-reel")
SHORTS = blueprint.load("shorts")
SQUARE = blueprint.load("square")


def cut(plan: Blueprint, moments: list, footage: dict[str, Evidence], **files) -> Assembly:
    known = {id_: files.get(id_) or file(id_, seen.duration) for id_, seen in footage.items()}
    return assemble(plan, moments, known, footage)


def spans(timeline: Timeline) -> list[tuple[str, float, float]]:
    return [(clip.file_id, float(clip.source.start), float(clip.source.end)) for clip in timeline.clips]


def rules(assembly: Assembly) -> set[str]:
    return {finding.rule for finding in assembly.findings}


def test_a_reel_shows_the_best_moments_in_the_order_of_the_story() -> None:
    footage = {"b": evidence(60), "a": evidence(60)}
    made = cut(REEL, [moment("a", 30, 36), moment("b", 40, 46), moment("b", 5, 11)], footage)
    (reel,) = made.timelines
    assert spans(reel) == [("b", 5, 11), ("b", 40, 46), ("a", 30, 36)]
    best = cut(replace(REEL, order="best"), [moment("a", 30, 36), moment("b", 40, 46)], footage)
    assert [clip.file_id for clip in best.timelines[0].clips] == ["a", "b"]


def test_moments_that_touch_or_overlap_are_one_clip_of_the_better_moment() -> None:
    better, worse = moment("a", 14, 20, 0.9), moment("a", 10, 15, 0.4)
    (reel,) = cut(REEL, [better, worse, moment("a", 20.2, 24)], {"a": evidence(60)}).timelines
    assert spans(reel) == [("a", 10, 24)]
    assert reel.clips[0].moment == better


def test_a_reel_never_exceeds_its_maximum_and_fills_it_with_the_best() -> None:
    moments = [moment("a", at, at + 20) for at in (0, 30, 60, 90, 120)]
    (reel,) = cut(REEL, moments, {"a": evidence(200)}).timelines
    assert reel.duration == 60
    assert spans(reel) == [("a", 0, 20), ("a", 30, 50), ("a", 60, 80)]


def test_a_moment_that_is_too_long_is_trimmed_at_a_sentence_end() -> None:
    words = say("one two three four five. " * 60)
    (reel,) = cut(REEL, [moment("a", 0, 100)], {"a": evidence(200, transcript=transcript(words))}).timelines
    (clip,) = reel.clips
    inside = [word for word in words if clip.source.holds(word.span.middle)]
    assert 50 < clip.source.duration <= 60
    assert inside[-1].text == "five."


def test_footage_below_the_minimum_gives_one_shorter_cut_and_a_finding() -> None:
    for plan in (REEL, SHORTS, SQUARE):
        made = cut(plan, [moment("a", 1, 3)], {"a": evidence("4.5")})
        (timeline,) = made.timelines
        assert timeline.duration == Fraction("4.5"), plan.name
        (short,) = [finding for finding in made.findings if finding.rule == "short-cut"]
        assert short.severity is Severity.WARNING
        assert "4.5 s" in short.message


@pytest.mark.parametrize("plan", [REEL, SHORTS])
def test_a_blink_of_footage_without_any_moment_still_gives_a_cut(plan: Blueprint) -> None:
    made = cut(plan, [], {"a": evidence("0.2")})
    assert [timeline.duration for timeline in made.timelines] == [Fraction("0.2")]
    assert "short-cut" in rules(made)


def test_no_moment_in_long_footage_gives_no_cut_and_says_why() -> None:
    made = cut(REEL, [], {"a": evidence(60)})
    assert made.timelines == ()
    assert [finding.severity for finding in made.findings] == [Severity.FAILURE]


def test_sound_without_a_picture_is_left_out_with_a_finding() -> None:
    made = cut(
        REEL,
        [moment("radio", 0, 9), moment("a", 5, 17)],
        {"radio": evidence(60), "a": evidence(60)},
        radio=file("radio", 60, sound_only=True),
    )
    assert [clip.file_id for clip in made.timelines[0].clips] == ["a"]
    assert any(f.rule == "audio-only" and "radio.mp4" in f.message for f in made.findings)


def test_each_short_is_its_own_timeline_within_its_limits() -> None:
    footage = {"a": evidence(300)}
    moments = [moment("a", 100, 106), moment("a", 10, 15), moment("a", 200, 290), moment("a", 50, 56)]
    made = cut(SHORTS, moments, footage)
    assert [timeline.name for timeline in made.timelines] == ["shorts-01", "shorts-02", "shorts-03"]
    assert all(15 <= timeline.duration <= 60 for timeline in made.timelines)
    for timeline, asked in zip(made.timelines, moments, strict=False):
        assert timeline.clips[0].source.overlap(asked.span) >= min(asked.span.duration, Fraction(59))


def test_a_short_grows_to_whole_sentences() -> None:
    words = say("these are six words in all. " * 40)
    sentences = transcript(words).sentences()
    made = cut(SHORTS, [moment("a", 30, 34)], {"a": evidence(90, transcript=transcript(words))})
    source = made.timelines[0].clips[0].source
    assert 15 <= source.duration <= 22
    inside = [word for word in words if source.holds(word.span.middle)]
    assert inside[0].span.start in {s.span.start for s in sentences}
    assert inside[-1].span.end in {s.span.end for s in sentences}


def test_shorts_do_not_show_the_same_footage_twice() -> None:
    made = cut(SHORTS, [moment("a", 20, 26), moment("a", 30, 36)], {"a": evidence(300)})
    first, *others = [timeline.clips[0].source for timeline in made.timelines]
    assert all(first.overlap(other) == 0 for other in others)
    assert "fewer-clips" in rules(made)


def test_moments_of_files_too_short_for_a_short_share_one() -> None:
    footage = {name: evidence(8) for name in "abc"}
    made = cut(SHORTS, [moment(name, 1, 7) for name in "cab"], footage)
    (timeline,) = made.timelines
    assert [clip.file_id for clip in timeline.clips] == ["a", "b", "c"]
    assert timeline.duration == 24


def test_a_clip_shows_no_frame_of_the_next_or_last_shot() -> None:
    seen = evidence(60, cuts=[10, 20, 40])
    (reel,) = cut(REEL, [moment("a", 9.9, 20.1), moment("a", 25, 40.02)], {"a": seen}).timelines
    frame = Fraction(1, 30)
    for clip in reel.clips:
        for edge in (10, 20, 40):
            for end in (clip.source.start, clip.source.end):
                assert not abs(end - edge) < frame, f"{end} touches the cut at {edge}"
        assert clip.source.start >= 10 + frame
    assert reel.clips[0].source.end <= 20 - frame


def test_speech_over_a_shot_cut_wins_over_the_cut() -> None:
    words = say("somebody talks across the picture's cut without any pause at all.", 8.0)
    seen = evidence(40, cuts=[10], transcript=transcript(words))
    (reel,) = cut(REEL, [moment("a", 10, 25)], {"a": seen}).timelines
    for word in words:
        shown = reel.clips[0].source.overlap(word.span)
        assert shown < Fraction(1, 30) or shown == word.span.duration


def test_speech_without_a_transcript_and_guessed_word_times_are_findings() -> None:
    silent = cut(REEL, [moment("a", 5, 20)], {"a": evidence(60, speech=0.9)})
    assert "no-transcript" in rules(silent)
    assert silent.timelines[0].cues == ()
    spread = transcript(say("hello there.", 6), aligned=False)
    assert "word-times" in rules(cut(REEL, [moment("a", 5, 20)], {"a": evidence(60, transcript=spread)}))


def test_captions_of_several_files_and_languages_stand_where_their_clips_do() -> None:
    footage = {
        "a": evidence(30, transcript=transcript(say("good morning everyone.", 2))),
        "b": evidence(30),
        "c": evidence(30, transcript=transcript(say("guten Morgen zusammen.", 3), language="de")),
    }
    made = cut(REEL, [moment("a", 1, 7), moment("b", 0, 5), moment("c", 2, 8)], footage)
    (reel,) = made.timelines
    assert [(cue.lines, cue.span.start) for cue in reel.cues] == [
        (("good morning everyone.",), Fraction(1)),
        (("guten Morgen zusammen.",), Fraction(12)),
    ]


def test_only_frames_of_another_shape_are_cropped() -> None:
    footage = {name: evidence(30) for name in ("wide", "tall", "square")}
    files = {
        "wide": file("wide", 30),
        "tall": file("tall", 30, picture(1080, 1920)),
        "square": file("square", 30, picture(1000, 1000)),
    }
    plan = replace(REEL, aspects=("16:9", "9:16", "1:1"))
    (reel,) = cut(plan, [moment(name, 2, 12) for name in footage], footage, **files).timelines
    assert {clip.file_id: sorted(clip.crops or {}) for clip in reel.clips} == {
        "wide": ["1:1", "9:16"],
        "tall": ["1:1"],  # in 16:9 a third of it would be left: it is shown whole
        "square": ["16:9", "9:16"],
    }


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Evidence, list, Fraction, Fraction]:
    length = draw(st.integers(20, 900)) / Fraction(10)
    milli = st.integers(0, int(length * 1000)).map(lambda ms: Fraction(ms, 1000))
    cuts = sorted(draw(st.sets(milli.filter(lambda at: 0 < at < length), max_size=12)))
    words, at = [], draw(milli)
    for _ in range(draw(st.integers(0, 60))):
        end = at + Fraction(draw(st.integers(60, 900)), 1000)
        if end > length:
            break
        words.append(Word(draw(st.sampled_from(["so", "word", "yes.", "end!"])), Span(at, end)))
        at = end + Fraction(draw(st.sampled_from([0, 0, 10, 80, 400, 1200])), 1000)
    starts = draw(st.lists(milli, min_size=1, max_size=6))
    moments = [moment("a", float(s), float(s) + draw(st.integers(500, 30000)) / 1000) for s in starts]
    rate = draw(st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60)]))
    return evidence(length, cuts=cuts, transcript=transcript(words)), moments, rate, length


@settings(max_examples=60, deadline=None)
@given(scenes(), st.sampled_from([REEL, SHORTS]))
def test_every_cut_is_on_frames_inside_the_file_and_cuts_no_word(scene, plan: Blueprint) -> None:
    seen, moments, rate, length = scene
    known = {"a": file("a", length, picture(fps=str(rate)))}
    made = assemble(plan, moments, known, {"a": seen})
    assert made.timelines
    assert codec.canonical(codec.dump(made.timelines)) == codec.canonical(
        codec.dump(assemble(plan, moments, known, {"a": seen}).timelines)
    )
    for timeline in made.timelines:
        assert timeline.duration <= plan.max_duration_s
        for clip in timeline.clips:
            assert (clip.source.duration * timeline.rate).denominator == 1
            assert clip.source.duration > 0
            assert 0 <= clip.source.start < clip.source.end <= length
            for word in seen.transcript.words if seen.transcript else ():
                shown = clip.source.overlap(word.span)
                clean = shown < 1 / timeline.rate or shown > word.span.duration - 1 / timeline.rate
                assert clean, f"{clip.source.start}..{clip.source.end} cuts {word}"
        for cue in timeline.cues:
            assert (
                sum(
                    place.start <= cue.span.start and cue.span.end <= place.end
                    for place, _ in timeline.placed()
                )
                == 1
            )


@settings(max_examples=40, deadline=None)
@given(scenes())
def test_no_sliver_of_another_shot_shows_where_nobody_speaks(scene) -> None:
    seen, moments, rate, length = scene
    quiet = replace(seen, transcript=None)
    made = assemble(REEL, moments, {"a": file("a", length, picture(fps=str(rate)))}, {"a": quiet})
    edges = [shot.start for shot in quiet.shots[1:]]
    roomy = [b - a for a, b in zip([Fraction(0), *edges], [*edges, length], strict=True)]
    if min(roomy) < 3 * FLASH:
        return  # shots shorter than the sliver itself cannot be kept out
    for clip in made.timelines[0].clips:
        for edge in edges:
            assert not 0 < edge - clip.source.start < FLASH
            assert not 0 < clip.source.end - edge < FLASH
