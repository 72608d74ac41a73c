"""Trims move what follows and lose nothing else."""

from __future__ import annotations

from fractions import Fraction

import pytest

from editron_core.domain.timeline import Clip, Crop, CropKey, Cue, Timeline
from editron_core.edit import ripple
from editron_core.errors import UsageError
from editron_core.times import Span

PAN = Crop(0.3, 1.0, (CropKey(Fraction(0), 0.2, 0.5), CropKey(Fraction(4), 0.6, 0.5)))
CUT = Timeline(
    name="reel",
    blueprint="hero-reel",
    rate=Fraction(25),
    aspects=("9:16",),
    clips=(
        Clip("a", Span.of(10, 14), crops={"9:16": PAN}),
        Clip("b", Span.of(0, 2)),
    ),
    cues=(
        Cue(Span.of(0, "0.5"), ("cut away",)),
        Cue(Span.of(1, 3), ("kept",)),
        Cue(Span.of(4, 6), ("after",)),
    ),
)


def test_a_trim_keeps_the_named_part_and_moves_up_what_follows() -> None:
    trimmed = ripple.trim(CUT, Span.of(1, 3))

    assert [clip.source for clip in trimmed.clips] == [Span.of(11, 13), Span.of(0, 2)]
    assert [(cue.lines[0], cue.span) for cue in trimmed.cues] == [
        ("kept", Span.of(0, 2)),
        ("after", Span.of(2, 4)),
    ]
    assert trimmed.content_hash != CUT.content_hash


def test_the_crop_stays_where_it_was_on_the_footage() -> None:
    crops = ripple.trim(CUT, Span.of(1, 3)).clips[0].crops

    assert crops is not None
    keys = crops["9:16"].keys
    assert [(key.at, round(key.x, 6)) for key in keys] == [(0, 0.3), (2, 0.5)]


def test_a_trim_lands_on_whole_frames() -> None:
    trimmed = ripple.trim(CUT, Span.of("1.013", "2.997"))

    assert (trimmed.duration * CUT.rate).denominator == 1


@pytest.mark.parametrize("keep", [Span.of(7, 8), Span.of(1, "1.001")])
def test_a_trim_that_leaves_nothing_is_refused(keep: Span) -> None:
    with pytest.raises(UsageError):
        ripple.trim(CUT, keep)
