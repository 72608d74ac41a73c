"""Who carries out dispatches while the API is served: two child processes, started again when they die.

Where flows are served, by a Prefect server with a worker that is alive, there are none: they do the work. A
dispatch that kills the process time after time without a stage getting done is given up as a dead letter.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from editron_core import log, process
from editron_core.config import Settings
from editron_core.errors import EditronError, Interrupted, ProcessFailed
from editron_core.lane import elsewhere
from editron_core.lane.attendant import ASK_FLOWS_EVERY_S, MARK, Share, bury, lease_name
from editron_core.lane.elsewhere import Flows
from editron_core.store import Store

MODULE = "editron_core.lane.attendant"
ENDLESS = process.Limits(wall_s=10 * 365 * 86400.0, memory=None, open_files=8192)
GRACE_S = 4.0
LOOK_EVERY_S = 0.2
AGAIN_S = (0.5, 1.0, 2.0, 5.0, 15.0)
"""Pauses before a process that died is started again; the last one for all further deaths in a row."""
STEADY_S = 60.0
"""A process that lived this long did not die of its start."""
MOST_DEATHS = 5
"""Deaths in a row over one dispatch, with no stage done in between, after which it is given up."""
TAIL_LINES = 20
_log = log.get(__name__)


class Attendance:
    """The process that carries out dispatches, as who started it sees it."""

    def __init__(self, share: Share = Share.ANY) -> None:
        self.share = share
        self.ready = threading.Event()
        """Set while it runs and looks for work."""
        self.pid: int | None = None
        """Its number, while it runs."""
        self.at_work: str | None = None
        """The key of the dispatch that it is at."""
        self.deaths = 0
        """How often it died over this dispatch, with no stage done in between."""
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        """The last lines of its log."""
        self._last: str | None = None

    def hear(self, line: str) -> None:
        """Take note of a line that it printed; what is its log goes to ours."""
        if not line.startswith(MARK):
            self.tail.append(line)
            sys.stderr.write(line + "\n")
            return
        word, _, rest = line.removeprefix(MARK).partition(" ")
        if word == "ready":
            self.pid = int(rest)
            self.ready.set()
        elif word == "step":
            self.deaths = 0
        elif word == "begin":
            self.deaths = self.deaths if rest == self._last else 0
            self.at_work = self._last = rest
        else:
            self.at_work = None

    def died(self) -> str | None:
        """It is no more; returns the key of the dispatch to give up, if it has cost too many lives."""
        self.ready.clear()
        self.pid, at_work, self.at_work = None, self.at_work, None
        if at_work is None:
            return None
        self.deaths += 1
        return at_work if self.deaths >= MOST_DEATHS else None


@contextmanager
def attending(settings: Settings) -> Iterator[tuple[Attendance, Attendance]]:
    """While the block runs, child processes carry out what is asked for; they end with the block.

    The first takes anything, the second what is in a hurry alone. They have this process's environment, so
    `settings` must be those that they would read themselves.
    """
    stopping, found = threading.Event(), (Attendance(Share.ANY), Attendance(Share.URGENT))
    threads = [
        threading.Thread(target=_supervise, args=(settings, stopping, one), name="attend", daemon=True)
        for one in found
    ]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stopping.set()
        for thread in threads:
            thread.join(GRACE_S + 5.0)


class _Told(Exception):
    """Leaves the block of a child that was told to end: how it ended then says nothing."""


def _supervise(settings: Settings, stopping: threading.Event, found: Attendance) -> None:
    deaths, before = 0, Flows.NONE
    while not stopping.is_set():
        there = elsewhere.flows(settings)
        if found.share is Share.ANY:  # once for both
            _tell(settings, there, before)
        before = there
        if there is Flows.AWAKE:
            stopping.wait(ASK_FLOWS_EVERY_S)
            continue
        began = time.monotonic()
        try:
            _lived(stopping, found)
            deaths = 0
        except (_Told, Interrupted):
            return
        except EditronError as error:
            lived = time.monotonic() - began
            deaths = 0 if lived > STEADY_S else deaths + 1
            _log.warning("attendant_ended", error=str(error), lived_s=round(lived))
        finally:
            gone = found.died()
        if gone is not None:
            _given_up(settings, gone, found)
        stopping.wait(AGAIN_S[min(deaths, len(AGAIN_S) - 1)] if deaths else 0.0)


def _tell(settings: Settings, there: Flows, before: Flows) -> None:
    """Say who does the work, where a Prefect server has to do with that and it has changed."""
    api = elsewhere.address(settings)
    if there is Flows.ASLEEP and before is not Flows.ASLEEP:
        why = "no worker of the flows has asked for work lately: start `editron flows`"
        _log.warning("work_is_done_here", api=api, why=why)
    elif there is Flows.AWAKE and before is not Flows.AWAKE:
        _log.info("work_is_done_by_flows", api=api)


def _lived(stopping: threading.Event, found: Attendance) -> None:
    """Run the child to its end. Raises ProcessFailed where it died, _Told where we are to stop."""
    words = [sys.executable, "-m", MODULE, str(os.getpid()), found.share]
    with process.spawn(words, limits=ENDLESS) as child:
        reader = threading.Thread(target=_read, args=(child, found.hear), daemon=True)
        reader.start()
        while not child.ended:
            if stopping.wait(LOOK_EVERY_S):
                child.end(GRACE_S)
                raise _Told
        reader.join(1.0)


def _read(child: process.Child, hear: Callable[[str], None]) -> None:
    with suppress(ValueError, OSError):  # closed while we read: the child is no more
        for raw in child.stdout:
            hear(raw.decode("utf-8", "replace").rstrip("\n"))


def _given_up(settings: Settings, key: str, found: Attendance) -> None:
    """Leave a dead letter of a dispatch that kills whoever carries it out."""
    why = f"whoever carried it out died {found.deaths} times: {found.tail[-1] if found.tail else 'no word'}"
    try:
        with Store.open(settings.database, settings.blobs) as store, store.leases.hold(lease_name(key)):
            if store.dispatches.waits(key):
                bury(store, store.dispatches.get(key), ProcessFailed.__name__, why, attempts=found.deaths)
                store.dispatches.done(key)
    except EditronError as error:  # it is tried again, and given up after the next death
        _log.warning("dispatch_not_given_up", dispatch=key, error=str(error))
