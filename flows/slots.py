"""The named slot that GPU stages hold, over all workers of one Prefect server.

The server is asked here directly. Prefect's own context manager leaves the waiting to a thread with a queue,
and where that thread ends on an error, whoever stood in the queue waits for ever: no time-out applies there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import PrefectHTTPStatusError

from editron_core import log, telemetry
from editron_core.config import settings
from editron_core.errors import Busy, EditronError
from flows.trigger import connected

GPU = "gpu"
LEASE_S = 60.0
"""The shortest that Prefect allows. A slot whose holder was killed is free again after this, as soon as the
server looks, which it does every 15 s."""
RENEWALS = 4
"""Renewals per lease: three may fail before it is lost."""
ASK_EVERY_S = 1.0
_log = log.get(__name__)


def install(client: SyncPrefectClient, slots: int) -> None:
    """Let `slots` GPU stages run at a time; the slots that are held stay held."""
    client.upsert_global_concurrency_limit_by_name(GPU, slots)


@contextmanager
def gpu(needed: bool) -> Iterator[None]:
    """Hold a GPU slot while the block runs; nothing unless `needed`.

    Raises Busy where none has become free within EDITRON_GPU_WAIT_S, ServerUnreachable.
    """
    if not needed:
        yield
        return
    asked = time.monotonic()
    lease = _taken(settings().gpu_wait_s)
    telemetry.observe("gpu_slot_wait_seconds", time.monotonic() - asked, slot=GPU)
    over = threading.Event()
    beat = threading.Thread(target=_beat, args=(lease, over), daemon=True, name="gpu slot")
    beat.start()
    try:
        yield
    finally:
        over.set()
        beat.join()
        _give_back(lease)


def _taken(seconds: float) -> UUID:
    """The lease of a slot."""
    until = time.monotonic() + seconds
    with connected() as client:
        while (lease := _asked(client)) is None:
            if time.monotonic() >= until:
                raise Busy(
                    f"none of {settings().gpu_slots} became free within {seconds:g} s",
                    subject="GPU slot",
                    remedy="EDITRON_GPU_WAIT_S waits longer, EDITRON_GPU_SLOTS lets more work at a time",
                )
            time.sleep(min(ASK_EVERY_S, max(0.0, until - time.monotonic())))
    return lease


def _asked(client: SyncPrefectClient) -> UUID | None:
    """The lease of a slot that is free now; null where all are taken."""
    try:
        answer = client.increment_concurrency_slots_with_lease([GPU], 1, "concurrency", LEASE_S).json()
    except PrefectHTTPStatusError as error:
        if error.response.status_code != httpx.codes.LOCKED:
            raise
        return None
    if not answer["limits"]:  # a server on which no worker of ours has begun yet
        install(client, settings().gpu_slots)
        return None
    return UUID(answer["lease_id"])


def _beat(lease: UUID, over: threading.Event) -> None:
    while not over.wait(LEASE_S / RENEWALS):
        try:
            with connected() as client:
                client.renew_concurrency_lease(lease, LEASE_S)
        except (EditronError, httpx.HTTPError) as error:
            # That must not end healthy work: at worst one more stage shares the GPU.
            _log.warning("slot_not_renewed", slot=GPU, error=str(error))


def _give_back(lease: UUID) -> None:
    try:
        with connected() as client:
            client.release_concurrency_slots_with_lease(lease)
    except (EditronError, httpx.HTTPError) as error:  # the work is done, and the lease runs out by itself
        _log.warning("slot_not_given_back", slot=GPU, error=str(error))
