"""Processes of the Dropbox proofs: the fake as a process of its own, and a receiver that can be killed.

python -m tests.bench.faraway serve SIZE CUT          prints one JSON line, then counts on request
python -m tests.bench.faraway receive FACTS FOLDER    downloads into FOLDER, prints one JSON line
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from editron_core.config import Settings
from editron_core.ingest.download import Body, Pace, fetch
from editron_core.ingest.dropbox import Client, Place, Remote
from editron_core.ingest.dropbox_session import Tokens
from editron_core.ingest.fake_dropbox import BLOCK, Content, FakeDropbox, Transfer
from editron_core.redact import Secret

PIECES = 16
"""Stretches of real bytes, a block each, spread over the file."""


def serve(size: int, cut: int) -> None:
    """One large sparse file, whose connections are cut every so many bytes; 0 is never."""
    step = size // PIECES
    spread = {count * step + count * 4097: os.urandom(BLOCK) for count in range(PIECES)}
    with FakeDropbox() as fake:
        account = fake.account()
        content = Content.sparse(size, spread)
        entry = account.put("/large.mp4", content)
        if cut:
            fake.every("files/download", Transfer(cut=cut))
        fake.state.tokens["for-curl"] = account
        facts = {
            "url": fake.url,
            "token": account.refresh_token,
            "id": entry.id,
            "rev": entry.rev,
            "size": size,
            "hash": content.content_hash,
        }
        print(json.dumps(facts), flush=True)
        for _ in sys.stdin:
            print(json.dumps({"sent": fake.sent, "asked": len(fake.asked)}), flush=True)


@dataclass
class Door:
    """The large file."""

    client: Client
    remote: Remote

    @property
    def pace(self) -> Pace:
        return self.client.pace

    def open(self, start: int) -> Body:
        return self.client.open(Place(), self.remote, start)


def receive(facts: dict[str, str], folder: Path) -> None:
    """Download the large file; tell how long it took and how much memory it had."""
    here = Settings(
        dropbox_url=facts["url"], dropbox_app_key="fake-app-key", dropbox_app_secret="fake-app-secret"
    )
    client = Client(here, Tokens(Secret(facts["token"])))
    remote = Remote(facts["id"], facts["rev"], "/large.mp4", "large.mp4", int(facts["size"]), facts["hash"])
    for place in ("parts", "staging"):
        (folder / place).mkdir(exist_ok=True)
    client.account_id()
    peak = [0]
    threading.Thread(target=_watch, args=(peak,), daemon=True).start()
    began = time.monotonic()
    fetched = fetch(Door(client, remote), client.wanted(remote), folder / "parts", folder / "staging")
    told = {
        "seconds": time.monotonic() - began,
        "received": fetched.received,
        "by_hash": fetched.by_hash,
        "peak_bytes": peak[0],
        "path": str(fetched.arrival.path),
        "sha256": fetched.arrival.sha256,
    }
    print(json.dumps(told), flush=True)


def _watch(peak: list[int]) -> None:
    while True:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        peak[0] = max(peak[0], pages * os.sysconf("SC_PAGE_SIZE"))
        time.sleep(0.02)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), int(sys.argv[3]))
    else:
        receive(json.loads(sys.argv[2]), Path(sys.argv[3]))
