"""Exact time: instants are `Fraction` seconds, stretches are `Span`s, rates are `Fraction` frames/s.

Floats appear only at a library's door and in the evidence grid. `seconds()` is the way in,
`float()` the way out.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

MICRO = 1_000_000
NTSC_RATES = {
    Fraction(24000, 1001): 24,
    Fraction(30000, 1001): 30,
    Fraction(60000, 1001): 60,
    Fraction(120000, 1001): 120,
}
"""The pulled-down rates, and the whole rate that their timecode counts in."""


def seconds(value: int | float | str | Fraction) -> Fraction:
    """An instant in seconds. Floats are taken to the nearest microsecond, all else exactly."""
    if isinstance(value, float):
        return Fraction(round(value * MICRO), MICRO)
    return Fraction(value)


def rate(value: int | float | str | Fraction) -> Fraction:
    """A frame rate in frames per second; 23.98, 29.97, 59.94 and their like become x/1001."""
    exact = Fraction(value)
    for ntsc in NTSC_RATES:
        if abs(exact - ntsc) < Fraction(1, 100):
            return ntsc
    return exact.limit_denominator(1001)


def to_frames(at: Fraction, fps: Fraction) -> int:
    """The frame number whose start is nearest to `at`; halves go up."""
    return floor(at * fps + Fraction(1, 2))


def from_frames(count: int, fps: Fraction) -> Fraction:
    """The instant at which frame `count` starts."""
    return count / fps


def on_frame(at: Fraction, fps: Fraction) -> Fraction:
    """The start of the frame nearest to `at`."""
    return from_frames(to_frames(at, fps), fps)


def clock(at: Fraction | float) -> str:
    """`m:ss.t` or `h:mm:ss.t`, for people."""
    tenths = floor(Fraction(at) * 10 + Fraction(1, 2))
    whole, tenth = divmod(tenths, 10)
    minutes, secs = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{secs:02d}.{tenth}" if hours else f"{minutes}:{secs:02d}.{tenth}"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of time, [start, end)."""

    start: Fraction
    """First instant inside, in seconds."""
    end: Fraction
    """First instant after it, in seconds; never before `start`."""

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a span cannot end before it starts: {self.start} > {self.end}")

    @classmethod
    def of(cls, start: int | float | str | Fraction, end: int | float | str | Fraction) -> Span:
        """A span from anything `seconds()` takes."""
        return cls(seconds(start), seconds(end))

    @property
    def duration(self) -> Fraction:
        """Length in seconds."""
        return self.end - self.start

    @property
    def middle(self) -> Fraction:
        """The instant half way."""
        return (self.start + self.end) / 2

    def overlap(self, other: Span) -> Fraction:
        """Seconds that both cover."""
        return max(Fraction(0), min(self.end, other.end) - max(self.start, other.start))

    def iou(self, other: Span) -> float:
        """Intersection over union, 0..1; 0 for two empty spans."""
        both = self.overlap(other)
        union = self.duration + other.duration - both
        return float(both / union) if union else 0.0

    def holds(self, at: Fraction) -> bool:
        """Whether `at` lies inside."""
        return self.start <= at < self.end

    def clamp(self, within: Span) -> Span:
        """The part of this span that lies inside `within` (empty at an edge when none does)."""
        start = min(max(self.start, within.start), within.end)
        return Span(start, max(start, min(self.end, within.end)))

    def shift(self, by: Fraction) -> Span:
        """The same stretch, `by` seconds later."""
        return Span(self.start + by, self.end + by)

    def __str__(self) -> str:
        return f"{clock(self.start)}-{clock(self.end)}"
