"""What the gate costs: the API's answers beside a bare FastAPI app's, on one machine in one run."""

from __future__ import annotations

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from editron_core.api.app import create_app
from editron_core.config import settings
from editron_core.domain.access import Role

REQUESTS, CONNECTIONS = 4000, 16
pytestmark = pytest.mark.proof


def measured(app: FastAPI, path: str, key: str) -> tuple[float, float, float]:
    """Requests a second, and milliseconds at the median and at p99."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]

    def ask(count: int) -> list[float]:
        took = []
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            for _ in range(count):
                began = time.perf_counter()
                assert client.get(path).status_code == 200
                took.append(time.perf_counter() - began)
        return took

    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        found = pool.map(ask, [REQUESTS // CONNECTIONS] * CONNECTIONS)
        times = sorted(one for took in found for one in took)
    rate = REQUESTS / (time.perf_counter() - began)
    server.should_exit = True
    thread.join(10)
    return rate, 1000 * statistics.median(times), 1000 * times[int(0.99 * len(times))]


def test_the_gate_costs_less_than_four_bare_requests() -> None:
    bare = FastAPI()

    @bare.get("/api/me")
    async def me() -> dict[str, str]:
        return {"name": "me"}

    often = {"rate_key": 10**7, "rate_address": 10**7}
    app = create_app(settings().model_copy(update=often))
    from editron_core.store import Store

    with Store.open(settings().database, settings().blobs) as store:
        key = store.keys.issue("bench", Role.VIEWER)[1]
    plain, ours = measured(bare, "/api/me", key), measured(app, "/api/me", key)
    for name, (rate, median, p99) in {"bare": plain, "ours": ours}.items():
        print(f"{name}: {rate:6.0f} requests/s, median {median:.2f} ms, p99 {p99:.2f} ms")
    assert ours[1] <= 4 * plain[1]
