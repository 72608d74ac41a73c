"""Uploads: resumed at the byte, one writer at a time, told by their bytes, footage once they are whole."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from editron_core.config import Settings, settings
from editron_core.domain.access import Role
from editron_core.domain.batch import BatchStatus
from editron_core.domain.intake import TransferStatus
from editron_core.lane import Lane, uploads
from editron_core.media import ffmpeg
from editron_core.process import run
from editron_core.store import Store
from tests.api.conftest import Served

As = Callable[[Role], TestClient]
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
SERVER = """
import sys, uvicorn
from editron_core.api.app import create_app
from editron_core.config import settings
uvicorn.run(create_app(settings()), port=int(sys.argv[1]), log_config=None, access_log=False)
"""
KILLED_AT = """
import os, signal, sys
from editron_core.media import probe
from editron_core.store.blobs import Blobs
from editron_core.store.records.transfers import Uploads
owner, name = sys.argv[2].split(".")
setattr(globals()[owner], name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds of noise and sound, half a megabyte or more."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=3,noise=alls=60:allf=t"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=3", "-shortest", "-pix_fmt", "yuv420p"]
    run([ffmpeg.binary(), "-v", "error", *picture, *sound, path])
    return path.read_bytes()


def begun(api: httpx.Client, size: int, name: str = "../../Straße\n1.mp4") -> str:
    meta = f"filename {base64.b64encode(name.encode()).decode()},filetype dmlkZW8vbXA0"
    answer = api.post("/api/uploads", headers={**TUS, "Upload-Length": str(size), "Upload-Metadata": meta})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Upload-Expires"]
    return answer.headers["Location"]


def send(api: httpx.Client, place: str, offset: int, content: bytes, **more: str) -> httpx.Response:
    return api.patch(place, headers={**PIECE, "Upload-Offset": str(offset), **more}, content=content)


def offset(api: httpx.Client, place: str) -> int:
    answer = api.head(place, headers=TUS)
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


def test_a_file_sent_in_pieces_becomes_a_batch(local: TestClient, store: Store, film: bytes) -> None:
    place = begun(local, len(film))
    half = len(film) // 2

    assert send(local, place, 0, film[:half]).headers["Upload-Offset"] == str(half)
    assert offset(local, place) == half
    assert send(local, place, half, film[half:]).status_code == 204
    shown = local.get(place).json()
    assert (shown["status"], shown["offset"]) == ("done", len(film))
    assert shown["sha256"] == hashlib.sha256(film).hexdigest()
    assert shown["name"] == "../../Straße\ufffd1.mp4"

    script = b"1\n00:00:00,500 --> 00:00:02,000\nhello there\n"
    words = begun(local, len(script), "../../Straße\n1.de.srt")
    assert send(local, words, 0, script).status_code == 204
    ids = [one.rpartition("/")[2] for one in (place, words)]
    asked = local.post(
        "/api/batches",
        json={"sources": [f"upload:{one}" for one in ids]},
        headers={"Idempotency-Key": '"one"'},
    )
    assert asked.status_code == 201, asked.text

    (dispatch,) = store.dispatches.pending()
    assert (dispatch.batch_id, dispatch.stage) == (asked.json()["id"], "produce")
    (file,) = Lane(store, settings()).resume(asked.json()["id"]).files
    assert file.status is BatchStatus.READY, file.error
    assert file.name == shown["name"]
    assert file.transcript_path is not None
    assert Path(file.transcript_path).name == "transcript.de.srt"
    assert not list((settings().home / "uploads").glob("*"))


def test_what_is_no_footage_is_refused_at_its_first_bytes_whatever_its_name(
    local: TestClient, store: Store, film: bytes
) -> None:
    page = b"<!doctype html><script>alert(1)</script>" + b" " * 10_000
    place = begun(local, len(page), "film.mp4")
    refused = send(local, place, 0, page[:6000])
    assert refused.status_code == 415, refused.text
    assert "a web page" in refused.json()["detail"]
    assert local.head(place, headers=TUS).status_code == 410

    small = begun(local, 30, "film.mp4")
    assert send(local, small, 0, b"%PDF-1.7 and nothing else here").status_code == 422
    cut = film[: len(film) // 3]  # begins like a film and holds no index
    torn = begun(local, len(cut), "film.mp4")
    assert send(local, torn, 0, cut).status_code == 422
    assert {one.status for one in store.uploads.page().items} == {TransferStatus.FAILED}
    assert not list((settings().home / "uploads").glob("*.part")) or local.delete(place, headers=TUS)
    asked = {"sources": [f"upload:{torn.rpartition('/')[2]}"]}
    made = local.post("/api/batches", json=asked, headers={"Idempotency-Key": '"two"'})
    assert made.status_code == 409


def test_the_protocol_is_kept(local: TestClient, film: bytes) -> None:
    told = local.options("/api/uploads")
    assert told.status_code == 204
    assert told.headers["Tus-Version"] == "1.0.0"
    assert told.headers["Tus-Max-Size"] == str(settings().max_upload_bytes)
    assert "termination" in told.headers["Tus-Extension"]

    for headers, status in (
        ({"Upload-Length": "10"}, 412),
        ({**TUS, "Tus-Resumable": "0.2.2", "Upload-Length": "10"}, 412),
        (TUS, 422),
        ({**TUS, "Upload-Length": "-1"}, 422),
        ({**TUS, "Upload-Length": "0"}, 422),
        ({**TUS, "Upload-Length": str(1 << 45)}, 413),
        ({**TUS, "Upload-Length": str(shutil.disk_usage(settings().home).free + (1 << 30))}, 413),
        ({**TUS, "Upload-Length": "10", "Upload-Metadata": "filename ???"}, 400),
    ):
        assert local.post("/api/uploads", headers=headers).status_code == status, headers

    place = begun(local, len(film))
    assert send(local, place, 5, film).status_code == 409
    wrong = local.patch(
        place, headers={**TUS, "Upload-Offset": "0", "Content-Type": "video/mp4"}, content=b"x"
    )
    assert wrong.status_code == 415
    assert local.patch(place, headers={**PIECE}, content=b"x").status_code == 422
    digest = base64.b64encode(hashlib.sha256(film[:9]).digest()).decode()
    bad = send(local, place, 0, film[:8], **{"Upload-Checksum": f"sha256 {digest}"})
    assert bad.status_code == 460
    assert offset(local, place) == 0
    assert send(local, place, 0, film[:9], **{"Upload-Checksum": f"sha256 {digest}"}).status_code == 204
    assert send(local, place, 9, b"x", **{"Upload-Checksum": "md5 xx"}).status_code == 400
    assert send(local, place, 9, film).status_code == 413  # longer than was said
    assert local.delete(place, headers=TUS).status_code == 204
    assert local.head(place, headers=TUS).status_code == 404


def test_uploads_are_for_operators_and_for_who_began_them(client_as: As, store: Store, film: bytes) -> None:
    for role in (Role.VIEWER, Role.REVIEWER):
        answer = client_as(role).post("/api/uploads", headers={**TUS, "Upload-Length": "10"})
        assert answer.status_code == 403
    place = begun(client_as(Role.OPERATOR), len(film))
    other = client_as(Role.OPERATOR)
    other.headers["Authorization"] = f"Bearer {store.keys.issue('another', Role.OPERATOR)[1]}"

    assert other.head(place, headers=TUS).status_code == 404
    assert other.get(place).status_code == 404
    assert send(other, place, 0, film).status_code == 404
    assert other.delete(place, headers=TUS).status_code == 404
    assert other.get("/api/uploads").json()["items"] == []
    send(client_as(Role.OPERATOR), place, 0, film)
    asked = {"sources": [f"upload:{place.rpartition('/')[2]}"]}
    assert other.post("/api/batches", json=asked, headers={"Idempotency-Key": '"a"'}).status_code == 404
    assert len(client_as(Role.ADMIN).get("/api/uploads").json()["items"]) == 1


def test_what_nobody_goes_on_with_expires(
    local: TestClient, store: Store, here: Settings, film: bytes
) -> None:
    place = begun(local, len(film))
    send(local, place, 0, film[:1000])
    key = place.rpartition("/")[2]
    store.uploads.advance(key, 1000, datetime.now(UTC) - timedelta(seconds=1))

    assert local.head(place, headers=TUS).status_code == 410
    assert send(local, place, 1000, film[1000:]).status_code == 410
    assert uploads.sweep(store, here) == 1
    assert local.head(place, headers=TUS).status_code == 404
    assert not list((here.home / "uploads").iterdir())


def _half_sent(port: int, place: str, at: int, content: bytes, total: int) -> socket.socket:
    """A PATCH whose body is still on its way."""
    wire = socket.create_connection(("127.0.0.1", port))
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {at}\r\n"
    )
    head += f"Content-Type: application/offset+octet-stream\r\nContent-Length: {total}\r\n\r\n"
    wire.sendall(head.encode() + content)
    return wire


def test_of_two_at_once_one_wins_and_nobody_else_waits(served: Served, film: bytes) -> None:
    api = served.client()
    place = begun(api, len(film))
    wire = _half_sent(served.port, place, 0, film[:20_000], len(film))
    time.sleep(0.5)

    began = time.monotonic()
    second = send(api, place, 0, film)
    assert second.status_code == 409
    assert second.headers["Retry-After"]
    assert api.get("/healthz").status_code == 200
    assert time.monotonic() - began < 2

    wire.sendall(film[20_000:])
    assert b" 204 " in wire.recv(4096)
    wire.close()
    api.close()


def test_what_came_before_a_connection_broke_counts(served: Served, film: bytes) -> None:
    api = served.client()
    place = begun(api, len(film))
    breaks = 0
    while (at := offset(api, place)) < len(film):
        wire = _half_sent(served.port, place, at, film[at : at + 100_000], len(film) - at)
        if at + 100_000 >= len(film):
            assert b" 204 " in wire.recv(4096)
            wire.close()
            break
        time.sleep(0.5)  # what the server has not read yet when the connection breaks is not here
        wire.close()
        breaks += 1
        until = time.monotonic() + 20
        while offset(api, place) == at:
            assert time.monotonic() < until, "what had come was lost"
            time.sleep(0.05)
    assert breaks >= 3
    assert api.get(place).json()["sha256"] == hashlib.sha256(film).hexdigest()
    api.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(api: httpx.Client, program: str, *words: str) -> subprocess.Popen[bytes]:
    """A server in a process of its own, which answers."""
    line = [sys.executable, "-c", program, str(api.base_url.port), *words]
    child = subprocess.Popen(line, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            api.get("/healthz")
            return child
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server never answered")


@pytest.mark.parametrize("at", ["probe.probe", "Blobs.put", "Uploads.finish"])
def test_a_server_that_is_killed_once_all_is_here_loses_nothing(
    local: TestClient, store: Store, film: bytes, at: str
) -> None:
    """Between the last byte's record and the one that says done; whoever asks next finishes it."""
    with httpx.Client(base_url=f"http://127.0.0.1:{free_port()}", timeout=30) as api:
        child = started(api, KILLED_AT + SERVER, at)
        place = begun(api, len(film))
        with pytest.raises(httpx.TransportError):
            send(api, place, 0, film)
        assert child.wait() == -signal.SIGKILL
    kept = store.uploads.get(place.rpartition("/")[2])
    assert (kept.status, kept.offset) == (TransferStatus.RUNNING, len(film))

    assert offset(local, place) == len(film)

    shown = local.get(place).json()
    assert (shown["status"], shown["sha256"]) == ("done", hashlib.sha256(film).hexdigest())
    assert store.blobs.path(shown["sha256"]).read_bytes() == film
    assert not list((settings().home / "uploads").iterdir())


def left_whole(api: httpx.Client, store: Store, content: bytes) -> str:
    """An upload of which all is here, and whose process died before it made footage of it."""
    place = begun(api, len(content))
    key = place.rpartition("/")[2]
    (settings().home / "uploads" / f"{key}.part").write_bytes(content)
    store.uploads.advance(key, len(content))
    return place


def test_a_batch_of_what_is_whole_is_made(local: TestClient, store: Store, film: bytes) -> None:
    place = left_whole(local, store, film)
    asked = {"sources": [f"upload:{place.rpartition('/')[2]}"]}
    made = local.post("/api/batches", json=asked, headers={"Idempotency-Key": '"whole"'})
    assert made.status_code == 201, made.text
    (file,) = Lane(store, settings()).resume(made.json()["id"]).files
    assert file.status is BatchStatus.READY, file.error


def test_what_is_whole_is_never_swept(local: TestClient, store: Store, here: Settings, film: bytes) -> None:
    good, bad, held = (left_whole(local, store, content) for content in (film, b"no footage", film))
    for one in store.uploads.page().items:
        store.uploads.advance(one.id, one.size_bytes, datetime.now(UTC) - timedelta(seconds=1))
    part = here.home / "uploads" / f"{held.rpartition('/')[2]}.part"
    with store.leases.hold(f"upload:{part.stem}"):
        assert uploads.sweep(store, here) == 0
    assert part.read_bytes() == film
    status = [local.get(place).json()["status"] for place in (good, bad, held)]
    assert status == ["done", "failed", "running"]

    assert uploads.sweep(store, here) == 1
    assert local.get(bad).status_code == 404
    assert local.get(held).json()["status"] == "done"
    part.write_bytes(film)  # left by a process that was killed after the record said done
    uploads.sweep(store, here)
    assert not list((here.home / "uploads").iterdir())


def test_a_disk_that_refuses_at_the_end_can_be_asked_again(
    local: TestClient, store: Store, here: Settings, film: bytes
) -> None:
    place = begun(local, len(film))
    (here.blobs / "tmp").rename(here.blobs / "away")
    assert send(local, place, 0, film).status_code == 503
    assert local.head(place, headers=TUS).status_code == 503
    (here.blobs / "away").rename(here.blobs / "tmp")
    assert offset(local, place) == len(film)
    assert local.get(place).json()["status"] == "done"


def test_many_who_send_the_end_at_once_are_told_the_same(
    local: TestClient, store: Store, film: bytes
) -> None:
    place = left_whole(local, store, film)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(local, place, len(film), b""), range(8)))
    assert {one.status_code for one in answers} == {204}
    assert local.get(place).json()["status"] == "done"


def test_a_server_that_is_killed_spoils_nothing(film: bytes, tmp_path: Path) -> None:
    port = free_port()
    api = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)

    def start() -> subprocess.Popen[bytes]:
        return started(api, SERVER)

    film += (4 << 20).to_bytes(4, "big") + b"free" + os.urandom((4 << 20) - 8)  # a box that players skip
    child = start()
    place = begun(api, len(film))
    part = settings().home / "uploads" / f"{place.rpartition('/')[2]}.part"
    wire = _half_sent(port, place, 0, film[: 3 << 20], len(film))
    until = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size):
        assert time.monotonic() < until
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    wire.close()
    child = start()
    at = offset(api, place)
    assert at < part.stat().st_size  # more was written than counts: it is cut off
    assert send(api, place, at, film[at:]).status_code == 204
    assert api.get(place).json()["sha256"] == hashlib.sha256(film).hexdigest()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    api.close()
