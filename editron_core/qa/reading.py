"""A reading: one number that the harness takes, comparable with the baseline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of one suite."""

    suite: str
    """What was looked at: `scoring`, `captions`, `marks`, `sound`, `shots`."""
    name: str
    """Unique within the suite, in words that say what was measured."""
    value: float
    unit: str
    """`rho`, `px`, `LUFS`, `s`, `count`, ...; empty for a share."""
    tolerance: float
    """How far from the baseline the value may lie, in its unit, and count as unchanged."""
    locale: str = ""
    genre: str = ""
