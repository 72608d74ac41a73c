"""Long proofs of what is told to whom; `uv run pytest -m proof -n 0 -s tests/bench/test_events_proof.py`."""

from __future__ import annotations

import json
import random
import resource
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from editron_core.api.app import create_app
from editron_core.config import Settings, settings
from editron_core.domain.webhook import Endpoint, new_secret
from editron_core.lane import webhooks
from editron_core.store import NewBatch, Store
from editron_core.store.outbox import emit
from tests.bench.senders import KEY, PROCESSES, send_until_killed

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1800)]

EVENTS, KILLS = 1000, 50
CUTS = 100
SLOW = 500
MIB = 1 << 20


class Receiver:
    """A receiver that takes everything, and counts."""

    def __init__(self) -> None:
        self.ids: list[tuple[str, int]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.ids.append((self.headers["webhook-id"], body["data"]["event"]))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"


def test_50_killed_senders_deliver_every_event_under_one_id(tmp_path: Path) -> None:
    """At least once, in order, and no more duplicates than kills."""
    url, blobs = f"sqlite:///{tmp_path / 'editron.sqlite'}", tmp_path / "blobs"
    receiver, dice = Receiver(), random.Random(5)
    here = settings().model_copy(update={"sealing_key": KEY})
    with Store.open(url, blobs) as store:
        fresh = webhooks.new_endpoint_id()
        kept = webhooks.sealed(fresh, new_secret(), here)
        store.endpoints.create(Endpoint(fresh, receiver.url, ("project.changed",), secret=kept))
        with store.database.write() as session:
            for number in range(EVENTS):
                emit(session, "project.changed", str(number))
        wanted = [event.id for event in store.events.after(0, 10 * EVENTS) if event.kind == "project.changed"]
        kills = 0
        while store.endpoints.get(fresh).cursor < wanted[-1]:
            sender = PROCESSES.Process(target=send_until_killed, args=(url, str(blobs)))
            sender.start()
            before, until = len(receiver.ids), time.monotonic() + 120
            stop_after = dice.randint(1, 2 * EVENTS // KILLS - 1) if kills < KILLS else EVENTS
            while len(receiver.ids) - before < stop_after and time.monotonic() < until:
                if store.endpoints.get(fresh).cursor >= wanted[-1]:
                    break
                time.sleep(dice.random() * 0.004)
            sender.kill()
            sender.join()
            kills += 1
    told = [number for _, number in receiver.ids]
    again = len(told) - len(set(told))
    print(f"{EVENTS} events, {kills} kills, {again} delivered twice")
    assert kills >= KILLS
    assert sorted(set(told)) == wanted
    assert list(dict.fromkeys(told)) == wanted
    assert again <= kills
    assert max(Counter(number for _, number in set(receiver.ids)).values()) == 1


class Served:
    """A real server over a store of its own."""

    def __init__(self, here: Settings) -> None:
        self.app: FastAPI = create_app(here)
        config = uvicorn.Config(self.app, port=0, log_config=None, access_log=False)
        self.server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self.server.run, daemon=True)
        self._thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.port: int = self.server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> float:
        began = time.monotonic()
        self.server.should_exit = True
        self._thread.join()
        return time.monotonic() - began


@pytest.fixture
def served() -> Iterator[Served]:
    often = {"rate_key": 10**7, "rate_address": 10**7}
    made = Served(settings().model_copy(update=often))
    yield made
    made.stop()


def test_100_cuts_lose_and_double_nothing(served: Served) -> None:
    store: Store = served.app.state.store
    stop = threading.Event()

    def happen() -> None:
        number = 0
        while not stop.is_set():
            store.projects.ensure(f"project {number}")
            number += 1

    writer = threading.Thread(target=happen)
    writer.start()
    dice, seen, last = random.Random(7), [], "0"
    for _ in range(CUTS):
        with (
            httpx.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=60) as client,
            client.stream("GET", "/api/events", headers={"Last-Event-ID": last}) as response,
        ):
            # Cut anywhere, in the middle of a message too: what was not seen whole was not seen.
            left, text = dice.randint(1, 20_000), ""
            for chunk in response.iter_text():
                text += chunk
                if len(text) >= left:
                    break
            whole = text[:left].rpartition("\n\n")[0]
            numbers = [part.partition("\n")[0] for part in whole.split("\n\n") if part.startswith("id: ")]
            seen += [int(part.removeprefix("id: ")) for part in numbers]
            last = str(seen[-1]) if seen else "0"
    stop.set()
    writer.join()
    kept = [event.id for event in store.events.after(0, 10**7) if event.id <= seen[-1]]
    print(f"{len(seen)} events over {CUTS} cuts")
    assert seen == kept


def test_500_readers_that_read_nothing_cost_little(served: Served) -> None:
    store: Store = served.app.state.store
    batch = store.batches.create(NewBatch("/x"))
    store.batches.note(batch.id, {})
    request = f"GET /api/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    readers = []
    for _ in range(SLOW):
        one = socket.create_connection(("127.0.0.1", served.port))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.sendall(request)
        readers.append(one)
    until = time.monotonic() + 60
    while (
        not hasattr(served.app.state, "hub") or served.app.state.hub.size < SLOW
    ) and time.monotonic() < until:
        time.sleep(0.05)
    assert served.app.state.hub.size == SLOW
    for _ in range(100):
        with store.database.write() as session:
            for number in range(50):
                emit(session, "project.changed", str(number), data={"text": "x" * 500})
    time.sleep(5)
    began = time.monotonic()
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=60) as client,
        client.stream("GET", "/api/events") as response,
    ):
        lines = response.iter_lines()
        next(lines)
        store.projects.ensure("quick")
        while "project.created" not in next(lines):
            pass
    waited = time.monotonic() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / MIB
    print(f"{SLOW} slow readers: {grown:.0f} MiB more; another was told after {waited:.2f} s")
    for one in readers:
        one.close()
    assert grown <= 100
    assert waited < 30
