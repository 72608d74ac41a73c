"""The suites that measure what the product makes; each gives readings that are held against the baseline.

To add a suite, write a function that takes nothing and returns readings, and enter it in `SUITES`; where
it holds goldens, enter what makes them anew in `WRITERS`. A suite raises EngineUnavailable where this
machine lacks what it needs, and UsageError where a golden is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from editron_core.qa.reading import Reading
from editron_core.qa.suites import captions, marks, shots, sound

SUITES: Mapping[str, Callable[[], tuple[Reading, ...]]] = {
    captions.SUITE: captions.readings,
    marks.SUITE: marks.readings,
    sound.SUITE: sound.readings,
    shots.SUITE: shots.readings,
}
"""By name."""
WRITERS: Mapping[str, Callable[[], tuple[Path, ...]]] = {
    captions.SUITE: captions.write_goldens,
}
"""By name of suite: what makes its goldens anew and returns the files that changed."""


def write_goldens() -> tuple[Path, ...]:
    """Make the goldens of all suites anew; returns the files that changed."""
    return tuple(path for writer in WRITERS.values() for path in writer())
