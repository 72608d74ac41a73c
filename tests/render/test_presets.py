"""Presets: what the shipped table says, held against the places the numbers come from."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from editron_core.errors import UsageError
from editron_core.render import presets


def test_every_preset_says_where_its_numbers_come_from():
    for name in presets.shipped():
        preset = presets.preset(name)
        assert preset.source
        assert preset.confidence
        assert preset.checked >= date(2026, 11, 1)
        assert all(width % 2 == height % 2 == 0 for width, height in preset.sizes.values())


def test_sizes_have_the_shape_of_their_aspect():
    for name in presets.shipped():
        for aspect, (width, height) in presets.preset(name).sizes.items():
            across, down = map(int, aspect.split(":"))
            assert width * down == height * across, (name, aspect)


@pytest.mark.parametrize("name", ["shorts", "reels", "tiktok"])
def test_vertical_captions_keep_clear_of_every_app(name):
    """The union of Meta's and TikTok's areas at 1080x1920: x 65-918, y 269-1248."""
    assert presets.preset(name).safe_area("9:16").pixels((1080, 1920)) == (65, 269, 918, 1248)


def test_other_frames_keep_five_percent_clear():
    assert presets.preset("youtube").safe_area("16:9").pixels((1920, 1080)) == (96, 54, 1824, 1026)


def test_the_bit_rate_depends_on_the_frame_rate():
    youtube = presets.preset("youtube")
    assert youtube.bits(Fraction(30000, 1001)) == youtube.bits(Fraction(30)) == 8_000_000
    assert youtube.bits(Fraction(50)) == 12_000_000
    assert presets.preset("archive").bits(Fraction(25)) is None


def test_each_aspect_has_a_platform_that_takes_it():
    assert presets.for_aspect("16:9") == "youtube"
    assert presets.for_aspect("9:16") == "shorts"
    for aspect, name in presets.BY_ASPECT.items():
        assert presets.preset(name).size(aspect)


def test_unknown_names_say_what_there_is():
    with pytest.raises(UsageError, match="tiktok"):
        presets.preset("myspace")
    with pytest.raises(UsageError, match="9:16"):
        presets.for_aspect("21:9")
    with pytest.raises(UsageError, match="does not take 16:9"):
        presets.preset("shorts").size("16:9")
