"""Media over HTTP: whole, by one range, under the hash of what it holds, and only for who may have it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from editron_core.api.app import create_app
from editron_core.api.problem import Refused
from editron_core.api.streaming import disposition, span
from editron_core.config import settings
from editron_core.domain.access import Role
from editron_core.domain.batch import MediaFile
from editron_core.domain.job import Verdict
from editron_core.lane import Lane, Order, signing
from editron_core.media import ffmpeg, probe
from editron_core.process import run
from editron_core.store import Store
from tests import tiny_blueprint

As = Callable[[Role | None], TestClient]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of picture and sound under a name that no header takes as it is."""
    path = tmp_path_factory.mktemp("small") / 'Straße "1", 映像\u202e.mp4'
    picture = ["-f", "lavfi", "-i", "testsrc2=size=192x108:rate=25:duration=4"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=4", "-shortest", "-pix_fmt", "yuv420p"]
    run([ffmpeg.binary(), "-v", "error", *picture, *sound, path])
    return path


@pytest.fixture
def produced(small: Path, tmp_path: Path) -> MediaFile:
    """The file of a batch that is cut and rendered."""
    order = Order(blueprints=(tiny_blueprint.written(tmp_path),))
    with Store.open(settings().database, settings().blobs) as store:
        lane = Lane(store, settings())
        lane.render(lane.edit(lane.score(lane.analyze(lane.ingest([str(small)])), order), order), order)
        return store.files.list(store.batches.list()[0].id)[0]


@pytest.fixture
def client() -> Iterator[As]:
    """The API as somebody of a role calls it; null is somebody on this machine while there are no keys."""
    with TestClient(create_app(settings()), base_url="http://127.0.0.1", client=("127.0.0.1", 5000)) as local:

        def of(role: Role | None) -> TestClient:
            if role is None:
                return local
            store: Store = local.app.state.store  # type: ignore[attr-defined]
            secret = store.keys.issue(role.value, role)[1]
            made = TestClient(local.app, base_url="http://127.0.0.1", client=("127.0.0.1", 5000))
            made.headers["Authorization"] = f"Bearer {secret}"
            return made

        yield of


def test_a_proxy_is_given_whole_and_by_ranges_under_its_hash(client: As, produced: MediaFile) -> None:
    api, place = client(None), f"/api/files/{produced.id}/proxy"
    whole = api.get(place)
    etag = whole.headers["ETag"]
    size = len(whole.content)

    assert whole.status_code == 200
    assert etag == f'"{hashlib.sha256(whole.content).hexdigest()}"'
    assert whole.headers["Content-Type"] == "video/mp4"
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Cache-Control"] == "private, no-cache"

    for header, first, last in (
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        (f"bytes={size - 10}-", size - 10, size - 1),
        ("bytes=-10", size - 10, size - 1),
        (f"bytes=5-{size * 9}", 5, size - 1),
        ("BYTES = 7 - 9", 7, 9),
    ):
        part = api.get(place, headers={"Range": header})
        assert part.status_code == 206, header
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert part.content == whole.content[first : last + 1]
        assert part.headers["Content-Length"] == str(len(part.content))

    for header in (f"bytes={size}-", "bytes=-0", "bytes=0-1,5-6", f"bytes={size + 1}-{size + 2}"):
        refused = api.get(place, headers={"Range": header})
        assert refused.status_code == 416, header
        assert refused.headers["Content-Range"] == f"bytes */{size}"
        assert refused.headers["Content-Type"] == "application/problem+json"

    for header in ("bytes=9-5", "bytes=", "pages=1-2", "bytes=a-b", "bytes=--1", "x"):
        assert api.get(place, headers={"Range": header}).content == whole.content, header

    head = api.head(place)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(size)


def test_conditions_are_held_against_the_hash(client: As, produced: MediaFile) -> None:
    api, place = client(None), f"/api/files/{produced.id}/proxy"
    etag = api.head(place).headers["ETag"]
    size = int(api.head(place).headers["Content-Length"])

    assert api.get(place, headers={"If-None-Match": f'"other", W/{etag}'}).status_code == 304
    assert api.get(place, headers={"If-None-Match": '"other"'}).status_code == 200
    same = api.get(place, headers={"Range": "bytes=0-3", "If-Range": etag})
    assert same.status_code == 206
    for stale in ('"other"', f"W/{etag}", "Thu, 01 Jan 1970 00:00:00 GMT"):
        answer = api.get(place, headers={"Range": f"bytes={size}-", "If-Range": stale})
        assert answer.status_code == 200, stale
    digest = etag.strip('"')
    assert api.head(place, params={"v": digest}).headers["Cache-Control"] == (
        "private, max-age=31536000, immutable"
    )
    assert api.get(place, params={"v": "0" * 64}).status_code == 404
    assert api.get(place, params={"v": "nonsense"}).status_code == 422


def test_a_clip_of_a_span_is_cut_once(client: As, produced: MediaFile, tmp_path: Path) -> None:
    api, place = client(None), f"/api/files/{produced.id}/clip"
    first = api.get(place, params={"start": "1", "end": "5/2"})
    assert first.status_code == 200
    (tmp_path / "clip.mp4").write_bytes(first.content)
    assert abs(float(probe.probe(tmp_path / "clip.mp4").duration) - 1.5) < 0.1
    assert api.get(place, params={"start": "1.0", "end": "2.5"}).headers["ETag"] == first.headers["ETag"]

    for start, end in (("2", "1"), ("1", "1"), ("0", "400"), ("-1", "2"), ("1", "1/0"), ("1e9", "2")):
        assert api.get(place, params={"start": start, "end": end}).status_code == 422, (start, end)


def test_deliverables_are_kept_by_browsers_once_they_are_signed(client: As, produced: MediaFile) -> None:
    api = client(None)
    store: Store = api.app.state.store  # type: ignore[attr-defined]
    (session,) = store.sessions.list(produced.batch_id)
    (job,) = store.jobs.list(session.id)
    place = f"/api/jobs/{job.id}/deliverable"

    unsigned = api.get(place, params={"save": "true"})
    assert unsigned.status_code == 200
    assert unsigned.headers["Cache-Control"] == "no-store"
    assert unsigned.headers["Content-Disposition"].startswith("attachment; ")
    digest = unsigned.headers["ETag"].strip('"')
    assert hashlib.sha256(unsigned.content).hexdigest() == digest
    assert api.head(place, params={"v": digest}).headers["Cache-Control"] == "no-store"

    signing.decide(store, session.id, "", signing.Opinion(Verdict.APPROVE, "Ana"))
    assert "immutable" in api.head(place, params={"v": digest}).headers["Cache-Control"]
    assert api.get(place, params={"index": "7"}).status_code == 404
    assert api.get(f"/api/jobs/{job.id}/captions").status_code == 404  # nobody speaks in it


def test_originals_are_for_operators_and_are_saved_not_shown(client: As, produced: MediaFile) -> None:
    place = f"/api/files/{produced.id}/original"
    for role, status in ((Role.VIEWER, 403), (Role.REVIEWER, 403), (Role.OPERATOR, 200)):
        assert client(role).get(place).status_code == status, role
    original = client(Role.OPERATOR).get(place)
    assert original.headers["ETag"] == f'"{produced.sha256}"'
    assert original.headers["Content-Disposition"].startswith("attachment; ")
    assert client(Role.VIEWER).get(f"/api/files/{produced.id}/proxy").status_code == 200
    assert client(Role.VIEWER).get(f"/api/files/{'0' * 32}/proxy").status_code == 404
    anonymous = TestClient(client(None).app, base_url="http://127.0.0.1", client=("127.0.0.1", 5000))
    assert anonymous.get(place).status_code == 401


def test_names_survive_headers() -> None:
    assert disposition('Straße "1", 映像\r\nX: y/../..\\z.mp4', attachment=True) == (
        'attachment; filename="Strae _1__ __X_ y_.._.._z.mp4"; '
        "filename*=UTF-8''Stra%C3%9Fe%20%221%22%2C%20%E6%98%A0%E5%83%8F%0D%0AX%3A%20y_.._.._z.mp4"
    )
    assert disposition("映像", attachment=False) == (
        "inline; filename=\"file\"; filename*=UTF-8''%E6%98%A0%E5%83%8F"
    )


def test_ranges_of_nothing_and_of_numbers_beyond_all_measure() -> None:
    for header in ("bytes=0-", "bytes=-5", "bytes=99999999999999999999999-"):
        with pytest.raises(Refused):
            span(header, 0)
    assert span("bytes=0-99999999999999999999999", 10) == (0, 10)
    with pytest.raises(Refused):
        span("bytes=" + "9" * 5000 + "-", 10)
