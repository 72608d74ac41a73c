"""Large files over connections that break: taken up at the byte where they stopped, also by the next process.

Tries are counted since something last arrived, not in all: a transfer that is cut forty times and moves on
each time goes through, one that stands still is given up. Waits are by chance between nothing and a bound
that doubles (full jitter), and never shorter than what the server asked for.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from editron_core import log
from editron_core.errors import SourceError
from editron_core.ingest.parts import BLOCK, Part, Wanted
from editron_core.ingest.staging import Arrival

ATTEMPTS = 8
"""Tries in a row without progress before a download is given up."""
ROUNDS = 3
"""Times that a file may arrive whole and not be what was promised."""
PROGRESS_BYTES = BLOCK
"""A try that brought this much counts as progress."""
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
SLICE_S = 0.25
"""How often who waits asks whether it is still wanted."""
REPORT_S = 1.0
STALL_S = 60.0
SLOWEST = 1024
"""Bytes per second; a transfer below it for `STALL_S` is broken off and tried again."""
_log = log.get(__name__)


class Refused(SourceError):
    """The other side says no, and will say so again."""

    tag: str = ""
    """Its own name for the reason, such as `path/restricted_content`."""
    needs_reauth: bool = False
    """Whether only a person can go on, by giving permission again."""


class Unavailable(SourceError):
    """A failure that may pass."""

    wait_s: float | None = None
    """Seconds that the other side asks us to wait; null where it names none."""
    astray: bool = False
    """Whether it went on at another place than we are: where that stays so, only the beginning is left."""
    reason: str = "connection"
    """A word for metrics."""


def refused(message: str, tag: str, *, remedy: str = "", needs_reauth: bool = False) -> Refused:
    """The error for what will not get better."""
    error = Refused(message, remedy=remedy)
    error.tag, error.needs_reauth = tag, needs_reauth
    return error


def unavailable(
    message: str, *, reason: str = "connection", wait_s: float | None = None, astray: bool = False
) -> Unavailable:
    """The error for what may get better."""
    error = Unavailable(message, remedy="run again later: what has arrived is kept")
    error.reason, error.wait_s, error.astray = reason, wait_s, astray
    return error


@dataclass
class Body:
    """The bytes that come in answer to one request."""

    rev: str
    size: int
    """Of the whole file."""
    content_hash: str
    """Empty where the answer does not tell."""
    start: int
    """Where it says that its bytes begin."""
    length: int | None
    """How many it promises; null where it does not say."""
    read: Callable[[int], bytes]
    """At most so many bytes, as soon as there are some; empty at the end. Raises Unavailable."""
    close: Callable[[], None]


class Pace:
    """When a server may be asked again, for all who ask it in one name."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._free_at = 0.0
        self.waited_s = 0.0
        """Seconds that the server asked for, so far."""

    def hold(self, wait_s: float) -> None:
        """Nobody asks for so many seconds."""
        with self._guard:
            self._free_at = max(self._free_at, time.monotonic() + wait_s)
            self.waited_s += wait_s

    def wait(self, look: Callable[[], None] = lambda: None) -> None:
        """Return when the server may be asked; `look` is called meanwhile and may raise."""
        while (left := self._free_at - time.monotonic()) > 0:
            look()
            time.sleep(min(left, SLICE_S))


class Door(Protocol):
    """Where the bytes of one file come from."""

    @property
    def pace(self) -> Pace:
        """When it may be asked again."""
        ...

    def open(self, start: int) -> Body:
        """The bytes from `start` on. Raises Refused, Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that has arrived, and how it was checked."""

    arrival: Arrival
    by_hash: bool
    """Whether the sender's hash of the content is equal; else its size and revision are."""
    received: int
    """Bytes that came over the network in this process."""


@dataclass
class Report:
    """Whom a download tells how far it is; both may raise to end it."""

    share: Callable[[float], None] = lambda share: None
    """0..1, about once a second, also while nothing comes."""
    bytes: Callable[[int, int], None] = lambda done, tries: None
    """How many bytes are here, and how many tries in a row brought nothing; as often."""
    failed: Callable[[Unavailable], None] = lambda error: None
    """A try failed and another one follows."""
    _last: float = field(default=0.0, init=False)

    def tell(self, part: Part, tries: int, *, now: bool = False) -> None:
        """Tell, unless that was done a moment ago."""
        moment = time.monotonic()
        if now or moment - self._last >= REPORT_S:
            self._last = moment
            self.share(part.received / part.size if part.size else 1.0)
            self.bytes(part.received, tries)


def fetch(door: Door, wanted: Wanted, parts: Path, staging: Path, report: Report | None = None) -> Fetched:
    """Download into `parts`, where what has arrived outlives us, and move it to `staging` when it is whole.

    Called again after an interruption, also of the process or the machine, it goes on where the last one
    stopped. Raises Refused, Unavailable where it keeps failing, Busy where another process is at it,
    DiskFull where it would not fit, StoreError where the disk refuses.
    """
    report = report or Report()
    with closing(Part(parts, wanted)) as part:
        for _ in range(ROUNDS):
            _fill(door, part, report)
            if part.settled():
                report.tell(part, 0, now=True)
                path, sha256 = part.finish(staging)
                arrival = Arrival(wanted.shown, path, sha256, part.size)
                return Fetched(arrival, bool(part.content_hash), part.arrived)
            _log.warning("arrived_damaged", subject=wanted.shown, size=part.size)
            part.restart()
        part.discard()
        raise SourceError(
            "arrives with another content than Dropbox says it has",
            subject=wanted.shown,
            remedy="upload it again, or look for a fault in the network's filters",
        )


def _fill(door: Door, part: Part, report: Report) -> None:
    tries = 0
    while part.received < part.size:
        before = part.arrived
        try:
            part.check_room()
            _pull(door, part, report, tries)
        except Unavailable as error:
            gained = part.arrived - before >= PROGRESS_BYTES
            tries = 1 if gained else tries + 1
            report.failed(error)
            if tries >= ATTEMPTS:
                raise
            if error.astray and tries > 1:
                part.restart()
            _pause(door, part, report, tries, 0.0 if gained else jitter(tries), error.wait_s)


def jitter(tries: int) -> float:
    """Seconds by chance; the most that it can be doubles with each try (full jitter)."""
    return random.SystemRandom().uniform(0.0, min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**tries))


def _pause(door: Door, part: Part, report: Report, tries: int, wait_s: float, asked_s: float | None) -> None:
    """Wait as long as we want to, and as the server wants all of us to."""
    if asked_s is not None:
        door.pace.hold(asked_s)
    until = time.monotonic() + wait_s

    def look() -> None:
        report.tell(part, tries)

    while (left := until - time.monotonic()) > 0:
        look()
        time.sleep(min(left, SLICE_S))
    door.pace.wait(look)


def _pull(door: Door, part: Part, report: Report, tries: int) -> None:
    """Take what one request brings."""
    door.pace.wait(lambda: report.tell(part, tries))
    body = door.open(part.received)
    try:
        if body.rev != part.rev:
            part.renew(body.rev, body.size, body.content_hash)
            raise unavailable("was replaced meanwhile", reason="replaced")
        _check(body, part)
        since, mark = time.monotonic(), part.received
        while part.received < part.size:
            data = body.read(part.room)
            if not data:
                raise unavailable("the connection ended early")
            part.write(data)
            report.tell(part, 0)
            if time.monotonic() - since > STALL_S:
                if part.received - mark < SLOWEST * STALL_S:
                    raise unavailable("next to nothing comes", reason="stall")
                since, mark = time.monotonic(), part.received
    finally:
        body.close()


def _check(body: Body, part: Part) -> None:
    if body.size != part.size:
        raise unavailable(f"says {body.size} bytes, not {part.size}", reason="lie")
    if body.start != part.received:
        raise unavailable("goes on at the wrong place", reason="lie", astray=True)
    if body.length is not None and body.length != part.size - part.received:
        raise unavailable("promises the wrong number of bytes", reason="lie")
