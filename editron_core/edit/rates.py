"""The frame rate of a timeline: the footage's most common one, on a standard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

STANDARD = tuple(
    Fraction(*pair)
    for pair in (
        (24000, 1001),
        (24, 1),
        (25, 1),
        (30000, 1001),
        (30, 1),
        (50, 1),
        (60000, 1001),
        (60, 1),
        (120, 1),
    )
)
"""Frames per second that editors and platforms take: whole, or the NTSC rationals."""
LEAST = Fraction(23)
"""Frames per second below which platforms refuse a file (Instagram, TikTok: 23)."""


def standard(fps: Fraction, most: int) -> Fraction:
    """The standard rate that shows footage of `fps` best, at most `most`.

    High rates are halved and low ones doubled until they are between, so that frames are dropped or
    repeated evenly; then the nearest standard is taken (a phone's 29.83 is 30).
    """
    while fps * 99 / 100 > most:
        fps /= 2
    while 0 < fps * 101 / 100 < LEAST:
        fps *= 2
    usable = [rate for rate in STANDARD if rate <= most] or [STANDARD[0]]
    return min(usable, key=lambda rate: (abs(rate - fps) / rate, rate))


def common(footage: Iterable[tuple[Fraction, Fraction]], most: int) -> Fraction:
    """The standard rate of the most files; `footage` is each file's frames per second and seconds used.

    A tie goes to the rate with more seconds, then to the higher one. Without footage it is 30.
    """
    files: Counter[Fraction] = Counter()
    used: Counter[Fraction] = Counter()
    for fps, length in footage:
        rate = standard(fps, most)
        files[rate] += 1
        used[rate] += length  # type: ignore[assignment]  # Counter adds Fractions as well
    return max(files, key=lambda rate: (files[rate], used[rate], rate), default=standard(Fraction(30), most))
