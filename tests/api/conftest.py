"""The API over a store of the test's own, called in this process or through a real server's socket."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from editron_core.api.app import create_app
from editron_core.config import Settings, settings
from editron_core.domain.access import Role
from editron_core.store import Store
from tests.api.seeded import Seeded, seed

BASE = "http://127.0.0.1:8000"
OFTEN = {"rate_key": 1_000_000, "rate_address": 1_000_000, "rate_logins": 1_000_000}


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an empty store, to be copied: migrating one takes half a second."""
    home = tmp_path_factory.mktemp("blank") / "home"
    made = Settings(home=home)
    Store.open(made.database, made.blobs).close()
    return home


@pytest.fixture
def here(blank: Path) -> Settings:
    """Settings under which nobody asks too often, and a home with an empty store."""
    shutil.copytree(blank, settings().home)
    return settings().model_copy(update=OFTEN)


@pytest.fixture
def app(here: Settings) -> FastAPI:
    return create_app(here)


@pytest.fixture
def local(app: FastAPI) -> Iterator[TestClient]:
    """Somebody on this machine, while no key exists."""
    with TestClient(app, BASE, raise_server_exceptions=False, client=("127.0.0.1", 50000)) as client:
        yield client


@pytest.fixture
def store(local: TestClient, app: FastAPI) -> Store:
    """The store that the API works on."""
    found: Store = app.state.store
    return found


@pytest.fixture
def seeded(store: Store) -> Seeded:
    return seed(store)


@pytest.fixture
def keys(store: Store, app: FastAPI) -> dict[Role, str]:
    """A key of each role; from here on nobody gets in without one."""
    made = {role: store.keys.issue(f"{role} of the test", role)[1] for role in Role}
    app.state.keyring.forget()
    return made


As = Callable[[Role], TestClient]


@pytest.fixture
def client_as(app: FastAPI, keys: dict[Role, str]) -> As:
    """A client with a key of a role, from another machine."""

    def made(role: Role) -> TestClient:
        client = TestClient(app, BASE, raise_server_exceptions=False, client=("192.0.2.7", 50000))
        client.headers["Authorization"] = f"Bearer {keys[role]}"
        return client

    return made


@dataclass(frozen=True)
class Served:
    """A real server."""

    url: str
    port: int
    app: FastAPI

    def client(self, key: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)


@pytest.fixture
def served(app: FastAPI) -> Iterator[Served]:
    """The app behind uvicorn on a free port, as `editron serve` runs it."""
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, proxy_headers=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(f"http://127.0.0.1:{port}", port, app)
    server.should_exit = True
    thread.join(10)
