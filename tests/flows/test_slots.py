"""The GPU slot: one at a time, a wait that ends, and no holder that keeps it beyond its death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise

import pytest

from editron_core.config import settings
from editron_core.errors import Busy
from tests.flows.conftest import Serving, in_threads

pytestmark = pytest.mark.timeout(600)
HOLDER = """
import sys, time
from flows import slots
with slots.gpu(True):
    print("held", flush=True)
    time.sleep(600)
"""


def test_one_holds_it_at_a_time_and_gives_it_back(serving: Serving) -> None:
    from flows import slots

    spans: list[tuple[float, float]] = []

    def hold() -> None:
        with slots.gpu(True):
            began = time.monotonic()
            time.sleep(0.2)
            spans.append((began, time.monotonic()))

    for thread in in_threads(hold, 3):
        thread.join(60)
    spans.sort()
    assert len(spans) == 3
    assert all(ended <= began for (_, ended), (began, _) in pairwise(spans))
    with slots.gpu(False), slots.gpu(False):
        pass


def test_who_waits_too_long_is_told_so_and_what_helps(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import slots

    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with slots.gpu(True):
            held.set()
            over.wait(60)

    (holder,) = in_threads(hold, 1)
    try:
        assert held.wait(60)
        monkeypatch.setenv("EDITRON_GPU_WAIT_S", "1.5")
        settings.cache_clear()
        began = time.monotonic()
        said = r"GPU slot: none of 1 became free within 1.5 s \(EDITRON_GPU_WAIT_S"
        with pytest.raises(Busy, match=said), slots.gpu(True):
            pytest.fail("two hold it")
        assert time.monotonic() - began < 10
    finally:
        over.set()
        holder.join(60)
    with slots.gpu(True):
        pass


def test_a_server_that_no_worker_has_prepared_gets_the_slot_when_it_is_asked_for(serving: Serving) -> None:
    from prefect.client.orchestration import get_client

    from flows import slots

    with get_client(sync_client=True) as client:
        client.delete_global_concurrency_limit_by_name(slots.GPU)
        with slots.gpu(True):
            assert client.read_global_concurrency_limit_by_name(slots.GPU).active_slots == 1
        assert client.read_global_concurrency_limit_by_name(slots.GPU).active_slots == 0


@pytest.mark.proof
def test_a_killed_holder_loses_it_within_its_lease(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import slots

    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        time.sleep(1.5 * slots.LEASE_S / slots.RENEWALS)  # it has renewed it
        holder.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    # The server looks every 15 s, and so do we every second.
    monkeypatch.setenv("EDITRON_GPU_WAIT_S", str(slots.LEASE_S + 15 + 15))
    settings.cache_clear()
    with slots.gpu(True):
        waited = time.monotonic() - killed
    print(f"free {waited:.0f} s after its holder was killed")
    assert waited > 30, "a lease is what frees it"
