"""The monitor: sources that were notified, or that nobody looked at for long, are looked at.

Whatever is lost on the way here, a source is looked at every five minutes. One that fails is tried again
after a wait that grows to half a minute, so that a Dropbox that comes back is noticed soon.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from editron_core import log, telemetry
from editron_core.domain.intake import DropboxSource
from editron_core.errors import Busy, EditronError, NotFound, StoreError
from editron_core.lane import dropbox
from editron_core.lane.desk import Desk

LOOK_EVERY_S = 1.0
SIDE_BY_SIDE = 4
"""Sources looked at at once."""
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 30.0
_log = log.get(__name__)


class Monitor:
    """Looks at the sources of one store, in as many processes as like: a lease lets one at each."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}

    def once(self) -> tuple[dropbox.Synced, ...]:
        """Look at every source that is due; what fails is recorded with the source. Raises StoreError."""
        due = self.due()
        if not due:
            return ()
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(due)), thread_name_prefix="sync") as pool:
            found = list(pool.map(self.look, due))
        return tuple(one for one in found if one is not None)

    def due(self) -> list[DropboxSource]:
        """The sources to look at now."""
        stale = datetime.now(UTC) - timedelta(seconds=self._desk.settings.dropbox_stale_s)
        now = time.monotonic()
        found = self._desk.store.sources.due(stale)
        return [one for one in found if self._not_before.get(one.id, 0.0) <= now]

    def look(self, source: DropboxSource) -> dropbox.Synced | None:
        """One pass over a source; null where it failed, or where somebody else is at it."""
        try:
            found = dropbox.sync(self._desk, source.id)
        except (Busy, NotFound):  # another process is at it, or it was removed meanwhile
            return None
        except EditronError as error:
            failures = self._failures[source.id] = self._failures.get(source.id, 0) + 1
            bound = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**failures)
            self._not_before[source.id] = time.monotonic() + random.SystemRandom().uniform(bound / 2, bound)
            telemetry.count("syncs", outcome="failed")
            _log.warning("not_synced", source=source.label, error=str(error))
            return None
        telemetry.count("syncs", outcome="done")
        self._failures.pop(source.id, None)
        self._not_before.pop(source.id, None)
        return found

    def run(self, over: threading.Event) -> None:
        """Look until `over` is set; sources that take long keep no other one waiting."""
        at_work: dict[str, Future[object]] = {}
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="sync") as pool:
            while not over.wait(LOOK_EVERY_S):
                at_work = {key: future for key, future in at_work.items() if not future.done()}
                try:
                    due = self.due()
                except StoreError as error:  # the next look may succeed
                    _log.warning("sources_not_read", error=str(error))
                    continue
                for source in due:
                    if source.id not in at_work:
                        at_work[source.id] = pool.submit(self.look, source)


@contextmanager
def watching(desk: Desk) -> Iterator[Monitor]:
    """While the block runs, a thread looks at the sources."""
    monitor, over = Monitor(desk), threading.Event()
    thread = threading.Thread(target=monitor.run, args=(over,), daemon=True, name="monitor")
    thread.start()
    try:
        yield monitor
    finally:
        over.set()
        thread.join(5.0)
