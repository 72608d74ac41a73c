"""Trims move what follows and lose nothing else."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from editron_core.domain.timeline import Clip, Crop, CropKey, Timeline
from editron_core.edit import captions, phrasing, ripple
from editron_core.errors import UsageError
from editron_core.times import Span
from tests.edit.stock import say, transcript

PAN = Crop(0.3, 1.0, (CropKey(Fraction(0), 0.2, 0.5), CropKey(Fraction(4), 0.6, 0.5)))
BARE = Timeline(
    name="reel",
    blueprint="hero-reel",
    rate=Fraction(25),
    aspects=("9:16",),
    clips=(
        Clip("z", Span.of(5, 8)),
        Clip("a", Span.of(10, 14), crops={"9:16": PAN}),
        Clip("b", Span.of(0, 2)),
    ),
)
SAID = {
    "z": transcript(say("That was before.", 5.5)),
    "a": transcript(say("One two three four five six seven.", 10.1, each=0.4, gap=0.1)),
    "b": transcript(say("And after.", 0.5)),
}
CUT = replace(BARE, cues=captions.cues_for(BARE.placed(), SAID, BARE.rate))
KEEP = Span.of(4, 6)
"""The second and third second of the clip in the middle."""


def test_a_trim_keeps_the_named_part_and_moves_up_what_follows() -> None:
    trimmed = ripple.trim(CUT, KEEP)

    assert [clip.source for clip in trimmed.clips] == [Span.of(5, 8), Span.of(11, 13), Span.of(0, 2)]
    before, _, after = CUT.cues
    assert trimmed.cues[0] == before
    assert trimmed.cues[-1].lines == after.lines
    assert trimmed.cues[-1].span == after.span.shift(Fraction(-2))
    assert trimmed.content_hash != CUT.content_hash


def test_captions_hold_only_what_is_still_heard() -> None:
    trimmed = ripple.trim(CUT, KEEP)

    assert [cue.lines for cue in CUT.cues][1] == ("One two three four five six seven.",)
    assert [cue.lines for cue in trimmed.cues][1] == ("three four five six",)
    for shape in (phrasing.SIDECAR, phrasing.Shape(chars=14)):
        cues = captions.reshaped(trimmed, shape)
        spans = [word.span for cue in cues for word in cue.words]
        assert all(a.end <= b.start for a, b in pairwise(spans))
        for place, _ in trimmed.placed():
            inside = [cue for cue in cues if place.holds(cue.span.start)]
            assert all(word.span.clamp(place) == word.span for cue in inside for word in cue.words)
        assert [cue.words[0].text for cue in cues if cue.span.start < 3] == ["That"]


def test_trimming_all_words_away_leaves_no_caption() -> None:
    trimmed = ripple.trim(CUT, Span.of(3, "3.08"))

    assert [cue.words[0].text for cue in trimmed.cues] == ["That", "And"]


def test_the_crop_stays_where_it_was_on_the_footage() -> None:
    crops = ripple.trim(CUT, KEEP).clips[1].crops

    assert crops is not None
    keys = crops["9:16"].keys
    assert [(key.at, round(key.x, 6)) for key in keys] == [(0, 0.3), (2, 0.5)]


def test_a_trim_lands_on_whole_frames() -> None:
    trimmed = ripple.trim(CUT, Span.of("4.013", "5.997"))

    assert (trimmed.duration * CUT.rate).denominator == 1


@pytest.mark.parametrize("keep", [Span.of(10, 11), Span.of(4, "4.001")])
def test_a_trim_that_leaves_nothing_is_refused(keep: Span) -> None:
    with pytest.raises(UsageError):
        ripple.trim(CUT, keep)


def test_a_split_shows_the_same_and_a_merge_puts_it_back() -> None:
    halves = ripple.split(CUT, Fraction(5))

    assert [clip.source for clip in halves.clips] == [
        Span.of(5, 8),
        Span.of(10, 12),
        Span.of(12, 14),
        Span.of(0, 2),
    ]
    assert halves.duration == CUT.duration
    crops = [clip.crops["9:16"] for clip in halves.clips[1:3] if clip.crops]
    assert [round(crop.keys[-1].x, 6) for crop in crops] == [0.4, 0.6]
    assert all(
        word.span.clamp(place) == word.span
        for place, _ in halves.placed()
        for cue in halves.cues
        if place.holds(cue.span.start)
        for word in cue.words
    )

    whole = ripple.merge(halves, 1)

    assert [clip.source for clip in whole.clips] == [clip.source for clip in CUT.clips]
    assert [" ".join(cue.lines) for cue in whole.cues] == [" ".join(cue.lines) for cue in CUT.cues]
    assert ripple.merge(ripple.split(whole, Fraction(5)), 1) == whole


def test_what_does_not_go_on_is_not_merged() -> None:
    with pytest.raises(UsageError, match="not one piece"):
        ripple.merge(CUT, 0)
    with pytest.raises(UsageError):
        ripple.merge(CUT, 2)


@pytest.mark.parametrize("at", [Fraction(3), Fraction("3.01"), Fraction(9), Fraction(-1)])
def test_a_split_that_leaves_nothing_on_one_side_is_refused(at: Fraction) -> None:
    with pytest.raises(UsageError):
        ripple.split(CUT, at)


def test_a_clip_that_is_taken_out_takes_its_captions_along() -> None:
    rest = ripple.remove(CUT, 1)

    assert [clip.file_id for clip in rest.clips] == ["z", "b"]
    assert [cue.words[0].text for cue in rest.cues] == ["That", "And"]
    assert rest.cues[-1].span == CUT.cues[-1].span.shift(Fraction(-4))
    with pytest.raises(UsageError):
        ripple.remove(ripple.remove(rest, 0), 0)


def test_a_clip_moves_with_its_captions() -> None:
    moved = ripple.move(CUT, 2, 0)

    assert [clip.file_id for clip in moved.clips] == ["b", "z", "a"]
    assert [cue.words[0].text for cue in moved.cues] == ["And", "That", "One"]
    assert ripple.move(moved, 0, 2) == CUT


def test_a_clip_may_show_more_of_its_file_with_its_crop_held() -> None:
    longer = ripple.extend(CUT, 1, Span.of(9, 15))

    assert longer.clips[1].source == Span.of(9, 15)
    crops = longer.clips[1].crops
    assert crops is not None
    assert [(key.at, key.x) for key in (crops["9:16"].keys[0], crops["9:16"].keys[-1])] == [
        (0, 0.2),
        (6, 0.6),
    ]
    assert ripple.extend(CUT, 1, Span.of(11, 13)).clips == ripple.trim(CUT, KEEP).clips
    with pytest.raises(UsageError):
        ripple.extend(CUT, 1, Span.of(12, 12))
