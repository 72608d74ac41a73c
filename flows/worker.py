"""The worker of `editron flows`: serves the deployments; threads beside that reconcile, and watch Dropbox.

It ends at once when it is told to, and so do the runs that it has begun: they stay `Running` for Prefect,
and whoever comes next takes them up where the ledger says they were.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from typing import Any

from prefect.runner import Runner

from editron_core import log
from editron_core.config import settings
from editron_core.lane import Lane, monitor
from editron_core.store import Store
from flows import deployments, observing, reconcile
from flows.trigger import connected

GRACE_S = 3.0
_log = log.get(__name__)


class Worker(Runner):
    """Prefect's runner, but that it cancels nothing when it is told to end."""

    def handle_sigterm(self, *args: Any, **kwargs: Any) -> None:
        """End, and with us all runs of our process group."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(os.getpgrp(), signal.SIGTERM)
        until = time.monotonic() + GRACE_S
        with contextlib.suppress(ChildProcessError):  # none is left
            while time.monotonic() < until:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    time.sleep(0.05)
        os._exit(0)


def work(limit: int) -> None:
    """Serve all deployments, so many runs at a time, until told to end."""
    here = settings()
    observing.begin()
    with connected() as client:
        deployments.install(client, here)
    worker = Worker(name="editron", limit=limit, pause_on_shutdown=False)
    for deployment in deployments.deployments(here):
        worker.add_deployment(deployment)
    threading.Thread(target=_reconcile, daemon=True, name="reconcile").start()
    asyncio.run(worker.start())


def _reconcile() -> None:
    here = settings()
    with Store.open(here.database, here.blobs) as store, monitor.watching(Lane(store, here).desk):
        observing.serve(store)
        while True:
            reconcile.attend(store)
            time.sleep(reconcile.EVERY_S)


if __name__ == "__main__":
    work(int(sys.argv[1]))
