"""Leases: one holder at a time, and none that outlives its process."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from editron_core.errors import Busy, LeaseLost
from editron_core.store import Store
from editron_core.store.leases import Holder, Lease
from editron_core.store.models import LeaseRow
from tests.store.store_workers import PROCESSES, hold_lease

PATIENCE_S = 60


def take(store: Store, name: str) -> Lease:
    with store.database.write() as session:
        return store.leases.take(session, name)


def until(path: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.02)


def pretend(store: Store, name: str, **columns: object) -> None:
    with store.database.write() as session:
        row = session.get_one(LeaseRow, name)
        for column, value in columns.items():
            setattr(row, column, value)


def test_a_lease_is_held_by_one(store: Store) -> None:
    with store.leases.hold("render:1"):
        with pytest.raises(Busy, match=f"process {os.getpid()}"):
            take(store, "render:1")
        take(store, "render:2")
    take(store, "render:1")


def test_each_taking_raises_the_fence(store: Store) -> None:
    fences = []
    for _ in range(3):
        with store.leases.hold("render") as lease:
            fences.append(lease.fence)
    assert fences == [1, 2, 3]


def test_a_lease_that_ran_out_is_free_whoever_held_it(store: Store) -> None:
    lease = take(store, "render")
    pretend(store, "render", host="another machine", expires_at=time.time() + 60)
    with pytest.raises(Busy):
        take(store, "render")
    pretend(store, "render", expires_at=time.time() - 1)
    assert take(store, "render").fence == lease.fence + 1


def test_a_lease_of_another_machine_is_not_judged_by_its_process(store: Store) -> None:
    take(store, "render")
    pretend(store, "render", host="another machine", pid=2**22 + 1)
    with pytest.raises(Busy):
        take(store, "render")


def test_a_number_that_another_process_got_does_not_hold_a_lease(store: Store) -> None:
    take(store, "render")
    pretend(store, "render", process_start=Holder.me().started - 1)
    assert take(store, "render").fence == 2


def test_a_lost_lease_can_neither_be_renewed_nor_given_back(store: Store) -> None:
    old = take(store, "render")
    pretend(store, "render", expires_at=1.0)
    new = take(store, "render")
    with pytest.raises(LeaseLost):
        store.leases.renew(old)
    with pytest.raises(LeaseLost):
        store.leases.check(old)
    store.leases.release(old)
    store.leases.check(new)
    with pytest.raises(Busy):
        take(store, "render")


def test_a_held_lease_is_renewed_while_its_holder_works(url: str, tmp_path: Path) -> None:
    with Store.open(url, tmp_path / "blobs", lease_s=0.6) as store, store.leases.hold("render") as lease:
        pretend(store, "render", host="another machine")  # only time can free it
        time.sleep(1.5)
        with pytest.raises(Busy):
            take(store, "render")
        store.leases.check(lease)


def test_a_lease_that_was_given_back_is_not_renewed_by_a_late_beat(store: Store) -> None:
    lease = take(store, "render")
    store.leases.release(lease)
    store.leases.renew(lease)
    assert take(store, "render").fence == 2


def test_waiting_gets_the_lease_when_it_is_given_back(store: Store) -> None:
    lease = take(store, "render")
    pretend(store, "render", host="another machine", expires_at=time.time() + 1.0)
    began = time.monotonic()
    with store.leases.hold("render", wait_s=PATIENCE_S) as mine:
        assert mine.fence == lease.fence + 1
    assert 0.5 < time.monotonic() - began < 30


def test_the_lease_of_a_killed_process_is_free_at_once(store: Store, url: str, tmp_path: Path) -> None:
    started = tmp_path / "started"
    holder = PROCESSES.Process(target=hold_lease, args=(url, str(tmp_path / "blobs"), "render", str(started)))
    holder.start()
    until(started)
    with pytest.raises(Busy, match=f"process {holder.pid}"):
        take(store, "render")
    holder.kill()
    holder.join()
    began = time.monotonic()
    with store.leases.hold("render", wait_s=5):
        assert time.monotonic() - began < 5


def test_a_process_that_ended_is_dead_even_before_it_is_waited_for() -> None:
    assert not Holder.me().dead
    with subprocess.Popen(["sleep", "600"]) as child:
        holder = Holder.of(child.pid)
        assert not holder.dead
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it ended, and its number is still taken
        assert holder.dead
    assert holder.dead
