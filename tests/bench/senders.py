"""A sender of webhooks in a process of its own, which is then killed."""

from __future__ import annotations

import base64
import multiprocessing
from pathlib import Path

from editron_core.config import settings
from editron_core.lane.webhooks import Sender
from editron_core.store import Store

KEY = base64.b64encode(b"k" * 32).decode()
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["editron_core.lane.webhooks", "tests.bench.senders"])


def send_until_killed(url: str, blobs: str) -> None:
    """Deliver what is due, for as long as it is let."""
    here = settings().model_copy(update={"sealing_key": KEY, "allow_private_urls": True})
    with Store.open(url, Path(blobs)) as store:
        Sender(store, here).run(0.01)
