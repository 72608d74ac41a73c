"""The suites that measure what the product makes; each gives readings that are held against the baseline.

To add a suite, write a function that takes nothing and returns readings, and enter it in `SUITES`; where
it holds goldens, enter them in `GOLDENS`. A suite raises EngineUnavailable where this
machine lacks what it needs, and UsageError where a golden is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from editron_core.qa.reading import Reading
from editron_core.qa.suites import captions, marks, pictures, scoring, shots, sound

SUITES: Mapping[str, Callable[[], tuple[Reading, ...]]] = {
    captions.SUITE: captions.readings,
    marks.SUITE: marks.readings,
    sound.SUITE: sound.readings,
    scoring.SUITE: scoring.readings,
    shots.SUITE: shots.readings,
}
"""By name."""


@dataclass(frozen=True, slots=True)
class Goldens:
    """Files that a suite holds its pictures against."""

    folder: Path
    """Where they lie."""
    write: Callable[[Path], None]
    """Brings the goldens in a folder to what the product makes now."""
    readings: Callable[[Path], tuple[Reading, ...]]
    """The suite's readings against the goldens in a folder."""


GOLDENS: Mapping[str, Goldens] = {
    captions.SUITE: Goldens(
        captions.GOLDENS, captions.write_goldens, lambda folder: captions.readings(goldens=folder)
    ),
}
"""By name of suite."""


def diff_pictures(only: Sequence[str] = ()) -> tuple[Path, ...]:
    """The pictures of what differed from the goldens when the suites (those in `only`) last ran."""
    return tuple(path for name in GOLDENS if not only or name in only for path in pictures.found(name))
