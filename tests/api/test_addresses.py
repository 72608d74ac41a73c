"""Signed addresses: one thing, one method, for a while, for whoever has them; here and in an object store."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest
from starlette.testclient import TestClient

from editron_core.api.app import create_app
from editron_core.config import settings
from editron_core.domain.access import Role
from editron_core.media import ffmpeg
from editron_core.process import run
from editron_core.store import Store
from tests.api.conftest import BASE
from tests.s3_server import KEYS, make_bucket, serving

As = Callable[[Role], TestClient]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=192x108:rate=25:duration=1", "-pix_fmt", "yuv420p"]
    run([ffmpeg.binary(), "-v", "error", *picture, path])
    return path.read_bytes()


@pytest.fixture
def anybody(client_as: As) -> TestClient:
    client = client_as(Role.VIEWER)
    del client.headers["Authorization"]
    return client


def kept(store: Store, tmp_path: Path, content: bytes) -> str:
    (tmp_path / "kept").write_bytes(content)
    return store.blobs.put(tmp_path / "kept")


def test_a_signed_address_gives_one_file_to_whoever_has_it(
    client_as: As, anybody: TestClient, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = kept(store, tmp_path, b"one" * 1000), kept(store, tmp_path, b"two" * 1000)
    body = {"sha256": mine, "name": "Straße 1.mp4", "seconds": 60}
    assert client_as(Role.REVIEWER).post("/api/blobs/downloads", json=body).status_code == 403
    url = client_as(Role.OPERATOR).post("/api/blobs/downloads", json=body).json()["url"]

    whole = anybody.get(url)
    assert (whole.status_code, whole.content) == (200, b"one" * 1000)
    assert whole.headers["Content-Type"] == "video/mp4"
    assert "filename*=UTF-8''Stra%C3%9Fe%201.mp4" in whole.headers["Content-Disposition"]
    assert anybody.get(url, headers={"Range": "bytes=3-5"}).content == b"one"
    assert anybody.head(url).status_code == 200

    query = dict(httpx.URL(url).params)
    path = httpx.URL(url).path
    forged = [
        (path.replace(mine, other), query),
        (path, {**query, "name": "other.mp4"}),
        (path, {**query, "expires": str(int(query["expires"]) + 1)}),
        (path, {**query, "signature": "0" * 64}),
        (path, {**query, "signature": query["signature"][::-1]}),
    ]
    for at, facts in forged:
        assert anybody.get(f"{at}?{urlencode(facts)}").status_code == 403, (at, facts)
    assert anybody.get(path).status_code == 422
    assert anybody.put(url).status_code == 405
    monkeypatch.setattr(time, "time", lambda now=time.time: now() + 61)
    assert anybody.get(url).status_code == 403

    gone = {"sha256": "0" * 64}
    assert client_as(Role.OPERATOR).post("/api/blobs/downloads", json=gone).status_code == 404


def test_a_file_is_sent_to_a_signed_address_whole_or_not_at_all(
    client_as: As, anybody: TestClient, store: Store, film: bytes
) -> None:
    operator = client_as(Role.OPERATOR)
    made = operator.post("/api/blobs/uploads", json={"name": "film.mp4", "size_bytes": len(film)}).json()
    octets = {"Content-Type": "application/octet-stream"}

    assert anybody.put(made["url"], content=film[:-1], headers=octets).status_code == 400
    assert store.uploads.get(made["id"]).offset == 0
    assert anybody.put(made["url"], content=film + b"x", headers=octets).status_code == 413
    assert anybody.put(made["url"].replace(made["id"], "0" * 32), content=film).status_code == 403
    sent = anybody.put(made["url"], content=film, headers=octets)
    assert sent.status_code == 201, sent.text
    assert sent.json()["sha256"] == hashlib.sha256(film).hexdigest()
    assert anybody.put(made["url"], content=film, headers=octets).status_code == 409
    assert operator.post(f"/api/blobs/uploads/{made['id']}/complete").json()["status"] == "done"

    page = operator.post("/api/blobs/uploads", json={"name": "film.mp4", "size_bytes": 9000}).json()
    refused = anybody.put(page["url"], content=b"<html>".ljust(9000), headers=octets)
    assert refused.status_code == 415


@pytest.fixture
def bucket() -> Iterator[str]:
    with serving() as url:
        name = f"api-{uuid4().hex[:8]}"
        make_bucket(url, name)
        yield f"{url} s3://{name}/blobs"


def test_with_an_object_store_the_bytes_go_past_us(
    bucket: str, film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, place = bucket.split()
    for name, value in {**KEYS, "EDITRON_S3_ENDPOINT": endpoint, "EDITRON_BLOBS": place}.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    app = create_app(settings())
    with TestClient(app, BASE, client=("127.0.0.1", 5000)) as api:
        made = api.post("/api/blobs/uploads", json={"name": "film.mp4", "size_bytes": len(film)}).json()
        assert made["url"].startswith(endpoint)
        complete = f"/api/blobs/uploads/{made['id']}/complete"
        assert api.post(complete).status_code == 409
        assert httpx.put(made["url"], content=film).status_code == 200
        done = api.post(complete).json()
        assert (done["status"], done["sha256"]) == ("done", hashlib.sha256(film).hexdigest())
        assert api.post(complete).json()["status"] == "done"
        store: Store = app.state.store
        assert dict(store.blobs.files()).keys() == {done["sha256"]}

        got = api.post("/api/blobs/downloads", json={"sha256": done["sha256"]}).json()
        assert got["url"].startswith(endpoint)
        assert httpx.get(got["url"]).content == film
