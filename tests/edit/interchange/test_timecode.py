"""SMPTE labels, against known values and the counting rule itself."""

from __future__ import annotations

from fractions import Fraction

import pytest

from editron_core.edit.interchange.timecode import Timecode, parse

NTSC, FAST = Fraction(30000, 1001), Fraction(60000, 1001)


@pytest.mark.parametrize(
    ("frame", "base", "label"),
    [
        (1799, 30, "00:00:59;29"),
        (1800, 30, "00:01:00;02"),
        (17982, 30, "00:10:00;00"),
        (107892, 30, "01:00:00;00"),
        (3600, 60, "00:01:00;04"),
        (215784, 60, "01:00:00;00"),
    ],
)
def test_known_drop_frame_labels(frame: int, base: int, label: str) -> None:
    rate = NTSC if base == 30 else FAST
    assert str(Timecode(frame, base, drop=True)) == label
    assert parse(label, rate) == Timecode(frame, base, drop=True)


@pytest.mark.parametrize(("base", "rate"), [(30, NTSC), (60, FAST)])
def test_labels_follow_the_rule_for_every_frame_of_eleven_minutes(base: int, rate: Fraction) -> None:
    """Counts label by label: minutes not divisible by ten skip their first labels."""
    minute, second, frame = 0, 0, 0
    for number in range(base * 660):
        label = f"00:{minute:02d}:{second:02d};{frame:02d}"
        assert str(Timecode(number, base, drop=True)) == label
        assert parse(label, rate).frame == number
        frame += 1
        if frame == base:
            second, frame = second + 1, 0
        if second == 60:
            minute, second = minute + 1, 0
            frame = 0 if minute % 10 == 0 else base // 15


@pytest.mark.parametrize(
    ("text", "rate", "frame", "drop"),
    [
        ("01:00:00:00", Fraction(24000, 1001), 86400, False),
        ("01:00:00:00", NTSC, 108000, False),
        ("01:00:00;00", Fraction(25), 90000, False),  # there is no drop-frame at 25
        ("10:11:12:13", Fraction(25), 916813, False),
        ("", NTSC, 0, False),
        (None, NTSC, 0, False),
        ("1:2:3", NTSC, 0, False),
        ("00:00:00:30", NTSC, 0, False),
    ],
)
def test_reading_what_files_carry(text: str | None, rate: Fraction, frame: int, drop: bool) -> None:
    found = parse(text, rate)
    assert (found.frame, found.drop) == (frame, drop)
