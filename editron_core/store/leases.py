"""Leases: who works on what, and the fence that keeps a late riser from publishing.

A lease is a row that its holder renews while it works. It is free when it was released, when it ran
out, or at once when its holder was a process of this very machine that is no more. Each taking raises
the row's fence; whoever publishes must still hold the fence that was given.
"""

from __future__ import annotations

import hashlib
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from editron_core import log, telemetry
from editron_core.errors import Busy, LeaseLost, StoreError
from editron_core.store.database import Database
from editron_core.store.models import LeaseRow
from editron_core.store.records.common import locked, one

LEASE_S = 30.0
"""How long a lease lasts without being renewed: what a stage of a machine that died waits for."""
RENEWALS = 3
"""Renewals per lease: two may fail before it is lost."""
POLL_S = 0.25

_log = log.get(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process: its machine, its number, and when it started, since numbers come again."""

    host: str
    pid: int
    started: int
    """Clock ticks from the machine's start; 0 where the platform does not tell."""

    @classmethod
    def me(cls) -> Holder:
        """This process."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> Holder:
        """The process of this machine that runs under a number."""
        return cls(_machine(), pid, _started(pid) or 0)

    @property
    def tag(self) -> str:
        """Names this process among those of all machines, fit for a file's name."""
        return f"{_machine_tag()}.{self.pid}.{self.started}"

    @classmethod
    def tagged(cls, tag: str) -> Holder | None:
        """The process of this machine with a tag; null for those of other machines."""
        machine, pid, started = tag.split(".")
        return cls(_machine(), int(pid), int(started)) if machine == _machine_tag() else None

    @property
    def dead(self) -> bool:
        """Whether it surely runs no more; false for processes of other machines."""
        return self.host == _machine() and _started(self.pid) != self.started


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on `name` for as long as `fence` is the newest."""

    name: str
    fence: int


class Leases:
    """The leases in one database. Raises StoreError where the database fails."""

    def __init__(self, database: Database, seconds: float = LEASE_S) -> None:
        self._database = database
        self.seconds = seconds

    def take(self, session: Session, name: str) -> Lease:
        """Take the lease inside the caller's transaction. Raises Busy where somebody alive holds it."""
        values = {"name": name, "fence": 0, "host": "", "pid": 0, "process_start": 0, "expires_at": 0.0}
        self._database.insert_missing(session, LeaseRow, values, by="name")
        row = locked(session, LeaseRow, name)
        now = self._database.now(session)
        holder = Holder(row.host, row.pid, row.process_start)
        if row.expires_at > now and not holder.dead:
            raise Busy(
                f"is being worked on by process {row.pid}",
                subject=name,
                remedy=f"wait for it, or end it: its lease runs out in {row.expires_at - now:.0f} s",
            )
        me = Holder.me()
        row.fence += 1
        row.host, row.pid, row.process_start = me.host, me.pid, me.started
        row.expires_at = now + self.seconds
        session.flush()
        return Lease(name, row.fence)

    def assure(self, session: Session, lease: Lease) -> None:
        """Hold the lease's row until the transaction ends. Raises LeaseLost where the fence has moved on."""
        _same_fence(locked(session, LeaseRow, lease.name), lease)

    def check(self, lease: Lease) -> None:
        """Raises LeaseLost where the fence has moved on; a look only, which holds nobody up."""
        with self._database.read() as session:
            _same_fence(one(session, LeaseRow, lease.name), lease)

    def renew(self, lease: Lease) -> None:
        """Hold on to the lease for another `seconds`. Raises LeaseLost."""
        with self._database.write() as session:
            self.assure(session, lease)
            held = LeaseRow.expires_at > 0  # one that was given back stays free
            end = self._database.now(session) + self.seconds
            session.execute(update(LeaseRow).where(held, *_same(lease)).values(expires_at=end))

    def release(self, lease: Lease) -> None:
        """Give the lease back; nothing happens where somebody else holds it by now."""
        with self._database.write() as session:
            self.drop(session, lease)

    def drop(self, session: Session, lease: Lease) -> None:
        """`release` inside the caller's transaction."""
        session.execute(update(LeaseRow).where(*_same(lease)).values(expires_at=0.0))

    @contextmanager
    def hold(self, name: str, *, wait_s: float = 0.0) -> Iterator[Lease]:
        """Hold a lease while the block runs, waiting up to `wait_s` seconds for it. Raises Busy."""

        def take() -> Lease:
            with self._database.write() as session:
                return self.take(session, name)

        lease = waiting(take, wait_s)
        try:
            with self.beating(lease):
                yield lease
        finally:
            self.release(lease)

    @contextmanager
    def beating(self, lease: Lease) -> Iterator[None]:
        """Renew the lease from a thread while the block runs."""
        over = threading.Event()
        thread = threading.Thread(
            target=self._beat, args=(lease, over), daemon=True, name=f"lease {lease.name}"
        )
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _beat(self, lease: Lease, over: threading.Event) -> None:
        while not over.wait(self.seconds / RENEWALS):
            try:
                self.renew(lease)
            except LeaseLost as error:
                telemetry.count("leases_lost")
                _log.warning("lease_lost", lease=lease.name, fence=lease.fence, error=str(error))
                return
            except StoreError as error:  # the next beat may succeed; publishing asks again anyway
                _log.warning("lease_not_renewed", lease=lease.name, fence=lease.fence, error=str(error))


def waiting(take: Callable[[], T], wait_s: float) -> T:
    """What `take` returns, tried again while it raises Busy, for up to `wait_s` seconds."""
    until = time.monotonic() + wait_s
    while True:
        try:
            return take()
        except Busy:
            left = until - time.monotonic()
            if left <= 0:
                raise
            time.sleep(min(POLL_S, left))


def _same_fence(row: LeaseRow, lease: Lease) -> None:
    if row.fence != lease.fence:
        raise LeaseLost("was taken over by somebody else", subject=lease.name)


def _same(lease: Lease) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return LeaseRow.name == lease.name, LeaseRow.fence == lease.fence


@lru_cache(maxsize=1)
def _machine() -> str:
    """This machine and, on Linux, its boot and process namespace: containers number their own processes."""
    parts = [platform.node()]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    except OSError:
        parts.append(platform.system())
    return " ".join(parts)


def _machine_tag() -> str:
    return hashlib.sha256(_machine().encode()).hexdigest()[:8]


def _started(pid: int) -> int | None:
    """When a process of this machine started, in clock ticks; null where there is none that still runs."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _signalled(pid)
    except ProcessLookupError:
        return None
    # The second field is the program's name in brackets, and may itself hold brackets and spaces.
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else int(fields[19])


def _signalled(pid: int) -> int | None:
    """0 where a process of that number may run, by asking the kernel; null where none does."""
    if os.name == "posix":  # elsewhere the signal 0 is not a question
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            return 0
    return 0
