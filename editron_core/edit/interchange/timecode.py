"""SMPTE timecode: labels for frame counts. All arithmetic is in whole frames.

Drop-frame timecode (SMPTE ST 12-1) skips labels, never frames: at the start of each minute that is not
a multiple of ten, two labels at 29.97, four at 59.94, eight at 119.88.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_LABEL = re.compile(r"(\d\d):([0-5]\d):([0-5]\d)([:;.,])(\d\d\d?)")


@dataclass(frozen=True, slots=True)
class Timecode:
    """A frame count with the way its label is written."""

    frame: int
    """Frames since 00:00:00:00."""
    base: int
    """Whole frames per labelled second: 24 for 23.976, 30 for 29.97."""
    drop: bool = False

    def __str__(self) -> str:
        label = self.frame + (_skipped_before(self.frame, self.base) if self.drop else 0)
        total, frames = divmod(label, self.base)
        minutes, seconds = divmod(total, 60)
        hours, minutes = divmod(minutes, 60)
        mark = ";" if self.drop else ":"
        return f"{hours % 24:02d}:{minutes:02d}:{seconds:02d}{mark}{frames:02d}"

    def __add__(self, frames: int) -> Timecode:
        return Timecode(self.frame + frames, self.base, self.drop)


def base_of(rate: Fraction) -> int:
    """The whole rate that timecode counts in at `rate` frames per second."""
    return max(1, round(rate))


def is_ntsc(rate: Fraction) -> bool:
    """Whether `rate` is a whole rate pulled down by 1000/1001."""
    return rate == Fraction(base_of(rate) * 1000, 1001)


def can_drop(rate: Fraction) -> bool:
    """Whether drop-frame timecode exists at `rate`."""
    return is_ntsc(rate) and base_of(rate) % 30 == 0


def parse(text: str | None, rate: Fraction) -> Timecode:
    """The timecode that a file carries; zero where it carries none, or none that fits its rate."""
    base = base_of(rate)
    found = _LABEL.fullmatch(text.strip()) if text else None
    if found is None or int(found[5]) >= base:
        return Timecode(0, base)
    hours, minutes, seconds, frames = (int(found[n]) for n in (1, 2, 3, 5))
    drop = found[4] in ";,." and can_drop(rate)
    label = ((hours * 60 + minutes) * 60 + seconds) * base + frames
    whole = hours * 60 + minutes
    skipped = (base // 15) * (whole - whole // 10) if drop else 0
    return Timecode(label - skipped, base, drop)


def _skipped_before(frame: int, base: int) -> int:
    """How many labels were left out before frame number `frame`."""
    each = base // 15
    in_ten_minutes = base * 600 - 9 * each
    in_minute = base * 60 - each
    tens, rest = divmod(frame, in_ten_minutes)
    minutes = 0 if rest < base * 60 else 1 + (rest - base * 60) // in_minute
    return each * (9 * tens + minutes)
