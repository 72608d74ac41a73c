"""The frame rate of a timeline: the footage's most common one, on a standard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

from editron_core.times import NTSC_RATES

WHOLE = tuple(map(Fraction, (24, 25, 30, 50, 60, 120)))
"""Frames per second that editors and platforms take, beside the NTSC rationals."""
NEAR_NTSC = Fraction(1, 100)
"""Closer than this to an NTSC rate, footage has that rate; a phone's 29.83 has not."""
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
    exact = next((ntsc for ntsc in NTSC_RATES if abs(fps - ntsc) < NEAR_NTSC and ntsc <= most), None)
    return exact or min(
        (rate for rate in WHOLE if rate <= most), key=lambda rate: (abs(rate - fps) / rate, rate)
    )


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
