"""The suites that measure what the product makes; each gives readings that are held against the baseline.

To add a suite, write a function that takes nothing and returns readings, and enter it in `SUITES`; where
it holds goldens, enter what makes them anew in `WRITERS`. A suite raises EngineUnavailable where this
machine lacks what it needs, and UsageError where a golden is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
WRITERS: Mapping[str, Callable[[], tuple[Path, ...]]] = {
    captions.SUITE: captions.write_goldens,
}
"""By name of suite: what makes its goldens anew and returns the files that changed."""


def write_goldens(only: Sequence[str] = ()) -> tuple[Path, ...]:
    """Make the goldens of all suites (of those in `only`) anew; returns the files that changed."""
    return tuple(path for name, writer in WRITERS.items() if not only or name in only for path in writer())


def diff_pictures(only: Sequence[str] = ()) -> tuple[Path, ...]:
    """The pictures of what differed from the goldens when the suites (those in `only`) last ran."""
    return tuple(path for name in WRITERS if not only or name in only for path in pictures.found(name))
