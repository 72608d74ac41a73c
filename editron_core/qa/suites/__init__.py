"""The suites that measure what the product makes; each gives readings that are held against the baseline.

To add a suite, write a function that takes nothing and returns readings, and enter it in `SUITES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from editron_core.qa.reading import Reading
from editron_core.qa.suites import shots

SUITES: Mapping[str, Callable[[], tuple[Reading, ...]]] = {
    shots.SUITE: shots.readings,
}
"""By name. A suite raises EngineUnavailable where this machine lacks what it needs."""
