"""Idempotency-Key: sent again, nothing happens twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from editron_core.domain.access import Role
from editron_core.store import Store
from tests.api.conftest import As, Served

PATH = "/api/batches"


def keyed(key: str = "") -> dict[str, str]:
    return {"Idempotency-Key": f'"{key or uuid.uuid4()}"'}


def body(tmp_path: Path, name: str = "cup") -> dict[str, object]:
    return {"sources": [str(tmp_path)], "reference_name": name}


def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(
    local: TestClient, tmp_path: Path
) -> None:
    headers = keyed()
    first = local.post(PATH, json=body(tmp_path), headers=headers)
    again = local.post(PATH, json=dict(reversed(body(tmp_path).items())), headers=headers)

    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(local.get(PATH).json()["items"]) == 1


def test_the_same_key_with_something_else_is_422(local: TestClient, tmp_path: Path) -> None:
    headers = keyed()
    local.post(PATH, json=body(tmp_path), headers=headers)
    other = local.post(PATH, json=body(tmp_path, "another"), headers=headers)
    assert other.status_code == 422
    assert len(local.get(PATH).json()["items"]) == 1


def test_a_post_that_starts_work_needs_a_key(local: TestClient, tmp_path: Path) -> None:
    assert local.post(PATH, json=body(tmp_path)).status_code == 400
    for odd in ("", '"', "a" * 300, "with space", '"a" "b"'):
        assert local.post(PATH, json=body(tmp_path), headers={"Idempotency-Key": odd}).status_code == 400


def test_keys_of_different_callers_do_not_meet(client_as: As, tmp_path: Path) -> None:
    headers = keyed()
    made = {
        client_as(role).post(PATH, json=body(tmp_path), headers=headers).json().get("id")
        for role in (Role.ADMIN,)
    }
    other = client_as(Role.OPERATOR).post(
        PATH, json={"sources": ["https://example.com/a.mp4"]}, headers=headers
    )
    assert other.status_code == 201
    assert other.json()["id"] not in made


def test_an_answer_that_may_be_another_next_time_is_not_kept(
    local: TestClient, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from editron_core.errors import StoreError

    headers, order = keyed(), store.batches.order

    def locked(*args: object, **kwargs: object) -> None:
        raise StoreError("database is locked")

    monkeypatch.setattr(store.batches, "order", locked)
    assert local.post(PATH, json=body(tmp_path), headers=headers).status_code == 503
    monkeypatch.setattr(store.batches, "order", order)

    assert local.post(PATH, json=body(tmp_path), headers=headers).status_code == 201


def test_the_text_of_a_key_is_not_kept_for_whoever_asks_again(client_as: As, store: Store) -> None:
    admin, headers = client_as(Role.ADMIN), keyed()
    first = admin.post("/api/keys", json={"name": "desk", "role": "viewer"}, headers=headers)
    again = admin.post("/api/keys", json={"name": "desk", "role": "viewer"}, headers=headers)

    assert first.status_code == 201
    assert again.status_code == 409
    assert "shown once" in again.json()["detail"]
    secret = first.json()["key"].split("_", 2)[2]
    assert secret.encode() not in b"".join(p.read_bytes() for p in _database(store))


def _database(store: Store) -> list[Path]:
    main = Path(str(store.database.url.database))
    return [path for path in main.parent.glob(f"{main.name}*") if path.is_file()]


def test_a_hundred_at_once_have_one_effect(served: Served, tmp_path: Path) -> None:
    headers, wanted = keyed(), body(tmp_path)
    with served.client() as client, ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: client.post(PATH, json=wanted, headers=headers), range(100)))

        statuses = [answer.status_code for answer in answers]
        assert set(statuses) <= {201, 409}
        assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
        assert len(client.get(PATH).json()["items"]) == 1


SERVER = """
import os, signal, sys, threading, uvicorn
from editron_core.config import settings
from editron_core.api.app import create_app
from editron_core.store.records.batches import Batches

order = Batches.order
def killed(self, new, *args, **kwargs):
    made = order(self, new, *args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)  # it took effect, and nobody hears of it
    return made
if sys.argv[2] == "kill":
    Batches.order = killed
uvicorn.run(create_app(settings()), port=int(sys.argv[1]), log_config=None)
"""


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_a_process_killed_between_effect_and_answer_leaves_one_effect(
    tmp_path: Path, here: object, local: TestClient
) -> None:
    for trial in range(50):
        headers, wanted = keyed(), body(tmp_path, f"trial {trial}")
        for how in ("kill", "live"):
            port = 20_000 + (os.getpid() + trial * 2 + (how == "live")) % 20_000
            process = subprocess.Popen([sys.executable, "-c", SERVER, str(port), how])
            try:
                answer = _post(port, wanted, headers)
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
        assert answer is not None
        assert answer.status_code in (201, 409)
        rows = local.get(f"{PATH}?limit=200").json()["items"]
        assert sum(row["reference_name"] == f"trial {trial}" for row in rows) == 1


def _post(port: int, wanted: dict[str, object], headers: dict[str, str]) -> httpx.Response | None:
    until = time.monotonic() + 60
    while True:
        try:
            return httpx.post(f"http://127.0.0.1:{port}{PATH}", json=wanted, headers=headers, timeout=30)
        except httpx.ConnectError:
            assert time.monotonic() < until
            time.sleep(0.05)
        except httpx.HTTPError:  # killed while it answered
            return None
