"""The metrics that are read when Prometheus asks: the store's, and the room on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from editron_core import log
from editron_core.config import Settings
from editron_core.errors import StoreError
from editron_core.store import Store
from editron_core.store.observed import readings
from editron_core.telemetry import Gauges, Reading

_log = log.get(__name__)


def reader(store: Store, settings: Settings) -> Gauges:
    """What to give `telemetry.serve_metrics` as its gauges; a store that does not answer reads as down."""

    def read() -> Iterator[Reading]:
        yield Reading("free_bytes", shutil.disk_usage(_existing(settings.home)).free)
        try:
            yield from readings(store.database)
        except StoreError as error:
            _log.warning("store_not_read", error=str(error))
            yield Reading("store_up", 0)

    return read


def _existing(folder: Path) -> Path:
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    return there
