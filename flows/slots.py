"""The named slot that GPU stages hold, over all workers of one Prefect server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.client.orchestration import SyncPrefectClient
from prefect.concurrency.sync import concurrency

from editron_core import telemetry

GPU = "gpu"
LEASE_S = 60.0
"""A slot whose holder was killed is free again after this, as soon as the server looks."""


def install(client: SyncPrefectClient, slots: int) -> None:
    """Let `slots` GPU stages run at a time; the slots that are held stay held."""
    client.upsert_global_concurrency_limit_by_name(GPU, slots)


@contextmanager
def gpu(needed: bool) -> Iterator[None]:
    """Hold a GPU slot while the block runs, waiting for it as long as it takes; nothing unless `needed`."""
    if not needed:
        yield
        return
    # A renewal that fails must not end healthy work: at worst one more stage shares the GPU.
    asked = time.monotonic()
    with concurrency(GPU, lease_duration=LEASE_S, strict=True, raise_on_lease_renewal_failure=False):
        telemetry.observe("gpu_slot_wait_seconds", time.monotonic() - asked, slot=GPU)
        yield
