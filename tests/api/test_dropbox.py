"""Dropbox and the API: challenges echoed, notifications believed or not, tokens kept and never shown."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from editron_core import process
from editron_core.api.app import create_app
from editron_core.config import Settings
from editron_core.domain.access import Role
from editron_core.domain.batch import BatchStatus
from editron_core.domain.intake import DropboxSource
from editron_core.ingest.fake_dropbox import FakeDropbox
from editron_core.lane import Lane
from editron_core.lane.monitor import Monitor
from editron_core.media import ffmpeg
from editron_core.sealing import unseal
from editron_core.store import Store
from tests.api.conftest import As

HOOK = "/api/webhooks/dropbox"
SECRET = "the-apps-secret"
ACCOUNT = "dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc"
KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
LINK = "https://www.dropbox.com/scl/fo/abc/h?rlkey=xyz&dl=0"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeDropbox]:
    with FakeDropbox() as running:
        yield running


@pytest.fixture
def app(here: Settings, fake: FakeDropbox) -> FastAPI:
    told = {
        "dropbox_webhook_secret": SECRET,
        "sealing_key": KEY,
        "dropbox_url": fake.url,
        "dropbox_app_key": fake.state.app_key,
        "dropbox_app_secret": fake.state.app_secret,
    }
    return create_app(here.model_copy(update=told))


@pytest.fixture
def source(store: Store) -> DropboxSource:
    made = store.sources.create(DropboxSource("", "Shoots", account_id=ACCOUNT))
    store.sources.finish(made.id, 1)
    return made


def sign(body: bytes, secret: str = SECRET) -> dict[str, str]:
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Dropbox-Signature": made, "Content-Type": "application/json"}


def notice(*accounts: str, **more: object) -> bytes:
    return json.dumps({"list_folder": {"accounts": list(accounts)}, **more}).encode()


def test_any_challenge_comes_back_as_it_was(local: TestClient) -> None:
    odd = [f"<script>{chr(n)}</script>\r\nSet-Cookie: a=b {chr(n * 97 + 32)}" for n in range(256)]
    plain = random.Random(3)
    for challenge in [
        *odd,
        *("".join(plain.choices("abcXYZ019-_~", k=plain.randint(1, 200))) for _ in range(744)),
    ]:
        answer = local.get(HOOK, params={"challenge": challenge})
        assert answer.status_code == 200
        assert answer.content == challenge.encode()
        assert answer.headers["content-type"] == "text/plain"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("query", ["", "?challenge=", "?other=1", "?challenge=" + "x" * 1025])
def test_no_challenge_or_a_long_one_is_400(local: TestClient, query: str) -> None:
    assert local.get(HOOK + query).status_code == 400


def test_a_genuine_notification_makes_its_sources_dirty(
    local: TestClient, store: Store, source: DropboxSource
) -> None:
    body = notice(ACCOUNT, "dbid:unknown")
    answer = local.post(HOOK, content=body, headers=sign(body))
    assert answer.status_code == 200
    assert answer.json() == {"success": True, "accounts": 2, "sources": 1, "batch_ids": [], "errors": []}
    assert store.sources.get(source.id).dirty


def test_forged_ones_change_nothing(local: TestClient, store: Store, source: DropboxSource) -> None:
    body = notice(ACCOUNT)
    right = sign(body)["X-Dropbox-Signature"]
    other = sign(notice("dbid:x"))["X-Dropbox-Signature"]
    for forged in (sign(body, "wrong")["X-Dropbox-Signature"], right[:-1], "zz" * 32, other, ""):
        answer = local.post(HOOK, content=body, headers={"X-Dropbox-Signature": forged})
        assert answer.status_code == 403
    assert local.post(HOOK, content=body).status_code == 403
    assert not store.sources.get(source.id).dirty


def test_the_status_says_what_is_wrong(local: TestClient, source: DropboxSource) -> None:
    for body, status in (
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"{}", 200),
        (notice("dbid:nobody"), 200),
    ):
        assert local.post(HOOK, content=body, headers=sign(body)).status_code == status
    large = b" " * ((64 << 10) + 1)
    assert local.post(HOOK, content=large, headers=sign(large)).status_code == 413


def test_hints_become_batches_once_and_only_for_links(local: TestClient, store: Store) -> None:
    project = store.projects.ensure("Acme").id
    hints = [
        {"source_url": LINK, "project_id": project, "tier": "warm", "reference_name": "From a hint"},
        {"source_url": "http://127.0.0.1:22/"},
        {"source_url": LINK, "project_id": "0" * 32},
    ]
    body = notice(editron_batches=hints)
    first = local.post(HOOK, content=body, headers=sign(body)).json()
    assert [error["index"] for error in first["errors"]] == [1, 2]
    assert not first["success"]
    [batch] = first["batch_ids"]
    made = store.batches.get(batch)
    assert (made.source_url, made.project_id, made.reference_name) == (LINK, project, "From a hint")
    assert [one.batch_id for one in store.dispatches.pending()] == [batch]
    again = local.post(HOOK, content=body, headers=sign(body)).json()
    assert again["batch_ids"] == [batch], "the same body is the same request"
    forged = local.post(HOOK, content=body, headers=sign(body, "wrong"))
    assert forged.status_code == 403
    assert len(store.batches.list()) == 1


def test_without_a_secret_nothing_is_believed(here: Settings) -> None:
    with TestClient(create_app(here), "http://127.0.0.1:8000", client=("127.0.0.1", 1)) as client:
        body = notice(ACCOUNT)
        assert client.post(HOOK, content=body, headers=sign(body)).status_code == 503


def test_a_source_is_kept_with_its_token_sealed(
    local: TestClient, store: Store, app: FastAPI, fake: FakeDropbox
) -> None:
    account = fake.account()
    wanted = {"label": "Shoots", "folder_path": "/Shoots", "refresh_token": account.refresh_token}
    made = local.post("/api/dropbox/sources", json=wanted)
    assert made.status_code == 201
    assert made.json()["account_id"] == account.id, "Dropbox said whose token it is"
    assert made.json()["has_token"]
    assert account.refresh_token not in made.text
    kept = store.sources.get(made.json()["id"])
    assert account.refresh_token not in kept.refresh_token
    opened = unseal(kept.refresh_token, f"dropbox_sources/{kept.id}/refresh_token", app.state.settings)
    assert opened is not None
    assert opened.reveal() == account.refresh_token


def test_a_source_that_takes_nothing_in_by_itself_is_looked_at_when_a_person_asks(
    local: TestClient, store: Store, app: FastAPI, fake: FakeDropbox
) -> None:
    account = fake.account()
    account.put("/Shoots/a.txt", b"1")
    token = {"refresh_token": account.refresh_token, "auto_ingest": False}
    wanted = {"label": "Shoots", "folder_path": "/Shoots", **token}
    source = local.post("/api/dropbox/sources", json=wanted).json()["id"]
    lane = Lane(store, app.state.settings)
    monitor = Monitor(lane.desk)
    account.put("/Shoots/goal.mp4", film())
    store.sources.mark_dirty([account.id])
    assert monitor.once() == ()

    assert local.post(f"/api/dropbox/sources/{source}/sync").status_code == 202
    [looked] = monitor.once()

    (batch,) = looked.batches
    (file,) = lane.resume(batch).files
    assert (file.name, file.status) == ("goal.mp4", BatchStatus.READY), file.error
    shown = local.get(f"/api/dropbox/sources/{source}").json()
    assert not shown["dirty"]
    assert shown["last_processed_at"]
    account.put("/Shoots/later.mp4", film())
    store.sources.mark_dirty([account.id])
    assert monitor.once() == ()  # once asked, once looked


def film() -> bytes:
    """A second of drawn picture."""
    words = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    shape = ["-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1"]
    return process.run(ffmpeg.command(*words, *shape), limits=process.Limits(wall_s=60))[0]


def test_a_source_is_changed_looked_at_and_removed(
    local: TestClient, store: Store, source: DropboxSource
) -> None:
    place = f"/api/dropbox/sources/{source.id}"
    changed = local.patch(place, json={"label": "Renamed", "auto_ingest": False}).json()
    assert (changed["label"], changed["auto_ingest"], changed["account_id"]) == ("Renamed", False, ACCOUNT)
    store.sources.finish(source.id, store.sources.begin(source.id))
    assert local.post(f"{place}/sync").json()["dirty"]
    assert [one["id"] for one in local.get("/api/dropbox/sources").json()["items"]] == [source.id]
    assert local.delete(place).status_code == 204
    assert local.get(place).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "shared_link", "source_url": "https://evil.example/s/a/b"},
        {"kind": "shared_link"},
        {"account_id": "somebody"},
        {"account_id": ACCOUNT, "folder_path": "no slash"},
        {"account_id": ACCOUNT, "folder_path": "/a/../b\\c"},
        {"account_id": ACCOUNT, "reference_name_template": "{odd}"},
        {"account_id": ACCOUNT, "source_url": LINK},
        {"account_id": ACCOUNT, "refresh_token": "file:/etc/passwd"},
        {"account_id": ACCOUNT, "refresh_token": "env:HOME"},
        {"account_id": ACCOUNT, "unheard": 1},
    ],
    ids=str,
)
def test_what_cannot_be_a_source_is_422(local: TestClient, store: Store, wrong: dict[str, object]) -> None:
    assert local.post("/api/dropbox/sources", json={"label": "Wrong", **wrong}).status_code == 422
    assert store.sources.list() == ()


def test_rules_map_folders_to_projects(local: TestClient, store: Store) -> None:
    project = store.projects.ensure("Acme").id
    rule = local.post("/api/dropbox/mappings", json={"pattern": "/acme/*", "project_id": project}).json()
    assert [one["id"] for one in local.get("/api/dropbox/mappings").json()["items"]] == [rule["id"]]
    assert local.delete(f"/api/dropbox/mappings/{rule['id']}").status_code == 204
    missing = {"pattern": "/acme/*", "project_id": "0" * 32}
    assert local.post("/api/dropbox/mappings", json=missing).status_code == 404


def test_viewers_look_and_operators_change(client_as: As, source: DropboxSource) -> None:
    viewer, operator = client_as(Role.VIEWER), client_as(Role.OPERATOR)
    assert viewer.get("/api/dropbox/sources").status_code == 200
    assert viewer.get("/api/dropbox/downloads").json() == {"items": [], "next": None}
    assert viewer.delete(f"/api/dropbox/sources/{source.id}").status_code == 403
    assert operator.delete(f"/api/dropbox/sources/{source.id}").status_code == 204
